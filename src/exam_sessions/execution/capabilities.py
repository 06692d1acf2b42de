"""What use cases may ask of a unit of work: each names the units it is given by one of these types.

`UnitOfWork` has them all; a use case that reads or writes anything else does not pass the type checker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from exam_sessions.execution.read_set import ReadSet
    from exam_sessions.execution.transaction import TransactionClock
    from exam_sessions.execution.units.api_keys import ApiKeyUnit
    from exam_sessions.execution.units.attempts import AttemptUnit
    from exam_sessions.execution.units.conflicts import ConflictUnit
    from exam_sessions.execution.units.forms import FormUnit
    from exam_sessions.execution.units.history import HistoryUnit
    from exam_sessions.execution.units.lockouts import LockoutUnit
    from exam_sessions.execution.units.operations import OperationUnit
    from exam_sessions.execution.units.personal_data import PersonalDataUnit
    from exam_sessions.execution.units.releases import ReleaseUnit
    from exam_sessions.execution.units.requests import RequestUnit
    from exam_sessions.execution.units.sessions import SessionUnit
    from exam_sessions.execution.units.staged_imports import StagedImportUnit
    from exam_sessions.execution.units.workspaces import WorkspaceUnit


class HasClock(Protocol):
    """The time of the transaction."""

    @property
    def clock(self) -> TransactionClock:
        """When changes happen."""


class CanLoad(Protocol):
    """Reading rows that were not declared before the group was decided."""

    def load(self, reads: ReadSet, *, to_write: bool = False) -> None:
        """Reads sessions and releases, see `UnitOfWork.load`."""


class HasRequests(Protocol):
    """Recorded requests."""

    @property
    def requests(self) -> RequestUnit:
        """The requests."""


class HasStagedImports(Protocol):
    """Staged imports."""

    @property
    def staged_imports(self) -> StagedImportUnit:
        """The staged imports."""


class FormChanges(HasClock, Protocol):
    """Test forms, for a use case that writes revisions of them."""

    @property
    def forms(self) -> FormUnit:
        """The forms."""


class ConsumerChanges(HasClock, Protocol):
    """The history with its consumers."""

    @property
    def history(self) -> HistoryUnit:
        """The history."""


class OperationChanges(HasClock, Protocol):
    """Operations, without what they do."""

    @property
    def operations(self) -> OperationUnit:
        """The operations."""


class ApiKeyChanges(HasClock, Protocol):
    """API keys."""

    @property
    def api_keys(self) -> ApiKeyUnit:
        """The keys."""


class LockoutChanges(HasClock, Protocol):
    """Wrong entries and lock-outs."""

    @property
    def lockouts(self) -> LockoutUnit:
        """The lock-outs."""


class WorkspaceChanges(HasClock, Protocol):
    """The registry of workspaces."""

    @property
    def workspaces(self) -> WorkspaceUnit:
        """The workspaces."""


class SessionChanges(FormChanges, Protocol):
    """Sessions that exist, with their releases, attempts and forms."""

    @property
    def sessions(self) -> SessionUnit:
        """The sessions."""

    @property
    def attempts(self) -> AttemptUnit:
        """Their attempts."""

    @property
    def releases(self) -> ReleaseUnit:
        """Their releases."""

    @property
    def conflicts(self) -> ConflictUnit:
        """Values no two of them may share."""


class ReleaseChanges(SessionChanges, CanLoad, Protocol):
    """Releases, and the sessions that a change of a release concerns."""


class Bookings(SessionChanges, ConsumerChanges, HasStagedImports, Protocol):
    """New sessions: their conflicts may be with staged imports, their time is after the history of their ids."""


class TaskChanges(Bookings, CanLoad, Protocol):
    """What the task of an operation may do: change sessions, book them and erase them, loading them itself."""

    @property
    def personal_data(self) -> PersonalDataUnit:
        """Personal data beside the sessions."""


class OperationSteps(TaskChanges, OperationChanges, Protocol):
    """An operation and what its task may do."""
