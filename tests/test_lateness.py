"""When calls that waited for the event loop are refused."""

from __future__ import annotations

from exam_sessions.rpc.transports.lateness import BURST_S, LATE_S, RECOVERED_S, Lateness

LATE = 2 * LATE_S


def test_many_calls_at_once_are_accepted_though_they_are_late():
    lateness = Lateness()
    assert not any(lateness.refuses(10 + n / 100 - LATE, 10 + n / 100) for n in range(int(BURST_S * 100)))


def test_calls_that_go_on_to_be_late_are_refused_until_none_was_for_a_while():
    lateness = Lateness()
    assert not lateness.refuses(10 - LATE, 10)
    now = 10 + BURST_S
    assert lateness.refuses(now - LATE, now)
    assert not lateness.refuses(now, now)
    assert lateness.refuses(now + 0.5 * RECOVERED_S - LATE, now + 0.5 * RECOVERED_S)
    now += 2 * RECOVERED_S
    assert not lateness.refuses(now, now)
    assert not lateness.refuses(now - LATE, now)


def test_a_break_begins_the_burst_anew():
    lateness = Lateness()
    assert not lateness.refuses(10 - LATE, 10)
    assert not lateness.refuses(10.2, 10.2)
    assert not lateness.refuses(10 + BURST_S - LATE, 10 + BURST_S)
