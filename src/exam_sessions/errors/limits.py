"""Refusals for the sake of limits of a caller: lock-outs after wrong codes, rates, deadlines."""

from __future__ import annotations

from dataclasses import InitVar, dataclass

from exam_sessions.errors.refusal import Exhausted, NotFound, TimedOut


@dataclass(eq=False)
class TooManyWrongCodes(Exhausted):
    """The caller's address or principal entered too many wrong codes; which, is never said.

    `seconds`: how long the lock-out goes on.
    """

    guarded: str
    """codes or credentials."""
    limited: str
    """address or principal."""
    end_time: str
    """RFC 3339, UTC."""
    seconds: InitVar[float]
    text = (
        "too many wrong {guarded} from this {limited}; locked out until {end_time}, for right ones too, "
        "unless an invigilator lifts the lock-out"
    )

    def __post_init__(self, seconds: float) -> None:
        """Takes over when to try again."""
        self.retry_after = seconds


@dataclass(eq=False)
class LockoutNotFound(NotFound):
    """No such lock-out."""

    lockout_id: str
    text = "there is no lock-out {lockout_id} in this workspace"


@dataclass(eq=False)
class RateLimited(Exhausted):
    """A limit of the caller's principal or workspace is reached.

    `seconds`: when to try again.
    """

    limited: str
    """principal or workspace."""
    limit: str
    """The limit in words."""
    seconds: InitVar[float]
    text = "more calls of this {limited} than the {limit} that this server lets through; retry after a pause"

    def __post_init__(self, seconds: float) -> None:
        """Takes over when to try again."""
        self.retry_after = seconds


@dataclass(eq=False)
class DefaultDeadlineExceeded(TimedOut):
    """The call set no deadline, and took longer than the one it was given."""

    seconds: float
    text = (
        "the call set no deadline and was ended after {seconds} s; a change that was asked for may still be made: "
        "repeat the call with its request_id"
    )
