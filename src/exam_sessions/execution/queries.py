"""What is read of sessions besides single ones (session_reader.py): lists, pages, histories, attempts.

`Reads` has all reads of one server; the others are in catalog_queries.py, event_queries.py and operation_queries.py.
Each is made from one snapshot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.attempts import marking_revision_of
from exam_sessions.domain.records import MarkingContext, SessionWithRelease, lost_release
from exam_sessions.domain.session_filter import ID_SCAN, PageCursor
from exam_sessions.execution.api_key_queries import ApiKeyReads
from exam_sessions.execution.catalog_queries import CatalogReads
from exam_sessions.execution.event_queries import EventReads
from exam_sessions.execution.lockout_queries import LockoutReads
from exam_sessions.execution.operation_queries import OperationReads
from exam_sessions.execution.personal_data_queries import PersonalDataReads
from exam_sessions.execution.reader_pool import LOADED_AT_ONCE
from exam_sessions.execution.workspace_queries import WorkspaceReads

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import AttemptRecord, Session
    from exam_sessions.domain.session_filter import SessionFilter
    from exam_sessions.domain.statistics import Aggregate
    from exam_sessions.domain.stored_records import (
        EventRow,
    )
    from exam_sessions.execution.form_cache import FormKey
    from exam_sessions.execution.session_reader import SessionKey
    from exam_sessions.store.engine import Db, Store
    from exam_sessions.store.repositories import Repositories

SORTED_AT_MOST = 2_000
"""Sessions of a snapshot that are sorted by their ids again for each page."""


class SnapshotPage(NamedTuple):
    """Sessions of one moment."""

    matching: int
    """How many matched when the first page was read."""
    last: int
    """The last event they have seen."""
    pairs: list[SessionWithRelease]
    shown: str
    """The id behind which the next page begins."""


class SessionPage(NamedTuple):
    """Sessions of one moment."""

    pairs: list[SessionWithRelease]
    matching: int
    """How many match in all; 0 when not asked for."""
    aggregates: list[Aggregate]
    """Aggregates over all that match; empty when not asked for."""


def with_releases(
    db: Db, repositories: Repositories, workspace: str, sessions: list[Session]
) -> list[SessionWithRelease]:
    """Returns each session with its release; a release that is missing is replaced by one that marks it as lost."""
    releases = {r.id: r for r in repositories.catalog.load(db, workspace, {s.release_id for s in sessions})}
    return [
        SessionWithRelease(session, releases.get(session.release_id) or lost_release(workspace, session.release_id))
        for session in sessions
    ]


class Reads(CatalogReads, EventReads, OperationReads, PersonalDataReads):
    """Lists, pages and histories, each in one read transaction on a thread of a small pool."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.api_keys = ApiKeyReads(self.pool)
        self.lockouts = LockoutReads(self.pool)
        self.workspaces = WorkspaceReads(self.pool)

    async def sessions(
        self, workspace: str, ids: Sequence[str], centres: frozenset[str] | None
    ) -> list[SessionWithRelease]:
        """Returns the sessions with these ids, in their order, as far as a reader's centres permit.

        Raises:
            errors.SessionNotFound: for the first that is unknown, or of another centre.
        """

        def work(db: Db, repositories: Repositories) -> list[SessionWithRelease]:
            loaded = repositories.sessions.load(db, workspace, ids, ())
            seen = [s for s in loaded if centres is None or s.centre_id in centres]
            found = {s.session.id: s for s in with_releases(db, repositories, workspace, seen)}
            missing = next((session_id for session_id in ids if session_id not in found), None)
            if missing:
                raise errors.SessionNotFound(missing)
            return [found[session_id] for session_id in ids]

        return await self._read(work)

    async def areas_of(self, workspace: str, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        """The centre, the school and the district of each of these sessions that exist, by id."""
        found = await self._read(lambda db, repositories: repositories.sessions.load(db, workspace, ids, ()))
        return {session.id: (session.centre_id, session.school_id, session.district_id) for session in found}

    async def has_open_session(self, session: Session) -> bool:
        """Whether another session of the same candidate is marked as the only one open."""
        found = await self._read(
            lambda db, repositories: repositories.conflicts.open_of(db, session.workspace_id, session.candidate_id)
        )
        return bool(found - {session.id})

    async def page(
        self,
        workspace: str,
        criteria: SessionFilter,
        order: str,
        after: PageCursor | None,
        most: int,
        *,
        count: bool,
        sum_up: bool = False,
    ) -> SessionPage:
        """Returns a page of sessions.

        Args:
            workspace: the tenant.
            criteria: what must match.
            order: a key of the orders of SessionPages, such as `id`.
            after: where the page before ended; None begins.
            most: rows.
            count: whether to count all that match.
            sum_up: whether to sum up all that match; the count follows from it.
        """

        def work(db: Db, repositories: Repositories) -> SessionPage:
            page = repositories.pages.page(db, workspace, criteria, order, after, most)
            aggregates = repositories.aggregates.matching(db, workspace, criteria) if sum_up else []
            total = sum(aggregate.sessions for aggregate in aggregates)
            if count and not sum_up:
                total = repositories.pages.count(db, workspace, criteria)
            return SessionPage(with_releases(db, repositories, workspace, page), total, aggregates)

        return await self._read(work)

    async def history(self, wanted: SessionKey, after: int, most: int) -> tuple[str, list[EventRow], bool]:
        """Returns a page of a session's events, oldest first.

        Args:
            wanted: the session; also a deleted one by its id, unless the reader is bound to centres.
            after: a sequence; 0 begins.
            most: events; fewer if their changes are large.

        Returns:
            The session's id, the events, and whether there are more.

        Raises:
            errors.SessionNotFound: no session and no event has this id, or the session is of another centre.
        """
        workspace, session_id, keycode, centres = wanted[:4]

        def work(db: Db, repositories: Repositories) -> tuple[str, list[EventRow], bool]:
            known = session_id
            if not known or centres is not None:
                found = repositories.sessions.read(db, workspace, session_id, keycode)
                if not found or not (centres is None or found[0].centre_id in centres):
                    raise errors.SessionNotFound(session_id or str(keycode))
                known = found[0].id
            page, more = repositories.events.page(db, workspace, known, after, most, LOADED_AT_ONCE)
            if not page and repositories.events.end(db, workspace, known) is None:
                raise errors.SessionNotFound(known)
            return known, page, more

        return await self._read(work)

    async def marking_context(self, session: Session) -> MarkingContext:
        """A session's test form, as far as the catalogue holds it, and its attempts."""

        def work(db: Db, repositories: Repositories) -> MarkingContext:
            workspace, revision = session.workspace_id, marking_revision_of(session)
            form = self.form_cache.form(db, repositories, workspace, session.test_form, revision)
            attempts = repositories.attempts.load(db, session.workspace_id, (session.id,))[session.id]
            return MarkingContext(form, attempts, session.form_revision)

        return await self._read(work)

    async def attempts(
        self, workspace: str, sessions: Sequence[Session]
    ) -> tuple[dict[str, tuple[AttemptRecord, ...]], dict[FormKey, Form]]:
        """Returns the attempts of the first of these sessions by session id, and every form they are marked by.

        Of as many sessions as LOADED_AT_ONCE bytes allow; ask again for the others.
        """

        def work(
            db: Db, repositories: Repositories
        ) -> tuple[dict[str, tuple[AttemptRecord, ...]], dict[FormKey, Form]]:
            first = repositories.attempts.within(db, workspace, [session.id for session in sessions], LOADED_AT_ONCE)
            found = repositories.attempts.load(db, workspace, first)
            rows: list[AttemptRecord | Session] = [record for attempts in found.values() for record in attempts]
            rows += sessions[: len(first)]
            return found, self.form_cache.forms_of(db, repositories, workspace, rows)

        return await self._read(work)

    async def regrade_page(
        self, workspace: str, criteria: SessionFilter, form: FormKey, after: PageCursor | None, most: int
    ) -> list[tuple[SessionWithRelease, MarkingContext]]:
        """The next sessions of a release in the order of their booking, with what a regrade of them asks for."""

        def work(db: Db, repositories: Repositories) -> list[tuple[SessionWithRelease, MarkingContext]]:
            page = repositories.pages.page(db, workspace, criteria, "create_time", after, most)
            within = repositories.attempts.within(db, workspace, [session.id for session in page], LOADED_AT_ONCE)
            attempts, revised = repositories.attempts.load(db, workspace, within), form
            return [
                (
                    pair,
                    self.form_cache.marking_context(
                        db, repositories, pair.session, attempts[pair.session.id], revised
                    ),
                )
                for pair in with_releases(db, repositories, workspace, page[: len(within)])
            ]

        return await self._read(work)

    async def snapshot_page(
        self, workspace: str, criteria: SessionFilter, before: SnapshotPage | None, rows: int, at_most: int
    ) -> SnapshotPage:
        """The sessions that match, by id: those behind a page, or the first, when all that match are counted, too.

        Raises:
            errors.SnapshotTooLarge: more than `at_most` match.
        """

        def work(db: Db, repositories: Repositories) -> SnapshotPage:
            count = before.matching if before else repositories.pages.count(db, workspace, criteria)
            if not before and count > at_most:
                raise errors.SnapshotTooLarge(count, at_most)
            after = PageCursor(0, before.shown) if before else None
            order = "id" if count <= SORTED_AT_MOST else ID_SCAN
            found = repositories.pages.page(db, workspace, criteria, order, after, rows)
            last = repositories.events.last_sequence(db, workspace)
            return SnapshotPage(count, last, with_releases(db, repositories, workspace, found), "")

        return await self._read(work)
