"""The marks of one paper among many: as AssignItemMarks enters them, with what an import needs besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.commands.session_changes import ChangeSession

if TYPE_CHECKING:
    from exam_sessions.domain.records import SessionWithRelease
    from exam_sessions.execution.capabilities import SessionChanges


class MarkedPaper(NamedTuple):
    """A session whose marks were entered."""

    pair: SessionWithRelease
    changed_before: bool
    """Whether anything had changed it between its booking and these marks."""


class EnterPaperMarks(ChangeSession):
    """The command of one paper. What is recorded of its request is what AssignItemMarks records."""

    __slots__ = ()

    def apply(self, uow: SessionChanges) -> MarkedPaper:  # type: ignore[override]
        """Decides the command, as its base does."""
        target = self.target
        before = uow.sessions.get(self.caller.workspace, target.session_id, target.keycode)
        return MarkedPaper(super().apply(uow), before.update_time != before.create_time)

    def replay_payload(self, result: MarkedPaper) -> str:  # type: ignore[override]
        """The session's id, where the request does not say it itself."""
        return super().replay_payload(result.pair)

    def replay(self, uow: SessionChanges, payload: str) -> MarkedPaper:  # type: ignore[override]
        """The session as it is now, which these marks at least have changed."""
        return MarkedPaper(super().replay(uow, payload), changed_before=True)
