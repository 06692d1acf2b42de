"""The gate of a server, as its settings ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.rpc.access.gate import Gate
from exam_sessions.rpc.access.verifiers import CERTIFICATES, METHODS, verifiers_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.rpc.access.code_guard import CodeGuard
    from exam_sessions.service import Service
    from exam_sessions.settings import Settings

NOBODY = "none"
"""The setting with which nobody is authenticated."""


class CannotAuthenticate(Exception):  # noqa: N818 - a condition the command line explains
    """Settings that ask for what cannot be authenticated. `way_out` says what would help."""

    def __init__(self, what: str, way_out: str) -> None:
        super().__init__(what)
        self.way_out = way_out


def methods_of(settings: Settings) -> tuple[str, ...]:
    """The ways to authenticate that settings ask for; none where nobody is authenticated.

    Raises:
        CannotAuthenticate: there is no such way, or not with these settings.
    """
    if settings.auth.strip() == NOBODY:
        return ()
    methods = tuple(dict.fromkeys(part.strip() for part in settings.auth.split(",")))
    for method in methods:
        if method not in METHODS:
            known = f"give {NOBODY}, or some of {', '.join(METHODS)}, such as --auth keys,jwt"
            raise CannotAuthenticate(f"{method!r} is no way to authenticate callers", known)
    if CERTIFICATES in methods and not settings.tls_client_ca:
        way_out = "give --tls-cert, --tls-key and --tls-client-ca"
        raise CannotAuthenticate("client certificates can be verified with TLS and their CA only", way_out)
    return methods


def gate_of(settings: Settings, service: Service, now: Callable[[], int], guard: CodeGuard | None) -> Gate | None:
    """The gate; None where nobody is authenticated. Wrong credentials are counted by `guard`.

    Raises:
        CannotAuthenticate: see `methods_of`.
        CannotConfigure: the file of `auth_config` cannot be used.
    """
    methods = methods_of(settings)
    return Gate(verifiers_of(methods, settings.auth_config, service, now), now, guard) if methods else None
