"""The timetable of the exam day that scripts/bench plays."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "scripts"))
from benchmark.exam_day.timetable import (
    ALARM,
    DOORS,
    FIRST_CENTRE,
    SAVES,
    SAVES_EACH,
    SUBMITS,
    Verb,
    timetable,
)

CANDIDATES = 500


@pytest.fixture(scope="module")
def day():
    return timetable(CANDIDATES)


def verbs(candidate):
    return [step.verb for step in candidate.steps]


def test_a_day_is_the_same_however_often_it_is_drawn(day):
    assert timetable(CANDIDATES) == day


def test_each_candidate_does_everything_in_the_order_in_which_it_is_legal(day):
    for candidate in day:
        steps = verbs(candidate)
        door = [candidate.door] if candidate.door else []
        assert steps[: 3 + len(door)] == [Verb.PACKAGE, Verb.DOWNLOAD, Verb.KEYCODE, *door]
        assert steps[-2:] == [Verb.SUBMIT, Verb.RESULT]
        assert steps.count(Verb.SAVE) == SAVES_EACH
        assert [step.time for step in candidate.steps] == sorted(step.time for step in candidate.steps)


def test_nobody_saves_while_paused_alone_or_by_the_alarm(day):
    for candidate in day:
        steps = verbs(candidate)
        if Verb.PAUSE in steps:
            assert steps.index(Verb.RESUME) == steps.index(Verb.PAUSE) + 1
        if candidate.centre == FIRST_CENTRE:
            assert Verb.PAUSE not in steps
            assert not [step for step in candidate.steps if ALARM[0] <= step.time <= ALARM[1]]


def test_a_repetition_follows_what_it_repeats(day):
    repeated = [
        (one, other)
        for candidate in day
        for one, other in itertools.pairwise(candidate.steps)
        if other.verb == Verb.REPEAT
    ]
    assert repeated
    assert all(one == other._replace(verb=Verb.SAVE) for one, other in repeated)


def test_a_fifth_of_the_candidates_passes_a_door_and_each_door_is_passed(day):
    doors = [candidate.door for candidate in day if candidate.door]
    assert len(doors) == CANDIDATES // 5
    assert set(doors) == set(DOORS)


def test_saves_and_submits_are_at_their_time_of_the_day(day):
    steps = [step for candidate in day for step in candidate.steps]
    assert all(SAVES[0] <= step.time <= SAVES[1] + 0.01 for step in steps if step.verb == Verb.SAVE)
    submits = [step.time for step in steps if step.verb == Verb.SUBMIT]
    assert all(SUBMITS[0] <= time <= SUBMITS[1] for time in submits)
    assert sum(time > sum(SUBMITS) / 2 for time in submits) > CANDIDATES * 0.6
