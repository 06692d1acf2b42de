"""Calls that are made again when a server is away: each later than the one before, and not for what stays."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from exam_sessions.cli.shared.acknowledger import Acknowledger
from exam_sessions.cli.shared.console import ctrl_c_after
from exam_sessions.cli.shared.retry import retry
from exam_sessions.client.failures import NoServer, Refused


@pytest.fixture
def slept(monkeypatch):
    """How long it was slept, pause by pause, which takes no time here."""
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


def failing(*failures):
    """A call that fails so, and then is answered."""
    ends = iter(failures)

    def call():
        for failure in ends:
            raise failure
        return "answered"

    return call


def test_each_pause_before_another_try_is_longer_than_the_last_up_to_seconds(slept):
    assert retry(failing(*[NoServer("there")] * 9)) == "answered"
    assert len(slept) == 9
    assert min(slept) > 0
    # Each is a little shorter or longer than its due, so that callers do not all come at once.
    assert slept[:5] == sorted(slept[:5])
    assert 10 * slept[0] <= min(slept[5:]) <= max(slept) <= 5


def test_what_will_not_pass_is_not_tried_again(slept):
    with pytest.raises(Refused):
        retry(failing(Refused("NOT_FOUND", "SESSION_NOT_FOUND", "no")))
    assert slept == []


class Absent:
    """A server that takes no acknowledgement, or only the one after so many."""

    def __init__(self, failures=1_000_000):
        self.taken, self._call = [], failing(*[NoServer("there")] * failures)

    def acknowledge(self, consumer, sequence):
        self._call()
        self.taken.append((consumer, sequence))


def test_the_last_acknowledgement_is_tried_again_ever_later_and_given_up(slept):
    acknowledger = Acknowledger(Absent(), "results")
    with pytest.raises(NoServer), acknowledger:
        acknowledger.delivered(7, 1)
    assert len(slept) > 2
    assert min(slept) > 0
    assert slept == sorted(slept)
    assert 5 * slept[0] <= slept[-1]


def interrupted(server):
    """A consumer that was given one event, number 7, and is ended by Ctrl-C."""
    with Acknowledger(server, "results") as acknowledger:
        acknowledger.delivered(7, 1)
        raise KeyboardInterrupt


def test_the_last_acknowledgement_is_tried_again_after_ctrl_c(slept):
    server = Absent(failures=3)
    with pytest.raises(KeyboardInterrupt):
        interrupted(server)
    assert server.taken == [("results", 7)]
    assert len(slept) == 3


def test_an_acknowledgement_that_fails_at_ctrl_c_is_said_and_hides_no_ctrl_c(slept, capsys):
    with pytest.raises(KeyboardInterrupt):
        interrupted(Absent())
    assert "events up to 7 could not be acknowledged, and will come again" in capsys.readouterr().err
    assert 2 < len(slept) < 20


def write(record, *, interrupts):
    """Puts a line on record while Ctrl-C is typed so many times."""
    with ctrl_c_after():
        for _ in range(interrupts):
            signal.raise_signal(signal.SIGINT)
        record.append("a line")


@pytest.mark.parametrize(("interrupts", "recorded"), [(1, ["a line"]), (2, [])], ids=["once", "twice"])
def test_ctrl_c_waits_for_the_record_of_a_line_and_a_second_one_does_not(interrupts, recorded):
    record = []
    with pytest.raises(KeyboardInterrupt):
        write(record, interrupts=interrupts)
    assert record == recorded


def test_ctrl_c_does_not_wait_for_a_reader_who_has_stopped_reading(monkeypatch):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    record = []
    with os.fdopen(reading, "rb"), os.fdopen(writing, "wb", buffering=0) as full:
        while full.write(b"x" * 4096):
            pass
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(KeyboardInterrupt):
            write(record, interrupts=1)
    assert record == []
