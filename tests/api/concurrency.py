"""Many callers at the same moment, and what a history must look like whoever came first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from messages import micros

from serving import Refused


def at_once(*calls):
    """Runs calls at the same moment, each on its own thread; what each returned, or the Refused it raised."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait()
        try:
            return call()
        except Refused as refused:
            return refused

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]


def won(outcomes):
    """The outcomes that are no refusals."""
    return [outcome for outcome in outcomes if not isinstance(outcome, Refused)]


def reasons(outcomes):
    """The reasons of the refusals, sorted."""
    return sorted(outcome.reason for outcome in outcomes if isinstance(outcome, Refused))


def assert_unbroken(events, state):
    """Each event begins where the one before it ended, and not earlier; the last one ends where the session is."""
    assert [event.from_state for event in events] == [0, *(event.to_state for event in events[:-1])]
    assert events[-1].to_state == state
    sequences = [event.sequence for event in events]
    assert sequences == sorted(set(sequences))
    assert_in_order(events)


def assert_in_order(events, session=None):
    """No event of a session is earlier than the one before it; nor does its attempt end before it starts."""
    times = [micros(event.time) for event in events]
    assert times == sorted(times)
    if session is not None:
        attempt = session.attempt
        assert micros(session.create_time) <= micros(session.update_time) == times[-1]
        assert not attempt.HasField("end_time") or micros(attempt.start_time) <= micros(attempt.end_time)
        assert attempt.paused_time.ToMicroseconds() >= 0
        assert attempt.time_elapsed.ToMicroseconds() >= 0
