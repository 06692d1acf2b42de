"""Sessions and events as messages. The hot path of every reply, hence assignment field by field."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, cast

from google.protobuf import field_mask_pb2

from exam_sessions import errors
from exam_sessions.commands.session_changes import etag_of
from exam_sessions.domain import clock
from exam_sessions.domain.actor import Actor
from exam_sessions.domain.devices import device_of
from exam_sessions.domain.states import MATURITY, STATE_BY_CODE
from exam_sessions.rpc.convert.accommodation import fill_accommodation
from exam_sessions.rpc.convert.history import shown_value
from exam_sessions.rpc.convert.reply_size import abridge_event
from exam_sessions.rpc.convert.result import HUNDRED, fill_score
from exam_sessions.rpc.convert.times import put
from exam_sessions_client.v1 import session_pb2, session_service_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exam_sessions.domain.records import AttemptRecord, Session, SessionWithRelease
    from exam_sessions.domain.stored_records import EventRow

log = logging.getLogger(__name__)

BASIC = session_service_pb2.SESSION_VIEW_BASIC
FULL = session_service_pb2.SESSION_VIEW_FULL

LONG_CHANGES = 500_000
"""Characters of changes from which an event is measured: each has at most four bytes."""


DAMAGE = (TypeError, ValueError, OverflowError, KeyError, AttributeError)
"""What comes of values that a column cannot have held: texts for numbers, times outside of time."""


def fill_session(message: session_pb2.Session, pair: SessionWithRelease, view: int = FULL) -> None:
    """Writes a session into a message; of one whose row is damaged as much as can be read."""
    try:
        _fill_session(message, pair, view)
    except DAMAGE:
        log.exception("the row of session %s is damaged", pair.session.id)
        message.damage = "times or numbers of its row cannot be read"
        message.etag = etag_of(pair.session.version)
    if pair.session.state not in STATE_BY_CODE:
        message.damage = message.damage or f"{pair.session.state} is not a state"
    if not pair.release.version:
        message.damage = message.damage or "its release cannot be found"


def _fill_session(message: session_pb2.Session, pair: SessionWithRelease, view: int) -> None:
    session, release = pair
    message.workspace_id = session.workspace_id
    message.id = session.id
    message.release_id = session.release_id
    state = STATE_BY_CODE[session.state]
    message.state = state  # type: ignore[assignment]
    message.maturity = MATURITY[state]  # type: ignore[assignment]
    message.keycode = session.keycode
    message.access_code = session.access_code
    _fill_candidate(message.candidate, session)
    _fill_references(message, session)
    message.test_form = session.test_form
    start, end = clock.window(session, release)
    if start:
        put(message.window_start, start)
    if end:
        put(message.window_end, end)
    if session.extra_time or session.extra_percent:
        put(message.extra_time, clock.extra_time(session, release))
        message.extra_time_percent = session.extra_percent
    if session.time_limit or session.window_start or session.window_end:
        fill_accommodation(message, session)
    if session.form_revision:
        _fill_marking(message, session)
    _fill_attempt(message.attempt, pair)
    message.void_reason = session.void_reason  # type: ignore[assignment]
    if release.finalized:
        message.closed_by_release = True
    put(message.create_time, session.create_time)
    put(message.update_time, session.update_time)
    message.etag = etag_of(session.version)
    if view != BASIC:
        _fill_confidential(message, pair)


def _fill_references(message: session_pb2.Session, session: Session) -> None:
    if session.external_reference:
        message.external_reference = session.external_reference
    if session.activity_id:
        message.activity_id = session.activity_id
    if session.centre_id:
        message.centre_id = session.centre_id
    if session.annotations:
        message.annotations.update(json.loads(session.annotations))


def _fill_marking(message: session_pb2.Session, session: Session) -> None:
    message.form_revision = session.form_revision
    message.marking_revision = session.marking_revision or session.form_revision
    message.marking_progress = session.marking_progress
    if session.score is not None:
        fill_score(message.score, session.score, HUNDRED, session.score_min)
        fill_score(message.points, session.points or 0, session.points_max or 0, session.points_min)


def _fill_candidate(candidate: session_pb2.Candidate, session: Session) -> None:
    """What is mostly empty is looked at before it is written: a look costs a third."""
    candidate.candidate_id = session.candidate_id
    candidate.name_first = session.name_first
    if session.name_middle:
        candidate.name_middle = session.name_middle
    candidate.name_last = session.name_last
    if session.gender:
        candidate.gender = session.gender  # type: ignore[assignment]
    if session.grade_level:
        candidate.grade_level = session.grade_level  # type: ignore[assignment]
    if session.ethnicity:
        candidate.ethnicity = session.ethnicity  # type: ignore[assignment]
    candidate.school_id = session.school_id
    if session.district_id:
        candidate.district_id = session.district_id


def fill_earlier_attempt(message: session_pb2.Attempt, record: AttemptRecord) -> None:
    """Writes an attempt that another has followed."""
    message.number = record.attempt
    _fill_clock(message, record)


def _fill_clock(message: session_pb2.Attempt, attempt: Session | AttemptRecord) -> None:
    """Writes when an attempt began and ended, and how much of it counts."""
    if attempt.start_time:
        put(message.start_time, attempt.start_time)
    if attempt.end_time:
        put(message.end_time, attempt.end_time)
        if attempt.start_time:
            put(message.time_elapsed, clock.time_elapsed(attempt))
    message.finish_reason = attempt.finish_reason  # type: ignore[assignment]
    if attempt.paused_time:
        put(message.paused_time, attempt.paused_time)
    if attempt.late_by:
        put(message.late_by, attempt.late_by)


def fill_attempt(message: session_pb2.Attempt, pair: SessionWithRelease) -> None:
    """Writes the current attempt; of one whose row is damaged as much as can be read."""
    try:
        _fill_attempt(message, pair)
    except DAMAGE:
        log.exception("the row of session %s is damaged", pair.session.id)


def _fill_attempt(message: session_pb2.Attempt, pair: SessionWithRelease) -> None:
    session, release = pair
    message.number = session.attempt
    if session.responses_revision:
        message.responses_revision = session.responses_revision
    if not session.start_time and not session.end_time:
        return
    _fill_clock(message, session)
    if session.pause_start_time:
        put(message.pause_start_time, session.pause_start_time)
    deadline = clock.deadline(session, release)
    if deadline:
        put(message.deadline, deadline)
        if release.online_grace_period and (until := clock.accepted_until(session, release)) > deadline:
            put(message.accepted_until, until)


def _fill_confidential(message: session_pb2.Session, pair: SessionWithRelease) -> None:
    session = pair.session
    message.void_message = session.void_message
    message.exception_message = session.exception_message
    message.extra_time_reason = session.extra_reason
    if session.device is not None and (held := device_of(session)):
        device = message.device
        device.device_label, device.take_over_allowed = held.label, held.take_over_allowed
        if held.since:
            put(device.enter_time, held.since)
    if session.download_time:
        client = message.client
        client.os = session.client_os
        client.machine = session.client_machine
        client.ip = session.client_ip
        client.held_offline = bool(session.held_offline)
        put(client.download_time, session.download_time)


def keep_only(messages: Iterable[session_pb2.Session], paths: Sequence[str]) -> None:
    """Drops from each message the fields the paths do not name."""
    mask: Any = field_mask_pb2.FieldMask(paths=paths)
    for message in messages:
        kept = session_pb2.Session()
        mask.MergeMessage(message, kept)
        message.CopyFrom(kept)


def kept_paths(mask: field_mask_pb2.FieldMask) -> list[str]:
    """The paths a mask keeps, each once; none when it keeps everything: an empty mask, or one with `*`.

    Raises:
        errors.InvalidField: it names a field Session does not have.
    """
    paths = list(dict.fromkeys(mask.paths))
    for path in paths:
        one: Any = field_mask_pb2.FieldMask(paths=[path])
        if path != "*" and not one.IsValidForDescriptor(session_pb2.Session.DESCRIPTOR):
            raise errors.invalid("read_mask", f"Session has no field {path!r}")
    return [] if "*" in paths else paths


CODES, HIDDEN = frozenset({"keycode", "access_code", "device"}), "***"
"""Columns whose values no history shows, whatever an event has stored, and what is shown in their place."""


def fill_event(message: session_pb2.SessionEvent, row: EventRow) -> None:
    """Writes an event into a message."""
    message.sequence = row.sequence
    message.session_id = row.session_id
    message.release_id = row.release_id
    message.action = action_number(row.action)
    message.from_state = row.from_state  # type: ignore[assignment]
    message.to_state = row.to_state  # type: ignore[assignment]
    message.actor, message.acting_for = Actor.stored(row.actor)
    message.reason = row.reason
    message.message = row.message
    message.request_id = row.request_id
    put(message.time, row.time)
    for field, before, after in _changes_of(row):
        change = message.changes.add()
        change.field = field
        if field == "pin":
            # Not even whether there was one.
            change.old_value = change.new_value = HIDDEN
            continue
        if (old := shown_value(field, before)) is not None:
            change.old_value = HIDDEN if field in CODES else old
        if (new := shown_value(field, after)) is not None:
            change.new_value = HIDDEN if field in CODES else new
    if len(row.changes) > LONG_CHANGES:
        abridge_event(message)


def _changes_of(row: EventRow) -> list[tuple[str, Any, Any]]:
    """Fields with their values before and after; of changes that are damaged, that they are."""
    if not row.changes:
        return []
    try:
        return [(field, before, after) for field, (before, after) in json.loads(row.changes).items()]
    except DAMAGE:
        log.exception("the changes of event %s are damaged", row.sequence)
        return [("damaged", None, None)]


ACTIONS = {name.removeprefix("ACTION_").lower(): number for name, number in session_pb2.Action.items()}


def action_number(action: str) -> session_pb2.Action:
    """The enum value of a verb; unspecified for one that a newer server on the same database has written."""
    return cast("session_pb2.Action", ACTIONS.get(action, 0))
