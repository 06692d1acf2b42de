"""Statements on test forms: add a revision, read one, find the newest, list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from sqlalchemy import bindparam, func, insert, literal_column, select

from exam_sessions.domain.states import SUBMITTED
from exam_sessions.domain.stored_forms import form_content, from_json
from exam_sessions.domain.stored_records import FormRow, StoredForm
from exam_sessions.store.events import dump_json
from exam_sessions.store.schema import sessions, test_forms

if TYPE_CHECKING:
    from collections.abc import Collection

    from exam_sessions.domain.forms import Form
    from exam_sessions.store.engine import Db, Store


class FormRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        c = test_forms.c
        mine = c.workspace_id == bindparam("workspace")
        this = mine & (c.reference == bindparam("reference"))
        whole = select(c.revision, c.name, c.mark_decimals, c.content, c.create_time)
        self._load = store.statement(whole.where(this, c.revision == bindparam("revision")))
        self._newest = store.statement(whole.where(this).order_by(c.revision.desc()).limit(1))
        self._latest = store.statement(
            select(c.reference, func.max(c.revision))
            .where(mine, store.in_array(c.reference, "keys"))
            .group_by(c.reference)
        )
        self._insert = store.statement(insert(test_forms))
        s = sessions.c
        self._sat = store.statement(
            select(s.test_form, s.form_revision)
            .distinct()
            .where(
                s.workspace_id == bindparam("workspace"),
                s.release_id == bindparam("release"),
                s.form_revision != literal_column("0"),
                s.state.in_([literal_column(str(int(state))) for state in SUBMITTED]),
            )
        )
        other = test_forms.alias()
        newest = select(func.max(other.c.revision)).where(
            other.c.workspace_id == c.workspace_id, other.c.reference == c.reference
        )
        self._page = store.statement(
            select(c.reference, c.revision, c.name, c.mark_decimals, c.available, c.create_time)
            .where(mine, c.reference > bindparam("after"), c.revision == newest.scalar_subquery())
            .order_by(c.reference)
            .limit(bindparam("most"))
        )

    def load(self, db: Db, workspace: str, reference: str, revision: int = 0) -> StoredForm | None:
        """Returns a revision of a test form, the latest for 0; None without one."""
        if revision:
            rows = db.query(self._load, (workspace, reference, revision))
        else:
            rows = db.query(self._newest, {"workspace": workspace, "reference": reference})
        if not rows:
            return None
        number, name, mark_decimals, content, create_time = rows[0]
        return StoredForm(from_json(reference, number, name, mark_decimals, orjson.loads(content)), create_time)

    def latest(self, db: Db, workspace: str, references: Collection[str]) -> dict[str, int]:
        """Returns the latest revision number by reference; unknown references are left out."""
        return dict(map(tuple, db.query(self._latest, (workspace, db.array_param(references))))) if references else {}

    def sat(self, db: Db, workspace: str, release: str) -> list[tuple[str, int]]:
        """Reference and revision of every form that handed-in sessions of a release were sat on, in their order."""
        rows = db.query(self._sat, {"workspace": workspace, "release": release})
        # A revision that is no number is damage of its session, which says so when its turn comes.
        return sorted((reference, revision) for reference, revision in rows if isinstance(revision, int))

    def insert(self, db: Db, workspace: str, form: Form, now: int) -> None:
        """Inserts a revision, created at `now` (microseconds since 1970)."""
        content = dump_json(form_content(form))
        values = (form.reference, form.revision, form.name, form.mark_decimals, form.available, content, now)
        db.execute(self._insert, (workspace, *values))

    def page(self, db: Db, workspace: str, after: str, most: int) -> list[FormRow]:
        """Returns the latest revision of up to `most` forms, by reference, after the reference `after`."""
        values = {"workspace": workspace, "after": after, "most": most}
        return [FormRow._make(row) for row in db.query(self._page, values)]
