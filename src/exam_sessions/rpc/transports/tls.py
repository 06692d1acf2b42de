"""The server's certificate, its key and the CA of its clients: read from files, and again whenever these change.

gRPC asks before each handshake whether there is something new. So a renewed certificate is used by the next
connection, and those that are open stay as they are.
"""

from __future__ import annotations

import logging
import stat
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import grpc
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from exam_sessions.rpc.transports.cannot_serve import CannotServe

if TYPE_CHECKING:
    from exam_sessions.settings import Settings

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""Seconds between two looks at the files, at least."""

Versions = tuple[tuple[int, ...] | None, ...]
"""What tells one version of the files from another: None for a file that is not there."""


class Unfit(Exception):  # noqa: N818 - a condition, which is logged or ends the start
    """Files that are no certificate with its key. `way_out` says what would help."""

    def __init__(self, what: str, way_out: str) -> None:
        super().__init__(what)
        self.way_out = way_out


class Files(NamedTuple):
    """Paths of PEM files."""

    cert: Path
    """The server's certificate, and those between it and the CA behind it."""
    key: Path
    client_ca: Path | None
    """Certificates of the CAs whose clients are let in."""

    def versions(self) -> Versions:
        """Changes when a file is written or replaced."""
        return tuple(_version(path) for path in self if path)


class Material(NamedTuple):
    """The contents of the files, which belong together."""

    cert: bytes
    key: bytes
    client_ca: bytes | None
    until: datetime
    """When the certificate expires."""

    def configuration(self, *, asks_certificate: bool) -> grpc.ServerCertificateConfiguration:
        """As gRPC takes it."""
        roots = self.client_ca if asks_certificate else None
        return grpc.ssl_server_certificate_configuration([(self.key, self.cert)], roots)


class Certificates:
    """What the files held when they last belonged together.

    Raises:
        CannotServe: they do not when the server starts.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._seen = files.versions()
        try:
            self._material = read(files)
        except Unfit as fault:
            raise CannotServe(f"{fault}", fault.way_out) from fault
        self._lock = threading.Lock()
        self._looked = time.monotonic()

    def credentials(self, *, asks_certificate: bool) -> grpc.ServerCredentials:
        """Credentials of one place to listen at, which follow the files."""
        given = self._material

        def renewed() -> grpc.ServerCertificateConfiguration | None:
            nonlocal given
            material = self.current()
            if material is given:
                return None
            given = material
            return material.configuration(asks_certificate=asks_certificate)

        first = given.configuration(asks_certificate=asks_certificate)
        # The stubs do not know that None stands for no change.
        return grpc.dynamic_ssl_server_credentials(first, renewed, asks_certificate)  # type: ignore[arg-type]

    def current(self) -> Material:
        """The newest contents that belong together; the files are looked at once a second at most."""
        with self._lock:
            if time.monotonic() - self._looked >= LOOK_EVERY_S:
                self._look()
                self._looked = time.monotonic()
            return self._material

    def _look(self) -> None:
        versions = self._files.versions()  # before they are read: a change meanwhile is seen next time
        if versions == self._seen:
            return
        self._seen = versions
        try:
            material = read(self._files)
        except Unfit as fault:
            log.error("the new certificate is not taken, the old one stays: %s; %s", fault, fault.way_out)  # noqa: TRY400 - no fault of the program
            return
        if material != self._material:
            self._material = material
            log.info("a new certificate is in use, which expires on %s", f"{material.until:%Y-%m-%d %H:%M} UTC")


def certificates_of(settings: Settings) -> Certificates | None:
    """The certificates that settings name; None without TLS.

    Raises:
        CannotServe: one setting lacks another, or the files are no certificate with its key.
    """
    if bool(settings.tls_cert) != bool(settings.tls_key):
        given, missing = ("cert", "key") if settings.tls_cert else ("key", "cert")
        raise CannotServe(f"--tls-{given} is of no use without --tls-{missing}", f"give --tls-{missing} FILE too")
    if settings.tls_client_ca and not settings.tls_cert:
        way_out = "give --tls-cert FILE and --tls-key FILE too"
        raise CannotServe("--tls-client-ca is of no use without TLS", way_out)
    if settings.mtls_listen and not settings.tls_client_ca:
        way_out = "give --tls-client-ca FILE, the certificates of the CAs of your clients"
        raise CannotServe("--mtls-listen is of no use without a CA of clients", way_out)
    if not settings.tls_cert:
        return None
    client_ca = Path(settings.tls_client_ca) if settings.tls_client_ca else None
    return Certificates(Files(Path(settings.tls_cert), Path(settings.tls_key), client_ca))


def read(files: Files) -> Material:
    """Reads the files. Raises Unfit."""
    cert, key = _content(files.cert), _content(files.key)
    client_ca = _content(files.client_ca) if files.client_ca else None
    if files.key.stat().st_mode & stat.S_IROTH:
        raise Unfit(f"everybody on this machine can read the key {files.key}", f"chmod 600 {files.key}")
    first = _certificates(files.cert, cert)[0]
    if client_ca is not None and files.client_ca:
        _certificates(files.client_ca, client_ca)
    if first.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != _public_key(
        files.key, key
    ):
        way_out = f"give the key that {files.cert} was made for; its first certificate must be the server's own"
        raise Unfit(f"{files.key} is not the key of {files.cert}", way_out)
    if first.not_valid_after_utc < datetime.now(UTC):
        raise Unfit(f"{files.cert} expired on {first.not_valid_after_utc:%Y-%m-%d %H:%M} UTC", "renew it")
    return Material(cert, key, client_ca, first.not_valid_after_utc)


def _version(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        way_out = "is it there, and may the server read it?"
        raise Unfit(f"{path} cannot be read: {error.strerror or error}", way_out) from error


def _certificates(path: Path, content: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise Unfit(
            f"{path} holds no certificate in PEM format", "is it whole, and are --tls-cert and --tls-key mixed up?"
        ) from error


def _public_key(path: Path, content: bytes) -> bytes:
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError as error:
        way_out = f"decrypt it: openssl pkey -in {path} -out FILE"
        raise Unfit(f"the key {path} is encrypted", way_out) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unfit(
            f"{path} holds no private key in PEM format", "is it whole, and are --tls-cert and --tls-key mixed up?"
        ) from error
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
