from __future__ import annotations

import random
from itertools import combinations, permutations

import pytest
from sample_sessions import DEADLINE, NOW, PIN, SECOND, WRONG, a_release, a_session

from exam_sessions import errors
from exam_sessions.domain.commands import Command
from exam_sessions.domain.decide import decide, due_command
from exam_sessions.domain.states import Action
from linearizability import CLOCK, NEVER, No, Op, Seen, Told, Unexplained, as_told, linearize, state_and_etag

OPEN = a_release(window_start=0, window_end=0, duration=0)
READY, IN_PROGRESS, PAUSED, FINISHED = 4, 6, 7, 9
SESSION = a_session(IN_PROGRESS)
"""At v7."""

WRONG_STATE, STALE, GONE = No("INVALID_TRANSITION"), No("STALE_SESSION"), No("SESSION_NOT_FOUND")
ANY = (0, 9)


def at(state, version):
    return Seen((state, f"v{version}"))


def call(action, span, answer=None, client="ann", begin=NOW, **more):
    """A call that was under way from second to second; nobody saw an answer when there is none."""
    said = {name: more.pop(name) for name in list(more) if name in Command._fields}
    command = Command(Action(action), **said) if action else None
    start, end = (begin + second * SECOND for second in span)
    return Op(client, command, start, end if answer else NEVER, answer, **more)


def read(span, answer):
    return call("", span, answer)


def edit(value, span, answer=None, **more):
    return call("update", span, answer, fields=(("name_last", value),), **more)


def name_of(step):
    return step.event.action if isinstance(step, Told) else str(step.command.action) if step.command else "read"


def order_of(*ops, session=SESSION, release=OPEN, history=None):
    """The names of the calls in an order that explains them; None when there is none."""
    try:
        return [name_of(step) for step in linearize(ops, session, release, history=history)]
    except Unexplained:
        return None


def test_calls_one_after_the_other_are_explained_in_that_order():
    ops = [
        call("pause", (0, 1), at(PAUSED, 8)),
        read((2, 3), at(PAUSED, 8)),
        call("resume", (4, 5), at(IN_PROGRESS, 9), etag="v8"),
        call("finish", (6, 7), at(FINISHED, 10)),
        call("pause", (8, 9), WRONG_STATE),
    ]
    assert order_of(*reversed(ops)) == ["pause", "read", "resume", "finish", "pause"]


def test_calls_at_the_same_time_may_have_had_either_order():
    assert order_of(call("pause", ANY, at(PAUSED, 8)), call("finish", ANY, at(FINISHED, 9))) == ["pause", "finish"]
    assert order_of(call("pause", ANY, WRONG_STATE), call("finish", ANY, at(FINISHED, 8))) == ["finish", "pause"]


def test_an_order_against_real_time_explains_nothing():
    assert order_of(call("pause", (3, 4), at(PAUSED, 8)), call("finish", (1, 2), at(FINISHED, 9))) is None


def test_a_lost_update_is_found():
    first, second = edit("a", ANY, at(IN_PROGRESS, 8), etag="v7"), edit("b", ANY, at(IN_PROGRESS, 8), etag="v7")
    assert order_of(first, second) is None
    assert order_of(first, second._replace(answer=STALE)) == ["update", "update"]
    assert order_of(edit("a", ANY, at(IN_PROGRESS, 8)), edit("b", ANY, at(IN_PROGRESS, 8))) is None
    assert order_of(edit("a", ANY, at(IN_PROGRESS, 8)), edit("b", ANY, at(IN_PROGRESS, 9)))


def test_a_stale_read_is_found():
    pause = call("pause", (1, 2), at(PAUSED, 8))
    assert order_of(pause, read((3, 4), at(IN_PROGRESS, 7))) is None
    assert order_of(pause, read((3, 4), at(PAUSED, 8)))


def test_a_read_may_see_what_is_under_way_but_nobody_may_look_back():
    pause = call("pause", ANY, at(PAUSED, 8))
    before, after = at(IN_PROGRESS, 7), at(PAUSED, 8)
    assert order_of(pause, read((1, 2), before), read((3, 4), after)) == ["read", "pause", "read"]
    assert order_of(pause, read((1, 2), after), read((3, 4), before)) is None


def test_an_acknowledged_change_that_vanished_is_found():
    pause = call("pause", (0, 1), at(PAUSED, 8))
    assert order_of(pause, call("go_offline", (2, 3), at(8, 8))) is None
    assert order_of(pause, call("resume", (2, 3), WRONG_STATE)) is None
    assert order_of(pause, call("resume", (2, 3), at(IN_PROGRESS, 8))) is None


def test_a_refusal_no_order_explains_is_found():
    assert order_of(call("pause", ANY, WRONG_STATE)) is None
    assert order_of(call("pause", ANY, WRONG_STATE), edit("a", ANY, at(IN_PROGRESS, 8))) is None
    assert order_of(call("pause", ANY, STALE, etag="v7")) is None
    assert order_of(call("pause", ANY, STALE, etag="v6"))
    assert order_of(call("reset", ANY, WRONG_STATE)) is None
    assert order_of(call("reset", ANY, No("SESSION_NOT_RESETTABLE")))


def test_a_call_nobody_saw_the_answer_of_may_have_taken_effect_or_not():
    lost = call("pause", (0, 1))
    assert order_of(lost, read((2, 3), at(IN_PROGRESS, 7))) == ["read"]
    assert order_of(lost, read((2, 3), at(PAUSED, 8))) == ["pause", "read"]
    assert order_of(lost, read((2, 3), at(IN_PROGRESS, 7)), read((4, 5), at(PAUSED, 8))) == ["read", "pause", "read"]
    assert order_of(lost, read((2, 3), at(PAUSED, 8)), read((4, 5), at(IN_PROGRESS, 7))) is None


def test_a_call_nobody_saw_the_answer_of_takes_effect_once_and_not_before_it_was_made():
    assert order_of(edit("a", (2, 3)), read((0, 1), at(IN_PROGRESS, 8))) is None
    assert order_of(edit("a", (0, 1)), read((2, 3), at(IN_PROGRESS, 9))) is None
    assert order_of(edit("a", (0, 1)), edit("b", (0, 1)), read((2, 3), at(IN_PROGRESS, 9)))


def test_a_repetition_changes_nothing_more():
    def again(*seen):
        return edit("a", (4, 5), at(*seen), request_id="r")

    first, pause = edit("a", (0, 1), at(IN_PROGRESS, 8), request_id="r"), call("pause", (2, 3), at(PAUSED, 9))
    assert order_of(first, pause, again(PAUSED, 9))
    assert order_of(first, pause, again(PAUSED, 10)) is None
    lost = first._replace(answer=None, responded=NEVER)
    assert order_of(lost, again(IN_PROGRESS, 8))
    assert order_of(lost, again(IN_PROGRESS, 9)) is None


def test_a_request_id_is_kept_by_a_request_that_succeeded_only():
    refused = call("resume", (0, 1), WRONG_STATE, request_id="r")
    assert order_of(refused, call("pause", (2, 3), at(PAUSED, 8)), call("resume", (4, 5), at(6, 9), request_id="r"))
    kept = call("pause", (0, 1), at(PAUSED, 8), request_id="r")
    assert order_of(kept, call("resume", (2, 3), No("REQUEST_ID_REUSED"), request_id="r"))
    assert order_of(kept, call("resume", (2, 3), at(IN_PROGRESS, 9), request_id="r")) is None


def test_a_deleted_booking_is_gone_for_all_but_repetitions():
    ops = [
        call("create_package", (0, 1), at(2, 8), request_id="r"),
        call("delete", (2, 3), Seen(None), request_id="s"),
        call("create_package", (4, 5), at(2, 8), request_id="r"),
        call("delete", (4, 5), Seen(None), request_id="s"),
        call("delete", (4, 5), GONE),
        read((4, 5), GONE),
    ]
    assert order_of(*ops, session=a_session(1))
    assert order_of(*ops, read((4, 5), at(2, 8)), session=a_session(1)) is None
    assert order_of(read(ANY, GONE)) is None


def test_wrong_pins_are_counted_though_refused():
    locked, wrong = a_session(14, version=7), No("WRONG_PIN")
    tries = [call("enter_pin", ANY, wrong, pin=WRONG) for _ in range(5)]
    assert order_of(*tries, call("enter_pin", (10, 11), No("PIN_BLOCKED"), pin=PIN), session=locked)
    assert order_of(*tries[1:], call("enter_pin", (10, 11), No("PIN_BLOCKED"), pin=PIN), session=locked) is None
    assert order_of(*tries, call("enter_pin", (10, 11), at(IN_PROGRESS, 8), pin=PIN), session=locked) is None


def test_what_is_only_asked_changes_nothing():
    asked = call("pause", (0, 1), at(PAUSED, 8), validate_only=True)
    assert order_of(asked, read((2, 3), at(IN_PROGRESS, 7)))
    assert order_of(asked, read((2, 3), at(PAUSED, 8))) is None


def history_of(*ops, session=SESSION, release=OPEN):
    """The history of calls that took effect one after the other, each in the middle of its time."""
    told = []
    for op in ops:
        now = (op.invoked + min(op.responded, op.invoked + 2 * SECOND)) // 2
        session, (event,), *_ = decide(session, release, op.command, now)
        told.append(Told(as_told(event), op.client, op.request_id, now))
    return told


def test_a_history_has_to_tell_what_took_effect_and_nothing_else():
    pause, resume = call("pause", (0, 1), at(PAUSED, 8)), call("resume", (2, 3), at(IN_PROGRESS, 9), client="ben")
    first, second = told = history_of(pause, resume)
    assert order_of(pause, resume, history=told) == ["pause", "resume"]
    assert order_of(pause, resume, history=told[:1]) is None
    assert order_of(pause, resume, history=told[1:]) is None
    assert order_of(pause, resume, history=[second, first]) is None
    assert order_of(pause, resume, history=[first, first, second]) is None
    assert order_of(pause, resume, history=[first, second._replace(actor="ann")]) is None
    assert order_of(pause, resume, history=[first, second._replace(request_id="r")]) is None
    assert order_of(pause, resume, history=[first._replace(event=first.event._replace(changes={})), second]) is None
    assert order_of(pause, resume, history=[first, second._replace(time=NOW + 4 * SECOND)]) is None


def test_a_history_tells_whether_a_lost_call_took_effect():
    lost = call("pause", (0, 1))
    assert order_of(lost, history=history_of(lost)) == ["pause"]
    assert order_of(lost, history=[]) == []
    assert order_of(lost, read((2, 3), at(PAUSED, 8)), history=[]) is None


def test_the_clock_moves_a_session_when_its_time_has_come_and_not_before():
    timed = a_release()
    for late, order in ((-1, None), (0, ["finish", "read"]), (60, ["finish", "read"])):
        moment = DEADLINE + late * SECOND
        _, (event,), *_ = decide(SESSION, timed, due_command(SESSION, timed, DEADLINE), DEADLINE)
        told = [Told(as_told(event), CLOCK, "", moment)]
        seen = call("", (100, 101), at(FINISHED, 8), begin=DEADLINE)
        assert order_of(seen, release=timed, history=told) == order
        unmoved = call("", (-3, -2), at(IN_PROGRESS, 7), begin=DEADLINE)
        assert order_of(unmoved, release=timed, history=told) == (order and ["read", "finish"])
        assert order_of(unmoved, release=timed, history=[]) == ["read"]


def test_a_call_under_way_at_the_deadline_may_meet_it_or_not():
    timed, expired = a_release(), No("ATTEMPT_TIME_EXPIRED")
    for span, passed in (((-2, -1), {False}), ((-1, 1), {False, True}), ((1, 2), {True})):
        for seen in (False, True):
            op = call("go_offline", span, expired if seen else at(8, 8), begin=DEADLINE, validate_only=True)
            assert bool(order_of(op, release=timed)) is (seen in passed)


def test_what_cannot_be_explained_is_told_as_far_as_it_can_be():
    pause, lost = call("pause", (0, 1), at(PAUSED, 8)), call("finish", (2, 3), WRONG_STATE, client="ben")
    with pytest.raises(Unexplained, match="explains 1 of 2 calls") as told:
        linearize([pause, lost], SESSION, OPEN, history=history_of(pause))
    assert "ann" in str(told.value)
    assert "ben: {'action': <Action.FINISH: 'finish'>}" in str(told.value)


ACTIONS = ("pause", "resume", "finish", "void", "recover", "fail")


def answered(session, op):
    """How the machine answers a call, and the session after it."""
    if op.command is None:
        return Seen(state_and_etag(session)), session
    if op.etag and op.etag != f"v{session.version}":
        return STALE, session
    try:
        became = decide(session, OPEN, op.command, op.invoked).session
    except errors.Refusal as refusal:
        return No(refusal.reason), session
    return Seen(state_and_etag(became)), became


def explains(order):
    """Whether the machine answers the calls in this order as they were answered, and the order respects time."""
    session = SESSION
    for n, op in enumerate(order):
        answer, session = answered(session, op)
        if op.answer not in {None, answer} or any(later.responded < op.invoked for later in order[n:]):
            return False
    return True


def random_calls(chance):
    """Calls of a service that works, a few of whose answers were lost or falsified."""
    session, ops = SESSION, []
    for moment in range(0, chance.randint(2, 5) * 10, 10):
        action, tag = chance.choice(("", *ACTIONS)), chance.choice(["", "", f"v{session.version}"])
        op = call(action, (moment - chance.randint(0, 25), moment + chance.randint(1, 25)), STALE, etag=tag)
        answer, session = answered(session, op)
        ops.append(op._replace(answer=answer))
    for n, op in enumerate(ops):
        fate = chance.random()
        if fate < 0.15:
            ops[n] = op._replace(answer=None, responded=NEVER)
        elif fate < 0.3:
            ops[n] = op._replace(answer=chance.choice([STALE, WRONG_STATE, at(PAUSED, 8), at(FINISHED, 9)]))
    return ops


def test_the_search_finds_an_order_exactly_where_trying_all_of_them_does():
    found = []
    for seed in range(400):
        ops = random_calls(random.Random(seed))
        lost = [op for op in ops if op.answer is None]
        kept = [op for op in ops if op.answer is not None]
        chosen = [some for size in range(len(lost) + 1) for some in combinations(lost, size)]
        found.append(any(explains(order) for some in chosen for order in permutations([*kept, *some])))
        assert (order_of(*ops) is not None) is found[-1], seed
    assert 100 < sum(found) < 300
