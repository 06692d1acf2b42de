"""What can be asked of a session or a release, as values. What comes of it is decided in decide.py and booking.py."""

from __future__ import annotations

from typing import NamedTuple

from exam_sessions import errors
from exam_sessions.domain.states import Action, FinishReason, VoidReason

SCHEDULE_FIELDS = frozenset({"candidate_id", "access_code", "centre_id", "test_form", "window_start", "window_end"})
"""Fields that make up the schedule; editable in two states only (Surpass, TestSchedule API, Editable)."""


class Client(NamedTuple):
    """The computer that fetched a package, as it reports itself."""

    os: str = ""
    machine: str = ""
    ip: str = ""
    held_offline: bool = False


class Command(NamedTuple):
    """An action on one session and its arguments; what an action does not take stays at its default."""

    action: Action
    pin: str | None = None
    """enter_pin, set_pin. None asks whether a PIN would be accepted, without comparing any."""
    client: Client = Client()
    """download."""
    finish_reason: FinishReason = FinishReason.CANDIDATE
    """finish, finish_offline."""
    void_reason: VoidReason = VoidReason.AUTO
    """void."""
    message: str = ""
    """void, fail."""
    force: bool = False
    """void."""
    current_form: str = ""
    """reset: the form the caller saw; not compared when empty."""
    updated_form: str = ""
    """reset: the form from now on; unchanged when empty."""
    fields: tuple[tuple[str, object], ...] = ()
    """update: the fields to write and their values."""

    @property
    def touches_schedule(self) -> bool:
        """Whether an update writes a field of the schedule."""
        return any(name in SCHEDULE_FIELDS for name, _ in self.fields)


def void(reason: VoidReason, message: str, *, force: bool) -> Command:
    """The command that voids a session.

    Raises:
        errors.InvalidField: OTHER does not say in words what it means (Surpass, voidMessage).
    """
    if reason is VoidReason.OTHER and not message.strip():
        raise errors.invalid("message", "is required when the reason is OTHER")
    return Command(Action.VOID, void_reason=reason, message=message, force=force)
