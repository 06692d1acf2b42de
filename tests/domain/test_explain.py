import pytest
from hypothesis import given, settings
from sample_forms import MACHINE, MIXED, marking_context
from sample_histories import CALLABLE, asked, histories
from sample_sessions import CLOSES, DEADLINE, HOUR, NOW, OPENS, a_release, a_session

from exam_sessions import errors
from exam_sessions.domain.commands import Command
from exam_sessions.domain.decide import explain
from exam_sessions.domain.states import Action, State
from sampling import examples


def told_of(session, release, now=NOW, form=MIXED):
    """State code or reason by action."""
    return {
        str(action): int(verdict) if isinstance(verdict, State) else verdict.reason
        for action, verdict in explain(session, release, now, marking_context(form)).items()
    }


def allowed(session, release, now=NOW, form=MIXED):
    told = told_of(session, release, now, form).items()
    return {action: verdict for action, verdict in told if isinstance(verdict, int)}


@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
def test_every_action_that_can_be_called_is_explained_in_the_order_of_the_contract(state):
    assert list(told_of(a_session(state), a_release())) == list(CALLABLE)


def test_a_ready_session_is_told_where_each_action_leads():
    assert allowed(a_session(State.READY), a_release()) == {
        "enter_keycode": 6,
        "set_pin": 4,
        "remove_pin": 4,
        "void": 10,
        "reset": 1,
        "fail": 99,
        "update": 4,
        "set_extra_time": 4,
        "set_accommodation": 4,
    }


def test_the_way_told_is_the_way_the_release_asks_for():
    ready = a_session(State.READY)
    assert allowed(ready, a_release(invigilated=1))["enter_keycode"] == 5
    assert allowed(ready, a_release(requires_check_in=1))["enter_keycode"] == 22


def test_a_running_session_is_told_what_time_allows():
    running = a_session(State.IN_PROGRESS)
    assert allowed(running, a_release()) == {
        "pause": 7,
        "go_offline": 8,
        "finish": 15,
        "void": 10,
        "set_responses": 6,
        "clear_responses": 4,
        "fail": 99,
        "update": 6,
        "set_extra_time": 6,
        "set_accommodation": 6,
    }
    assert set(allowed(running, a_release(), DEADLINE)) == {"finish", "void", "clear_responses", "fail", "update"}


@pytest.mark.parametrize(("form", "leads_to"), [(None, 9), (MACHINE, 11), (MIXED, 15)])
def test_the_way_told_goes_on_to_where_the_session_comes_to_rest(form, leads_to):
    assert allowed(a_session(State.IN_PROGRESS), a_release(), form=form)["finish"] == leads_to


def test_a_marked_session_is_told_what_may_begin_again():
    assert allowed(a_session(State.MARKED), a_release(max_attempts=2)) == {
        "archive": 13,
        "void": 10,
        "clear_responses": 4,
        "reopen": 6,
        "retake": 4,
        "fail": 99,
        "update": 11,
        "score_response": 11,
        "regrade": 11,
    }


def test_a_final_session_is_told_that_nothing_is_left():
    assert allowed(a_session(State.ARCHIVED), a_release()) == {}


@pytest.mark.parametrize(
    ("state", "release", "now", "action", "reason"),
    [
        (State.READY, a_release(), NOW, "unlock", "INVALID_TRANSITION"),
        (State.READY, a_release(), OPENS - HOUR, "enter_keycode", "WINDOW_CLOSED"),
        (State.READY, a_release(finalized=1), NOW, "enter_keycode", "RELEASE_FINALIZED"),
        (State.READY, a_release(), NOW, "delete", "SESSION_NOT_EDITABLE"),
        (State.IN_PROGRESS, a_release(), NOW, "reset", "SESSION_NOT_RESETTABLE"),
        (State.IN_PROGRESS, a_release(), DEADLINE, "pause", "ATTEMPT_TIME_EXPIRED"),
        (State.OFFLINE, a_release(), NOW, "void", "HELD_OFFLINE"),
        (State.AWAITING_UPLOAD, a_release(grace_period=1), NOW, "upload", "GRACE_PERIOD_OVER"),
        (State.MARKED, a_release(), NOW, "request_verification", "RELEASE_NOT_MODERATED"),
        (State.MARKED, a_release(moderated=1), NOW, "archive", "MODERATION_REQUIRED"),
        (State.ARCHIVED, a_release(), NOW, "void", "SESSION_NOT_VOIDABLE"),
        (State.IN_PROGRESS, a_release(), NOW, "assign_item_marks", "PAPER_RESPONSE_UPLOAD_REQUIRED"),
        (State.MARKED, a_release(max_attempts=1), NOW, "retake", "ATTEMPTS_EXHAUSTED"),
        (State.FINISHED, a_release(), CLOSES, "reopen", "WINDOW_CLOSED"),
    ],
)
def test_an_action_that_would_be_refused_is_told_why(state, release, now, action, reason):
    assert told_of(a_session(state), release, now)[action] == reason


def test_a_candidate_who_waits_for_the_pin_is_told_it_would_be_taken_without_saying_which():
    assert told_of(a_session(State.LOCKED_BY_PIN), a_release())["enter_pin"] == 6


def test_a_candidate_whose_pin_is_blocked_is_told_so():
    assert told_of(a_session(State.LOCKED_BY_PIN, pin_failures=5), a_release())["enter_pin"] == "PIN_BLOCKED"


def test_a_pin_that_is_not_set_cannot_be_read():
    assert told_of(a_session(State.READY), a_release())["get_pin"] == "PIN_NOT_SET"
    assert told_of(a_session(State.LOCKED_BY_PIN), a_release())["get_pin"] == 14


def test_a_booking_that_may_be_deleted_is_told_so():
    assert told_of(a_session(State.SCHEDULED_BUT_NOT_DOWNLOADED), a_release())["delete"] == 2


@settings(max_examples=examples(40), deadline=None)
@given(histories)
def test_what_is_explained_is_what_would_be_decided(told):
    for step in told.steps[::3]:
        verdicts = explain(step.before, step.release, step.now, step.marking_context)
        for action in map(Action, CALLABLE):
            answer = asked(step.before, step.release, Command(action), step.now, step.marking_context)
            if isinstance(answer, errors.Refusal):
                assert isinstance(verdicts[action], errors.Refusal)
                assert (verdicts[action].reason, str(verdicts[action])) == (answer.reason, str(answer))
            else:
                after = answer.session.state if answer.session else step.before.state
                assert verdicts[action] == after
