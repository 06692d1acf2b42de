"""Calls that are made again when a server is away: each later than the one before, and not for what stays."""

from __future__ import annotations

import time

import pytest

from exam_sessions.cli.shared.acknowledger import Acknowledger
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
    assert slept == sorted(slept)
    assert 10 * slept[0] <= slept[-1] <= 5


def test_what_will_not_pass_is_not_tried_again(slept):
    with pytest.raises(Refused):
        retry(failing(Refused("NOT_FOUND", "SESSION_NOT_FOUND", "no")))
    assert slept == []


class Absent:
    """A server that takes no acknowledgement."""

    def acknowledge(self, consumer, sequence):
        raise NoServer("there")


def test_the_last_acknowledgement_is_tried_again_ever_later_and_given_up(slept):
    receipts = Acknowledger(Absent(), "results")
    with pytest.raises(NoServer), receipts:
        receipts.delivered(7, 1)
    assert len(slept) > 2
    assert min(slept) > 0
    assert slept == sorted(slept)
