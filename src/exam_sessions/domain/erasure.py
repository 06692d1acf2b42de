"""What erasing a candidate removes: from a session, from its history, and from the texts of its attempts.

What identifies a person is listed here once. School, district and centre of a session stay: many share them, and
statistics need them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions.domain.actor import Actor
from exam_sessions.domain.clock import moment
from exam_sessions.domain.devices import without_label
from exam_sessions.domain.records import Event, Unreadable
from exam_sessions.domain.scoring import question_result
from exam_sessions.domain.states import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import AttemptRecord, Session
    from exam_sessions.domain.stored_records import EventRow

Changes = dict[str, tuple[Any, Any]]
"""Columns of an event with their values before and after."""

ERASED = "erased"
"""What history and kept requests show in the place of a value that was removed."""

PREFIX = "erased-"
"""How the random values begin that take the place of a candidate id, a keycode and an access code."""

ERASED_VALUE = re.compile(rf"{PREFIX}[0-9a-f]{{20}}")
"""Such a value, as random_codes.new_token draws it."""

UNIQUE = ("candidate_id", "keycode", "access_code")
"""Columns whose values are unique: they become a random value, which keeps them so."""

IDENTIFYING_TEXTS = (
    "name_first", "name_middle", "name_last", "external_reference", "annotations", "client_os", "client_machine",
    "client_ip", "extra_reason",
)  # fmt: skip

TEXTS = (*IDENTIFYING_TEXTS, "pin")
"""Columns that become empty."""

CODES = ("gender", "grade_level", "ethnicity")
"""Columns that become 0, which is not given."""

IDENTIFYING = frozenset({"candidate_id", "open_candidate", "device_label", *IDENTIFYING_TEXTS, *CODES})
"""Names under which the history records what identifies a person; codes and PINs give access instead."""

FREE_TEXTS = ("void_message", "exception_message")
"""Columns that become empty where what people typed is to be removed."""

REPLACED: dict[str, str | int] = {
    **dict.fromkeys(("keycode", "access_code", "device_label", *TEXTS), ERASED),
    **dict.fromkeys(CODES, 0),
    "annotations": "",
}
"""What the history shows in the place of values of these columns; annotations stay an object, or empty."""

ALWAYS_REMOVED = frozenset({Action.SET_EXTRA_TIME, Action.SET_ACCOMMODATION})
"""Actions whose message says why the candidate needs an accommodation, which is about their health as a rule."""

ANSWERS = frozenset({"responses", "scripts"})
"""Keys of the history that hold responses."""


class ErasureScope(NamedTuple):
    """What is removed besides what identifies the person."""

    free_text: bool = False
    responses: bool = False


class Erasing(NamedTuple):
    """One session's erasure: whose values are removed, what takes their place, what else is removed."""

    candidate_id: str
    token: str
    scope: ErasureScope


def is_erased(candidate_id: str) -> bool:
    """Whether a candidate id is what an erasure leaves."""
    return ERASED_VALUE.fullmatch(candidate_id) is not None


def erased_session(session: Session, token: str, scope: ErasureScope, reason: str, now: int) -> tuple[Session, Event]:
    """A session without what identifies its candidate, and the event that says so, whose changes name no value."""
    wanted: dict[str, Any] = dict.fromkeys(UNIQUE, token) | dict.fromkeys(TEXTS, "") | dict.fromkeys(CODES, 0)
    if scope.free_text:
        wanted |= dict.fromkeys(FREE_TEXTS, "")
    wanted["device"] = without_label(session)
    if session.open_candidate is not None:
        wanted["open_candidate"] = token
    changes: Changes = {name: (ERASED, None) for name, value in wanted.items() if getattr(session, name) != value}
    if changes.pop("device", None):
        changes["device_label"] = (ERASED, None)
    changes["candidate_id"] = (ERASED, token)
    event = Event(Action.ERASE.value, session.state, session.state, "", reason, changes={**changes})
    when = moment(now, session.update_time)
    return session._replace(**wanted, update_time=when, version=session.version + 1), event


def scrubbed_history(rows: Sequence[EventRow], last: str, erasing: Erasing) -> list[EventRow]:
    """The events of a session that hold something of the candidate, as they are to be kept.

    A booking may have been another candidate's before, or after: only values of the one who is erased are removed.

    Args:
        rows: all events of the session, in their order.
        last: the candidate whose session it is now; anything when it is deleted, for its last event says that.
        erasing: whose values are removed.
    """
    candidate = erasing.candidate_id
    found: list[EventRow] = []
    for row, changes, before, after in _with_owners(rows, last):
        became = _scrubbed(row, changes, erasing, before=before == candidate, after=after == candidate)
        if became != row:
            found.append(became)
    return found


def _with_owners(rows: Sequence[EventRow], last: str) -> Iterator[tuple[EventRow, Changes | None, Any, Any]]:
    """Each event with its changes, and whose session it was before and after them."""
    read = [_changes_of(row) for row in rows]
    owner = _owner(read, last)
    for n, (row, changes) in enumerate(zip(rows, read, strict=True)):
        if row.action == Action.SCHEDULE:
            # The id of a deleted session was given to another booking.
            owner = _owner(read[n:], last)
        before, after = owner, owner
        if changes and "candidate_id" in changes:
            before, after = changes["candidate_id"]
        yield row, changes, before, after
        owner = after if after is not None else before


def history_of(rows: Sequence[EventRow], last: str, candidate_id: str) -> list[EventRow]:
    """The events of a session as far as they are a candidate's: values of others are left out."""
    found: list[EventRow] = []
    for row, changes, before, after in _with_owners(rows, last):
        if candidate_id in {before, after}:
            own = {
                name: (old if before == candidate_id else None, new if after == candidate_id else None)
                for name, (old, new) in (changes or {}).items()
            }
            found.append(row._replace(changes=json.dumps(own) if own else ""))
    return found


def _owner(read: Sequence[Changes | None], last: str) -> str:
    """Whose session it is before these changes."""
    return next((pair[0] for changes in read if changes and (pair := changes.get("candidate_id"))), last)


def _changes_of(row: EventRow) -> Changes | None:
    """The changes of an event; None when they cannot be read."""
    try:
        found = {name: (before, after) for name, (before, after) in json.loads(row.changes or "{}").items()}
    except (ValueError, TypeError, AttributeError):
        return None
    return found


def _scrubbed(row: EventRow, changes: Changes | None, erasing: Erasing, *, before: bool, after: bool) -> EventRow:
    """An event without the values of the candidate whose session it was before, or after, or both."""
    text, message = row.changes, row.message
    if changes is None and (before or after):
        text = ""
    elif changes and (before or after):
        became = {
            name: (
                _without(name, old, erasing) if before else old,
                _without(name, new, erasing) if after else new,
            )
            for name, (old, new) in changes.items()
        }
        if became != changes:
            text = json.dumps(became, separators=(",", ":"), ensure_ascii=False)
    if message and (before or after) and row.action != Action.ERASE:
        message = ERASED if erasing.scope.free_text or row.action in ALWAYS_REMOVED else message
    actor = without_person(row.actor, erasing.candidate_id, erasing.token)
    return row._replace(actor=actor, message=message, changes=text)


def without_person(actor: str, candidate_id: str, by: str) -> str:
    """An actor as it is stored, with a candidate replaced who acted, or for whom somebody acted."""
    names = Actor.stored(actor)
    if candidate_id not in names:
        return actor
    return str(Actor(*(by if name == candidate_id else name for name in names)))


def _without(name: str, value: Any, erasing: Erasing) -> Any:
    """A value of a column as the history may keep it."""
    if value == erasing.candidate_id and name in {"candidate_id", "open_candidate"}:
        return erasing.token
    if name in REPLACED and value:
        return REPLACED[name]
    if erasing.scope.free_text and name in FREE_TEXTS and value:
        return ERASED
    if erasing.scope.responses and name.rpartition(".")[2] in ANSWERS:
        return without_texts(value)
    return value


def without_texts(value: Any) -> Any:
    """A response, or several in lists and objects, with every text emptied; indexes and numbers stay."""
    if isinstance(value, str):
        return ""
    if isinstance(value, list | tuple):
        return [without_texts(part) for part in value]
    if isinstance(value, dict):
        return {name: without_texts(part) for name, part in value.items()}
    return value


def scrubbed_attempt(attempt: AttemptRecord, form: Form | None) -> AttemptRecord:
    """An attempt without the texts of its responses; the same when it holds none.

    What the machine has given for such a response is kept as a mark, for it cannot be found out again.
    """
    if isinstance(attempt.responses, Unreadable):
        return attempt._replace(responses={})
    emptied = {number: without_texts(value) for number, value in attempt.responses.items()}
    gone = [number for number, value in emptied.items() if value != attempt.responses[number]]
    if not gone:
        return attempt
    return attempt._replace(responses=emptied, marks=attempt.marks | dict(_earned(attempt, form, gone)))


def _earned(attempt: AttemptRecord, form: Form | None, numbers: Iterable[str]) -> Iterable[tuple[str, int]]:
    for number in numbers:
        question = form.by_number.get(number) if form else None
        if question is not None and number not in attempt.marks:
            score = question_result(question, attempt).score
            if score.is_scorable:
                yield number, score.actual
