"""Attempts with ten minutes of work, at a server whose clock stands still until the test sets it forward."""

from __future__ import annotations

from messages import at, lasting, micros
from state_paths import STARTED, walk

SECOND = 1_000_000


def timed_release(api, **fields):
    """A release of ten minutes."""
    return api.release(**{"duration": lasting(600)} | fields)


def closing_in(clock, seconds):
    """The field of a release whose window closes so soon."""
    return {"window_end": at(clock() + seconds * SECOND)}


def begun(api, release):
    """A session of a release whose attempt has begun."""
    return walk(api, api.book(release), *STARTED)


def working_time(session):
    """From the start of an attempt to its deadline."""
    return micros(session.attempt.deadline) - micros(session.attempt.start_time)


def time_left(session, clock):
    """From now to the deadline of an attempt."""
    return micros(session.attempt.deadline) - clock()
