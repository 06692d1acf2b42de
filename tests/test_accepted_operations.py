"""An operation that was accepted here is carried out from what the server has in hand; all others are looked for."""

from __future__ import annotations

import asyncio

import pytest

from exam_sessions.background.operation_worker import HELD_AT_MOST, HELD_BYTES, LOOK_EVERY, Worker
from exam_sessions.domain.states import OperationKind, OperationStatus
from exam_sessions.domain.stored_records import OperationRow, ToDo


class Task:
    """A task that is done in one step."""

    step_at_most, per_second, keeps_all = 50, 0, True


def accepted(operation_id: str, payload: bytes = b"request") -> OperationRow:
    """The row of an operation as it is accepted."""
    queued = int(OperationStatus.QUEUED)
    return OperationRow(
        "w", operation_id, int(OperationKind.TEMPLATE), queued, "", "", "", payload, 0, 1, 0, "", 1, 1
    )


class Database:
    """The reads and the queue of a server, with the operations `stored`; every operation takes so many steps."""

    def __init__(self, *stored: str, steps: int = 1) -> None:
        self.asked: list[str] = []
        self._steps = steps
        self._left = dict.fromkeys(stored, steps)

    def insert(self, row: OperationRow) -> None:
        """Stores an operation."""
        self._left[row.id] = self._steps

    async def operations_to_do(self):
        self.asked.append("look")
        return [ToDo("w", name, "", 0, 0) for name, left in self._left.items() if left]

    async def request(self, _, operation_id):
        self.asked.append(f"read {operation_id}")
        return 0, b"request"

    async def submit(self, step):
        name = step.operation_id
        self._left[name] -= 1
        self.asked.append(f"step {name}")
        return accepted(name)._replace(end_time=0 if self._left[name] else 2)


def worker_of(database: Database) -> Worker:
    return Worker(database, database, lambda: 1, "s", {0: lambda _: Task()}, lambda _: b"")


async def asked_in_rounds(database: Database, worker: Worker, *rows: OperationRow, rounds: int = 1) -> list[str]:
    """What is asked of the database, after a first look, once these are accepted."""
    await worker.round()
    database.asked.clear()
    for row in rows:
        database.insert(row)
        worker.accepted(row, Task())
    pauses = [await worker.round() for _ in range(rounds)]
    assert pauses[-1] == LOOK_EVERY
    return database.asked


def test_what_was_accepted_here_is_not_looked_for_and_not_read():
    database = Database()
    asked = asyncio.run(asked_in_rounds(database, worker_of(database), accepted("a"), accepted("b")))
    assert asked == ["step a", "step b"]


def test_a_look_that_found_only_what_it_carried_out_is_not_repeated_for_what_is_accepted_next():
    database = Database("found by the first look")
    asked = asyncio.run(asked_in_rounds(database, worker_of(database), accepted("a")))
    assert asked == ["step a"]


async def wait_while(worker: Worker, *rows: OperationRow) -> list[bool]:
    """Whether the waiters for the end of "a" and of another are told, once these are accepted and a round is over."""
    with worker.waiters.end_of("a") as mine, worker.waiters.end_of("another") as other:
        for row in rows:
            worker.accepted(row, Task())
        await worker.round()
        return [mine.done(), other.done()]


@pytest.mark.parametrize(("steps", "told"), [(1, [True, False]), (2, [False, False])])
def test_who_waits_for_an_operation_is_woken_by_its_last_step(steps, told):
    database = Database(steps=steps)
    database.insert(accepted("a"))
    worker = worker_of(database)
    assert asyncio.run(wait_while(worker, accepted("a"))) == told
    assert not worker.waiters._waiting


def test_a_long_request_is_read_again_when_its_turn_comes():
    database, row = Database(), accepted("long", bytes(HELD_BYTES + 1))
    asked = asyncio.run(asked_in_rounds(database, worker_of(database), row))
    assert asked == ["look", "read long", "step long"]


def test_each_round_looks_for_all_while_something_else_goes_on():
    database = Database("other", steps=3)
    asked = asyncio.run(asked_in_rounds(database, worker_of(database), accepted("a"), rounds=4))
    both = ["look", "step other", "step a"]
    assert asked == [*both, *both, "look", "step a", "look"]


@pytest.mark.parametrize("steps", [2, 3])
def test_an_operation_that_does_not_end_with_its_first_step_goes_on_without_a_pause(steps):
    database = Database(steps=steps)
    asked = asyncio.run(asked_in_rounds(database, worker_of(database), accepted("a"), rounds=steps + 1))
    assert asked == ["step a", *["look", "step a"] * (steps - 1), "look"]


def test_no_more_tasks_are_held_than_there_is_room_for():
    database = Database()
    worker = worker_of(database)
    for n in range(HELD_AT_MOST + 1):
        worker.accepted(accepted(str(n)), Task())
    assert list(worker._tasks) == [str(n) for n in range(1, HELD_AT_MOST + 1)]
