"""What a move writes besides the state, and what it says in the history."""

import pytest
from sample_sessions import (
    DEADLINE,
    ENDED,
    MINUTE,
    NOW,
    OPENS,
    PAUSED_AT,
    PIN,
    STARTED,
    a_release,
    a_session,
    became,
    decided,
    told,
)

from exam_sessions.domain.commands import Client
from exam_sessions.domain.decide import with_derived_columns
from exam_sessions.domain.records import Event
from exam_sessions.domain.states import Action, FinishReason, State

A, S = Action, State

# One legal move for every action that writes the session, and the fields it may touch besides the state.
MOVES = [
    (A.CREATE_PACKAGE, S.SCHEDULED_BUT_NOT_CREATED, set()),
    (A.OPEN_WINDOW, S.SCHEDULED_BUT_LOCKED, set()),
    (A.ENTER_KEYCODE, S.READY, {"start_time"}),
    (A.CHECK_IN, S.REQUIRES_CHECK_IN, {"start_time"}),
    (A.ENTER_PIN, S.LOCKED_BY_PIN, {"start_time"}),
    (A.UNLOCK, S.LOCKED_FOR_INVIGILATOR, {"start_time"}),
    (A.SET_PIN, S.READY, {"pin"}),
    (A.REMOVE_PIN, S.LOCKED_BY_PIN, {"pin"}),
    (A.GET_PIN, S.LOCKED_BY_PIN, set()),
    (A.PAUSE, S.IN_PROGRESS, {"pause_start_time"}),
    (A.RESUME, S.PAUSED, {"pause_start_time", "paused_time"}),
    (A.GO_OFFLINE, S.IN_PROGRESS, {"held_offline"}),
    (A.RECONNECT, S.OFFLINE, {"held_offline"}),
    (A.FINISH_OFFLINE, S.OFFLINE, {"end_time", "finish_reason"}),
    (A.UPLOAD, S.AWAITING_UPLOAD, {"held_offline"}),
    (A.FINISH, S.IN_PROGRESS, {"end_time", "finish_reason"}),
    (A.FINISH, S.PAUSED, {"end_time", "finish_reason", "pause_start_time", "paused_time"}),
    (A.SEND_TO_MARKING, S.FINISHED, set()),
    (A.SUBMIT_MARKED, S.AWAITING_MARKING, set()),
    (A.VERIFY, S.AWAITING_VERIFICATION, set()),
    (A.ARCHIVE, S.SCRIPT_VERIFIED, set()),
    (A.VOID, S.MARKED, {"void_reason"}),
    (A.RESET, S.READY, {"client_os", "client_machine", "client_ip", "download_time"}),
    (A.REQUEST_SCAN, S.PAPER_RESPONSE_UPLOAD, set()),
    (A.RECEIVE_SCAN, S.LOCAL_SCAN_REQUESTED, set()),
    (A.FAIL, S.READY, {"exception_message"}),
    (A.FAIL, S.IN_PROGRESS, {"exception_message", "pause_start_time"}),
    (A.FAIL, S.FINISHED, {"exception_message"}),
]
SAID = {A.ENTER_PIN: {"pin": PIN}, A.SET_PIN: {"pin": PIN}, A.FAIL: {"message": "smoke"}}
ALWAYS = {"version", "update_time"}
DERIVED = {"due_time", "open_candidate"}


def differences(before, after):
    return {name for name, old, new in zip(before._fields, before, after, strict=True) if old != new}


@pytest.mark.parametrize(("action", "state", "fields"), MOVES, ids=[f"{a} from {s.name}" for a, s, _ in MOVES])
def test_a_move_writes_its_own_fields_and_no_other(action, state, fields):
    before = with_derived_columns(a_session(state), a_release(), NOW)
    after = became(before, a_release(), action, **SAID.get(action, {}))
    assert differences(before, after) - ALWAYS - DERIVED - {"state"} == fields


@pytest.mark.parametrize(("action", "state", "fields"), MOVES, ids=[f"{a} from {s.name}" for a, s, _ in MOVES])
def test_a_move_leaves_one_row_of_history_that_names_what_it_wrote(action, state, fields):
    (event,) = decided(a_session(state), a_release(), action, **SAID.get(action, {})).events
    assert (event.action, event.from_state, event.actor) == (str(action), int(state), "")
    assert set(event.changes) == fields


@pytest.mark.parametrize(("action", "state"), [(a, s) for a, s, _ in MOVES])
def test_a_move_makes_a_new_version_of_the_session(action, state):
    after = became(a_session(state, version=41), a_release(), action, **SAID.get(action, {}))
    assert (after.version, after.update_time) == (42, NOW)


def test_a_move_says_where_it_came_from_and_where_it_went():
    assert told(a_session(S.IN_PROGRESS), a_release(), A.PAUSE) == Event(
        action="pause", from_state=6, to_state=7, changes={"pause_start_time": (0, NOW)}
    )


def test_a_download_records_the_client():
    client = Client("macOS 15", "MAC-3", "192.0.2.3", held_offline=True)
    after = became(a_session(S.SCHEDULED_BUT_NOT_DOWNLOADED), a_release(), A.DOWNLOAD, client=client)
    assert (after.client_os, after.client_machine, after.client_ip) == ("macOS 15", "MAC-3", "192.0.2.3")
    assert (after.held_offline, after.download_time) == (1, NOW)


def test_a_download_by_an_unknown_client_records_only_the_time():
    event = told(a_session(S.SCHEDULED_BUT_NOT_DOWNLOADED), a_release(), A.DOWNLOAD)
    assert event.changes == {"download_time": (0, NOW)}


def test_a_reset_forgets_the_client_and_the_wrong_pins():
    session = a_session(S.READY, held_offline=1, pin_failures=5)
    after = became(session, a_release(), A.RESET)
    assert (after.client_os, after.client_machine, after.client_ip, after.download_time) == ("", "", "", 0)
    assert (after.state, after.held_offline, after.pin_failures) == (1, 0, 0)


def test_a_reset_keeps_the_codes_and_the_pin():
    after = became(a_session(S.READY, pin=PIN), a_release(), A.RESET, updated_form="form-b", allow_missing_form=True)
    assert (after.keycode, after.access_code, after.pin) == ("KEYCODE2", "ACCESS22", PIN)


def test_a_reset_of_a_booking_without_a_package_is_legal_and_leaves_a_row():
    decision = decided(a_session(S.SCHEDULED_BUT_NOT_CREATED, version=3), a_release(), A.RESET)
    assert (decision.session.state, decision.session.version) == (1, 4)
    assert [(event.from_state, event.to_state) for event in decision.events] == [(1, 1)]


def test_a_failure_keeps_what_went_wrong():
    decision = decided(a_session(S.IN_PROGRESS), a_release(), A.FAIL, message="the disk is full")
    assert decision.session.exception_message == "the disk is full"
    assert decision.events[0].message == "the disk is full"


def test_a_recovered_attempt_forgets_what_went_wrong():
    failed = a_session(S.EXCEPTION, start_time=STARTED, pause_start_time=PAUSED_AT, held_offline=1)
    after = became(failed, a_release(), A.RECOVER)
    assert (after.exception_message, after.held_offline, after.pause_start_time) == ("", 0, PAUSED_AT)


def test_a_recovered_booking_is_built_and_fetched_afresh():
    after = became(a_session(S.EXCEPTION, pin_failures=2), a_release(), A.RECOVER)
    assert (after.exception_message, after.client_machine, after.download_time, after.pin_failures) == ("", "", 0, 0)
    assert (after.start_time, after.pause_start_time, after.end_time) == (0, 0, 0)


def test_a_session_recovered_on_paper_has_no_clock():
    after = became(a_session(S.EXCEPTION), a_release(delivery=2), A.RECOVER)
    assert (after.state, after.exception_message, after.pause_start_time, after.due_time) == (19, "", 0, None)


@pytest.mark.parametrize(
    ("reason", "name"), [(FinishReason.CANDIDATE, "CANDIDATE"), (FinishReason.INVIGILATOR, "INVIGILATOR")]
)
def test_the_history_says_who_ended_the_attempt(reason, name):
    event = told(a_session(S.IN_PROGRESS), a_release(), A.FINISH, finish_reason=reason)
    assert event.reason == name
    assert event.changes == {"end_time": (0, NOW), "finish_reason": (0, int(reason))}


@pytest.mark.parametrize(("action", "state", "to"), [(A.FINISH, S.IN_PROGRESS, 9), (A.FINISH_OFFLINE, S.OFFLINE, 18)])
def test_the_history_says_that_the_clock_ended_the_attempt_whoever_asked(action, state, to):
    event = told(a_session(state), a_release(), action, DEADLINE + MINUTE)
    assert (event.from_state, event.to_state, event.reason) == (int(state), to, "TIME_EXPIRED")
    assert event.changes == {"end_time": (0, DEADLINE), "finish_reason": (0, 3)}


def test_the_history_gives_no_reason_where_there_is_none():
    recovered = told(
        a_session(S.EXCEPTION, start_time=STARTED, end_time=ENDED, finish_reason=2), a_release(), A.RECOVER
    )
    assert (recovered.reason, recovered.changes["finish_reason"]) == ("", (2, 0))
    assert told(a_session(S.IN_PROGRESS), a_release(), A.PAUSE).reason == ""


def test_deciding_changes_neither_the_session_nor_the_release():
    session, release = a_session(S.PAUSED), a_release()
    decided(session, release, A.RESUME)
    assert session == a_session(S.PAUSED)
    assert release == a_release()


def test_what_is_decided_depends_on_the_moment_given_and_on_nothing_else():
    early = decided(a_session(S.READY), a_release(), A.ENTER_KEYCODE, OPENS)
    assert early == decided(a_session(S.READY), a_release(), A.ENTER_KEYCODE, OPENS)
    assert early.session.start_time == OPENS
