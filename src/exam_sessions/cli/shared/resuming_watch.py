"""Following what happens: watches, one behind the other, so that the reader gets a single one without an end.

A watch that breaks off is resumed with the event behind the last one that was delivered, without gap or repetition.
"""

from __future__ import annotations

import shlex
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from exam_sessions.cli.shared.console import note
from exam_sessions.cli.shared.server_options import reached
from exam_sessions.client.failures import Refused, pause_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from exam_sessions.client.client import Client
    from exam_sessions.client.events import Piece, WatchRequest
    from exam_sessions.client.failures import Failure

OUT_OF_REACH = frozenset({"SEQUENCE_TOO_OLD", "SEQUENCE_AHEAD"})
"""Reasons why an event cannot be delivered: it is deleted, or the database is an older one than it was."""


class ResumingWatch:
    """A watch that goes on when it broke off, and says so.

    `start` is where to begin, in WatchSessionsRequest's words, with nothing in it for a snapshot. `areas` are
    centres, schools and districts, in WatchFilter's words. `anew` allows to begin again with a snapshot where
    events can no longer be read. `after` is the last event that was delivered.
    """

    def __init__(
        self,
        client: Client,
        start: Mapping[str, Any],
        releases: Sequence[str] = (),
        sessions: Sequence[str] = (),
        *,
        anew: bool = False,
        **areas: Sequence[str],
    ) -> None:
        self._client, self._start, self._anew = client, dict(start), anew
        self._filter = {"release_ids": releases, "session_ids": sessions, **areas}
        self._began = self._is_broken = False
        self._in_snapshot = not start
        self._notify: Callable[[str], object] = note
        self.after: int | None = start["start_sequence"] - 1 if "start_sequence" in start else None

    def pieces(self, notify: Callable[[str], object]) -> Iterator[Piece]:
        """Yields pieces for ever.

        Args:
            notify: is called with what becomes of the watch, for people.

        Raises:
            Refused, NoServer: the very first watch could not begin, or another is refused for good.
        """
        self._notify = notify
        start = self._start if self.after is None else {"start_sequence": self.after + 1}
        with closing(self._client.watch(**self._filter, resume=self._resume, **start)) as pieces:
            for piece in pieces:
                if self._is_broken:
                    notify(f"connected again; {self._going_on()}")
                self._is_broken, self._began = False, True
                yield piece
                # The reader is done with this one once it takes the next.
                self._reached(piece)

    def _reached(self, piece: Piece) -> None:
        self._in_snapshot = self._in_snapshot and not piece.snapshot_complete
        if not self._in_snapshot:
            self.after = piece.sequence

    def _resume(self, request: WatchRequest, failures: int, failure: Failure) -> float:
        """Says that the watch broke off, and has it go on behind the last event that was delivered."""
        if is_lost := self._is_lost(failure):
            self._notify(f"{failure}: doing so; what happened between event {self.after} and now is not told")
            self.after, self._start, self._in_snapshot = None, {}, True
            request.ClearField("start_sequence")
            request.ClearField("consumer")
        elif not self._began:
            raise failure
        pause = 0.0 if is_lost else pause_after(failures, failure, float("inf"))
        if not is_lost and not self._is_broken:
            self._notify(f"{failure}; trying again, {self._going_on()}")
        if self.after is not None:
            # A consumer, too: it has what it has not acknowledged yet.
            request.start_sequence = self.after + 1
        self._is_broken = True
        return pause

    def _is_lost(self, failure: Failure) -> bool:
        """Whether only a snapshot helps. A start behind the last event is an error to be shown."""
        reasons = OUT_OF_REACH if self._began else {"SEQUENCE_TOO_OLD"}
        return self._anew and isinstance(failure, Refused) and failure.reason in reasons

    def _going_on(self) -> str:
        if self.after is not None:
            return f"going on with event {self.after + 1}"
        return "going on as it began" if self._start else "beginning again with a snapshot"


@contextmanager
def interruptible(following: ResumingWatch, command: str, *words: str) -> Iterator[None]:
    """Ends a block at Ctrl-C with the command that goes on from there; `words` are its options, and stay."""
    try:
        yield
    except KeyboardInterrupt:
        # A consumer's place is kept by the server.
        known = following.after is not None and "--consumer" not in words
        resume_from = ["--from", str(following.after + 1)] if known and following.after is not None else []
        again = shlex.join([*command.split(), *resume_from, *words, *reached().typed])
        note(f"stopped; this goes on from here:  exam-sessions {again}")
