"""Certificates for tests, made by CAs of their own."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)
HOSTS = ("localhost", "127.0.0.1")


class Pair:
    """A certificate and its key, in PEM."""

    def __init__(self, certificate, key, chain=()):
        self.certificate, self.private_key, self._chain = certificate, key, chain

    @property
    def cert(self):
        return b"".join(found.public_bytes(Encoding.PEM) for found in (self.certificate, *self._chain))

    @property
    def key(self):
        return self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def encrypted_key(self):
        return self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))

    def write(self, directory, name):
        """Writes both as files; returns their paths."""
        directory.mkdir(exist_ok=True)
        cert, key = directory / f"{name}.crt", directory / f"{name}.key"
        key.touch(mode=0o600)
        key.write_bytes(self.key)
        cert.write_bytes(self.cert)
        return cert, key


class Authority(Pair):
    """A CA, signed by itself or by another one."""

    def __init__(self, name="Exams CA", above=None):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name)
        constraints = [(x509.BasicConstraints(ca=True, path_length=None), True)]
        issuer, signer = (above.certificate.subject, above.private_key) if above else (subject, key)
        super().__init__(_sign(subject, key.public_key(), issuer, signer, constraints), key)
        self._below = (self.certificate,) if above else ()

    def intermediate(self):
        """A CA below this one; its certificates come with its own."""
        return Authority("Exams CA, servers", self)

    def issue(self, *hosts, name="server", client=False, start=-1, end=1, uris=()):
        """A certificate for hosts, by default those of this machine; valid from and until so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [_host(host) for host in hosts or HOSTS] + [x509.UniformResourceIdentifier(uri) for uri in uris]
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        extensions = [
            (x509.SubjectAlternativeName(names), False),
            (x509.ExtendedKeyUsage([usage]), False),
            (x509.BasicConstraints(ca=False, path_length=None), True),
        ]
        issuer, signer = self.certificate.subject, self.private_key
        valid = (datetime.now(UTC) + start * DAY, datetime.now(UTC) + end * DAY)
        return Pair(_sign(_name(name), key.public_key(), issuer, signer, extensions, valid), key, self._below)


@cache
def authority(name="Exams CA"):
    """A CA that tests share."""
    return Authority(name)


def self_signed(*hosts):
    """A certificate that its own key has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    extensions = [(x509.SubjectAlternativeName([_host(host) for host in hosts or HOSTS]), False)]
    return Pair(_sign(_name("self"), key.public_key(), _name("self"), key, extensions), key)


def _sign(subject, public_key, issuer, signer, extensions, valid=None):
    start, end = valid or (datetime.now(UTC) - DAY, datetime.now(UTC) + DAY)
    builder = x509.CertificateBuilder(issuer, subject, public_key, x509.random_serial_number(), start, end)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signer, hashes.SHA256())


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _host(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
