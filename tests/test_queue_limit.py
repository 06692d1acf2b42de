"""How long a queue's line may be, by its pace."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exam_sessions.execution.queue_pacing import ALWAYS, PATIENCE_S, RECOVERED_S, Pace

BACKLOG = 10_000


def paced(*groups, waiting=1):
    """A pace that has seen groups, each the calls it answered and the seconds it took; others waited after each."""
    pace, now = Pace(BACKLOG), 0.0
    pace.answered(1, waiting, now)
    for calls, seconds in groups:
        now += seconds
        pace.answered(calls, waiting, now)
    return pace


def test_a_line_nobody_has_seen_move_may_grow_as_it_likes():
    assert Pace(BACKLOG).most == BACKLOG


def test_a_line_that_does_not_end_is_as_long_as_can_be_worked_off_in_time():
    assert paced(*[(512, 0.0625)] * 50).most == int(PATIENCE_S * 8_192)


def test_a_line_that_came_to_its_end_may_grow_again():
    pace = paced(*[(1, 1.0)] * 50)
    assert pace.most == ALWAYS
    pace.answered(1, 0, 100.0)
    assert pace.most == BACKLOG


def test_a_line_that_was_full_stays_short_until_nobody_was_refused_for_a_while():
    pace = paced(*[(512, 0.0625)] * 50)
    short = pace.most
    pace.refused()
    pace.answered(512, 0, 100.0)
    assert pace.most == short
    pace.answered(512, 0, 100.0 + RECOVERED_S)
    assert pace.most == BACKLOG


def test_one_slow_group_is_forgotten():
    assert paced((1, 5.0)).most == ALWAYS
    assert paced((1, 5.0), *[(400, 0.04)] * 60).most > 0.8 * PATIENCE_S * 10_000


def test_time_between_two_lines_does_not_count():
    pace = paced((512, 0.0625))
    pace.answered(512, 0, 0.125)
    pace.answered(512, 1, 1_000.0)
    pace.answered(512, 1, 1_000.0625)
    assert pace.most == int(PATIENCE_S * 8_192)


@given(st.lists(st.tuples(st.integers(0, 512), st.integers(0, 300), st.floats(0, 10)), max_size=40))
def test_a_line_is_never_longer_than_the_backlog_nor_shorter_than_a_group(groups):
    pace, now = Pace(BACKLOG), 0.0
    for calls, waiting, seconds in groups:
        now += seconds
        pace.answered(calls, waiting, now)
        assert ALWAYS <= pace.most <= BACKLOG
