"""Statements on session rows: load, insert, update, delete, find what is due. Conflicts are in conflicts.py."""

from __future__ import annotations

from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, delete, literal_column, select, update

from exam_sessions.domain.records import AccessCode, Release, Session, lost_release
from exam_sessions.store.database_errors import LostRace
from exam_sessions.store.schema import drafts, releases, sessions
from exam_sessions.store.sparse_insert import SparseInsert

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from exam_sessions.store.engine import Db, Store
    from exam_sessions.store.statement import Ask, Statement

SESSION_WIDTH = len(Session._fields)

DECIDED_ON = ("version", "pin_failures")
"""What says of a session that it is still what was read: every change counts the one up, or the other.

A wrong PIN leaves the version as it is, which is the etag of others.
"""

decided_on = attrgetter(*DECIDED_ON)

AT_ONCE = 0
"""A due time that has come by any clock, also by one that is set back."""

PUBLISHED = sessions.c.draft.is_(None) | sessions.c.draft.not_in(
    select(drafts.c.id).where(drafts.c.workspace_id == bindparam("workspace"))
)
"""Whether a session belongs to no roster that is still under way."""


class Update(NamedTuple):
    """A statement that writes some columns, and what takes their values out of a session."""

    statement: Statement
    values_of: Callable[[Session], tuple[Any, ...]]


class SessionRows:
    """The statements, compiled for one database."""

    def __init__(self, store: Store) -> None:
        c = sessions.c
        mine = c.workspace_id == bindparam("workspace")
        in_release = mine & (c.release_id == bindparam("release"))
        by_id, by_keycode = store.in_array(c.id, "ids"), store.in_array(c.keycode, "keycodes")
        # Ids or keycodes, never both: a search for either goes through every session of the workspace.
        found = {
            False: select(sessions).where(mine, by_id),
            True: select(sessions).where(mine, by_keycode),
        }
        self._found = {named: store.statement(rows) for named, rows in found.items()}
        self._taken_up = {named: store.statement(store.for_update(rows, c.id)) for named, rows in found.items()}
        self._ids_of = store.statement(select(c.id).where(mine, by_keycode))
        r = releases.c
        their_own = r.workspace_id == bindparam("workspace")
        named_ones = select(r.id).where(their_own, store.in_array(r.id, "releases"))
        self._releases: dict[bool, Statement] = {}
        self._releases_kept: dict[bool, Statement] = {}
        self._releases_taken: dict[bool, Statement] = {}
        theirs = {
            False: select(c.release_id).where(mine, by_id),
            True: select(c.release_id).where(mine, by_keycode),
        }
        for named, of_them in theirs.items():
            either = named_ones.union_all(of_them)
            asked_for = select(releases).where(their_own, store.in_subquery(r.id, either))
            self._releases[named] = store.statement(asked_for)
            self._releases_kept[named] = store.statement(store.for_share(asked_for, r.id))
            self._releases_taken[named] = store.statement(store.for_update(asked_for, r.id))
        both = (c.workspace_id == releases.c.workspace_id) & (c.release_id == releases.c.id)
        one = select(sessions, releases).join(releases, both).where(mine)
        self._one_by_id = store.statement(one.where(c.id == bindparam("session")))
        by_access_code = (c.release_id == bindparam("release")) & (c.access_code == bindparam("access_code"))
        self._one_by_access_code = store.statement(one.where(by_access_code))
        self._one_by_keycode = store.statement(one.where(c.keycode == bindparam("keycode")))
        together = select(sessions, releases).join(releases, both).where(mine, PUBLISHED)
        self._many = {
            False: store.statement(together.where(by_id)),
            True: store.statement(together.where(by_keycode)),
        }
        self._hidden = store.statement(select(drafts.c.id).where(drafts.c.workspace_id == bindparam("workspace")))
        self._ids_by_code = store.statement(
            select(c.access_code, c.id).where(in_release, store.in_array(c.access_code, "keys"))
        )
        self._insert = SparseInsert(store, sessions, Session._field_defaults)
        as_read = [c[name] == bindparam(f"expected_{name}") for name in DECIDED_ON]
        self._delete = store.statement(delete(sessions).where(mine, c.id == bindparam("session"), *as_read))
        self._store = store
        self._updates: dict[frozenset[str], Update] = {}
        self._due = store.statement(
            select(c.id).where(mine, c.due_time <= bindparam("now")).order_by(c.due_time).limit(bindparam("most"))
        )
        self._with_several_attempts = store.statement(select(c.id).where(in_release, c.attempt > 1).order_by(c.id))
        self._mark_due_now = store.statement(
            update(sessions)
            .values(due_time=literal_column(str(AT_ONCE)))
            .where(in_release, c.state.in_([bindparam("locked"), bindparam("running"), bindparam("offline")]))
        )

    def _update_of(self, columns: frozenset[str]) -> Update:
        """The statement that writes some columns, compiled the first time it is needed.

        A column left out spares the upkeep of its indexes, which costs more than the column.
        """
        if columns not in self._updates:
            statement = self._store.update_many(sessions, [n for n in Session._fields if n in columns], DECIDED_ON)
            assert statement.names[-len(DECIDED_ON) :] == DECIDED_ON
            indexes = [Session._fields.index(name) for name in statement.names[: -len(DECIDED_ON)]]
            self._updates[columns] = Update(statement, itemgetter(*indexes))
        return self._updates[columns]

    def load(
        self, db: Db, workspace: str, ids: Collection[str], keycodes: Collection[str], *, to_write: bool = False
    ) -> list[Session]:
        """Returns the sessions with these ids or keycodes; unknown and unpublished ones are left out.

        With `to_write` their rows are locked FOR UPDATE, in the order of their ids.
        """
        if not ids and not keycodes:
            return []
        ids, keycodes = self._of_one_kind(db, workspace, ids, keycodes)
        return self._visible(db, workspace, db.query(*self._ask(db, workspace, ids, keycodes, to_write=to_write)))

    def _of_one_kind(
        self, db: Db, workspace: str, ids: Collection[str], keycodes: Collection[str]
    ) -> tuple[Collection[str], Collection[str]]:
        """Ids in the place of both ids and keycodes; a keycode is its session's for good."""
        if not ids or not keycodes:
            return ids, keycodes
        return {*ids, *(row[0] for row in db.query(self._ids_of, (workspace, db.array_param(keycodes))))}, ()

    def load_with_releases(
        self,
        db: Db,
        workspace: str,
        ids: Collection[str],
        keycodes: Collection[str],
        release_ids: Collection[str],
        *,
        to_write: bool,
        to_change: bool = False,
        attempts: Ask | None = None,
    ) -> tuple[list[Session], list[Release], list[Any]]:
        """As `load`, and with them their releases and those named, and the rows of attempts, asked in one go.

        Attempts are read when the sessions are locked.

        Read `to_write`, releases come first and cannot be changed by others meanwhile: who changes a release and then
        its sessions takes them in the same order, so that there is no deadlock. Who is `to_change` a release keeps
        it from the beginning: two who both share it first would wait for each other.
        """
        ids, keycodes = self._of_one_kind(db, workspace, ids, keycodes)
        values = {"workspace": workspace, "ids": db.array_param(ids), "keycodes": db.array_param(keycodes)}
        values["releases"] = db.array_param(release_ids)
        statements = self._releases_kept if to_write else self._releases
        if to_write and to_change:
            statements = self._releases_taken
        asks: list[Ask] = [(statements[bool(keycodes)], values)]
        if ids or keycodes:
            asks.append(self._ask(db, workspace, ids, keycodes, to_write=to_write))
        found, *rows = db.query_many([*asks, attempts] if attempts else asks)
        of_attempts = rows.pop() if attempts else []
        loaded = self._visible(db, workspace, rows[0]) if rows else []
        return loaded, [Release._make(row) for row in found], of_attempts

    def _ask(self, db: Db, workspace: str, ids: Collection[str], keycodes: Collection[str], *, to_write: bool) -> Ask:
        statement = (self._taken_up if to_write else self._found)[bool(keycodes)]
        return statement, (workspace, db.array_param(keycodes or ids))

    def _visible(self, db: Db, workspace: str, rows: list[Any]) -> list[Session]:
        """The rows as sessions, without those of rosters that are still under way."""
        loaded = [Session._make(row) for row in rows]
        if any(session.draft for session in loaded):
            hidden = {row[0] for row in db.query(self._hidden, (workspace,))}
            loaded = [session for session in loaded if session.draft not in hidden]
        return loaded

    def ids_of(self, db: Db, workspace: str, codes: Collection[AccessCode]) -> dict[AccessCode, str]:
        """Returns session ids by access code, of unpublished sessions too; one statement for each release."""
        by_release: dict[str, list[str]] = {}
        for release, code in codes:
            by_release.setdefault(release, []).append(code)
        return {
            AccessCode(release, code): session_id
            for release, named in by_release.items()
            for code, session_id in db.query(self._ids_by_code, (workspace, release, db.array_param(named)))
        }

    def read(
        self, db: Db, workspace: str, session_id: str, keycode: str | AccessCode
    ) -> tuple[Session, Release] | None:
        """Returns a published session with its release (lost_release if that is gone), None without one.

        Args:
            db: any connection.
            workspace: the tenant.
            session_id: its id; empty if it is named by `keycode`.
            keycode: its keycode, or its release and access code.
        """
        if session_id:
            rows = db.query(self._one_by_id, (workspace, session_id))
        elif isinstance(keycode, AccessCode):
            rows = db.query(self._one_by_access_code, (workspace, *keycode))
        else:
            rows = db.query(self._one_by_keycode, (workspace, keycode))
        if not rows:
            return self._without_release(db, workspace, session_id, keycode)
        session = Session._make(rows[0][:SESSION_WIDTH])
        if session.draft and (session.draft,) in db.query(self._hidden, (workspace,)):
            return None
        return session, Release._make(rows[0][SESSION_WIDTH:])

    def _without_release(
        self, db: Db, workspace: str, session_id: str, keycode: str | AccessCode
    ) -> tuple[Session, Release] | None:
        """A session that no release was found with."""
        if session_id:
            found = self.load(db, workspace, (session_id,), ())
        elif isinstance(keycode, AccessCode):
            found = self.load(db, workspace, [*self.ids_of(db, workspace, (keycode,)).values()], ())
        else:
            found = self.load(db, workspace, (), (keycode,))
        return (found[0], lost_release(workspace, found[0].release_id)) if found else None

    def read_many(
        self, db: Db, workspace: str, ids: Collection[str], keycodes: Collection[str]
    ) -> list[tuple[Session, Release]]:
        """Returns the published sessions with these ids or keycodes, each with its release, from one snapshot.

        The release of a session whose own row is gone is lost_release.
        """
        ids, keycodes = self._of_one_kind(db, workspace, ids, keycodes)
        keys = {"workspace": workspace, "ids": db.array_param(ids), "keycodes": db.array_param(keycodes)}
        rows = db.query(self._many[bool(keycodes)], keys)
        found = [(Session._make(row[:SESSION_WIDTH]), Release._make(row[SESSION_WIDTH:])) for row in rows]
        if len(found) < len(ids) + len(keycodes):
            left_ids = {*ids} - {session.id for session, _ in found}
            left_keycodes = {*keycodes} - {session.keycode for session, _ in found}
            alone = self.load(db, workspace, left_ids, left_keycodes)
            found += [(session, lost_release(workspace, session.release_id)) for session in alone]
        return found

    def insert(self, db: Db, rows: Sequence[Session]) -> None:
        """Adds sessions."""
        self._insert.insert(db, rows)

    def update(self, db: Db, columns: frozenset[str], rows: Sequence[tuple[Session, Session]]) -> None:
        """Updates columns of sessions.

        Args:
            db: a connection in a transaction that writes.
            columns: names of the columns to write.
            rows: each session as it was read and as it is to be.

        Raises:
            LostRace: one of them is not what it was (`Db.execute_many`).
        """
        statement, values_of = self._update_of(columns)
        db.execute_many(statement, [values_of(became) + decided_on(before) for before, became in rows])

    def delete(self, db: Db, before: Session) -> None:
        """Removes a session, given as it was read. Raises LostRace when it is not that any more."""
        if not db.execute(self._delete, (before.workspace_id, before.id, *decided_on(before))):
            raise LostRace("a session is not what it was when it was read")

    def due(self, db: Db, workspace: str, now: int, most: int) -> list[str]:
        """Returns ids of up to `most` sessions whose next check is due at `now` (microseconds), longest due first."""
        values = {"workspace": workspace, "now": now, "most": most}
        return [row[0] for row in db.query(self._due, values)]

    def with_several_attempts(self, db: Db, workspace: str, release: str) -> list[str]:
        """Returns the ids of a release's sessions that have more than one attempt."""
        return [row[0] for row in db.query(self._with_several_attempts, {"workspace": workspace, "release": release})]

    def mark_due_now(self, db: Db, workspace: str, release: str, states: tuple[int, int, int]) -> None:
        """Makes the scheduler look at a release's sessions in these states at once: their times may have changed.

        It is decided on no version: it writes when to look, which any look plans anew, and judges the rows as they
        are when they are updated. A change of a session meanwhile would need the lock of the release, which we hold.
        """
        values = {"workspace": workspace, "release": release}
        db.execute(self._mark_due_now, values | dict(zip(("locked", "running", "offline"), states, strict=True)))
