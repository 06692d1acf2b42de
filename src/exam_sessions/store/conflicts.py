"""Statements that look for values that no two sessions may share: ids, keycodes, candidates, access codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, select

from exam_sessions.store.schema import sessions

if TYPE_CHECKING:
    from collections.abc import Collection

    from exam_sessions.store.engine import Db, Store
    from exam_sessions.store.statement import Statement


class Conflicts(NamedTuple):
    """Which of the values looked for are in use."""

    ids: set[str]
    keycodes: set[str]
    candidates: set[str]
    access_codes: set[str]


class ConflictRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        c = sessions.c
        in_workspace = c.workspace_id == bindparam("workspace")
        in_release = in_workspace & (c.release_id == bindparam("release"))
        self._used_ids = store.statement(select(c.id).where(in_workspace, store.in_array(c.id, "keys")))
        self._used_keycodes = store.statement(
            select(c.keycode).where(in_workspace, store.in_array(c.keycode, "keys"))
        )
        self._used_candidates = store.statement(
            select(c.candidate_id).where(in_release, store.in_array(c.candidate_id, "keys"))
        )
        self._used_codes = store.statement(
            select(c.access_code).where(in_release, store.in_array(c.access_code, "keys"))
        )
        self._open = store.statement(select(c.id).where(in_workspace, c.open_candidate == bindparam("candidate")))

    def find(
        self,
        db: Db,
        workspace: str,
        release: str,
        *,
        ids: Collection[str] = (),
        keycodes: Collection[str] = (),
        candidates: Collection[str] = (),
        access_codes: Collection[str] = (),
    ) -> Conflicts:
        """Returns which of the values rows of sessions hold already, unpublished ones too.

        Args:
            db: a connection in a transaction.
            workspace: the tenant.
            release: within which candidates and access codes are unique.
            ids: session ids.
            keycodes: keycodes.
            candidates: candidate ids.
            access_codes: access codes.
        """

        def look(statement: Statement, scope: tuple[str, ...], keys: Collection[str]) -> set[str]:
            return {row[0] for row in db.query(statement, (*scope, db.array_param(keys)))} if keys else set()

        here, there = (workspace,), (workspace, release)
        return Conflicts(
            look(self._used_ids, here, ids),
            look(self._used_keycodes, here, keycodes),
            look(self._used_candidates, there, candidates),
            look(self._used_codes, there, access_codes),
        )

    def open_of(self, db: Db, workspace: str, candidate: str) -> set[str]:
        """Returns the id of the candidate's session that is marked as the only open one, or nothing."""
        return {row[0] for row in db.query(self._open, (workspace, candidate))}
