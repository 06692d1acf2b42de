"""Following what happens: watches, one behind the other, so that the reader gets a single one without an end.

A watch that breaks off is resumed with the event behind the last one that was delivered, without gap or repetition.
"""

from __future__ import annotations

import shlex
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions.cli.shared.console import note
from exam_sessions.cli.shared.server_options import reached
from exam_sessions.client.failures import NoServer, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exam_sessions.client.client import Client
    from exam_sessions.client.events import Piece

PAUSES = (0.2, 0.5, 1.0, 2.0, 3.0)
"""Seconds to wait before one try after the other; the last holds for all that follow."""

OUT_OF_REACH = frozenset({"SEQUENCE_TOO_OLD", "SEQUENCE_AHEAD"})
"""Reasons why an event cannot be delivered: it is deleted, or the database is an older one than it was."""

PASSING = frozenset({"WATCHER_TOO_SLOW", "TOO_MANY_WATCHERS", "CANCELLED", "UNKNOWN"})
"""Reasons that pass although the code is not UNAVAILABLE; the last two are those of calls torn in the middle."""


class Notice(NamedTuple):
    """A message to people about the watch."""

    text: str


class ResumingWatch:
    """Iterates over the pieces of watches, and over notices of what happens to them.

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
        self._heard = False
        self.after: int | None = start["start_sequence"] - 1 if "start_sequence" in start else None

    def __iter__(self) -> Iterator[Piece | Notice]:
        """Goes on for ever.

        Raises:
            Refused, NoServer: the very first watch could not begin, or another is refused for good.
        """
        tries = 0
        while True:
            try:
                for piece in self._watch():
                    if tries:
                        yield Notice(f"connected again; {self._going_on()}")
                    tries, self._heard = 0, True
                    yield piece
                    # The reader is done with this one once it takes the next.
                    self._reached(piece)
            except (NoServer, Refused) as failure:
                if self._is_lost(failure):
                    yield Notice(self._begin_anew(failure))
                elif not self._heard or not is_passing(failure):
                    raise
                elif not tries:
                    yield Notice(f"{failure}; trying again, {self._going_on()}")
            time.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1

    def _watch(self) -> Iterator[Piece]:
        self._in_snapshot = self.after is None and not self._start
        start = self._start if self.after is None else {"start_sequence": self.after + 1}
        with closing(self._client.watch(**self._filter, **start)) as pieces:
            yield from pieces

    def _reached(self, piece: Piece) -> None:
        self._in_snapshot = self._in_snapshot and not piece.snapshot_complete
        if not self._in_snapshot:
            self.after = piece.sequence

    def _is_lost(self, failure: NoServer | Refused) -> bool:
        """Whether only a snapshot helps. A start behind the last event is an error to be shown."""
        reasons = OUT_OF_REACH if self._heard else {"SEQUENCE_TOO_OLD"}
        return self._anew and isinstance(failure, Refused) and failure.reason in reasons

    def _begin_anew(self, failure: NoServer | Refused) -> str:
        last, self.after, self._start = self.after, None, {}
        return f"{failure}: doing so; what happened between event {last} and now is not told"

    def _going_on(self) -> str:
        if self.after is not None:
            return f"going on with event {self.after + 1}"
        return "going on as it began" if self._start else "beginning again with a snapshot"


def is_passing(failure: NoServer | Refused) -> bool:
    """Whether the same call may succeed in a moment."""
    if isinstance(failure, NoServer):
        return failure.is_retryable
    return failure.is_retryable or failure.reason in PASSING


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
