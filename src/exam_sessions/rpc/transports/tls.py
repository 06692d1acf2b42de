"""The server's certificate, its key and the CA of its clients: read from files, and again whenever these change.

gRPC checks before each handshake whether the files have changed. So a renewed certificate is used by the next
connection, and those that are open stay as they are.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import grpc

from exam_sessions.pem import Unfit, certificates, check_pair, content, secret_content
from exam_sessions.rpc.cannot_serve import CannotServe

if TYPE_CHECKING:
    from exam_sessions.settings import Settings

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""Seconds between two looks at the files, at least."""

Versions = tuple[tuple[int, ...] | None, ...]
"""What distinguishes one version of the files from another: None for a file that is not there."""


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
        """Credentials of one address to listen at, which follow the files."""
        given = self._material

        def renewed() -> grpc.ServerCertificateConfiguration | None:
            nonlocal given
            material = self.current()
            if material is given:
                return None
            given = material
            return material.configuration(asks_certificate=asks_certificate)

        first = given.configuration(asks_certificate=asks_certificate)
        # The stubs lack that None stands for no change.
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
    cert, key = content(files.cert), secret_content(files.key)
    client_ca = content(files.client_ca) if files.client_ca else None
    first = check_pair(cert, key, files.cert, files.key)
    if client_ca is not None:
        certificates(client_ca, files.client_ca)
    if first.not_valid_after_utc < datetime.now(UTC):
        raise Unfit(f"{files.cert} expired on {first.not_valid_after_utc:%Y-%m-%d %H:%M} UTC", "renew it")
    return Material(cert, key, client_ca, first.not_valid_after_utc)


def _version(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
