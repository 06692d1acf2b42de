"""How many reads of one kind are worked on at once."""

from __future__ import annotations

import asyncio

import pytest

from exam_sessions import errors
from exam_sessions.rpc.throttle import ALWAYS, Throttle


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def leave(throttle, clock, each, fault=None):
    """A call ends, so many seconds after the one before."""
    clock.now += each
    throttle.__exit__(fault)


def test_many_reads_at_once_are_all_worked_on():
    throttle = Throttle(Clock())
    for _ in range(5_000):
        throttle.__enter__()


def test_slow_reads_are_refused_when_they_could_not_be_answered_soon():
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(ALWAYS + 3):
        throttle.__enter__()
    for _ in range(3):
        leave(throttle, clock, 0.02)
    with pytest.raises(errors.Overloaded):
        throttle.__enter__()
    for _ in range(ALWAYS):
        leave(throttle, clock, 0.02)
    for _ in range(ALWAYS):
        throttle.__enter__()
    with pytest.raises(errors.Overloaded):
        throttle.__enter__()


def test_callers_who_went_away_do_not_make_the_pace_faster():
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(500):
        throttle.__enter__()
    leave(throttle, clock, 0.02)
    for _ in range(400):
        leave(throttle, clock, 0.001, asyncio.CancelledError)
    with pytest.raises(errors.Overloaded):
        throttle.__enter__()


def test_as_many_callers_as_are_answered_within_a_quarter_of_a_second_may_go_on_asking():
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(100):
        throttle.__enter__()
    for _ in range(1_000):
        leave(throttle, clock, 0.002)
        throttle.__enter__()
