"""Which way a session goes when an action has more than one."""

import pytest
from sample_sessions import (
    CLOSES,
    DEADLINE,
    ENDED,
    HOUR,
    NOW,
    OPENS,
    PAUSED_AT,
    PIN,
    STARTED,
    a_release,
    a_session,
    became,
    decided,
    state_after,
)

from exam_sessions import errors
from exam_sessions.domain.states import Action, State

KEYCODE_COMES_IN = (State.SCHEDULED_BUT_LOCKED, State.READY)


@pytest.mark.parametrize("state", KEYCODE_COMES_IN)
def test_the_keycode_lets_the_candidate_straight_in_where_nobody_watches(state):
    assert state_after(a_session(state), a_release(), Action.ENTER_KEYCODE) is State.IN_PROGRESS


@pytest.mark.parametrize("state", KEYCODE_COMES_IN)
def test_the_keycode_leads_to_the_invigilator_where_somebody_watches(state):
    after = state_after(a_session(state), a_release(invigilated=1), Action.ENTER_KEYCODE)
    assert after is State.LOCKED_FOR_INVIGILATOR


@pytest.mark.parametrize("state", KEYCODE_COMES_IN)
def test_the_keycode_leads_to_the_pin_where_somebody_watches_and_a_pin_is_set(state):
    after = state_after(a_session(state, pin=PIN), a_release(invigilated=1), Action.ENTER_KEYCODE)
    assert after is State.LOCKED_BY_PIN


@pytest.mark.parametrize("state", KEYCODE_COMES_IN)
def test_a_pin_does_not_matter_where_nobody_watches(state):
    assert state_after(a_session(state, pin=PIN), a_release(), Action.ENTER_KEYCODE) is State.IN_PROGRESS


@pytest.mark.parametrize("state", KEYCODE_COMES_IN)
@pytest.mark.parametrize("invigilated", [0, 1])
@pytest.mark.parametrize("pin", ["", PIN])
def test_check_in_comes_before_everything_else_where_it_is_asked_for(state, invigilated, pin):
    release = a_release(requires_check_in=1, invigilated=invigilated)
    assert state_after(a_session(state, pin=pin), release, Action.ENTER_KEYCODE) is State.REQUIRES_CHECK_IN


@pytest.mark.parametrize(
    ("invigilated", "pin", "expected"),
    [
        (0, "", State.IN_PROGRESS),
        (0, PIN, State.IN_PROGRESS),
        (1, "", State.LOCKED_FOR_INVIGILATOR),
        (1, PIN, State.LOCKED_BY_PIN),
    ],
)
def test_check_in_leads_on_by_the_same_rule_as_the_keycode(invigilated, pin, expected):
    session = a_session(State.REQUIRES_CHECK_IN, pin=pin)
    release = a_release(requires_check_in=1, invigilated=invigilated)
    assert state_after(session, release, Action.CHECK_IN) is expected


def test_a_ready_session_cannot_be_unlocked_because_the_keycode_comes_first():
    with pytest.raises(errors.InvalidTransition) as refusal:
        decided(a_session(State.READY), a_release(invigilated=1), Action.UNLOCK)
    assert refusal.value.reason == "INVALID_TRANSITION"


def test_a_ready_session_cannot_be_paused():
    with pytest.raises(errors.InvalidTransition) as refusal:
        decided(a_session(State.READY), a_release(), Action.PAUSE)
    assert refusal.value.metadata()["state"] == "READY"


def test_a_paused_session_cannot_be_reset():
    with pytest.raises(errors.SessionNotResettable):
        decided(a_session(State.PAUSED), a_release(), Action.RESET)


def test_a_paused_session_cannot_be_paused_again():
    with pytest.raises(errors.InvalidTransition):
        decided(a_session(State.PAUSED), a_release(), Action.PAUSE)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (OPENS - 1, State.SCHEDULED_BUT_LOCKED),
        (OPENS, State.READY),
        (CLOSES - 1, State.READY),
        (CLOSES, State.SCHEDULED_BUT_LOCKED),
        (CLOSES + HOUR, State.SCHEDULED_BUT_LOCKED),
    ],
)
def test_a_download_is_ready_inside_the_window_and_locked_outside(now, expected):
    session = a_session(State.SCHEDULED_BUT_NOT_DOWNLOADED)
    assert state_after(session, a_release(), Action.DOWNLOAD, now) is expected


def test_a_download_is_ready_at_once_where_there_is_no_window():
    session = a_session(State.SCHEDULED_BUT_NOT_DOWNLOADED)
    release = a_release(window_start=0, window_end=0)
    assert state_after(session, release, Action.DOWNLOAD) is State.READY


def test_the_sessions_own_window_decides_whether_a_download_is_ready():
    later = a_session(State.SCHEDULED_BUT_NOT_DOWNLOADED, window_start=NOW + HOUR)
    assert state_after(later, a_release(), Action.DOWNLOAD) is State.SCHEDULED_BUT_LOCKED


def test_setting_a_pin_moves_the_candidate_from_the_invigilator_to_the_pin():
    session = a_session(State.LOCKED_FOR_INVIGILATOR)
    after = became(session, a_release(invigilated=1), Action.SET_PIN, pin=PIN)
    assert (after.state, after.pin) == (14, PIN)


def test_removing_the_pin_moves_the_candidate_from_the_pin_to_the_invigilator():
    after = became(a_session(State.LOCKED_BY_PIN), a_release(invigilated=1), Action.REMOVE_PIN)
    assert (after.state, after.pin) == (5, "")


def test_a_failed_session_whose_attempt_had_started_comes_back_paused():
    session = a_session(State.EXCEPTION, start_time=STARTED, pause_start_time=PAUSED_AT)
    assert state_after(session, a_release(), Action.RECOVER) is State.PAUSED


def test_a_failed_session_whose_attempt_had_ended_comes_back_paused():
    session = a_session(State.EXCEPTION, start_time=STARTED, end_time=ENDED, finish_reason=1)
    assert state_after(session, a_release(), Action.RECOVER) is State.PAUSED


def test_a_failed_session_nobody_had_started_comes_back_as_a_fresh_booking():
    assert state_after(a_session(State.EXCEPTION), a_release(), Action.RECOVER) is State.SCHEDULED_BUT_NOT_CREATED


def test_a_failed_session_on_paper_comes_back_to_wait_for_its_responses():
    session = a_session(State.EXCEPTION)
    assert state_after(session, a_release(delivery=2), Action.RECOVER) is State.PAPER_RESPONSE_UPLOAD


def test_a_marked_attempt_is_archived_at_once_where_nobody_moderates():
    assert state_after(a_session(State.MARKED), a_release(), Action.ARCHIVE) is State.ARCHIVED


def test_a_marked_attempt_of_a_moderated_release_is_verified_before_it_is_archived():
    release = a_release(moderated=1)
    asked = became(a_session(State.MARKED), release, Action.REQUEST_VERIFICATION)
    verified = became(asked, release, Action.VERIFY)
    archived = became(verified, release, Action.ARCHIVE)
    assert [asked.state, verified.state, archived.state] == [16, 12, 13]


def test_a_verified_attempt_is_archived_even_where_the_release_is_not_moderated_any_more():
    assert state_after(a_session(State.SCRIPT_VERIFIED), a_release(moderated=0), Action.ARCHIVE) is State.ARCHIVED


def test_a_session_goes_all_the_way_from_the_booking_to_the_result():
    release, session, states = a_release(requires_check_in=1, invigilated=1), a_session(1, pin=PIN), []
    for action in (
        *(Action.CREATE_PACKAGE, Action.DOWNLOAD, Action.ENTER_KEYCODE, Action.CHECK_IN, Action.ENTER_PIN),
        *(Action.PAUSE, Action.RESUME, Action.GO_OFFLINE, Action.RECONNECT, Action.GO_OFFLINE),
        *(Action.FINISH_OFFLINE, Action.UPLOAD, Action.SEND_TO_MARKING, Action.SUBMIT_MARKED, Action.ARCHIVE),
    ):
        session = became(session, release, action, pin=PIN)
        states.append(session.state)
    assert states == [2, 4, 22, 14, 6, 7, 6, 8, 6, 8, 18, 9, 15, 11, 13]


def test_a_finished_attempt_stays_finished_until_somebody_marks_it():
    after = became(a_session(State.IN_PROGRESS), a_release(), Action.FINISH, DEADLINE - 1)
    assert after.state == 9
