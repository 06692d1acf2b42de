"""What each candidate of an exam day does, and when: drawn once, the same for the same number of candidates.

A day has the length 1; the load stretches it to the seconds it is played in.
"""

from __future__ import annotations

import random
from enum import StrEnum
from typing import NamedTuple

HOURS = 3.0
"""The exam day that is compressed: from the first package to the last result."""
PACKAGES = (0.0, 0.12)
KEYCODES = (0.15, 0.25)
SAVES = (0.28, 0.9)
SUBMITS = (0.9, 1.0)
ALARM = (0.55, 0.57)
"""The fire alarm in one centre: all are paused, and resumed."""
RESTART = 0.65
"""One of two servers is stopped and started."""
AT_A_DOOR = 0.02
"""A candidate waits for so long at most for the download and at the door, and before looking at the results."""
SAVES_EACH = 40
LARGEST_SAVE = 5
REPEATED = 0.02
PAUSED = 0.05
AT_THE_DOOR = 0.2
ITEMS, OPTIONS = 10, 4
"""Of the form: items of five questions, of four options each."""
CANDIDATES_IN_A_CENTRE = 200
"""At most; where there are few candidates they sit in CENTRES_AT_LEAST nevertheless."""
CENTRES_AT_LEAST = 10


class Verb(StrEnum):
    """What a candidate, or a person for one, asks of the service."""

    PACKAGE = "CreatePackage"
    DOWNLOAD = "DownloadSession"
    KEYCODE = "EnterKeycode"
    CHECK_IN = "CheckInSession"
    PIN = "EnterPin"
    UNLOCK = "UnlockSession"
    SAVE = "SetResponses"
    REPEAT = "SetResponses again"
    PAUSE = "PauseSession"
    RESUME = "ResumeSession"
    SUBMIT = "SetResponses, submitted"
    RESULT = "GetSessionResults"


DOORS = (Verb.CHECK_IN, Verb.PIN, Verb.UNLOCK)


class Step(NamedTuple):
    """One call of a candidate. A save answers these questions of an item: (question, option)."""

    time: float
    verb: Verb
    item: int = 0
    answers: tuple[tuple[int, int], ...] = ()


class Candidate(NamedTuple):
    """A candidate: where they sit, which door they pass if any, and all they do, in its order."""

    number: int
    centre: str
    door: Verb | None
    steps: list[Step]

    def answered(self) -> dict[int, int]:
        """The option chosen last for each question."""
        return {question: option for step in self.steps for question, option in step.answers}


FIRST_CENTRE = "K-000"


def timetable(candidates: int) -> list[Candidate]:
    """So many candidates of one day. The fire alarm is in the first centre, and nobody there is paused alone."""
    together = min(CANDIDATES_IN_A_CENTRE, max(1, candidates // CENTRES_AT_LEAST))
    return [_candidate(number, f"K-{number // together:03d}", random.Random(number)) for number in range(candidates)]


def centres_of(candidates: list[Candidate]) -> list[str]:
    """Where they sit, in order."""
    return sorted({candidate.centre for candidate in candidates})


def _candidate(number: int, centre: str, chance: random.Random) -> Candidate:
    door = DOORS[number // 5 % len(DOORS)] if number % round(1 / AT_THE_DOOR) == 0 else None
    package, keycode = chance.uniform(*PACKAGES), chance.uniform(*KEYCODES)
    steps = [
        Step(package, Verb.PACKAGE),
        Step(package + chance.uniform(0, AT_A_DOOR), Verb.DOWNLOAD),
        Step(keycode, Verb.KEYCODE),
    ]
    if door:
        steps.append(Step(keycode + chance.uniform(0, AT_A_DOOR), door))
    away = ALARM if centre == FIRST_CENTRE else None
    if not away and chance.random() < PAUSED:
        began = chance.uniform(SAVES[0], SAVES[1] - 0.05)
        away = began, began + chance.uniform(0.005, 0.04)
        steps += [Step(away[0], Verb.PAUSE), Step(away[1], Verb.RESUME)]
    steps += _saves(chance, away)
    # Piled up: twice as many in the last moment as on average.
    submit = SUBMITS[0] + (SUBMITS[1] - SUBMITS[0]) * chance.random() ** 0.5
    steps += [Step(submit, Verb.SUBMIT), Step(submit + chance.uniform(0, AT_A_DOOR), Verb.RESULT)]
    # Stable: a repetition follows its save, which has the same time.
    return Candidate(number, centre, door, sorted(steps, key=lambda step: step.time))


def _saves(chance: random.Random, away: tuple[float, float] | None) -> list[Step]:
    steps = []
    for _ in range(SAVES_EACH):
        time = chance.uniform(*SAVES)
        if away and away[0] <= time <= away[1]:
            time = away[1] + 1e-6
        item, count = chance.randrange(ITEMS), chance.randint(1, LARGEST_SAVE)
        questions = sorted(chance.sample(range(item * LARGEST_SAVE, (item + 1) * LARGEST_SAVE), count))
        save = Step(time, Verb.SAVE, item, tuple((question, chance.randrange(OPTIONS)) for question in questions))
        steps.append(save)
        if chance.random() < REPEATED:
            steps.append(save._replace(verb=Verb.REPEAT))
    return steps
