"""What every mutation is: commands by one caller in one workspace, accepted or refused as a whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from exam_sessions.execution.caller import SYSTEM_ACTOR, Caller

if TYPE_CHECKING:
    from collections.abc import Generator

    from exam_sessions.execution.measures import GroupTimes
    from exam_sessions.execution.read_set import ReadSet
    from exam_sessions.execution.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(slots=True, eq=False)
class Mutation(ABC):
    """One mutation on its way. Created on the event loop, applied on the queue's thread."""

    needs_open_workspace: ClassVar[bool] = True
    """Whether it is refused where the caller's workspace is closed or unknown."""

    caller: Caller
    weight: int = field(default=1, kw_only=True)
    """How many rows it writes, about; a heavy batch shares its transaction with none."""

    @property
    def leaves_refusals(self) -> bool:
        """Whether a refusal of it may be written: then it must not be decided before its request id was looked up."""
        return False

    def open(self, _: GroupTimes) -> Self:
        """Itself: a batch is ready to be worked on."""
        return self

    def render(self, result: Any) -> Any:
        """The result itself."""
        return result

    @abstractmethod
    def declare_reads(self, reads: ReadSet) -> None:
        """Adds the rows it needs to be decided to `reads`."""

    @abstractmethod
    def apply(self, uow: UnitOfWork) -> Any:
        """Decides the mutation, records what is to be written, and returns the caller's result.

        Raises:
            errors.Refusal: the rules do not allow it; nothing is recorded, except what a refusal itself must leave.
        """

    def replay_payload(self, result: Any) -> str:  # noqa: ARG002 - families differ in what they keep
        """Returns the text a repetition is answered from."""
        return ""

    @abstractmethod
    def replay(self, uow: UnitOfWork, payload: str) -> Any:
        """Returns the result of the first request, for a repetition; rows may be shown as they are now."""


class SystemMutation(Mutation):
    """A batch the service gives itself; it carries no request id, and so is never repeated."""

    __slots__ = ()

    def __init__(self, workspace: str, weight: int = 1) -> None:
        super().__init__(Caller(workspace, SYSTEM_ACTOR), weight=weight)

    def declare_reads(self, reads: ReadSet) -> None:
        """Nothing."""

    def replay(self, uow: UnitOfWork, payload: str) -> int:
        """Never called: a system mutation has no request id."""
        raise NotImplementedError


class ChunkedMutation(Mutation):
    """A mutation in chunks, each in a transaction of its own, because others would wait too long for a single one.

    The executor runs other requests in between.
    """

    __slots__ = ()

    @abstractmethod
    def chunks(self, factory: UnitOfWorkFactory) -> Generator[None, None, Any]:
        """Writes the next chunk up to each `yield`, and returns the result in the end.

        Raises:
            errors.Refusal: a rule says no; nothing that was written is left.
        """
