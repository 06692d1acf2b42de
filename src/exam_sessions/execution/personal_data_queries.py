"""What is read of a candidate in a unit of work: the preview of an erasure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from exam_sessions.execution.reader_pool import PooledReads
from exam_sessions.execution.unit_of_work import UnitOfWork, UnitOfWorkFactory

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


class PersonalDataReads(PooledReads):
    """Reads by the rules of commands, each in one read transaction on a thread of the pool."""

    async def in_unit(self, work: Callable[[UnitOfWork], Result], now: Callable[[], int]) -> Result:
        """What a function finds in a unit of work that reads from one snapshot; it must write nothing.

        Args:
            work: the function.
            now: the time, in microseconds since 1970.
        """
        return await self._read(
            lambda db, repositories: work(UnitOfWork(UnitOfWorkFactory(db, repositories, now, "")))
        )
