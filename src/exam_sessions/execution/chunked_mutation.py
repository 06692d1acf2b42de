"""What a mutation is that one transaction cannot hold, because others would wait for it too long."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from exam_sessions.execution.mutation import Mutation

if TYPE_CHECKING:
    from collections.abc import Generator

    from exam_sessions.execution.transactions import Transactions


class ChunkedMutation(Mutation):
    """A mutation in chunks, each in a transaction of its own; the executor runs other requests in between."""

    __slots__ = ()

    @abstractmethod
    def chunks(self, transactions: Transactions) -> Generator[None, None, Any]:
        """Writes the next chunk up to each `yield`, and returns the result in the end.

        Raises:
            errors.Refusal: a rule says no; nothing that was written is left.
        """
