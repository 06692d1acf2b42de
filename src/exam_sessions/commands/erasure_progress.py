"""How far an erasure has come, and what it came to, as its operation keeps them; texts without a candidate."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from exam_sessions.domain.erasure import ERASED


class Phase(StrEnum):
    """What a step looks through, in this order."""

    OPERATIONS = "operations"
    REQUESTS = "requests"
    HISTORY = "history"
    SESSIONS = "sessions"


PHASES = list(Phase)


class Cursor(NamedTuple):
    """How far an erasure has come: the phase, and the last key it looked at; 0 or empty begins."""

    phase: Phase = Phase.OPERATIONS
    after: Any = ""

    @classmethod
    def read(cls, kept: str) -> Cursor:
        """From what is kept with the operation."""
        if not kept:
            return cls()
        phase, after = json.loads(kept)
        return cls(Phase(phase), after)

    def kept(self) -> str:
        """As it is kept."""
        return json.dumps([self.phase, self.after])

    def next_phase(self) -> Cursor:
        """The beginning of the next phase."""
        return Cursor(PHASES[PHASES.index(self.phase) + 1])


@dataclass
class ErasureCounts:
    """What was erased so far."""

    sessions: int = 0
    former_sessions: int = 0
    events: int = 0
    attempts: int = 0
    operations: int = 0
    requests: int = 0

    @classmethod
    def read(cls, kept: str) -> ErasureCounts:
        """From what is kept with the operation."""
        return cls(**json.loads(kept)) if kept else cls()

    def kept(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))


def without_word(text: str, word: str) -> str:
    """A sentence with a word replaced, wherever it stands alone."""
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", ERASED, text) if word in text else text


def without_value(text: str, value: str) -> str:
    """A JSON text with a text among its values replaced."""
    if value not in text and json.dumps(value) not in text:
        return text

    def replaced(part: Any) -> Any:
        if isinstance(part, list):
            return [replaced(one) for one in part]
        if isinstance(part, dict):
            return {name: replaced(one) for name, one in part.items()}
        return ERASED if part == value else part

    return json.dumps(replaced(json.loads(text)))


def without_receipts(result: str, candidate: str) -> str:
    """The answer of a batch of bookings: rows of id, keycode, access code and candidate (BookingReceipt)."""
    rows = json.loads(result)
    became = [[row[0], ERASED, ERASED, ERASED] if row[-1] == candidate else row for row in rows]
    return json.dumps(became, separators=(",", ":"))
