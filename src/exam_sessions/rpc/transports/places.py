"""Where a server listens: TCP addresses and Unix sockets, and which of them may do without TLS."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from exam_sessions.rpc.cannot_serve import CannotListen, CannotServe, PlaceTaken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exam_sessions.settings import Settings

HIGHEST_PORT = 65_535
UNIX = "unix:"
LONGEST_PATH = 107
"""Bytes of a Unix socket's path; Linux takes no more."""

OTHERS = 0o007
"""What the umask has in addition while a socket is made: other users of the machine cannot connect to it."""


class Place(NamedTuple):
    """A TCP address, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""
    asks_certificate: bool = False
    """Whether callers must have a certificate of the client CA."""

    def __str__(self) -> str:
        """The place as a setting names it."""
        return f"{UNIX}{self.path}" if self.path else f"{self.host}:{self.port}"

    @property
    def address(self) -> str:
        """The place as gRPC takes it, which decodes percent signs."""
        return f"{UNIX}{quote(self.path)}" if self.path else str(self)

    def resolve(self) -> list[tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]]:
        """Families and socket addresses of a TCP place. Raises CannotListen."""
        try:
            found = socket.getaddrinfo(self.host.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise CannotListen(str(self), getattr(error, "strerror", None) or "it is no address") from error
        return [(family, address) for family, *_, address in found]  # type: ignore[misc]

    def is_local(self) -> bool:
        """Whether only programs on this machine can connect. Raises CannotListen."""
        return bool(self.path) or all(_is_loopback(str(address[0])) for _, address in self.resolve())


def _is_loopback(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def places_of(settings: Settings) -> list[Place]:
    """Where a server with these settings listens.

    Raises:
        CannotServe: a setting names no place, or a place that needs TLS has none.
    """
    nowhere_else = not settings.mtls_listen
    places = [place_of(text) for text in settings.listen.split(",") if text or nowhere_else]
    has_tls = bool(settings.tls_cert)
    if settings.mtls_listen:
        places += [place_of(text)._replace(asks_certificate=True) for text in settings.mtls_listen.split(",")]
        if any(place.path for place in places if place.asks_certificate):
            raise CannotServe("a Unix socket has no TLS, so no client certificates", "name it with --listen")
    elif settings.tls_client_ca:
        places = [place._replace(asks_certificate=not place.path) for place in places]
    if not (has_tls or settings.insecure):
        for place in places:
            _check_local(place)
    return places


def _check_local(place: Place) -> None:
    if not place.is_local():
        raise CannotServe(
            f"other machines can reach {place}, and without TLS keycodes, PINs and marks can be read on the way",
            "give --tls-cert FILE, --tls-key FILE and --auth keys, or serve this machine only: "
            f"--listen 127.0.0.1:{place.port}; where something else encrypts, such as a service mesh, say --insecure",
        )


def place_of(text: str) -> Place:
    """The place that HOST:PORT or unix:PATH names. Raises CannotServe."""
    text = text.strip()
    if text.startswith(UNIX):
        path = text.removeprefix(UNIX)
        path = path[2:] if path.startswith("///") else path
        if not path or "\0" in path or len(os.fsencode(path)) > LONGEST_PATH:
            way_out = f"give a path of at most {LONGEST_PATH} bytes, such as --listen unix:/run/exam-sessions.sock"
            raise CannotServe(f"{text!r} is no place to listen at", way_out)
        return Place(path=path)
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > HIGHEST_PORT:
        raise CannotServe(f"{text!r} is no place to listen at", "give HOST:PORT, such as --listen 127.0.0.1:50051")
    return Place(host, int(port))


def check_free(place: Place, *, shared: bool) -> None:
    """Finds out whether a server could listen at a place: gRPC says so late, and without the reason.

    `shared`: others may listen there too, when they say so as well. A Unix socket that a server left behind when it
    was killed is removed.

    Raises:
        CannotListen: it could not.
    """
    if place.path:
        _remove_stale(place)
        return
    family, address = place.resolve()[0]
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT if shared else socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise CannotListen(str(place), error.strerror or str(error)) from error
        other = f"{place.host}:{place.port % HIGHEST_PORT + 1}"
        way_out = f"stop it, or choose another port: exam-sessions serve --listen {other}"
        raise PlaceTaken(str(place), way_out) from error


def _remove_stale(place: Place) -> None:
    path = Path(place.path)
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise CannotListen(str(place), f"{path.parent} is no directory that you may write to") from None
        return
    except OSError as error:
        raise CannotListen(str(place), error.strerror or str(error)) from error
    if not stat.S_ISSOCK(kind):
        raise CannotListen(str(place), "there is a file of another kind")
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
    except ConnectionRefusedError:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CannotListen(str(place), error.strerror or str(error)) from error
    else:
        raise PlaceTaken(str(place), "stop it, or choose another path")


@contextmanager
def closed_to_others() -> Iterator[None]:
    """Has Unix sockets made meanwhile closed to other users; the umask decides about the group."""
    before = os.umask(OTHERS)
    os.umask(before | OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def joined(places: Sequence[Place]) -> str:
    """Places as one setting names them."""
    return ",".join(map(str, places))
