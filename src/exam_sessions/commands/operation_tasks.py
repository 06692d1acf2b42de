"""What an operation does: its task, and what a step of it returns. Who takes the steps is in operations.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions import errors
    from exam_sessions.domain.stored_records import OperationRow
    from exam_sessions.execution.capabilities import TaskChanges


class RowOutcome(NamedTuple):
    """What became of a row: the session and its state, or the refusal."""

    session_id: str
    state: int = 0
    refusal: errors.Refusal | None = None
    deadline: int = 0
    """When its attempt ends now; 0 where the action does not report it, or there is no end."""
    cut_by_window: int = 0
    """How much of its time the end of the window takes away."""


class StepResult(NamedTuple):
    """What a step has done: the rows it tried, the cursor behind the last one, and whether there are no more."""

    outcomes: Sequence[RowOutcome]
    cursor: str
    finished: bool
    summary: str | None = None
    """The result of all rows so far; as before when None."""


class OperationTask(Protocol):
    """What an operation does, read from its payload."""

    @property
    def step_at_most(self) -> int:
        """Rows of one step, so that callers wait for no more than that."""

    @property
    def per_second(self) -> int:
        """Rows a second at most; 0 is as fast as can be."""

    @property
    def keeps_all(self) -> bool:
        """Whether the outcome of every row is kept, or of those that failed only."""

    def count(self, uow: TaskChanges, workspace: str) -> int:
        """How many rows there are. Raises the refusal of the whole, when it cannot be done at all."""

    def run_step(self, uow: TaskChanges, row: OperationRow, most: int) -> StepResult:
        """Does the next rows, each for itself."""

    def quarantine_row(self, uow: TaskChanges, row: OperationRow) -> tuple[str, str]:
        """The session of the next row, if it is known, and the cursor behind it: the row itself is not touched."""
