"""The rows that the mutations of a group declare before they are decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

from exam_sessions.domain.records import AccessCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions.execution.caller import Caller


class DeclaresReads(Protocol):
    """A mutation, as far as its reads are concerned."""

    caller: Caller
    needs_open_workspace: bool

    def declare_reads(self, reads: ReadSet) -> None:
        """Names the rows it needs to be decided."""


class ReadSet:
    """The rows a group of mutations needs, by workspace."""

    __slots__ = ("access_codes", "keycodes", "marking_context", "releases", "requests", "sessions", "to_change")

    def __init__(self) -> None:
        self.marking_context = False
        """Whether the attempts of the sessions are read with them."""
        self.sessions: dict[str, set[str]] = {}
        self.keycodes: dict[str, set[str]] = {}
        self.access_codes: dict[str, set[AccessCode]] = {}
        self.releases: dict[str, set[str]] = {}
        self.requests: dict[str, set[str]] = {}
        self.to_change: set[str] = set()
        """The workspaces of which a release is to be changed."""

    @classmethod
    def of(cls, group: Iterable[DeclaresReads], *, requests: bool = False) -> Self:
        """What a group needs; with `requests` also what is stored of its requests."""
        reads = cls()
        for mutation in group:
            mutation.declare_reads(reads)
            if requests and mutation.caller.request_id:
                reads.request(mutation.caller.workspace, mutation.caller.request_id)
        return reads

    def session(self, workspace: str, session_id: str, keycode: str | AccessCode) -> None:
        """One session, by its id or else by its keycode or access code."""
        if session_id:
            self.sessions.setdefault(workspace, set()).add(session_id)
        elif isinstance(keycode, AccessCode):
            self.access_codes.setdefault(workspace, set()).add(keycode)
        else:
            self.keycodes.setdefault(workspace, set()).add(keycode)

    def release(self, workspace: str, release_id: str, *, to_change: bool = False) -> None:
        """One release."""
        self.releases.setdefault(workspace, set()).add(release_id)
        if to_change:
            self.to_change.add(workspace)

    def request(self, workspace: str, request_id: str) -> None:
        """One stored request."""
        self.requests.setdefault(workspace, set()).add(request_id)
