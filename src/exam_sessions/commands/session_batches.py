"""Commands on many sessions that exist, all or nothing. Those on one session are in session_changes.py."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions import errors
from exam_sessions.commands.session_changes import Target, collisions, decide_target, load_with_release, record
from exam_sessions.domain.decide import Decision, becomes_open
from exam_sessions.domain.records import SessionWithRelease
from exam_sessions.domain.transition_table import ACTIONS
from exam_sessions.execution.mutation import Mutation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.commands import Command
    from exam_sessions.domain.records import Release, Session
    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.capabilities import SessionChanges
    from exam_sessions.execution.read_set import ReadSet


class DecidedRow(NamedTuple):
    """A command of a batch, by its index in the request, and its result."""

    position: int
    session: Session
    release: Release
    decision: Decision
    command: Command


class EditSessions(Mutation):
    """Commands on many sessions, all or nothing. The result is their number; `path` is where refusals name them."""

    __slots__ = ("commands", "path")

    def __init__(self, caller: Caller, commands: Sequence[tuple[Target, Command]], path: str = "edits") -> None:
        super().__init__(caller, weight=len(commands))
        self.commands, self.path = commands, path

    def declare_reads(self, reads: ReadSet) -> None:
        """Every session named."""
        for target, _ in self.commands:
            reads.session(self.caller.workspace, target.session_id, target.keycode)
        reads.marking_context |= any(ACTIONS[command.action].needs_form for _, command in self.commands[:1])

    def apply(self, uow: SessionChanges) -> Any:
        """Decides every row before entering any."""
        return len(self._entered(uow))

    def _entered(self, uow: SessionChanges) -> list[SessionWithRelease]:
        """The sessions as they become, deleted ones as they were, in the order of the request."""
        refused: list[errors.RowRefusal] = []
        decided: list[DecidedRow] = []
        for index, (target, command) in enumerate(self.commands):
            try:
                session, release, decision = decide_target(uow, self.caller, target, command)
                decided.append(DecidedRow(index, session, release, decision, command))
            except errors.Refusal as refusal:
                refused.append(errors.RowRefusal(index, "", refusal))
        refused += self._collisions(uow, decided) + self._openings(uow, decided)
        if refused:
            refused.sort(key=lambda row: row.index)
            raise errors.BatchRefused(self.path, refused, len(self.commands))
        if not self.caller.validate_only:
            for row in decided:
                record(uow, row.session, row.decision, self.caller)
        return [SessionWithRelease(row.decision.session or row.session, row.release) for row in decided]

    @staticmethod
    def _openings(uow: SessionChanges, decided: list[DecidedRow]) -> list[errors.RowRefusal]:
        """The rows that would open a second session of a candidate, whom the index does not name."""
        found, opened = [], set[str | None]()
        for row in decided:
            became = row.decision.session
            if became is None or not becomes_open(row.session, became):
                continue
            if became.open_candidate in opened or uow.sessions.has_open_session(became):
                refusal = errors.CandidateHasOpenSession(row.session.candidate_id)
                found.append(errors.RowRefusal(row.position, "", refusal))
            opened.add(became.open_candidate)
        return found

    def _collisions(self, uow: SessionChanges, decided: list[DecidedRow]) -> list[errors.RowRefusal]:
        by_release: dict[str, tuple[Release, list[tuple[int, Session]]]] = {}
        names: set[str] = set()
        for row in decided:
            names |= {name for name, _ in row.command.fields}
            if row.decision.session:
                rows = by_release.setdefault(row.release.id, (row.release, []))[1]
                rows.append((row.position, row.decision.session))
        found: list[errors.RowRefusal] = []
        for release, rows in by_release.values():
            found += collisions(uow, release, rows, names)
        return found

    def replay_payload(self, result: Any) -> str:
        """How many there were."""
        return json.dumps(result)

    def replay(self, uow: SessionChanges, payload: str) -> Any:  # noqa: ARG002 - nothing is read anew
        """The same number."""
        return int(json.loads(payload))


class AccommodateSessions(EditSessions):
    """The same of commands that move deadlines. The result are the sessions as they become."""

    __slots__ = ()

    def apply(self, uow: SessionChanges) -> list[SessionWithRelease]:
        """Decides every row before entering any."""
        return self._entered(uow)

    def replay_payload(self, result: list[SessionWithRelease]) -> str:  # noqa: ARG002 - the request names them
        """Nothing."""
        return ""

    def replay(self, uow: SessionChanges, payload: str) -> list[SessionWithRelease]:  # noqa: ARG002
        """The sessions as they are now, or as they were when they were deleted."""
        return [load_with_release(uow, self.caller.workspace, target.session_id) for target, _ in self.commands]
