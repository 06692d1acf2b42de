"""Refusals for the sake of limits of a caller: lock-outs after wrong codes."""

from __future__ import annotations

from dataclasses import InitVar, dataclass

from exam_sessions.errors.refusal import Exhausted, NotFound


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
