"""The numbers of events: without a gap within a range, and a new range after each restore of a database.

A restored database lacks the events since its backup, but those who read them keep their numbers. Were the numbers
given again, a watcher that resumes after one of them, or a consumer that leaves out what it has seen, would lose
events without a word. So the next event after a restore begins a new range, beyond every number that can have been
given, and a position among the lost events is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    EndBefore = Callable[[int], int]
    """The last event that is stored up to a number; 0 without one."""

RANGE = 2**28
"""Numbers of a range. One that is used up goes on in the next without a gap."""

FIRST_DAY = 1_767_225_600_000_000
"""2026-01-01, in microseconds since 1970: ranges are counted in minutes since then, and fit 53 bits until 2089."""

MINUTE = 60_000_000


def range_start(sequence: int) -> int:
    """The number before the first of the range that a number is in; the number before the first is in none."""
    return max(0, sequence - 1) // RANGE * RANGE


def restored_range(last: int, now: int) -> int:
    """The number after which every workspace of a restored database goes on.

    By the clock, because an earlier restore of the same backup may have given numbers that this one does not hold.

    Args:
        last: the largest number that any workspace of the backup has given.
        now: microseconds since 1970.
    """
    return max(last // RANGE + 1, (now - FIRST_DAY) // MINUTE) * RANGE


def follows(sequence: int, before: int) -> bool:
    """Whether an event may come directly after another: without a gap, or as the first of a later range."""
    return sequence == before + 1 or (sequence > before and (sequence - 1) % RANGE == 0)


def is_given(given: int, last: int) -> bool:
    """Whether a workspace that has given the numbers up to `given` may have `last` as its last event."""
    return given == last or (given > last and given % RANGE == 0)


def lost_after(position: int, given: int, end_before: EndBefore) -> int | None:
    """Whether a position is one that a restore has lost, so that no events are sent from there on.

    Args:
        position: the number of the last event that a reader has received; 0 before the first.
        given: the last number that the workspace has given; the position is not beyond.
        end_before: looks an event up; not called for a database that was never restored.

    Returns:
        The last event before what was lost; None for every other position.
    """
    if given < RANGE or position % RANGE == 0:
        return None
    end = end_before(position)
    return None if end == position else end


def oldest_of_last(count: int, given: int, end_before: EndBefore) -> int:
    """The number of the oldest of the last `count` events of a workspace; of the next event when that is none."""
    end = end_before(given) if given >= RANGE else given
    while end:
        start = range_start(end)
        if count <= end - start:
            return end - count + 1
        if not start:
            break
        count -= end - start
        end = end_before(start)
    return 1


def count_after(position: int, given: int, end_before: EndBefore) -> int:
    """How many events of a workspace come after a position."""
    count, end = 0, end_before(given) if given >= RANGE else given
    while end > position:
        start = range_start(end)
        count += end - max(start, position)
        if not start:
            break
        end = end_before(start)
    return count
