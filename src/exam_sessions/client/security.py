"""How a client secures its connection and identifies itself: TLS, certificates, tokens."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import grpc

if TYPE_CHECKING:
    from collections.abc import Sequence

Pem = str | Path | bytes
"""A path of a PEM file, or what it holds."""

Token = str | Callable[[], str]
"""A token, or what returns the present one: it is asked before each call."""


@dataclass(frozen=True, slots=True)
class Security:
    """What a client trusts, and how it identifies itself.

    Raises:
        ValueError: a part lacks another, a file is not what it should be, or a token would be sent in plain text.
        OSError: a file cannot be read.
    """

    tls: bool | None = None
    """Whether to use TLS; when None, TLS is used where a file below is given."""
    ca: Pem | None = None
    """The CAs of the server; None trusts those that gRPC comes with."""
    cert: Pem | None = None
    """The client's certificate, and those between it and its CA."""
    key: Pem | None = None
    """The certificate's key."""
    token: Token | None = None
    """An API key or a token, sent with each call as `authorization: Bearer TOKEN`."""
    insecure_token: bool = False
    """Whether to send the token to another machine although there is no TLS."""

    @property
    def has_tls(self) -> bool:
        """Whether the connection has TLS."""
        return bool(self.ca or self.cert or self.key) if self.tls is None else self.tls

    def channel(self, target: str, options: Sequence[tuple[str, int]]) -> grpc.Channel:
        """Returns a channel to the server at `target`.

        An HTTP proxy of the environment is not asked for a server on this machine: it would look on its own, and be
        sent the token in plain text.
        """
        if is_local(target):
            options = (*options, ("grpc.enable_http_proxy", 0))
        if (self.cert is None) != (self.key is None):
            raise ValueError("a client certificate needs its key, and a key its certificate: give both")
        if not self.has_tls:
            if self.ca or self.cert:
                raise ValueError("CA and client certificate are of no use without TLS: leave them out, or TLS on")
            self._check_token(target)
            return grpc.insecure_channel(target, options=options)
        return grpc.secure_channel(target, self._credentials(), options=options)

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Returns what goes with each call."""
        if self.token is None:
            return ()
        token = self.token if isinstance(self.token, str) else self.token()
        return (("authorization", f"Bearer {checked(token)}"),)

    def _credentials(self) -> grpc.ChannelCredentials:
        from exam_sessions import pem  # noqa: PLC0415 - a tenth of a client's start, which few need

        ca = None if self.ca is None else _held(self.ca, pem.content)
        if ca is not None:
            pem.certificates(ca, _name(self.ca, "the CA"))
        if self.cert is None or self.key is None:
            return grpc.ssl_channel_credentials(ca)
        cert, key = _held(self.cert, pem.content), _held(self.key, pem.secret_content)
        pem.check_pair(cert, key, _name(self.cert, "the certificate"), _name(self.key, "the key"))
        return grpc.ssl_channel_credentials(ca, key, cert)

    def _check_token(self, target: str) -> None:
        if self.token is not None and not (self.insecure_token or is_local(target)):
            raise PlainToken(target)


class PlainToken(ValueError):  # noqa: N818 - a condition that callers explain
    """A token that would be sent to another machine without TLS."""

    def __init__(self, target: str) -> None:
        super().__init__(f"the token would be sent to {target} without TLS, where it can be read on the way")


def checked(token: str) -> str:
    """Returns a token that can be sent.

    Raises:
        ValueError: it is empty, or has characters that no token has; it is not repeated.
    """
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError("a token is one word of visible ASCII characters")
    return token


def is_local(target: str) -> bool:
    """Whether a target is on this machine: a Unix socket, a loopback address, or `localhost`."""
    scheme, _, rest = target.partition(":")
    if scheme in {"unix", "unix-abstract"}:
        return True
    if scheme in {"dns", "ipv4", "ipv6", "passthrough"} and not rest.isdecimal():
        if rest.startswith("//") and not rest.startswith("///"):
            return False  # a name server of the caller's choice says where it is
        target = rest.removeprefix("///")
    return all(_is_loopback(address) for address in unquote(target).split(","))


def _is_loopback(address: str) -> bool:
    host, bracket, _ = address.removeprefix("[").partition("]")
    host = host if bracket else (address.rpartition(":")[0] or address)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _held(given: Pem, read: Callable[[Path], bytes]) -> bytes:
    return given if isinstance(given, bytes) else read(Path(given))


def _name(given: Pem | None, otherwise: str) -> str:
    return otherwise if given is None or isinstance(given, bytes) else str(given)
