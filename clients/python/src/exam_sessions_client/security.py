"""How a client secures its connection and identifies itself: TLS, certificates, tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import grpc

ADDRESS = r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?"
LOCAL = re.compile(rf"unix(-abstract)?:.*|((dns:(///)?|ipv4:|ipv6:|passthrough:(///)?)?{ADDRESS}(,{ADDRESS})*)")
"""Targets on this machine: a Unix socket, loopback addresses, or `localhost`."""

Pem = str | Path | bytes
"""A path of a PEM file, or what it holds."""

Token = str | Callable[[], str]
"""A token, or what returns the present one: it is asked before each call."""


class PlainToken(ValueError):  # noqa: N818 - a condition that callers explain
    """A token that would be sent to another machine without TLS."""


@dataclass(frozen=True, slots=True)
class Security:
    """What a client trusts, and how it identifies itself; the fields are those of Client."""

    tls: bool | None = None
    ca: Pem | None = None
    cert: Pem | None = None
    key: Pem | None = None
    token: Token | None = None
    insecure_token: bool = False

    @property
    def has_tls(self) -> bool:
        """Whether the connection has TLS."""
        return bool(self.ca or self.cert or self.key) if self.tls is None else self.tls

    def open_channel(self, channels: Any, target: str, options: Sequence[tuple[str, Any]]) -> Any:
        """Returns a channel of grpc's or of grpc.aio's.

        Raises:
            ValueError: what is given does not belong together, or the token would go elsewhere in plain text.
            OSError: a file cannot be read.
        """
        if (self.cert is None) != (self.key is None):
            raise ValueError("a client certificate needs its key, and a key its certificate: give both")
        if self.has_tls:
            return channels.secure_channel(target, self.credentials(), options)
        if self.ca or self.cert:
            raise ValueError("CA and client certificate are of no use without TLS: leave them out, or TLS on")
        if self.token is not None and not (self.insecure_token or is_local(target)):
            raise PlainToken(f"the token would be sent to {target} without TLS, where it can be read on the way")
        return channels.insecure_channel(target, options)

    def credentials(self) -> grpc.ChannelCredentials:
        """Returns those of TLS, made of what the files hold."""
        given = (self.ca, self.key, self.cert)
        held = (pem if isinstance(pem, bytes | None) else Path(pem).read_bytes() for pem in given)
        return grpc.ssl_channel_credentials(*held)

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Returns what identifies the caller of a call that is made now."""
        if self.token is None:
            return ()
        token = self.token if isinstance(self.token, str) else self.token()
        return (("authorization", f"Bearer {checked(token)}"),)


def checked(token: str) -> str:
    """Returns a token that can be sent.

    Raises:
        ValueError: it is empty, or has characters that no token has; it is not repeated.
    """
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError("a token is one word of visible ASCII characters")
    return token


def is_local(target: str) -> bool:
    """Whether a target is on this machine. One with a name server of its own is not: that says where it is."""
    return LOCAL.fullmatch(unquote(target)) is not None
