"""The sessions of a room as they are now, drawn as a table with a line for questions, and what keys ask for."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Group
from rich.text import Text

from exam_sessions.cli.shared.console import out, table
from exam_sessions.cli.shared.enum_names import word
from exam_sessions.cli.shared.session_views import full_name, state_text, time_left
from exam_sessions.cli.shared.times import how_long, when
from exam_sessions.domain.states import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from exam_sessions.client.client import Session, SessionEvent

AROUND = 6
"""Lines of a screen that sessions cannot have: the title, headings, counts, the keys, the question, what happened."""

WAITING = frozenset(
    {State.EXCEPTION, State.LOCKED_FOR_INVIGILATOR, State.LOCKED_BY_PIN, State.REQUIRES_CHECK_IN, State.OFFLINE}
)
"""States in which a session needs a person."""

UP, DOWN, ESCAPE, ENTER, BACK = "\x1b[A", "\x1b[B", "\x1b", "\r", "\x7f"
KEYS = "↑↓ choose  p pause  r resume  u unlock  c check in  e extra time  v void  q quit"
VOID_REASONS = {"a": "ABSENT", "w": "WITHDRAWN", "p": "PARTIALLY_COMPLETED", "n": "NOT_YET_STARTED", "o": "OTHER"}
SIMPLE = {"p": "pause", "r": "resume", "u": "unlock", "c": "check_in"}
HEADINGS = ("candidate", "name", "state", "left", "extra", "machine", "last answer", "keycode")


class ConfirmedAction(NamedTuple):
    """An action on one session that a person has confirmed."""

    session_id: str
    action: str
    fields: dict[str, Any]


@dataclass
class Question:
    """What is asked before an action is done: texts first, then whether to do it."""

    session_id: str
    action: str
    about: str
    asks: list[tuple[str, str]]
    """Names of the fields that are still asked for, with the question."""
    fields: dict[str, str] = field(default_factory=dict)
    typed: str = ""

    def __str__(self) -> str:
        """The question as it stands."""
        if self.asks:
            return f"{self.about}: {self.asks[0][1]} {self.typed}▏"
        said = ", ".join(self.fields.values())
        return f"{self.about}{f' ({said})' if said else ''}: do it? [y/N]"


class Room:
    """Kept by the thread that watches, asked and drawn by others."""

    def __init__(self, title: str) -> None:
        self._title, self._lock = title, threading.RLock()
        self._sessions: dict[str, Session] = {}
        self._answers: dict[str, str] = {}
        self._chosen, self._question = "", None  # type: tuple[str, Question | None]
        self.notice = ""

    def put(self, sessions: Iterable[Session]) -> None:
        """Sessions as they are now."""
        with self._lock:
            self._sessions |= {session.id: session for session in sessions}

    def drop(self, session_ids: Iterable[str]) -> None:
        """Sessions that are here no more."""
        with self._lock:
            for session_id in session_ids:
                self._sessions.pop(session_id, None)

    def note_answers(self, events: Iterable[SessionEvent]) -> None:
        """When answers came last."""
        for event in events:
            if word(event, "action") == "SET_RESPONSES":
                self._answers[event.session_id] = when(event, "time").partition(" ")[2]

    def press(self, key: str) -> ConfirmedAction | None:
        """Takes a key; what is to be done now that a person has confirmed it."""
        with self._lock:
            if self._question:
                return self._answer(key)
            self._command(key)
            return None

    @property
    def asks(self) -> bool:
        """Whether a question is open."""
        return self._question is not None

    def _command(self, key: str) -> None:
        rows = self._rows()
        if not rows:
            return
        ids = [session.id for session in rows]
        index = ids.index(self._chosen) if self._chosen in ids else 0
        if key in {UP, "k", DOWN, "j"}:
            index = max(0, min(len(ids) - 1, index + (1 if key in {DOWN, "j"} else -1)))
        self._chosen, self.notice = ids[index], ""
        session = rows[index]
        about = f"{session.candidate.candidate_id} {full_name(session)}".strip()
        if key in SIMPLE:
            self._question = Question(session.id, SIMPLE[key], f"{SIMPLE[key]} {about}", [])
        elif key == "e":
            asks = [("extra", "extra time in all, such as 15m or 25%:"), ("message", "why:")]
            self._question = Question(session.id, "set_extra_time", f"extra time for {about}", asks)
        elif key == "v":
            reasons = ", ".join(f"{letter} {name.lower()}" for letter, name in VOID_REASONS.items())
            asks = [("reason", f"reason ({reasons}):"), ("message", "why, in words:")]
            self._question = Question(session.id, "void", f"void {about}, which cannot be undone", asks)

    def _answer(self, key: str) -> ConfirmedAction | None:
        question = self._question
        assert question
        if key == ESCAPE:
            self._question, self.notice = None, "nothing was done"
        elif not question.asks:
            self._question = None
            if key in {"y", "Y"}:
                return ConfirmedAction(question.session_id, question.action, dict(question.fields))
            self.notice = "nothing was done"
        elif key == ENTER:
            name, _ = question.asks.pop(0)
            question.fields[name], question.typed = question.typed, ""
            if name == "reason":
                chosen = VOID_REASONS.get(question.fields[name][:1].lower())
                if chosen is None:
                    self._question, self.notice = None, "that is no reason; nothing was done"
                else:
                    question.fields[name] = chosen
        elif key == BACK:
            question.typed = question.typed[:-1]
        elif key.isprintable():
            question.typed += key
        return None

    def _rows(self) -> list[Session]:
        """Those that need a person first, then by candidate."""
        return sorted(
            self._sessions.values(),
            key=lambda s: (not needs_person(s), s.candidate.candidate_id, s.create_time.seconds),
        )

    def __rich__(self) -> RenderableType:
        """The room as it is now."""
        with self._lock:
            rows = self._rows()
            made = table(
                *HEADINGS,
                whole=("state", "left", "keycode"),
                spare=("keycode", "machine", "name", "last answer", "extra"),
            )
            room = max(1, out.height - AROUND)
            chosen = next((n for n, session in enumerate(rows) if session.id == self._chosen), 0)
            first = max(0, min(chosen - room // 2, len(rows) - room))
            for n, session in enumerate(rows[first : first + room], first):
                style = "bold red" if needs_person(session) else ""
                marked = f"{style} reverse" if n == chosen else style
                made.add_row(*(Text(cell.plain, style=marked) if marked else cell for cell in self._cells(session)))
            waiting = sum(map(needs_person, rows))
            title = Text.assemble(
                (self._title, "bold"),
                f"  {len(rows):,} sessions",
                (f"  {waiting:,} need a person", "red" if waiting else "dim"),
            )
            asked = Text(str(self._question), style="bold yellow") if self._question else Text(KEYS, style="dim")
            body = made if rows else Text("no session is here", style="dim")
            return Group(title, body, Text(self.notice, style="yellow"), asked)

    def _cells(self, session: Session) -> tuple[Text, ...]:
        person = session.candidate
        extra = f"{session.extra_time_percent} %" if session.extra_time_percent else how_long(session, "extra_time")
        return (
            Text(person.candidate_id),
            Text(full_name(session)),
            state_text(session),
            Text(time_left(session)),
            Text(extra),
            Text(session.client.machine or session.device.device_label),
            Text(self._answers.get(session.id, "")),
            Text(session.keycode),
        )


def needs_person(session: Session) -> bool:
    """Whether a person has to do something: it waits to be let in, is set aside, is offline, or its time is over."""
    state, attempt = State(session.state), session.attempt
    runs_out = state is State.IN_PROGRESS and attempt.HasField("deadline")
    return state in WAITING or (runs_out and attempt.deadline.seconds < time.time())
