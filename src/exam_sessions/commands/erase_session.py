"""Erasing one session with its history and its attempts, in a transaction that others may share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.domain.attempts import marking_revision_of
from exam_sessions.domain.erasure import PREFIX, Erasing, erased_session, scrubbed_attempt, scrubbed_history
from exam_sessions.execution.random_codes import new_token

if TYPE_CHECKING:
    from exam_sessions.commands.erasure_progress import ErasureCounts
    from exam_sessions.domain.erasure import ErasureScope
    from exam_sessions.domain.records import AttemptRecord, Session
    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.capabilities import TaskChanges


def erase_session(
    uow: TaskChanges, session: Session, reason: str, scope: ErasureScope, caller: Caller, counts: ErasureCounts
) -> None:
    """Removes from a session, its history and its attempts what identifies its candidate."""
    erasing = Erasing(session.candidate_id, new_erased_value(), scope)
    rewritten = scrubbed_history(
        uow.personal_data.history(session.workspace_id, session.id), session.candidate_id, erasing
    )
    uow.personal_data.rewrite_events_now(rewritten)
    if scope.responses:
        attempts = attempts_without_texts(uow, session)
        uow.attempts.put(session, attempts)
        counts.attempts += len(attempts)
    became, event = erased_session(session, erasing.token, scope, reason, uow.clock.now)
    columns = frozenset(n for n in session._fields if getattr(session, n) != getattr(became, n))
    uow.sessions.update(became, columns, (event,), caller)
    counts.sessions, counts.events = counts.sessions + 1, counts.events + len(rewritten)


def attempts_without_texts(uow: TaskChanges, session: Session) -> list[AttemptRecord]:
    """The attempts of a session that hold texts, without them."""
    found = []
    for attempt in uow.attempts.of(session):
        form = uow.forms.get(session.workspace_id, attempt.test_form, marking_revision_of(attempt))
        became = scrubbed_attempt(attempt, form)
        if became is not attempt:
            found.append(became)
    return found


def new_erased_value() -> str:
    """What takes the place of a unique value: random, and recognizable."""
    return f"{PREFIX}{new_token()}"
