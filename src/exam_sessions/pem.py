"""Certificates and keys in PEM, checked before they are handed to gRPC, which says little of what is wrong."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from exam_sessions.configuration.file_modes import open_to_others

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

MIXED_UP = "is it whole, and are certificate and key mixed up?"


class Unfit(ValueError):  # noqa: N818 - a condition, which is logged or explained
    """What is no certificate, no key, or not the one of the other. `way_out` says what would help."""

    def __init__(self, what: str, way_out: str) -> None:
        super().__init__(what)
        self.way_out = way_out


def content(path: Path) -> bytes:
    """Returns what a file holds. Raises Unfit."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unfit(
            f"{path} cannot be read: {error.strerror or error}", "is it there, and may you read it?"
        ) from error


def secret_content(path: Path) -> bytes:
    """Returns what a file holds that not everybody may read. Raises Unfit."""
    held = content(path)
    if open_to_others(path.stat().st_mode, stat.S_IROTH):
        raise Unfit(f"everybody on this machine can read the key {path}", f"chmod 600 {path}")
    return held


def certificates(held: bytes, name: object) -> list[x509.Certificate]:
    """Returns the certificates in PEM, one at least. `name` is theirs in what is raised. Raises Unfit."""
    from cryptography import x509  # noqa: PLC0415 - a tenth of the start of a client, which most do not need

    try:
        return x509.load_pem_x509_certificates(held)
    except ValueError as error:
        raise Unfit(f"{name} holds no certificate in PEM format", MIXED_UP) from error


def check_pair(cert: bytes, key: bytes, cert_name: object, key_name: object) -> x509.Certificate:
    """Returns the first certificate, once it is known that the key is its own. Raises Unfit."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - as above

    first = certificates(cert, cert_name)[0]
    keys = first.public_key(), _private_key(key, key_name).public_key()
    its_own, given = (public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for public in keys)
    if its_own != given:
        way_out = f"give the key that {cert_name} was made for; a chain begins with the certificate of its own"
        raise Unfit(f"{key_name} is not the key of {cert_name}", way_out)
    return first


def _private_key(held: bytes, name: object) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - as above

    try:
        return load_pem_private_key(held, password=None)
    except TypeError as error:
        raise Unfit(f"the key {name} is encrypted", f"decrypt it: openssl pkey -in {name} -out FILE") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unfit(f"{name} holds no private key in PEM format", MIXED_UP) from error
