"""Looks in the database, after an exam day, for all that callers were answered that day."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from benchmark.exam_day.requests import key_of
from exam_sessions.domain.states import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from benchmark.databases import Database
    from benchmark.exam_day.requests import Booked
    from benchmark.exam_day.timetable import Candidate


class Audit(NamedTuple):
    """What was acknowledged, and what of it cannot be found; candidates whose end is not as their answers make it."""

    acknowledged: int
    lost: int
    wrong: int

    @property
    def sound(self) -> bool:
        """Whether nothing is missing and nothing wrong."""
        return self.lost == self.wrong == 0


def audited(
    database: Database, candidates: Iterable[Candidate], booked: Mapping[int, Booked], acknowledged: Iterable[str]
) -> Audit:
    """Looks for every request that was answered, and at the state and points of every candidate."""
    asked = set(acknowledged)
    lost = len(asked - {row[0] for row in database.rows("SELECT request_id FROM requests")})
    ends = {row[0]: row[1:] for row in database.rows("SELECT id, state, points FROM sessions")}
    wrong = sum(ends[booked[c.number].id] != (State.MARKED, _points(c)) for c in candidates)
    return Audit(len(asked), lost, wrong)


MARK = 10_000
"""A mark, in the ten-thousandths in which it is stored."""


def _points(candidate: Candidate) -> int:
    return MARK * sum(option == key_of(question) for question, option in candidate.answered().items())


def events_of(database: Database, centre: str, after: int) -> int:
    """Events of the sessions of a centre, after a sequence."""
    query = (
        "SELECT count(*) FROM events JOIN sessions ON sessions.id = events.session_id "
        f"WHERE sessions.centre_id = '{centre}' AND events.sequence > {after}"
    )
    return int(database.rows(query)[0][0])
