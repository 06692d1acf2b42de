"""Which device may do what: tokens, take-overs, and what becomes of the device with the attempt."""

from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sample_forms import MACHINE, MIXED, answers, marking_context
from sample_sessions import HELD, NOW, PIN, STARTED, TAKE_OVER_ALLOWED, a_release, a_session, became, decided, told

from exam_sessions import errors
from exam_sessions.domain import devices
from exam_sessions.domain.commands import Command
from exam_sessions.domain.decide import Decision, decide, due_command, renew_token
from exam_sessions.domain.devices import DeviceEntry, device_of, digest_of
from exam_sessions.domain.records import Session
from exam_sessions.domain.states import OPEN, Action, State

A, S = Action, State
OF_LAPTOP_3, OF_ANOTHER = "a" * 64, "b" * 64
"""Digests: of the token of the device that is HELD, and of another."""
ANY, ONE, LAST = (a_release(device_policy=policy) for policy in (1, 2, 3))
IN_OPEN = sorted(OPEN)
REENTRY = DeviceEntry("Laptop 3", presented=OF_LAPTOP_3, issued="c" * 64)
ANOTHER = DeviceEntry("Laptop 7", issued=OF_ANOTHER)

BY_DEVICE = {
    A.ENTER_PIN: (S.LOCKED_BY_PIN,),
    A.SET_RESPONSES: (S.IN_PROGRESS,),
    A.GO_OFFLINE: (S.IN_PROGRESS,),
    A.RECONNECT: (S.OFFLINE,),
    A.FINISH_OFFLINE: (S.OFFLINE,),
    A.UPLOAD: (S.AWAITING_UPLOAD,),
    A.FINISH: (S.IN_PROGRESS, S.PAUSED),
}
"""What a candidate's device does, and where; a token is asked for in each."""
CASES = [(action, state) for action, states in BY_DEVICE.items() for state in states]


def held(state: int, device: str | None = HELD) -> Session:
    return a_session(state, device=device, pin=PIN)


def by_device(action: Action, digest: str | None) -> Command:
    said: dict[str, Any] = {"responses": answers(q1="A")} if action is A.SET_RESPONSES else {}
    return Command(action, pin=PIN, token_digest=digest, **said)


def reason_of(session: Session, release: Any, command: Command) -> str:
    try:
        decide(session, release, command, NOW, marking_context(MIXED))
    except errors.Refusal as refusal:
        return refusal.reason
    return ""


@pytest.mark.parametrize(("action", "state"), CASES)
@pytest.mark.parametrize(
    ("digest", "reason"),
    [(OF_LAPTOP_3, ""), ("", "ATTEMPT_TOKEN_REQUIRED"), (OF_ANOTHER, "STALE_ATTEMPT_TOKEN"), (None, "")],
    ids=["its own", "none", "another", "not asked"],
)
def test_a_device_does_with_its_token_what_it_is_refused_without(action, state, digest, reason):
    for release in (ONE, LAST):
        assert reason_of(held(state), release, by_device(action, digest)) == reason
    assert reason_of(held(state), ANY, by_device(action, digest)) == ""
    assert reason_of(held(state, None), ONE, by_device(action, digest)) == ""


@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
def test_no_other_action_asks_for_a_token(state):
    for action in Action:
        if action not in BY_DEVICE and action not in {A.ENTER_KEYCODE, A.SCHEDULE}:
            command = Command(action, pin=PIN, message="so it was", token_digest=OF_ANOTHER)
            reason = reason_of(held(state), ONE, command)
            assert reason not in {"ATTEMPT_TOKEN_REQUIRED", "STALE_ATTEMPT_TOKEN"}, action


def test_a_refused_token_says_which_device_holds_the_session_and_since_when():
    with pytest.raises(errors.StaleAttemptToken) as stale:
        decide(held(S.IN_PROGRESS), ONE, by_device(A.GO_OFFLINE, OF_ANOTHER), NOW)
    assert stale.value.metadata() == {"device": "Laptop 3", "since": "2026-03-02T09:10:00.000Z"}
    assert "device 'Laptop 3' holds the session since 2026-03-02T09:10" in str(stale.value)


# What EnterKeycode comes to while a device holds the session. `.` is INVALID_TRANSITION, `K` is SESSION_HELD, `=`
# changes nothing, a number is the state it leads to.
ENTRIES = """
                              1   2   3   4  22   5  14   6   7   8  18  19  20   9  15  11  16  12  13  10  99
any device                    .   .   6   6   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
one device, the same          .   .   6   6   =   =   =   =   =   =   =   .   .   .   .   .   .   .   .   .   .
one device, another           .   .   6   6   K   K   K   K   K   K   K   .   .   .   .   .   .   .   .   .   .
one device, allowed           .   .   6   6  22   5  14   6   7   8  18   .   .   .   .   .   .   .   .   .   .
one device, allowed the same  .   .   6   6   =   =   =   =   =   =   =   .   .   .   .   .   .   .   .   .   .
one device, none holds it     .   .   6   6   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
last device, the same         .   .   6   6   =   =   =   =   =   =   =   .   .   .   .   .   .   .   .   .   .
last device, another          .   .   6   6  22   5  14   6   7   K   K   .   .   .   .   .   .   .   .   .   .
last device, allowed          .   .   6   6  22   5  14   6   7   8  18   .   .   .   .   .   .   .   .   .   .
last device, none holds it    .   .   6   6   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
"""


class Entry(NamedTuple):
    release: Any
    entry: DeviceEntry
    device: str | None = HELD


ENTERED = {
    "any device": Entry(ANY, ANOTHER),
    "one device, the same": Entry(ONE, REENTRY),
    "one device, another": Entry(ONE, ANOTHER),
    "one device, allowed": Entry(ONE, ANOTHER, TAKE_OVER_ALLOWED),
    "one device, allowed the same": Entry(ONE, REENTRY, TAKE_OVER_ALLOWED),
    "one device, none holds it": Entry(ONE, ANOTHER, None),
    "last device, the same": Entry(LAST, REENTRY),
    "last device, another": Entry(LAST, ANOTHER),
    "last device, allowed": Entry(LAST, ANOTHER, TAKE_OVER_ALLOWED),
    "last device, none holds it": Entry(LAST, ANOTHER, None),
}


def cell_of(case: Entry, state: int) -> str:
    session = held(state, case.device)._replace(pin="", held_offline=0)
    try:
        decision = decide(session, case.release, Command(A.ENTER_KEYCODE, entry=case.entry), NOW)
    except errors.Refusal as refusal:
        return {"INVALID_TRANSITION": ".", "SESSION_HELD": "K"}[refusal.reason]
    assert decision.session is not None
    if not decision.events:
        assert decision.session == session
        return "="
    return str(decision.session.state)


def test_a_keycode_entered_again_comes_to_what_the_release_asks_for():
    lines = ENTRIES.strip("\n").splitlines()
    states = [int(code) for code in lines[0].split()]
    for line in lines[1:]:
        found = [cell_of(ENTERED[line[:30].strip()], state) for state in states]
        assert found == line[30:].split(), line
    assert len(lines) == len(ENTERED) + 1


@pytest.mark.parametrize("release", [ONE, LAST])
def test_the_device_that_opens_a_session_holds_it(release):
    after = became(a_session(S.READY), release, A.ENTER_KEYCODE, entry=ANOTHER._replace(request_id="r-1"))
    assert device_of(after) == devices.Device("Laptop 7", NOW, (OF_ANOTHER,), "r-1")


def test_no_device_holds_a_session_where_the_release_does_not_ask_for_one():
    assert became(a_session(S.READY), ANY, A.ENTER_KEYCODE, entry=ANOTHER).device is None


def test_the_history_shows_labels_and_times_of_devices_and_no_digest():
    entered = told(a_session(S.READY), ONE, A.ENTER_KEYCODE, entry=ANOTHER)
    assert entered.changes == {
        "start_time": (0, NOW),
        "device_label": (None, "Laptop 7"),
        "device_enter_time": (None, NOW),
        "device_take_over_allowed": (None, False),
    }
    allowed = told(held(S.PAUSED), ONE, A.ALLOW_TAKE_OVER)
    assert (allowed.action, allowed.actor) == ("allow_take_over", "")
    assert allowed.changes == {"device_take_over_allowed": (False, True)}
    taken = told(held(S.PAUSED, TAKE_OVER_ALLOWED), ONE, A.ENTER_KEYCODE, entry=ANOTHER)
    assert (taken.action, taken.actor, taken.from_state, taken.to_state) == ("take_over", "", 7, 7)
    assert taken.changes == {
        "device_label": ("Laptop 3", "Laptop 7"),
        "device_enter_time": (STARTED, NOW),
        "device_take_over_allowed": (True, False),
    }
    for event in (entered, allowed, taken):
        assert OF_ANOTHER not in repr(event)
        assert OF_LAPTOP_3 not in repr(event)


def test_a_take_over_is_allowed_once():
    taken = became(held(S.IN_PROGRESS, TAKE_OVER_ALLOWED), ONE, A.ENTER_KEYCODE, entry=ANOTHER)
    third = DeviceEntry("Laptop 9", issued="d" * 64)
    with pytest.raises(errors.SessionHeld) as refusal:
        decided(taken, ONE, A.ENTER_KEYCODE, entry=third)
    assert refusal.value.device == "Laptop 7"


@pytest.mark.parametrize(("action", "state"), [(A.RETAKE, S.MARKED), (A.CLEAR_RESPONSES, S.IN_PROGRESS)])
def test_the_next_attempt_is_held_by_no_device(action, state):
    release = ONE._replace(max_attempts=0)
    before = held(state)
    decision = decided(before, release, action, marking_context=marking_context(MIXED))
    assert decision.session.device is None
    assert decision.events[0].changes["device_label"] == ("Laptop 3", None)
    assert "device" not in decision.events[0].changes


@pytest.mark.parametrize("state", [S.FINISHED, S.AWAITING_MARKING])
def test_a_reopened_attempt_is_held_by_the_device_that_held_it(state):
    after = decided(held(state), ONE, A.REOPEN, marking_context=marking_context(MIXED)).session
    assert after.device == HELD
    assert reason_of(after, ONE, by_device(A.SET_RESPONSES, OF_LAPTOP_3)) == ""
    assert reason_of(after, ONE, by_device(A.SET_RESPONSES, "")) == "ATTEMPT_TOKEN_REQUIRED"


@pytest.mark.parametrize("action", [A.RESET, A.RECOVER])
def test_a_booking_that_begins_again_is_held_by_no_device(action):
    state = S.READY if action is A.RESET else S.EXCEPTION
    assert became(held(state), ONE, action).device is None


@pytest.mark.parametrize("action", [A.PAUSE, A.FINISH, A.VOID, A.FAIL])
def test_staff_and_the_clock_need_no_token(action):
    said = {"message": "smoke"} if action is A.FAIL else {}
    assert decided(held(S.IN_PROGRESS), ONE, action, **said).session.device == HELD
    expired = due_command(held(S.IN_PROGRESS), ONE, NOW + 10**12)
    assert expired is not None
    assert expired.token_digest is None


def test_a_deleted_booking_keeps_no_digest_in_its_history():
    (event,) = decided(held(S.SCHEDULED_BUT_NOT_CREATED), ONE, A.DELETE).events
    assert OF_LAPTOP_3 not in repr(event)


def test_a_repeated_entry_gets_a_token_beside_the_ones_before_and_no_more_than_four():
    session = became(a_session(S.READY), ONE, A.ENTER_KEYCODE, entry=ANOTHER._replace(request_id="r-1"))
    digests = [digest_of(f"token {n}") for n in range(5)]
    for digest in digests:
        decision = renew_token(session, ONE, "r-1", digest, NOW + 1)
        assert decision is not None
        (event,) = decision.events
        assert (event.action, event.reason, event.changes) == ("enter_keycode", "REPEATED_REQUEST", None)
        assert decision.session.version == session.version + 1
        session = decision.session
    assert device_of(session).tokens == tuple(digests[1:])
    assert device_of(session).since == NOW


def test_a_repeated_entry_gets_no_token_once_the_session_is_anothers_or_is_over():
    mine = became(a_session(S.READY), LAST, A.ENTER_KEYCODE, entry=ANOTHER._replace(request_id="r-1"))
    anothers = became(mine, LAST, A.ENTER_KEYCODE, entry=DeviceEntry("Laptop 9", request_id="r-2"))
    for session in (anothers, mine._replace(state=9), mine._replace(device=None)):
        assert renew_token(session, LAST, "r-1", OF_ANOTHER, NOW) is None
    assert renew_token(mine, ANY, "r-1", OF_ANOTHER, NOW) is None
    unnamed = became(a_session(S.READY), LAST, A.ENTER_KEYCODE, entry=ANOTHER)
    assert renew_token(unnamed, LAST, "", OF_ANOTHER, NOW) is None


@given(
    st.one_of(st.text(), st.sampled_from(["null", "[]", "{}", '["",1,2,3,4]', '["",1e999,[],"",0]', "[1,2,3,4,5]"]))
)
def test_a_damaged_device_is_a_device_without_tokens(text):
    session = held(S.IN_PROGRESS, text)
    assert not devices.is_of(device_of(session), "")
    assert reason_of(session, ONE, by_device(A.SET_RESPONSES, OF_LAPTOP_3)) == "STALE_ATTEMPT_TOKEN"
    assert reason_of(session, ONE, by_device(A.SET_RESPONSES, "")) == "ATTEMPT_TOKEN_REQUIRED"
    allowed = became(session, ONE, A.ALLOW_TAKE_OVER)
    assert became(allowed, ONE, A.ENTER_KEYCODE, entry=ANOTHER).state == 6


class Room:
    """A session, three devices with the tokens they were given last, and a model of which of them holds it."""

    def __init__(self, release: Any) -> None:
        self.release = release._replace(max_attempts=0)
        self.session = a_session(S.READY)
        self.holder, self.allowed, self.drawn = -1, False, 0
        self.tokens = ["", "", ""]

    def decision_on(self, command: Command) -> Decision | None:
        """What comes of a command; None when it is refused."""
        try:
            decision = decide(self.session, self.release, command, NOW, marking_context(MACHINE))
        except errors.Refusal:
            return None
        assert decision.session is not None
        self.session = decision.session
        return decision

    def enter(self, device: int) -> None:
        before, self.drawn = self.session, self.drawn + 1
        entry = DeviceEntry(f"d{device}", digest_of(self.tokens[device]), digest_of(str(self.drawn)))
        decision = self.decision_on(Command(A.ENTER_KEYCODE, entry=entry))
        if before.state in OPEN:
            may = device == self.holder or self.allowed or self.release.device_policy == LAST.device_policy
            assert (decision is not None) == may
        if decision and decision.events:
            self.holder, self.allowed, self.tokens[device] = device, False, str(self.drawn)

    def answer(self, device: int) -> None:
        before, digest = self.session, digest_of(self.tokens[device])
        answer = answers(q1="ABCD"[self.drawn % 4])
        decision = self.decision_on(Command(A.SET_RESPONSES, responses=answer, token_digest=digest))
        assert (decision is not None) == (before.state == S.IN_PROGRESS and device == self.holder)

    def finish(self, device: int) -> None:
        decision = self.decision_on(Command(A.FINISH, token_digest=digest_of(self.tokens[device])))
        assert decision is None or device == self.holder

    def allow(self, _: int) -> None:
        self.allowed |= self.decision_on(Command(A.ALLOW_TAKE_OVER)) is not None

    def retake(self, _: int) -> None:
        if self.decision_on(Command(A.RETAKE)):
            self.holder, self.allowed = -1, False

    def reopen(self, _: int) -> None:
        self.decision_on(Command(A.REOPEN))


VERBS = ("enter", "enter", "answer", "answer", "allow", "finish", "retake", "reopen")


@given(
    st.sampled_from([ONE, LAST]),
    st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 2)), min_size=1, max_size=30),
)
@example(ONE, [("enter", 0), ("answer", 0), ("finish", 0), ("retake", 0), ("enter", 1), ("answer", 0), ("answer", 1)])
@example(LAST, [("enter", 0), ("enter", 1), ("answer", 0), ("answer", 1), ("enter", 0), ("answer", 1), ("answer", 0)])
@example(ONE, [("enter", 0), ("allow", 0), ("enter", 1), ("enter", 2), ("answer", 0), ("answer", 2), ("answer", 1)])
def test_answers_are_written_by_nobody_but_the_holder_of_the_present_token(
    release: Any, steps: list[tuple[str, int]]
) -> None:
    room = Room(release)
    for verb, device in steps:
        getattr(room, verb)(device)
