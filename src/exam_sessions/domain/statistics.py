"""Counts and scores of many sessions, summed up from aggregates by release and state."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.domain.marks import div_half_up
from exam_sessions.domain.states import State

if TYPE_CHECKING:
    from collections.abc import Iterable


class Aggregate(NamedTuple):
    """The sessions of one release in one state; scores are in marks.UNIT, None without any."""

    release_id: str
    state: int
    sessions: int
    scored: int
    least: int | None
    total: int | None
    most: int | None


class Statistics(NamedTuple):
    """Counts by state, and the lowest, mean and highest score, in marks.UNIT; None without any."""

    states: dict[int, int]
    scored: int
    least: int | None
    average: int | None
    most: int | None


def statistics_of(aggregates: Iterable[Aggregate]) -> Statistics:
    """Aggregates of some releases, summed up; the mean is rounded half up."""
    rows = list(aggregates)
    found: dict[int, int] = {}
    for row in rows:
        # What is damaged so badly that it is no number is counted with what needs an operator.
        state = row.state if isinstance(row.state, int) else State.EXCEPTION
        found[state] = found.get(state, 0) + row.sessions
    states = dict(sorted(found.items()))
    scored = sum(row.scored for row in rows)
    if not scored:
        return Statistics(states, 0, None, None, None)
    return Statistics(
        states,
        scored,
        min(row.least for row in rows if row.least is not None),
        div_half_up(sum(row.total or 0 for row in rows), scored),
        max(row.most for row in rows if row.most is not None),
    )
