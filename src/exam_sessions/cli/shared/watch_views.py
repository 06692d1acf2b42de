"""Two ways to look at what goes on: a board that stays on the screen, and lines that go to another program."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Protocol

from rich.console import Group
from rich.text import Text

from exam_sessions.cli.shared.console import check_reader, deliver, note, out, table
from exam_sessions.cli.shared.enum_names import word
from exam_sessions.cli.shared.event_lines import as_line, painted, plain
from exam_sessions.cli.shared.times import when
from exam_sessions.domain.states import State

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rich.console import RenderableType

    from exam_sessions.cli.shared.candidate_names import CandidateNames
    from exam_sessions.client.client import SessionEvent
    from exam_sessions.client.events import Piece

KEPT = 200
"""Events kept for a screen; more than any is high."""

STAYS = 5.0
"""Seconds a notice stays at least."""

AROUND = 8
"""Lines of a screen that events cannot have: headings, a notice, the line of the shell after it was stopped."""


HEADINGS = ("at (UTC)", "session", "candidate", "action", "from", "to", "actor")
SPARE = ("actor", "from", "candidate", "at (UTC)")


class View(Protocol):
    """What a watch is shown on."""

    def look(self, piece: Piece) -> None:
        """Takes note of a piece, also of what was not asked for."""

    def tell(self, events: Sequence[SessionEvent]) -> None:
        """Shows events."""

    def notice(self, text: str) -> None:
        """Shows what became of the watch itself."""


class Lines:
    """One line for each event on stdout, at once; notices on stderr."""

    def __init__(self, names: CandidateNames) -> None:
        self._names = names

    def look(self, piece: Piece) -> None:
        """Reads names, and ends when stdout is closed. Raises BrokenPipeError."""
        self._names.add(piece.sessions)
        check_reader()

    def tell(self, events: Sequence[SessionEvent]) -> None:
        """Prints events."""
        deliver(as_line(event, *name) for event, name in zip(events, self._names.of(events), strict=True))

    def notice(self, text: str) -> None:
        """Prints a notice."""
        note(text, "yellow")


class Board:
    """Counts by state, and the newest events on top. Drawn by another thread than the one that adds events."""

    def __init__(self, title: str, states: Collection[int], names: CandidateNames) -> None:
        self._title, self._states, self._names = title, states, names
        self._counts: Counter[int] | None = None
        self._arriving: Counter[int] = Counter()
        self._newest: deque[tuple[str | Text, ...]] = deque(maxlen=KEPT)
        self._notice, self._noticed, self._sequence = "", 0.0, 0
        self._lock = threading.Lock()

    def look(self, piece: Piece) -> None:
        """Keeps the counts: those of a snapshot hold once it is complete; every event moves one session."""
        self._names.add(piece.sessions)
        with self._lock:
            self._sequence = piece.sequence
            self._arriving.update(session.state for session in piece.sessions)
            if piece.snapshot_complete:
                self._counts, self._arriving = self._arriving, Counter()
            counts = self._arriving if self._counts is None else self._counts
            counts.subtract(event.from_state for event in piece.events)
            counts.update(event.to_state for event in piece.events)
            if time.monotonic() - self._noticed > STAYS:
                self._notice = ""

    def tell(self, events: Sequence[SessionEvent]) -> None:
        """Puts events on top."""
        newest = events[-KEPT:]
        rows = [
            (
                when(event, "time").partition(" ")[2],
                plain(name.session),
                plain(name.candidate),
                word(event, "action").lower(),
                word(event, "from_state") or "(new)",
                painted(word(event, "to_state"), event.to_state),
                plain(event.actor),
            )
            for event, name in zip(newest, self._names.of(newest), strict=True)
        ]
        with self._lock:
            self._newest.extendleft(rows)

    def notice(self, text: str) -> None:
        """Shows a notice for a while, and for as long as nothing else arrives; half a snapshot is none."""
        with self._lock:
            self._notice, self._noticed = text, time.monotonic()
            self._arriving.clear()

    def __rich__(self) -> RenderableType:
        """The board as it is now."""
        with self._lock:
            made = table(*HEADINGS, whole=HEADINGS, spare=SPARE)
            for row in list(self._newest)[: max(1, out.height - AROUND)]:
                made.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
            title = Text.assemble((self._title, "bold"), (f"  event {self._sequence:,}", "dim"))
            rest = made if self._newest else Text("nothing has happened yet", style="dim")
            return Group(title, self._header(), Text(self._notice, style="yellow"), rest)

    def _header(self) -> Text:
        if self._counts is None:
            return Text("states are not counted without a snapshot", style="dim")
        shown = [s for s in State if (s in self._states if self._states else self._counts[s])]
        counts = [Text.assemble(painted(s.name, s), f" {self._counts[s]:,}") for s in shown]
        return Text("   ").join(counts) if counts else Text("no sessions", style="dim")
