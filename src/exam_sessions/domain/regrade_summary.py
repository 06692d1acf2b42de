"""The summary of a regrade of many sessions: counts, scores before and after, and the largest changes.

A preview and the operation itself sum up by the same rules, session by session.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.domain.marks import UNIT
from exam_sessions.domain.regrade import handed_in_before
from exam_sessions.domain.states import STATE_BY_CODE, SUBMITTED, State

if TYPE_CHECKING:
    from exam_sessions.domain.decide import Decision
    from exam_sessions.domain.records import AttemptRecord, Session

BANDS = 10
"""Bands of the distribution, of ten percent each."""

BAND_WIDTH = 100 * UNIT // BANDS

MOVES_AT_MOST = 10
"""Moves that are named."""


class Part(StrEnum):
    """What a session has to do with a regrade of its release."""

    REGRADED = "regraded"
    ARCHIVED = "archived"
    VOIDED = "voided"
    NOT_HANDED_IN = "not_handed_in"
    OTHER_FORM = "other_form"


def part_of(session: Session, attempts: tuple[AttemptRecord, ...], reference: str) -> Part:
    """What a session has to do with the regrade of what was sat on a form."""
    state = STATE_BY_CODE[session.state]
    if state in {State.VOIDED, State.ARCHIVED}:
        return Part.VOIDED if state is State.VOIDED else Part.ARCHIVED
    if state in SUBMITTED and session.test_form == reference:
        return Part.REGRADED
    forms = {record.test_form for record in handed_in_before(session, attempts)}
    if state in SUBMITTED:
        forms.add(session.test_form)
    if reference in forms:
        return Part.REGRADED
    return Part.OTHER_FORM if forms else Part.NOT_HANDED_IN


def is_countable(session: Session) -> bool:
    """Whether what a session has earned are numbers, so that it can be summed up."""
    return NUMBERS.issuperset(map(type, _earned(session)))


NUMBERS = frozenset({int, type(None)})


class ScoreMove(NamedTuple):
    """How far the score of one session moves, in marks.UNIT."""

    session_id: str
    candidate_id: str
    score_before: int
    score_after: int
    points_before: int
    points_after: int

    @property
    def distance(self) -> int:
        """How far, in either direction."""
        return abs(self.score_after - self.score_before)


@dataclass
class Spread:
    """Scores of some sessions, in marks.UNIT."""

    count: int = 0
    total: int = 0
    least: int = 0
    most: int = 0

    def add(self, score: int) -> None:
        """Takes one in."""
        if not self.count or score < self.least:
            self.least = score
        if not self.count or score > self.most:
            self.most = score
        self.count, self.total = self.count + 1, self.total + score


@dataclass
class Summary:
    """The summary of a regrade so far."""

    test_form: str = ""
    form_revision: int = 0
    changed: int = 0
    unchanged: int = 0
    archived: int = 0
    voided: int = 0
    not_handed_in: int = 0
    other_form: int = 0
    changed_attempts: int = 0
    before: Spread = field(default_factory=Spread)
    after: Spread = field(default_factory=Spread)
    bands: list[list[int]] = field(default_factory=lambda: [[0, 0] for _ in range(BANDS)])
    """Sessions in each band before and after, the lowest band first."""
    moves: list[ScoreMove] = field(default_factory=list)
    """The largest, the largest first."""

    def leave_out(self, part: Part) -> None:
        """Counts a session that is not regraded."""
        setattr(self, part.value, getattr(self, part.value) + 1)

    def add(self, session: Session, attempts: tuple[AttemptRecord, ...], decision: Decision) -> None:
        """Counts a session that is, changed or not; `session` and `attempts` are as they were."""
        became = decision.session or session
        changed = 0
        for record in decision.attempts:
            before = next((known for known in attempts if known.attempt == record.attempt), None)
            changed += _earned(record) != _earned(before)
        if changed or became.state != session.state or _earned(session) != _earned(became):
            self.changed += 1
            self.changed_attempts += max(1, changed)
        else:
            self.unchanged += 1
        self._note_score(self.before, session.score, 0)
        self._note_score(self.after, became.score, 1)
        self._note_move(session, became)

    def _note_score(self, spread: Spread, score: int | None, side: int) -> None:
        if score is not None:
            spread.add(score)
            self.bands[min(BANDS - 1, max(0, score // BAND_WIDTH))][side] += 1

    def _note_move(self, session: Session, became: Session) -> None:
        if session.score is None or became.score is None or session.score == became.score:
            return
        distance = abs(became.score - session.score)
        if len(self.moves) < MOVES_AT_MOST or distance > self.moves[-1].distance:
            points = (session.points or 0, became.points or 0)
            self.moves.append(ScoreMove(session.id, session.candidate_id, session.score, became.score, *points))
            self.moves.sort(key=lambda one: -one.distance)
            del self.moves[MOVES_AT_MOST:]

    def as_json(self) -> str:
        """What is kept with the operation."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Summary:
        """What was kept; nothing yet when it is empty."""
        if not text:
            return cls()
        kept = json.loads(text)
        moves = [ScoreMove(*move) for move in kept.pop("moves")]
        return cls(**kept | {name: Spread(**kept[name]) for name in ("before", "after")}, moves=moves)


def _earned(row: Session | AttemptRecord | None) -> tuple[int | None, int | None, int | None]:
    return (row.points, row.points_max, row.score) if row else (None, None, None)
