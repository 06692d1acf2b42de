"""Records of what is stored beside sessions and releases: events in their order, consumers, forms, operations.

Flat and immutable, as those of records.py, so that a row of the database is a record without conversion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.domain.access import stored_names

if TYPE_CHECKING:
    from exam_sessions.domain.forms import Form


class EventRow(NamedTuple):
    """An event with its sequence number."""

    workspace_id: str
    sequence: int
    session_id: str
    release_id: str
    action: str
    from_state: int
    to_state: int
    actor: str
    reason: str
    message: str
    request_id: str
    time: int
    changes: str
    previous: int


class ConsumerRow(NamedTuple):
    """Who works through a workspace's events, and the last one that is done with."""

    workspace_id: str
    name: str
    sequence: int
    update_time: int


class LockoutRow(NamedTuple):
    """A lock-out that began, and who lifted it. Kept for auditors; what locks out is in Tries (domain/lockout.py)."""

    workspace_id: str
    id: str
    subject: str
    wrong: int
    begin_time: int
    end_time: int
    lift_time: int
    lifted_by: str
    message: str

    def is_in_force(self, now: int) -> bool:
        """Whether it still refuses calls."""
        return now < self.end_time and not self.lift_time


class FormRow(NamedTuple):
    """A revision without its questions."""

    reference: str
    revision: int
    name: str
    mark_decimals: int
    available: int
    create_time: int


class StoredForm(NamedTuple):
    """A revision and when it was made."""

    form: Form
    create_time: int


class OperationRow(NamedTuple):
    """An operation: the record of what was accepted, and how far it has come."""

    workspace_id: str
    id: str
    kind: int
    status: int
    actor: str
    request_id: str
    action: str
    payload: bytes
    done: int
    total: int
    failed: int
    place: str
    create_time: int
    update_time: int
    end_time: int = 0
    cancel_requested: int = 0
    owner: str = ""
    lease_until: int = 0
    next_time: int = 0
    reason: str = ""
    message: str = ""
    summary: str = ""
    """The summary of a regrade so far, as JSON."""
    centres: str = ""
    """The centres its caller was bound to (access.stored_names)."""

    def is_seen_by(self, centres: frozenset[str] | None) -> bool:
        """Whether a reader may read it: one of the same centres, or of all."""
        return centres is None or self.centres == stored_names(centres)


class OutcomeRow(NamedTuple):
    """What became of one row of an operation."""

    workspace_id: str
    operation_id: str
    position: int
    session_id: str
    state: int
    refusal: bytes
    deadline: int = 0
    cut_by_window: int = 0


class ToDo(NamedTuple):
    """An operation that has not ended, and who is at work on it until when."""

    workspace_id: str
    id: str
    owner: str
    lease_until: int
    next_time: int


class ApiKeyRow(NamedTuple):
    """An API key without its secret. Times are microseconds since 1970, 0 where there is none."""

    workspace_id: str
    """SYSTEM_WORKSPACE of domain/api_keys.py: a key is of no workspace."""
    id: str
    digest: bytes
    """SHA-256 of the whole credential."""
    name: str
    roles: str
    """Names as JSON."""
    workspaces: str
    """Names as JSON; empty: all."""
    centres: str
    """Names as JSON; empty: all."""
    create_time: int
    expire_time: int = 0
    revoke_time: int = 0
    """In the future while a rotated key goes on."""
    last_use_time: int = 0
    rotated_from: str = ""
    creator: str = ""


OUTCOMES_AT_MOST = 10_000
"""Outcomes kept of an operation, and shown."""
