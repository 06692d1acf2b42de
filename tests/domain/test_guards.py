"""The rules beyond the state: the release, the window, the client, the form, moderation."""

import pytest
from sample_forms import MIXED, answers, marking_context, revision
from sample_sessions import (
    CLOSES,
    DEADLINE,
    HOUR,
    NOW,
    OPENS,
    PIN,
    a_release,
    a_session,
    became,
    decided,
    state_after,
)

from exam_sessions import errors
from exam_sessions.domain.states import Action, FinishReason, State

A, S = Action, State
SUBMITTED = (S.FINISHED, S.AWAITING_MARKING, S.MARKED, S.AWAITING_VERIFICATION, S.SCRIPT_VERIFIED)

CLOSED_BY_A_FINALIZED_RELEASE = [
    (A.CREATE_PACKAGE, S.SCHEDULED_BUT_NOT_CREATED),
    (A.DOWNLOAD, S.SCHEDULED_BUT_NOT_DOWNLOADED),
    (A.OPEN_WINDOW, S.SCHEDULED_BUT_LOCKED),
    (A.ENTER_KEYCODE, S.SCHEDULED_BUT_LOCKED),
    (A.ENTER_KEYCODE, S.READY),
    (A.CHECK_IN, S.REQUIRES_CHECK_IN),
    (A.ENTER_PIN, S.LOCKED_BY_PIN),
    (A.UNLOCK, S.LOCKED_FOR_INVIGILATOR),
    (A.SET_PIN, S.READY),
    (A.SET_PIN, S.LOCKED_FOR_INVIGILATOR),
    (A.REMOVE_PIN, S.READY),
    (A.REMOVE_PIN, S.LOCKED_BY_PIN),
    (A.RESET, S.READY),
    (A.UPDATE, S.SCHEDULED_BUT_NOT_CREATED),
    (A.DELETE, S.SCHEDULED_BUT_NOT_CREATED),
    (A.SET_EXTRA_TIME, S.READY),
    (A.SET_EXTRA_TIME, S.IN_PROGRESS),
    (A.SET_ACCOMMODATION, S.READY),
    (A.SET_ACCOMMODATION, S.IN_PROGRESS),
    (A.ASSIGN_ITEM_MARKS, S.PAPER_RESPONSE_UPLOAD),
    (A.ASSIGN_ITEM_RESPONSES, S.PAPER_RESPONSE_UPLOAD),
    (A.SCORE_RESPONSE, S.AWAITING_MARKING),
    (A.SCORE_RESPONSE, S.MARKED),
    (A.UNSCORE_RESPONSE, S.AWAITING_MARKING),
    *((action, state) for action in (A.CLEAR_RESPONSES, A.REOPEN) for state in SUBMITTED),
    *((A.RETAKE, state) for state in (S.FINISHED, S.MARKED, S.SCRIPT_VERIFIED)),
]
STILL_LEGAL_IN_A_FINALIZED_RELEASE = [
    (A.FINISH, S.IN_PROGRESS, 9),
    (A.FINISH, S.PAUSED, 9),
    (A.FINISH_OFFLINE, S.OFFLINE, 18),
    (A.UPLOAD, S.AWAITING_UPLOAD, 9),
    (A.SEND_TO_MARKING, S.FINISHED, 15),
    (A.SUBMIT_MARKED, S.AWAITING_MARKING, 11),
    *((A.REGRADE, state, int(state)) for state in SUBMITTED),
    (A.SET_RESPONSES, S.IN_PROGRESS, 6),
    (A.ROUTE, S.FINISHED, 15),
    (A.VERIFY, S.AWAITING_VERIFICATION, 12),
    (A.ARCHIVE, S.MARKED, 13),
    (A.GET_PIN, S.LOCKED_BY_PIN, 14),
    (A.VOID, S.READY, 10),
    (A.FAIL, S.READY, 99),
    (A.RECOVER, S.EXCEPTION, 1),
]


@pytest.mark.parametrize(("action", "state"), CLOSED_BY_A_FINALIZED_RELEASE)
@pytest.mark.parametrize("delivery", [1, 2], ids=["online", "on paper"])
def test_a_finalized_release_locks_its_sessions(action, state, delivery):
    with pytest.raises(errors.ReleaseFinalized) as refusal:
        decided(a_session(state), a_release(finalized=1, delivery=delivery), action, NOW, marking_context(), pin=PIN)
    assert refusal.value.metadata() == {"release_id": "release-1"}


@pytest.mark.parametrize(("action", "state", "expected"), STILL_LEGAL_IN_A_FINALIZED_RELEASE)
def test_a_finalized_release_lets_sat_sessions_go_on_to_their_result(action, state, expected):
    known = marking_context()._replace(revised=revision(MIXED, 2), sat=(MIXED,))
    decision = decided(a_session(state, form_revision=1), a_release(finalized=1), action, NOW, known)
    assert decision.events[0].to_state == expected


def test_an_invigilator_finishes_a_session_because_the_release_is_finalized():
    after = became(
        a_session(S.IN_PROGRESS), a_release(finalized=1), A.FINISH, finish_reason=FinishReason.RELEASE_FINALIZED
    )
    assert (after.finish_reason, after.end_time) == (4, NOW)


ASK_FOR_AN_OPEN_WINDOW = [
    (A.OPEN_WINDOW, S.SCHEDULED_BUT_LOCKED),
    (A.ENTER_KEYCODE, S.SCHEDULED_BUT_LOCKED),
    (A.ENTER_KEYCODE, S.READY),
    (A.CHECK_IN, S.REQUIRES_CHECK_IN),
    (A.ENTER_PIN, S.LOCKED_BY_PIN),
    (A.UNLOCK, S.LOCKED_FOR_INVIGILATOR),
    (A.RESUME, S.PAUSED),
]


@pytest.mark.parametrize(("action", "state"), ASK_FOR_AN_OPEN_WINDOW)
@pytest.mark.parametrize("now", [OPENS - 1, CLOSES, CLOSES + HOUR], ids=["too early", "at its end", "too late"])
def test_nobody_gets_in_while_the_window_is_closed(action, state, now):
    with pytest.raises(errors.WindowClosed):
        decided(a_session(state), a_release(), action, now, pin=PIN)


@pytest.mark.parametrize(("action", "state"), ASK_FOR_AN_OPEN_WINDOW)
@pytest.mark.parametrize("now", [OPENS, CLOSES - 1], ids=["as it opens", "just before its end"])
def test_everybody_gets_in_while_the_window_is_open(action, state, now):
    assert state_after(a_session(state), a_release(), action, now, pin=PIN) in {S.READY, S.IN_PROGRESS}


@pytest.mark.parametrize(("action", "state"), ASK_FOR_AN_OPEN_WINDOW)
def test_a_release_without_a_window_is_always_open(action, state):
    release = a_release(window_start=0, window_end=0)
    assert state_after(a_session(state), release, action, CLOSES + HOUR, pin=PIN) in {S.READY, S.IN_PROGRESS}


def test_the_refusal_says_when_the_window_is_open_and_what_time_it_is():
    with pytest.raises(errors.WindowClosed) as refusal:
        decided(a_session(S.READY), a_release(), A.ENTER_KEYCODE, CLOSES)
    assert refusal.value.metadata() == {
        "window_start": "2026-03-02T09:00:00.000Z",
        "window_end": "2026-03-02T13:00:00.000Z",
        "now": "2026-03-02T13:00:00.000Z",
    }


def test_the_sessions_own_window_wins_over_the_releases():
    early = a_session(S.READY, window_start=OPENS - HOUR, window_end=OPENS)
    assert state_after(early, a_release(), A.ENTER_KEYCODE, OPENS - 1) is S.IN_PROGRESS
    with pytest.raises(errors.WindowClosed) as refusal:
        decided(early, a_release(), A.ENTER_KEYCODE, OPENS)
    assert refusal.value.metadata()["window_end"] == "2026-03-02T09:00:00.000Z"


def test_a_session_held_offline_by_a_client_cannot_be_opened_elsewhere():
    held = a_session(S.READY, held_offline=1)
    with pytest.raises(errors.HeldOffline) as refusal:
        decided(held, a_release(), A.ENTER_KEYCODE)
    assert refusal.value.metadata() == {"machine": "LAB-07"}


def test_a_reset_frees_a_session_that_was_held_offline():
    release = a_release()
    freed = became(a_session(S.READY, held_offline=1), release, A.RESET)
    fetched = became(became(freed, release, A.CREATE_PACKAGE), release, A.DOWNLOAD)
    assert state_after(fetched, release, A.ENTER_KEYCODE) is S.IN_PROGRESS


def test_a_reset_with_yesterdays_form_is_stale():
    session = a_session(S.READY, test_form="form-b")
    with pytest.raises(errors.StaleForm) as refusal:
        decided(session, a_release(), A.RESET, current_form="form-a", updated_form="form-c")
    assert refusal.value.metadata() == {"test_form": "form-b"}


def test_a_reset_with_todays_form_changes_it():
    session = a_session(S.READY, test_form="form-b")
    told = {"current_form": "form-b", "updated_form": "form-c", "allow_missing_form": True}
    assert became(session, a_release(), A.RESET, **told).test_form == "form-c"


def test_a_reset_that_names_no_form_compares_and_changes_none():
    assert became(a_session(S.READY, test_form="form-b"), a_release(), A.RESET).test_form == "form-b"


def test_a_reset_may_change_the_form_unseen():
    told = {"updated_form": "form-c", "allow_missing_form": True}
    assert became(a_session(S.READY), a_release(), A.RESET, **told).test_form == "form-c"


def test_a_reset_in_the_wrong_state_is_told_so_before_its_form_is_compared():
    with pytest.raises(errors.SessionNotResettable):
        decided(a_session(S.IN_PROGRESS), a_release(), A.RESET, current_form="yesterday's")


def test_nobody_verifies_a_release_that_is_not_moderated():
    with pytest.raises(errors.ReleaseNotModerated) as refusal:
        decided(a_session(S.MARKED), a_release(moderated=0), A.REQUEST_VERIFICATION)
    assert refusal.value.metadata() == {"release_id": "release-1"}


def test_nobody_archives_a_marked_attempt_of_a_moderated_release():
    with pytest.raises(errors.ModerationRequired) as refusal:
        decided(a_session(S.MARKED), a_release(moderated=1), A.ARCHIVE)
    assert refusal.value.metadata() == {"release_id": "release-1"}


def test_a_wrong_state_is_refused_as_such_even_in_a_finalized_release():
    with pytest.raises(errors.InvalidTransition):
        decided(a_session(S.IN_PROGRESS), a_release(finalized=1), A.DOWNLOAD)


def test_answers_are_taken_only_while_the_attempt_has_time():
    release, session, said = a_release(), a_session(S.IN_PROGRESS), answers(q1="A")
    assert (
        state_after(
            session, release, A.SET_RESPONSES, DEADLINE - 1, marking_context=marking_context(), responses=said
        )
        is S.IN_PROGRESS
    )
    with pytest.raises(errors.AttemptTimeExpired):
        decided(session, release, A.SET_RESPONSES, DEADLINE, marking_context(), responses=said)


@pytest.mark.parametrize("now", [OPENS - 1, CLOSES])
def test_an_attempt_is_not_reopened_outside_the_window(now):
    with pytest.raises(errors.WindowClosed):
        decided(a_session(S.FINISHED), a_release(), A.REOPEN, now)
