"""Test forms. A revision is written immediately: forms are few, and bookings of the same group must see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exam_sessions.domain.attempts import marking_revision_of
from exam_sessions.domain.records import NO_MARKING_CONTEXT, MarkingContext
from exam_sessions.domain.transition_table import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Collection

    from exam_sessions.domain.commands import Command
    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import Release, Session
    from exam_sessions.domain.stored_records import StoredForm
    from exam_sessions.execution.form_cache import FormCache
    from exam_sessions.execution.transaction import Transaction
    from exam_sessions.execution.units.attempts import AttemptUnit


@dataclass(slots=True, eq=False)
class FormUnit:
    """The test forms of one transaction, read through the cache of revisions, which never change."""

    _transaction: Transaction
    _attempts: AttemptUnit
    _cache: FormCache

    def get(self, workspace: str, reference: str, revision: int) -> Form | None:
        """A revision of a form; None for 0, and when there is none or it is damaged."""
        transaction = self._transaction
        return self._cache.form(transaction.db, transaction.repositories, workspace, reference, revision)

    def newest(self, workspace: str, reference: str) -> StoredForm | None:
        """The newest revision of a form; None when the catalogue does not hold it."""
        return self._transaction.repositories.forms.load(self._transaction.db, workspace, reference)

    def revisions(self, workspace: str, references: Collection[str]) -> dict[str, int]:
        """The number of the newest revision of each of these forms; unknown ones are left out."""
        return self._transaction.repositories.forms.latest(self._transaction.db, workspace, references)

    def sat_in(self, release: Release) -> list[tuple[str, int]]:
        """Reference and revision of every form that submitted sessions of a release were sat on."""
        return self._transaction.repositories.forms.sat(self._transaction.db, release.workspace_id, release.id)

    def marking_context(self, session: Session, command: Command) -> MarkingContext:
        """What the command needs of the session's form and attempts, and of the newest revision of the form."""
        action = ACTIONS[command.action]
        if not action.needs_form or (not session.form_revision and action.form_is_optional):
            return NO_MARKING_CONTEXT
        if action.needs_revised_form:
            return self.regrading_context(session, session.test_form, command.form_revision)
        form = self.get(session.workspace_id, session.test_form, marking_revision_of(session))
        latest = 0
        if action.needs_latest_revision:
            reference = command.updated_form or dict(command.fields).get("test_form") or session.test_form
            latest = self.revisions(session.workspace_id, {str(reference)}).get(str(reference), 0)
        return MarkingContext(form, self._attempts.of(session), latest)

    def regrading_context(self, session: Session, reference: str, revision: int) -> MarkingContext:
        """What the rules of regrading ask about, with the revision to mark by: the newest of the form when 0."""
        revision = revision or self.revisions(session.workspace_id, {reference}).get(reference, 0)
        transaction, attempts = self._transaction, self._attempts.of(session)
        return self._cache.marking_context(
            transaction.db, transaction.repositories, session, attempts, (reference, revision)
        )

    def insert_now(self, workspace: str, form: Form, now: int) -> None:
        """Writes a revision of a form, created at `now`."""
        self._transaction.repositories.forms.insert(self._transaction.write_now(), workspace, form, now)
