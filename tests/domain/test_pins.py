import pytest
from sample_sessions import NOW, PIN, WRONG, a_release, a_session, became, decided, told

from exam_sessions import errors
from exam_sessions.domain.states import Action, State

INVIGILATED = a_release(invigilated=1)
BEFORE_THE_ATTEMPT = (1, 2, 3, 4, 22)


def waiting(failures=0):
    return a_session(State.LOCKED_BY_PIN, pin_failures=failures)


def test_the_right_pin_lets_the_candidate_in():
    after = became(waiting(), INVIGILATED, Action.ENTER_PIN, pin=PIN)
    assert (after.state, after.start_time) == (6, NOW)


def test_a_pin_may_be_typed_in_small_letters():
    assert became(waiting(), INVIGILATED, Action.ENTER_PIN, pin="qwerty").state == 6


@pytest.mark.parametrize("pin", ["", "QWERT", "QWERTYQ", "ÄÖÜÄÖÜ", WRONG])
def test_anything_but_the_pin_is_wrong(pin):
    assert isinstance(decided(waiting(), INVIGILATED, Action.ENTER_PIN, pin=pin).refusal, errors.WrongPin)


def test_a_wrong_pin_is_refused_and_counted():
    decision = decided(waiting(), INVIGILATED, Action.ENTER_PIN, pin=WRONG)
    assert isinstance(decision.refusal, errors.WrongPin)
    assert decision.refusal.metadata() == {"tries_left": "4"}
    assert decision.session == waiting()._replace(pin_failures=1, update_time=NOW)


def test_a_wrong_pin_is_written_in_the_history_but_not_the_letters_typed():
    (event,) = decided(waiting(2), INVIGILATED, Action.ENTER_PIN, pin=WRONG).events
    assert (event.action, event.from_state, event.to_state, event.reason) == ("enter_pin", 14, 14, "WRONG_PIN")
    assert event.changes == {"pin_failures": (2, 3)}
    assert WRONG not in repr(event)


def test_a_wrong_pin_leaves_the_invigilators_etag_valid():
    decision = decided(waiting(), INVIGILATED, Action.ENTER_PIN, pin=WRONG)
    assert decision.session.version == waiting().version


def test_the_tries_left_are_told_down_to_none():
    session, left = waiting(), []
    for _ in range(5):
        decision = decided(session, INVIGILATED, Action.ENTER_PIN, pin=WRONG)
        session = decision.session
        left.append(decision.refusal.tries_left)
    assert left == [4, 3, 2, 1, 0]


def test_the_right_pin_is_good_after_four_wrong_ones():
    assert became(waiting(4), INVIGILATED, Action.ENTER_PIN, pin=PIN).state == 6


@pytest.mark.parametrize("pin", [PIN, WRONG, None])
def test_after_five_wrong_pins_even_the_right_one_is_blocked(pin):
    with pytest.raises(errors.PinBlocked) as refusal:
        decided(waiting(5), INVIGILATED, Action.ENTER_PIN, pin=pin)
    assert refusal.value.metadata() == {"tries": "5"}


def test_a_blocked_pin_is_not_counted_any_further():
    session = waiting(4)
    session = decided(session, INVIGILATED, Action.ENTER_PIN, pin=WRONG).session
    with pytest.raises(errors.PinBlocked):
        decided(session, INVIGILATED, Action.ENTER_PIN, pin=WRONG)
    assert session.pin_failures == 5


def test_wrong_pins_are_forgotten_once_the_candidate_is_in():
    assert became(waiting(3), INVIGILATED, Action.ENTER_PIN, pin=PIN).pin_failures == 0


def test_a_new_pin_unblocks_the_candidate_who_waits():
    renewed = became(waiting(5), INVIGILATED, Action.SET_PIN, pin="asdfgh")
    assert (renewed.state, renewed.pin, renewed.pin_failures) == (14, "ASDFGH", 0)
    assert became(renewed, INVIGILATED, Action.ENTER_PIN, pin="ASDFGH").state == 6
    assert decided(renewed, INVIGILATED, Action.ENTER_PIN, pin=PIN).refusal.reason == "WRONG_PIN"


def test_a_removed_pin_leaves_the_blocked_candidate_to_the_invigilators_hand():
    released = became(waiting(5), INVIGILATED, Action.REMOVE_PIN)
    assert (released.state, released.pin, released.pin_failures) == (5, "", 0)
    assert became(released, INVIGILATED, Action.UNLOCK).state == 6


def test_a_pin_is_not_looked_at_when_the_command_only_asks():
    assert became(waiting(), INVIGILATED, Action.ENTER_PIN, pin=None).state == 6


@pytest.mark.parametrize("state", BEFORE_THE_ATTEMPT)
def test_a_pin_is_set_in_upper_case_without_a_move_before_the_invigilator_waits(state):
    after = became(a_session(state), INVIGILATED, Action.SET_PIN, pin="asdfgh")
    assert (after.state, after.pin) == (state, "ASDFGH")


@pytest.mark.parametrize("state", BEFORE_THE_ATTEMPT)
def test_a_pin_is_removed_without_a_move_before_the_invigilator_waits(state):
    after = became(a_session(state, pin=PIN), INVIGILATED, Action.REMOVE_PIN)
    assert (after.state, after.pin) == (state, "")


def test_a_candidate_who_waits_for_the_invigilator_has_no_pin_to_remove():
    with pytest.raises(errors.InvalidTransition):
        decided(a_session(State.LOCKED_FOR_INVIGILATOR), INVIGILATED, Action.REMOVE_PIN)


@pytest.mark.parametrize("action", [Action.SET_PIN, Action.REMOVE_PIN, Action.GET_PIN])
def test_a_pin_is_of_no_use_once_the_attempt_runs(action):
    with pytest.raises(errors.InvalidTransition):
        decided(a_session(State.IN_PROGRESS), INVIGILATED, action, pin=PIN)


def test_the_history_says_that_a_pin_was_set_but_never_which():
    event = told(waiting(), INVIGILATED, Action.SET_PIN, pin="ASDFGH")
    assert event.changes == {"pin": ("***", "***")}
    assert PIN not in repr(event)
    assert "ASDFGH" not in repr(event)


def test_the_history_says_that_a_pin_was_removed_but_never_which():
    event = told(waiting(1), INVIGILATED, Action.REMOVE_PIN)
    assert event.changes == {"pin": ("***", "***"), "pin_failures": (1, 0)}
    assert PIN not in repr(event)


@pytest.mark.parametrize("state", [*BEFORE_THE_ATTEMPT, 5, 14])
def test_to_read_the_pin_moves_nothing_and_leaves_a_row_of_history_without_it(state):
    session = a_session(state, pin=PIN)
    event = told(session, INVIGILATED, Action.GET_PIN)
    assert (event.action, event.from_state, event.to_state, event.changes) == ("get_pin", state, state, {})
    after = became(session, INVIGILATED, Action.GET_PIN)
    assert (after.state, after.pin, after.version) == (state, PIN, session.version + 1)


def test_a_pin_that_is_not_set_cannot_be_read():
    with pytest.raises(errors.PinNotSet):
        decided(a_session(State.READY), INVIGILATED, Action.GET_PIN)
