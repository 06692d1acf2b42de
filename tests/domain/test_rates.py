from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exam_sessions.domain.rates import Rate

RATE = Rate(10, 5.0)


def passed(rate, times):
    """Which calls, each at a time, may pass."""
    full_at, found = 0.0, []
    for now in times:
        may = rate.wait(full_at, now) <= 0
        if may:
            full_at = rate.taken(full_at, now)
        found.append(may)
    return found


def test_as_many_calls_pass_at_once_as_the_window_allows():
    assert passed(RATE, [100.0] * 12) == [True] * 10 + [False] * 2


def test_as_time_passes_as_many_pass_again():
    assert passed(RATE, [100.0] * 10 + [100.4, 100.5, 100.6, 101.0]) == [True] * 10 + [False, True, False, True]


def test_after_the_window_all_of_them_pass_again():
    assert passed(RATE, [100.0] * 10 + [105.0] * 11) == [True] * 20 + [False]


def test_a_refused_call_is_given_the_time_to_wait():
    full_at = 0.0
    for _ in range(10):
        full_at = RATE.taken(full_at, 100.0)
    assert RATE.wait(full_at, 100.0) == 0.5
    assert RATE.wait(full_at, 100.3) > 0.19
    assert RATE.wait(full_at, 100.5) == 0


@given(st.lists(st.integers(0, 2_000), max_size=200).map(sorted), st.integers(1, 20), st.integers(1, 10))
def test_never_more_than_twice_the_calls_pass_within_one_window(milliseconds, calls, within):
    """A bucket that is full passes its calls at once, and as many again until the window has passed."""
    times = [100 + at / 64 for at in milliseconds]
    let = [now for now, may in zip(times, passed(Rate(calls, within), times), strict=True) if may]
    for start in let:
        assert sum(start <= now < start + within for now in let) <= 2 * calls
