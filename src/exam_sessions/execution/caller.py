"""Who asks for a mutation or a query."""

from __future__ import annotations

from typing import NamedTuple

SYSTEM_ACTOR = "system"
"""The actor of what the service does by itself; no caller may use the name."""


class Caller(NamedTuple):
    """Who calls, in which workspace, and the request id that identifies a repetition."""

    workspace: str
    actor: str = "anonymous"
    request_id: str = ""
    fingerprint: bytes = b""
    """Digest of method and content; two requests with one id must agree in it."""
    validate_only: bool = False
    centres: frozenset[str] | None = None
    """The centres whose sessions it reads and changes; None: all."""
