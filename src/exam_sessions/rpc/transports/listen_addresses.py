"""Where a server listens: TCP addresses and Unix sockets, and which of them may do without TLS."""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from exam_sessions.rpc.access.loopback import is_loopback
from exam_sessions.rpc.cannot_serve import AddressTaken, CannotListen, CannotServe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exam_sessions.settings import Settings

HIGHEST_PORT = 65_535
UNIX = "unix:"
LISTEN, METRICS, HEALTH = "--listen", "--metrics", "--health-listen"
"""The settings that name addresses."""

LONGEST_PATH = 107
"""Bytes of a Unix socket's path; Linux takes no more."""

OTHERS = 0o007
"""What the umask has in addition while a socket is made: other users of the machine cannot connect to it."""


class ListenAddress(NamedTuple):
    """A TCP address, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""
    asks_certificate: bool = False
    """Whether callers must have a certificate of the client CA."""

    def __str__(self) -> str:
        """The address as a setting names it."""
        return f"{UNIX}{self.path}" if self.path else f"{self.host}:{self.port}"

    @property
    def target(self) -> str:
        """The address as gRPC takes it, which decodes percent signs."""
        return f"{UNIX}{quote(self.path)}" if self.path else str(self)

    def resolve(self) -> list[tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]]:
        """Families and socket addresses of a TCP address. Raises CannotListen."""
        try:
            found = socket.getaddrinfo(self.host.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise CannotListen(str(self), getattr(error, "strerror", None) or "it is no address") from error
        return [(family, sockaddr) for family, *_, sockaddr in found]  # type: ignore[misc]

    def is_local(self) -> bool:
        """Whether only programs on this machine can connect. Raises CannotListen."""
        return bool(self.path) or all(is_loopback(str(sockaddr[0])) for _, sockaddr in self.resolve())


def listen_addresses(settings: Settings) -> list[ListenAddress]:
    """Where a server with these settings listens.

    Raises:
        CannotServe: a setting names no address, or an address that needs TLS has none.
    """
    nowhere_else = not settings.mtls_listen
    addresses = [parse_address(text) for text in settings.listen.split(",") if text or nowhere_else]
    has_tls = bool(settings.tls_cert)
    if settings.mtls_listen:
        addresses += [parse_address(text)._replace(asks_certificate=True) for text in settings.mtls_listen.split(",")]
        if any(address.path for address in addresses if address.asks_certificate):
            raise CannotServe("a Unix socket has no TLS, so no client certificates", "name it with --listen")
    elif settings.tls_client_ca:
        addresses = [address._replace(asks_certificate=not address.path) for address in addresses]
    if not (has_tls or settings.insecure):
        for address in addresses:
            _check_local(address)
    return addresses


def health_addresses(settings: Settings) -> list[ListenAddress]:
    """Where health is served and nothing else, whether others can reach it or not. Raises CannotServe."""
    texts = settings.health_listen.split(",") if settings.health_listen else []
    return [parse_address(text, HEALTH, "0.0.0.0:50052") for text in texts]


def _check_local(address: ListenAddress) -> None:
    if not address.is_local():
        raise CannotServe(
            f"other machines can reach {address}, and without TLS keycodes, PINs and marks can be read on the way",
            "give --tls-cert FILE, --tls-key FILE and --auth keys, or serve this machine only: --listen "
            f"127.0.0.1:{address.port}; where something else encrypts, such as a service mesh, say --insecure",
        )


def metrics_addresses(settings: Settings) -> list[ListenAddress]:
    """Where the metrics of a server with these settings are scraped: a port for each process, one after the other.

    Raises:
        CannotServe: the setting names no address, or one where calls are taken.
    """
    if not settings.metrics:
        return []
    text = settings.metrics if ":" in settings.metrics else f"127.0.0.1:{settings.metrics}"
    first = parse_address(text, METRICS, "127.0.0.1:9464")
    if first.path or first.port + settings.workers - 1 > HIGHEST_PORT:
        way_out = f"give HOST:PORT, such as {METRICS} 127.0.0.1:9464; each of --workers has the next port"
        raise CannotServe(f"metrics cannot be served at {text!r}", way_out)
    ports = [first.port + number if first.port else 0 for number in range(settings.workers)]
    both = {address.port for address in listen_addresses(settings)}.intersection(ports) - {0}
    if both:
        way_out = f"give {METRICS} another port"
        raise CannotServe(f"calls and metrics cannot both be served on port {min(both)}", way_out)
    return [first._replace(port=port) for port in ports]


def parse_address(text: str, setting: str = LISTEN, example: str = "127.0.0.1:50051") -> ListenAddress:
    """The address that HOST:PORT or unix:PATH names, in a setting. Raises CannotServe."""
    text = text.strip()
    if text.startswith(UNIX):
        path = text.removeprefix(UNIX)
        path = path[2:] if path.startswith("///") else path
        if not path or "\0" in path or len(os.fsencode(path)) > LONGEST_PATH:
            way_out = f"give a path of at most {LONGEST_PATH} bytes, such as --listen unix:/run/exam-sessions.sock"
            raise CannotServe(f"{text!r} is no address to listen at", way_out)
        return ListenAddress(path=path)
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > HIGHEST_PORT:
        raise CannotServe(f"{text!r} is no address to listen at", f"give HOST:PORT, such as {setting} {example}")
    return ListenAddress(host, int(port))


def check_free(address: ListenAddress, *, shared: bool, setting: str = LISTEN) -> None:
    """Finds out whether a server could listen at an address of a setting: gRPC says so late, without the reason.

    `shared`: others may listen there too, when they say so as well. A Unix socket that a server left behind when it
    was killed is removed.

    Raises:
        CannotListen: it could not.
    """
    if address.path:
        if not hasattr(socket, "AF_UNIX"):
            raise CannotListen(str(address), "there are no Unix sockets on Windows")
        _remove_stale(address)
        return
    family, sockaddr = address.resolve()[0]
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT if shared else socket.SO_REUSEADDR, 1)
            probe.bind(sockaddr)
            probe.listen()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            way_out = f"choose another address with {setting} HOST:PORT"
            raise CannotListen(str(address), error.strerror or str(error), way_out) from error
        other = f"{address.host}:{address.port % HIGHEST_PORT + 1}"
        way_out = f"stop it, or choose another port: exam-sessions serve {setting} {other}"
        raise AddressTaken(str(address), way_out) from error


def _remove_stale(address: ListenAddress) -> None:
    path = Path(address.path)
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise CannotListen(str(address), f"{path.parent} is no directory that you may write to") from None
        return
    except OSError as error:
        raise CannotListen(str(address), error.strerror or str(error)) from error
    if not stat.S_ISSOCK(kind):
        raise CannotListen(str(address), "there is a file of another kind")
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
    except ConnectionRefusedError:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CannotListen(str(address), error.strerror or str(error)) from error
    else:
        raise AddressTaken(str(address), "stop it, or choose another path")


@contextmanager
def closed_to_others() -> Iterator[None]:
    """Has Unix sockets made meanwhile closed to other users; the umask decides about the group."""
    before = os.umask(OTHERS)
    os.umask(before | OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def joined(addresses: Sequence[ListenAddress]) -> str:
    """Places as one setting names them."""
    return ",".join(map(str, addresses))
