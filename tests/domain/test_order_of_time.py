"""Whatever the clock says from one command to the next, a session's time follows its history."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from sample_histories import Ask, asked, asks, forms, papers_of, releases
from sample_sessions import HOUR, MINUTE, OPENS, a_booking, a_release

from exam_sessions import errors
from exam_sessions.domain import clock
from exam_sessions.domain.booking import schedule
from exam_sessions.domain.commands import Command
from exam_sessions.domain.states import Action
from exam_sessions.store.sessions import decided_on
from sampling import examples

QUICK = settings(max_examples=examples(150), deadline=None)
steps = st.sampled_from([-2 * HOUR, -HOUR, -MINUTE, -1, 0, 1, MINUTE, 20 * MINUTE, HOUR, 3 * HOUR])
"""What the clock shows more, or less, than at the command before."""


def usual(action, step):
    return Ask(Command(Action(action), message="so it was"), None, 0), step


TO_THE_DESK = [usual("create_package", 0), usual("download", 0), usual("enter_keycode", 10 * MINUTE)]
BACK = -HOUR


def lived(release, form, asks_and_steps):
    """The session before and after each accepted command, and what was decided, with a clock that goes both ways."""
    now, attempts = OPENS - 5 * MINUTE, ()
    session = schedule(a_booking(), release, now, {"form-a": 1} if form else {})
    for ask, step in asks_and_steps:
        now += step
        command = ask.command
        marking_context = papers_of(session, form, command, attempts)
        moment = clock.moment(now, session.update_time)
        decision = asked(session, release, command, moment, marking_context)
        if isinstance(decision, errors.Refusal) or decision.session is None:
            continue
        yield session, decision
        session = decision.session
        written = {record.attempt: record for record in (*attempts, *decision.attempts)}
        attempts = tuple(record for _, record in sorted(written.items()))


lives = st.builds(
    lambda *drawn: list(lived(*drawn)),
    releases,
    forms,
    st.lists(st.tuples(asks, steps), min_size=10, max_size=40).map(lambda some: [*TO_THE_DESK, *some]),
)
ONLINE = a_release(duration=HOUR)


@QUICK
@given(lives)
@example(list(lived(ONLINE, None, [*TO_THE_DESK, usual("finish", BACK)])))
@example(list(lived(ONLINE, None, [*TO_THE_DESK, usual("pause", 0), usual("resume", BACK), usual("finish", BACK)])))
@example(list(lived(ONLINE, None, [*TO_THE_DESK, usual("pause", HOUR // 2), usual("finish", BACK)])))
@example(list(lived(ONLINE, None, [*TO_THE_DESK, usual("fail", 0), usual("recover", BACK), usual("resume", 1)])))
@example(list(lived(ONLINE, None, [*TO_THE_DESK, usual("finish", 0), usual("reopen", BACK), usual("finish", BACK)])))
def test_no_change_is_earlier_than_the_one_before_and_no_time_is_negative(told):
    for before, decision in told:
        after = decision.session
        assert before.create_time <= before.update_time <= after.update_time
        assert not after.end_time or not after.start_time or after.start_time <= after.end_time
        assert not after.pause_start_time or after.start_time <= after.pause_start_time <= after.update_time
        assert after.paused_time >= before.paused_time or not after.start_time
        assert after.paused_time >= 0
        assert clock.time_elapsed(after) >= 0
        for record in decision.attempts:
            assert not record.start_time or record.start_time <= record.end_time
            assert clock.time_elapsed(record) >= 0


@QUICK
@given(lives)
def test_every_change_can_be_told_from_the_one_before_by_what_it_was_decided_on(told):
    for before, decision in told:
        assert decided_on(decision.session) > decided_on(before)
        assert decision.changed & {"version", "pin_failures"}
        # Scripts have no version: it is the session's that guards them.
        assert not decision.attempts or "version" in decision.changed


def test_a_last_change_no_message_could_tell_of_holds_nothing_up():
    assert clock.moment(OPENS, OPENS + 1) == OPENS + 1
    assert clock.moment(OPENS, OPENS - 1) == OPENS
    assert clock.moment(OPENS, clock.LAST_MOMENT + 1) == OPENS
