"""How a client secures its connection and identifies itself: TLS, certificates, tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from exam_sessions_client import security
from exam_sessions_client.security import Pem, PlainToken, Token, checked, is_local

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pem", "PlainToken", "Security", "Token", "checked", "is_local"]


class Security(security.Security):
    """As the Python client's, with what is wrong with a file said before anything is sent."""

    __slots__ = ()

    def credentials(self) -> grpc.ChannelCredentials:
        """Returns those of TLS. Raises pem.Unfit: a file is not what it should be, or two do not fit."""
        from exam_sessions import pem  # noqa: PLC0415 - a tenth of a client's start, which few need

        ca = None if self.ca is None else _held(self.ca, pem.content)
        if ca is not None:
            pem.certificates(ca, _name(self.ca, "the CA"))
        if self.cert is None or self.key is None:
            return grpc.ssl_channel_credentials(ca)
        cert, key = _held(self.cert, pem.content), _held(self.key, pem.secret_content)
        pem.check_pair(cert, key, _name(self.cert, "the certificate"), _name(self.key, "the key"))
        return grpc.ssl_channel_credentials(ca, key, cert)


def _held(given: Pem, read: Callable[[Path], bytes]) -> bytes:
    return given if isinstance(given, bytes) else read(Path(given))


def _name(given: Pem | None, otherwise: str) -> str:
    return otherwise if given is None or isinstance(given, bytes) else str(given)
