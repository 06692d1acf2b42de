"""Revisions of test forms, kept once read: they never change."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from exam_sessions.domain.attempts import marking_revision_of
from exam_sessions.domain.records import MarkingContext

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import AttemptRecord, Session
    from exam_sessions.store.engine import Db
    from exam_sessions.store.repositories import Repositories

log = logging.getLogger(__name__)

FormKey = tuple[str, int]
"""Reference and revision."""

FORMS_AT_MOST = 500
"""A form of a hundred questions takes about 200 KiB."""


class FormCache:
    """What one queue, or one pool of readers, has read."""

    def __init__(self) -> None:
        self._forms: dict[tuple[str, str, int], Form] = {}

    def form(self, db: Db, repositories: Repositories, workspace: str, reference: str, revision: int) -> Form | None:
        """Returns a decoded revision of a test form; None for revision 0, and if there is none."""
        if not revision:
            return None
        key = (workspace, reference, revision)
        form = self._forms.get(key)
        if form is None:
            try:
                stored = repositories.forms.load(db, workspace, reference, revision)
            except (ValueError, TypeError, KeyError, AttributeError, IndexError):
                # As if the catalogue did not hold it: its sessions are refused one by one, and no other.
                log.exception("revision %s of test form %s is damaged", revision, reference)
                return None
            if stored is None:
                return None
            if len(self._forms) >= FORMS_AT_MOST:
                self._forms.clear()
            form = self._forms[key] = stored.form
        return form

    def forms_of(
        self, db: Db, repositories: Repositories, workspace: str, rows: Iterable[Session | AttemptRecord]
    ) -> dict[FormKey, Form]:
        """Returns every form that these sessions and attempts are marked by, as far as there is such a revision."""
        keys = {(row.test_form, marking_revision_of(row)) for row in rows}
        forms = {key: self.form(db, repositories, workspace, *key) for key in keys}
        return {key: form for key, form in forms.items() if form}

    def marking_context(
        self,
        db: Db,
        repositories: Repositories,
        session: Session,
        attempts: tuple[AttemptRecord, ...],
        revised: tuple[str, int],
    ) -> MarkingContext:
        """What a regrade of a session by a revision, given with its reference, asks for."""
        workspace, reference = session.workspace_id, revised[0]
        form = self.form(db, repositories, workspace, session.test_form, marking_revision_of(session))
        by = self.form(db, repositories, workspace, *revised)
        sat: list[Form] = []
        # Nearly every session has one attempt, of one revision.
        rows: tuple[Session | AttemptRecord, ...] = (session, *attempts)
        for revision in {row.form_revision: None for row in rows if row.test_form == reference}:
            found = self.form(db, repositories, workspace, reference, revision)
            sat += [found] if found else []
        return MarkingContext(form, attempts, 0, by, tuple(sat))
