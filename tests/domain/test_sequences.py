from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exam_sessions.domain.sequences import (
    FIRST_DAY,
    MINUTE,
    RANGE,
    follows,
    is_given,
    range_start,
    restored_range,
)

NUMBERS = st.integers(0, 2**53)
MOMENTS = st.integers(FIRST_DAY + 24 * 60 * MINUTE, FIRST_DAY + 60 * 366 * 24 * 60 * MINUTE)


def test_events_follow_each_other_without_a_gap_or_begin_a_later_range():
    assert follows(1, 0)
    assert follows(RANGE + 1, RANGE)
    assert follows(5 * RANGE + 1, 7)
    assert not follows(2, 0)
    assert not follows(7, 7)
    assert not follows(RANGE + 2, 7)
    assert not follows(1, RANGE + 1)


def test_what_was_given_ends_with_the_last_event_or_at_a_new_range():
    assert is_given(7, 7)
    assert is_given(RANGE, 7)
    assert not is_given(8, 7)
    assert not is_given(6, 7)
    assert not is_given(0, 7)


@given(NUMBERS, MOMENTS)
def test_a_restored_database_goes_on_in_an_unused_range(last, now):
    start = restored_range(last, now)
    assert start > last
    assert start == range_start(start + 1)
    assert is_given(start, last)
    assert follows(start + 1, last)


@given(MOMENTS, st.integers(0, RANGE - 1), st.integers(0, 1000))
def test_the_same_backup_restored_a_minute_later_does_not_give_the_same_numbers(now, events, last):
    first = restored_range(last, now)
    assert restored_range(last, now + MINUTE) > first + events


@given(MOMENTS)
def test_numbers_of_ranges_are_exact_in_a_double(now):
    assert restored_range(0, now) + RANGE < 2**53
