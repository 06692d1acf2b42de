"""TLS: reads and durable transitions over TLS, beside the same service in plain text, in the same run."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmark.switched_on import SwitchedOn, beside_without

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmark.bench import Bench
    from benchmark.results import Figure

DAY = timedelta(days=1)


class Files(NamedTuple):
    """A self-signed certificate, which is its own CA, and its key."""

    cert: Path
    key: Path


def secured(bench: Bench) -> Iterator[Figure]:
    """GetSession and durable transitions over TLS, against plain text: TLS 1.3, connections that stay open."""
    files = certificate(bench.directory)
    tls = SwitchedOn("over TLS", {"tls_cert": files.cert, "tls_key": files.key}, ca=files.cert)
    yield from beside_without(bench, "tls", lambda _: [tls], "plain text")


def certificate(directory: Path) -> Files:
    """Writes a certificate for 127.0.0.1, with an elliptic curve's key, as most are today."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "exam-sessions bench")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - DAY, now + DAY)
    builder = builder.add_extension(address, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    files = Files(directory / "bench.crt", directory / "bench.key")
    files.cert.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    files.key.touch(mode=0o600)
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files
