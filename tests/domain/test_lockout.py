from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_sessions.domain.lockout import (
    FORGOTTEN_AFTER,
    Guarded,
    LockoutRule,
    Subject,
    SubjectKind,
    Tries,
    count,
    network_of,
    subject_of,
)

SECOND = 1_000_000
HOUR = 3600 * SECOND
START = 1_800_000_000 * SECOND
RULE = LockoutRule(20, 600 * SECOND, 60 * SECOND, HOUR)
NOBODY = Tries("w", "codes/address/10.0.0.7")


def after(*entries, rule=RULE):
    """What is counted after entries of (seconds, wrong, entered)."""
    tries = NOBODY
    for seconds, wrong, entered in entries:
        tries = count(tries, wrong, entered, START + seconds * SECOND, rule)
    return tries


def test_the_twentieth_wrong_entry_locks_out_for_a_minute():
    assert not after((0, 19, 0)).is_locked(START)
    locked = after((0, 19, 0), (1, 1, 0))
    assert locked.wrong == 20
    assert locked.locked_until == START + 61 * SECOND
    assert locked.is_locked(START + 60 * SECOND)
    assert not locked.is_locked(START + 61 * SECOND)


def test_each_session_entered_allows_one_more_wrong_entry():
    assert not after((0, 0, 500), (1, 519, 0)).is_locked(START + SECOND)
    assert after((0, 0, 500), (1, 520, 0)).is_locked(START + SECOND)


def test_entries_are_counted_together_for_as_long_as_the_window():
    assert after((0, 19, 0), (599, 1, 0)).is_locked(START + 599 * SECOND)
    assert after((0, 19, 0), (600, 1, 0)).wrong == 1


def test_a_clock_that_was_set_back_begins_a_window():
    assert after((0, 19, 0), (-5, 1, 0)).wrong == 1


def test_each_lock_out_is_twice_as_long_as_the_one_before_and_an_hour_at_most():
    tries, lengths, now = NOBODY, [], START
    for _ in range(9):
        tries = count(tries, 20, 0, now, RULE)
        lengths.append((tries.locked_until - now) // SECOND)
        now = tries.locked_until
    assert lengths == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_a_day_after_its_end_a_lock_out_is_forgotten():
    tries = after((0, 20, 0))
    end = tries.locked_until
    assert count(tries, 20, 0, end + FORGOTTEN_AFTER - 1, RULE).lockouts == 2
    assert count(tries, 20, 0, end + FORGOTTEN_AFTER, RULE).lockouts == 1


def test_entries_of_a_subject_that_is_locked_out_change_nothing():
    tries = after((0, 20, 0), (1, 500, 3))
    assert tries == after((0, 20, 0))._replace(update_time=START + SECOND)


def test_a_rule_of_nothing_locks_nobody_out():
    assert not after((0, 10_000, 0), rule=RULE._replace(at_most=0)).is_locked(START)


def test_whoever_stands_for_many_may_enter_ten_times_as_many():
    assert not after((0, 199, 0), rule=RULE.widened()).is_locked(START)
    assert after((0, 200, 0), rule=RULE.widened()).is_locked(START)


def test_an_hour_of_guessing_without_pause_tries_a_hundred_and_twenty_codes():
    """The figure that docs/operate/security.md states."""
    tries, now, guesses = NOBODY, START, 0
    while now < START + HOUR:
        tries = count(tries, 1, 0, now, RULE)
        guesses += 1
        now = tries.locked_until if tries.is_locked(now) else now + 400
    assert guesses == 120


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_no_lock_out_is_longer_than_the_longest_and_none_begins_below_the_limit(entries):
    tries, now = NOBODY, START
    for seconds, wrong, entered in entries:
        now += seconds * SECOND
        before, tries = tries, count(tries, wrong, entered, now, RULE)
        assert tries.locked_until - now <= RULE.lock_at_most
        if tries.locked_until != before.locked_until:
            assert tries.wrong >= RULE.at_most


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::1", "::/64"),
    ],
)
def test_an_address_is_counted_as_the_network_its_holder_has(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize("address", ["", "localhost", "10.0.0", "10.0.0.7:80"])
def test_what_is_no_address_has_no_network(address):
    with pytest.raises(ValueError, match="does not appear to be"):
        network_of(address)


@pytest.mark.parametrize("value", ["10.0.0.7", "2001:db8::/64", "CN=exams/room 3"])
def test_a_subject_is_stored_under_a_key_of_its_own(value):
    for guarded in Guarded:
        for kind in SubjectKind:
            subject = Subject("w", guarded, kind, value)
            assert subject_of("w", subject.key) == subject
