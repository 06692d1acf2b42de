"""What must hold among the stored rows of a session, whatever was called: rules that `exam-sessions check` applies.

They compare a session with its history, its attempts, its release and the forms it was sat on. What must hold among
the events of a workspace is sequences.py's; what a database can compare by itself is asked in SQL (store/checks).
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.domain.attempts import damage_of, is_sound, marking_revision_of
from exam_sessions.domain.devices import UNKNOWN, device_of
from exam_sessions.domain.marking import NO_SCORE, deciding_columns
from exam_sessions.domain.quarantine import REASON as QUARANTINED
from exam_sessions.domain.scoring import total_of
from exam_sessions.domain.states import OPEN, STATE_BY_CODE, Action, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import AttemptRecord, Release, Session

    FormOf = Callable[[str, int], Form | None]
    """The revision of a test form by its reference; None where the catalogue does not hold it."""


class Rule(StrEnum):
    """What `check` looks for, by the name under which it reports."""

    PAGES = "pages"
    SCHEMA = "schema"
    ROWS = "rows"
    STATES = "states"
    HISTORIES = "histories"
    SEQUENCES = "sequences"
    ATTEMPTS = "attempts"
    SCORES = "scores"
    CODES = "codes"
    ORPHANS = "orphans"
    CONSUMERS = "consumers"
    OPERATIONS = "operations"


MEANING = {
    Rule.PAGES: "the database can read everything it stores, and its indexes agree with its tables",
    Rule.SCHEMA: "tables, columns and indexes are those of this version's schema",
    Rule.ROWS: "every column holds what its kind can hold, and JSON can be read",
    Rule.STATES: "the state of a session is the one that its last event led to",
    Rule.HISTORIES: "each event of a session begins where the one before ended, and none is missing",
    Rule.SEQUENCES: "the events of a workspace are numbered without gaps",
    Rule.ATTEMPTS: "attempts belong to their session, are counted from 1, and end after they began",
    Rule.SCORES: "points and scores are what responses, marks, form and release come to",
    Rule.CODES: "keycodes, access codes, candidates and open sessions are unique where they must be",
    Rule.ORPHANS: "what a row names is there",
    Rule.CONSUMERS: "no consumer has come further than the events",
    Rule.OPERATIONS: "the counters of an operation fit each other",
}


class Finding(NamedTuple):
    """A rule that does not hold, and where."""

    rule: Rule
    workspace_id: str
    subject: str
    text: str


class PastEvent(NamedTuple):
    """What the rules ask of a stored event of a session."""

    sequence: int
    action: str
    from_state: int
    to_state: int
    reason: str
    time: int
    previous: int


class StoredSession(NamedTuple):
    """All that is stored of one session. Without a row it is deleted, or should be."""

    workspace_id: str
    id: str
    row: Session | None
    attempts: Sequence[AttemptRecord]
    history: Sequence[PastEvent]
    release: Release | None = None

    def finding(self, rule: Rule, text: str) -> Finding:
        """A finding about this session."""
        return Finding(rule, self.workspace_id, f"session {self.id}", text)


WRONG_PIN = "WRONG_PIN"
"""The reason of an event that is no version of its session."""


def check_session(stored: StoredSession, form_of: FormOf, *, linked: bool) -> Iterator[Finding]:
    """What does not hold of one session.

    Args:
        stored: everything of it.
        form_of: finds test forms of its workspace.
        linked: whether events lead to the one before (session_history.py of the store).
    """
    if stored.row is None:
        yield from _check_deleted(stored, linked=linked)
        return
    yield from _check_row(stored, stored.row)
    if not is_sound(stored.row):
        return
    yield from _check_state(stored, stored.row)
    yield from _check_history(stored)
    if linked:
        yield from _check_links(stored, stored.row.last_event)
    yield from _check_attempts(stored, stored.row)
    yield from _check_scores(stored, stored.row, form_of)


def _check_deleted(stored: StoredSession, *, linked: bool) -> Iterator[Finding]:
    for attempt in stored.attempts:
        yield stored.finding(Rule.ORPHANS, f"attempt {attempt.attempt} is stored, and its session is not")
    if not stored.history:
        return
    if stored.history[-1].to_state:
        yield stored.finding(Rule.ORPHANS, "it has a history that does not end with its deletion, and is not stored")
    yield from _check_history(stored)
    if linked:
        yield from _check_links(stored, 0)


def _check_row(stored: StoredSession, row: Session) -> Iterator[Finding]:
    if not is_sound(row):
        yield stored.finding(Rule.ROWS, "a column holds what it cannot hold")
    if row.annotations and not _is_json_object(row.annotations):
        yield stored.finding(Rule.ROWS, "its annotations are not a JSON object")
    if isinstance(row.device, str) and device_of(row) is UNKNOWN:
        yield stored.finding(Rule.ROWS, "its device cannot be read")
    if stored.release is None:
        yield stored.finding(Rule.ORPHANS, f"release {row.release_id} is not stored")


def _is_json_object(text: object) -> bool:
    try:
        return isinstance(text, str) and isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _check_state(stored: StoredSession, row: Session) -> Iterator[Finding]:
    if row.state not in STATE_BY_CODE:
        yield stored.finding(Rule.STATES, f"state {row.state} is none of the contract")
    if not stored.history:
        yield stored.finding(Rule.STATES, "it has no history")
    elif stored.history[-1].to_state != row.state:
        last = stored.history[-1]
        text = f"it is in state {row.state}, and event {last.sequence} led to {last.to_state}"
        yield stored.finding(Rule.STATES, text)
    if row.open_candidate is not None and (row.state not in OPEN or row.open_candidate != row.candidate_id):
        yield stored.finding(Rule.STATES, "it counts as the open session of a candidate, and is not")


def _check_history(stored: StoredSession) -> Iterator[Finding]:
    """Each event begins where the one before ended, not earlier; there are as many as versions."""
    state, time, versions = 0, 0, 0
    for event in stored.history:
        where = f"event {event.sequence}"
        begins = event.action == Action.SCHEDULE and not event.from_state
        versions = 0 if begins else versions
        versions += event.reason != WRONG_PIN
        if begins and state:
            yield stored.finding(Rule.HISTORIES, f"{where} books it once more")
        elif event.from_state != state and event.reason != QUARANTINED:
            yield stored.finding(Rule.HISTORIES, f"{where} began in state {event.from_state} in place of {state}")
        if event.time < time:
            yield stored.finding(Rule.HISTORIES, f"{where} is earlier than the one before")
        state, time = event.to_state, event.time
    if stored.row and stored.history and stored.row.version != versions:
        text = f"it is at version {stored.row.version}, and has a history of {versions}"
        yield stored.finding(Rule.HISTORIES, text)


def _check_links(stored: StoredSession, last_event: int) -> Iterator[Finding]:
    """Every event is in the index by session, or the next one leads to it; none leads elsewhere."""
    before = 0
    is_indexed = True
    for event in stored.history:
        if event.previous and abs(event.previous) != before:
            yield stored.finding(
                Rule.HISTORIES, f"event {event.sequence} follows {abs(event.previous)}, not {before}"
            )
        elif not event.previous and not is_indexed:
            yield stored.finding(Rule.HISTORIES, f"nothing leads to event {before}")
        before, is_indexed = event.sequence, event.previous <= 0
    if last_event and last_event != before:
        yield stored.finding(Rule.HISTORIES, f"its last event is {before}, and it names {last_event}")
    elif not last_event and not is_indexed:
        yield stored.finding(Rule.HISTORIES, f"nothing leads to event {before}")


def _check_attempts(stored: StoredSession, row: Session) -> Iterator[Finding]:
    if row.attempt < 1:
        yield stored.finding(Rule.ATTEMPTS, f"it is in attempt {row.attempt}")
    if row.start_time and row.end_time and row.end_time < row.start_time:
        yield stored.finding(Rule.ATTEMPTS, "its attempt ended before it began")
    if row.paused_time < 0:
        yield stored.finding(Rule.ATTEMPTS, "it was paused for less than no time")
    for attempt in stored.attempts:
        name = f"attempt {attempt.attempt}"
        if not is_sound(attempt):
            yield stored.finding(Rule.ROWS, f"a column of {name} holds what it cannot hold")
            continue
        if damage := damage_of(attempt):
            yield stored.finding(Rule.ROWS, f"{damage} of {name} cannot be read")
        if not 1 <= attempt.attempt <= row.attempt:
            yield stored.finding(Rule.ATTEMPTS, f"{name} is stored, and the session is in attempt {row.attempt}")
        if attempt.start_time and attempt.end_time and attempt.end_time < attempt.start_time:
            yield stored.finding(Rule.ATTEMPTS, f"{name} ended before it began")


def _check_scores(stored: StoredSession, row: Session, form_of: FormOf) -> Iterator[Finding]:
    if any(not is_sound(attempt) or damage_of(attempt) for attempt in stored.attempts):
        return
    if row.form_revision and form_of(row.test_form, marking_revision_of(row)) is None:
        yield stored.finding(Rule.ORPHANS, f"test form {row.test_form}, {marking_revision_of(row)}, is not stored")
    for attempt in stored.attempts:
        if attempt.points is None:
            continue
        form = form_of(attempt.test_form, marking_revision_of(attempt))
        if form is None:
            text = f"the form of attempt {attempt.attempt}, {attempt.test_form}, is not stored"
            yield stored.finding(Rule.ORPHANS, text)
        elif total_of(form, attempt) != attempt.total():
            text = (
                f"attempt {attempt.attempt} has {attempt.points} points, and earned {total_of(form, attempt).points}"
            )
            yield stored.finding(Rule.SCORES, text)
    if stored.release is None:
        return
    counted = NO_SCORE
    if row.state != State.VOIDED:
        counted = deciding_columns(stored.release.attempt_strategy, stored.attempts)
    wrong = [name for name, value in counted.items() if getattr(row, name) != value]
    if wrong:
        yield stored.finding(Rule.SCORES, f"{', '.join(wrong)} are not what its attempts come to")
