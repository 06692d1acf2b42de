import pytest
from sample_sessions import NOW, PAUSED_AT, STARTED, a_release, a_session, became, decided, told

from exam_sessions import errors
from exam_sessions.domain.commands import void
from exam_sessions.domain.states import Action, State, VoidReason

NOT_STARTED = (1, 2, 3, 4, 22, 5, 14)
STARTED_ATTEMPTS = (6, 7, 9, 15, 11, 16, 12)


def test_voiding_without_a_reason_means_auto():
    after = became(a_session(State.READY), a_release(), Action.VOID)
    assert (after.state, after.void_reason, after.void_message) == (10, 6, "")


@pytest.mark.parametrize("state", NOT_STARTED)
def test_a_session_nobody_started_is_voided_as_not_yet_started(state):
    after = became(a_session(state), a_release(), Action.VOID, void_reason=VoidReason.NOT_YET_STARTED)
    assert (after.state, after.void_reason) == (10, 5)


@pytest.mark.parametrize("state", STARTED_ATTEMPTS)
def test_a_started_attempt_is_not_voided_as_not_yet_started(state):
    with pytest.raises(errors.VoidReasonMismatch) as refusal:
        decided(a_session(state), a_release(), Action.VOID, void_reason=VoidReason.NOT_YET_STARTED)
    assert refusal.value.metadata() == {"void_reason": "NOT_YET_STARTED"}


@pytest.mark.parametrize("state", STARTED_ATTEMPTS)
def test_a_started_attempt_is_voided_as_partially_completed(state):
    after = became(a_session(state), a_release(), Action.VOID, void_reason=VoidReason.PARTIALLY_COMPLETED)
    assert (after.state, after.void_reason) == (10, 3)


@pytest.mark.parametrize("state", NOT_STARTED)
def test_a_session_nobody_started_is_not_voided_as_partially_completed(state):
    with pytest.raises(errors.VoidReasonMismatch) as refusal:
        decided(a_session(state), a_release(), Action.VOID, void_reason=VoidReason.PARTIALLY_COMPLETED)
    assert refusal.value.metadata() == {"void_reason": "PARTIALLY_COMPLETED"}


@pytest.mark.parametrize("reason", [VoidReason.NOT_YET_STARTED, VoidReason.PARTIALLY_COMPLETED])
@pytest.mark.parametrize("state", [State.PAPER_RESPONSE_UPLOAD, State.LOCAL_SCAN_REQUESTED])
def test_on_paper_only_the_caller_knows_whether_the_candidate_began(state, reason):
    after = became(a_session(state), a_release(delivery=2), Action.VOID, void_reason=reason)
    assert (after.state, after.void_reason) == (10, int(reason))


@pytest.mark.parametrize("reason", [VoidReason.AUTO, VoidReason.ABSENT, VoidReason.WITHDRAWN])
@pytest.mark.parametrize("state", [State.READY, State.IN_PROGRESS, State.MARKED])
def test_the_other_reasons_fit_before_and_after_the_start(state, reason):
    assert became(a_session(state), a_release(), Action.VOID, void_reason=reason).void_reason == reason


@pytest.mark.parametrize("message", ["", " ", "\t\n", "\u00a0", "\u2003"])
def test_another_reason_has_to_be_said_in_words(message):
    with pytest.raises(errors.InvalidField) as refused:
        void(VoidReason.OTHER, message, force=True)
    assert [violation.field for violation in refused.value.at] == ["message"]


def test_another_reason_is_kept_in_words():
    after = became(
        a_session(State.READY), a_release(), Action.VOID, void_reason=VoidReason.OTHER, message="the room burned"
    )
    assert (after.state, after.void_reason, after.void_message) == (10, 4, "the room burned")


@pytest.mark.parametrize("state", [State.READY, State.OFFLINE, State.AWAITING_UPLOAD, State.EXCEPTION])
def test_a_session_held_offline_is_not_voided_by_mistake(state):
    with pytest.raises(errors.HeldOffline) as refusal:
        decided(a_session(state, held_offline=1), a_release(), Action.VOID)
    assert refusal.value.metadata() == {"machine": "LAB-07"}


@pytest.mark.parametrize("state", [State.READY, State.OFFLINE, State.AWAITING_UPLOAD, State.EXCEPTION])
def test_a_session_held_offline_is_voided_by_force(state):
    after = became(a_session(state, held_offline=1), a_release(), Action.VOID, force=True)
    assert (after.state, after.held_offline) == (10, 0)


def test_force_is_not_needed_once_the_client_has_reconnected():
    online = became(a_session(State.OFFLINE), a_release(), Action.RECONNECT)
    assert became(online, a_release(), Action.VOID).state == 10


def test_force_does_not_make_a_wrong_reason_right():
    with pytest.raises(errors.VoidReasonMismatch):
        decided(a_session(6), a_release(), Action.VOID, void_reason=VoidReason.NOT_YET_STARTED, force=True)


@pytest.mark.parametrize("state", [State.VOIDED, State.ARCHIVED])
@pytest.mark.parametrize("force", [False, True])
def test_a_final_session_is_not_voided_even_by_force(state, force):
    with pytest.raises(errors.SessionNotVoidable) as refusal:
        decided(a_session(state), a_release(), Action.VOID, force=force)
    assert refusal.value.metadata() == {"state": state.name, "action": "void", "allowed_actions": ""}


def test_voiding_a_paused_session_books_its_pause():
    after = became(a_session(State.PAUSED, paused_time=7), a_release(), Action.VOID)
    assert (after.pause_start_time, after.paused_time) == (0, 7 + NOW - PAUSED_AT)


def test_voiding_keeps_when_the_attempt_started():
    assert became(a_session(State.IN_PROGRESS), a_release(), Action.VOID).start_time == STARTED


def test_the_history_says_why_a_session_was_voided():
    event = told(
        a_session(State.READY), a_release(), Action.VOID, void_reason=VoidReason.WITHDRAWN, message="ill since Monday"
    )
    assert (event.reason, event.message) == ("WITHDRAWN", "ill since Monday")
    assert event.changes == {"void_reason": (0, 2), "void_message": ("", "ill since Monday")}
