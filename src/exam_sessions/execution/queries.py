"""What is read besides single sessions (session_reader.py): lists, pages, histories, counts; each from a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.access import stored_centres
from exam_sessions.domain.attempts import marking_revision_of
from exam_sessions.domain.records import MarkingContext, SessionWithRelease, lost_release
from exam_sessions.domain.session_filter import ID_SCAN, PageCursor
from exam_sessions.domain.states import Finalized
from exam_sessions.domain.statistics import statistics_of
from exam_sessions.domain.stored_records import OUTCOMES_AT_MOST
from exam_sessions.execution.api_key_queries import ApiKeyReads
from exam_sessions.execution.form_cache import FormCache
from exam_sessions.execution.reader_pool import ReaderPool

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import AttemptRecord, Release, Session
    from exam_sessions.domain.session_filter import SessionFilter
    from exam_sessions.domain.statistics import Statistics, Tally
    from exam_sessions.domain.stored_records import (
        ConsumerRow,
        EventRow,
        FormRow,
        OperationRow,
        OutcomeRow,
        StoredForm,
        ToDo,
    )
    from exam_sessions.execution.session_reader import SessionKey
    from exam_sessions.store.engine import Db, Store
    from exam_sessions.store.repositories import Repositories
    from exam_sessions.store.staged_imports import StagedImportRow

FormKey = tuple[str, int]
"""Reference and revision."""
LOADED_AT_ONCE = 4_000_000
"""Bytes of responses, or of the changes of events, that one read loads, so that a page costs no more memory than its
reply; of one session, or one event, all the same."""

SORTED_AT_MOST = 2_000
"""Sessions of a snapshot that are sorted by their ids again for each page."""


class ReleaseWithStatistics(NamedTuple):
    """A release, and the statistics of its sessions; None unless its finalizing is complete."""

    release: Release
    statistics: Statistics | None


def _with_statistics(
    db: Db, repositories: Repositories, workspace: str, found: Sequence[Release]
) -> list[ReleaseWithStatistics]:
    """Releases with their statistics, computed with every read so that they cannot differ from the sessions."""
    closed = [release.id for release in found if release.finalized == Finalized.CLOSED]
    by_release: dict[str, list[Tally]] = {release_id: [] for release_id in closed}
    for tally in repositories.aggregates.of(db, workspace, closed) if closed else ():
        by_release[tally.release_id].append(tally)
    return [
        ReleaseWithStatistics(one, statistics_of(by_release[one.id]) if one.id in by_release else None)
        for one in found
    ]


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
    """How many match in all; 0 when nobody asked."""
    tallies: list[Tally]
    """What all that match sum up to; empty when nobody asked."""


def with_releases(
    db: Db, repositories: Repositories, workspace: str, sessions: list[Session]
) -> list[SessionWithRelease]:
    """Returns each session with its release; a release that is missing is replaced by one that marks it as lost."""
    releases = {r.id: r for r in repositories.catalog.load(db, workspace, {s.release_id for s in sessions})}
    return [
        SessionWithRelease(session, releases.get(session.release_id) or lost_release(workspace, session.release_id))
        for session in sessions
    ]


class Reads:
    """Lists, pages and histories, each in one read transaction on a thread of a small pool."""

    def __init__(self, store: Store) -> None:
        self._pool = ReaderPool(store)
        self._read = self._pool.read
        self._form_cache = FormCache()
        self.api_keys = ApiKeyReads(self._pool)

    async def sessions(
        self, workspace: str, ids: Sequence[str], centres: frozenset[str] | None
    ) -> list[SessionWithRelease]:
        """Returns the sessions with these ids, in their order, as a reader sees them who is bound to centres or not.

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

    async def centres_of(self, workspace: str, ids: Collection[str]) -> dict[str, str]:
        """The centre of each of these sessions that exist, by id."""
        found = await self._read(lambda db, repositories: repositories.sessions.load(db, workspace, ids, ()))
        return {session.id: session.centre_id for session in found}

    async def has_open_session(self, session: Session) -> bool:
        """Whether another session of the same candidate is marked as the only one open."""
        found = await self._read(
            lambda db, repositories: repositories.sessions.open_of(db, session.workspace_id, session.candidate_id)
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
            tallies = repositories.aggregates.matching(db, workspace, criteria) if sum_up else []
            total = sum(tally.sessions for tally in tallies)
            if count and not sum_up:
                total = repositories.pages.count(db, workspace, criteria)
            return SessionPage(with_releases(db, repositories, workspace, page), total, tallies)

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
        workspace, session_id, keycode, centres = wanted

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

    async def release(self, workspace: str, release_id: str) -> Release:
        """A release. Raises ReleaseNotFound."""
        return (await self.release_with_statistics(workspace, release_id)).release

    async def release_with_statistics(self, workspace: str, release_id: str) -> ReleaseWithStatistics:
        """Returns a release, with its statistics if it is closed. Raises ReleaseNotFound."""

        def work(db: Db, repositories: Repositories) -> ReleaseWithStatistics:
            found = repositories.catalog.load(db, workspace, (release_id,))
            if not found:
                raise errors.ReleaseNotFound(release_id)
            return _with_statistics(db, repositories, workspace, found)[0]

        return await self._read(work)

    async def releases(
        self, workspace: str, name: str, after: tuple[int, str], most: int
    ) -> list[ReleaseWithStatistics]:
        """Returns up to `most` releases after a place, oldest first, closed ones with their statistics."""

        def work(db: Db, repositories: Repositories) -> list[ReleaseWithStatistics]:
            return _with_statistics(
                db, repositories, workspace, repositories.catalog.page(db, workspace, name, after, most)
            )

        return await self._read(work)

    async def marking_context(self, session: Session) -> MarkingContext:
        """A session's test form, as far as the catalogue holds it, and its scripts."""

        def work(db: Db, repositories: Repositories) -> MarkingContext:
            workspace, revision = session.workspace_id, marking_revision_of(session)
            form = self._form_cache.form(db, repositories, workspace, session.test_form, revision)
            scripts = repositories.attempts.load(db, session.workspace_id, (session.id,))[session.id]
            return MarkingContext(form, scripts, session.form_revision)

        return await self._read(work)

    async def scripts(
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
            attempts: list[AttemptRecord | Session] = [script for scripts in found.values() for script in scripts]
            attempts += sessions[: len(first)]
            keys = {(attempt.test_form, marking_revision_of(attempt)) for attempt in attempts}
            forms = {key: self._form_cache.form(db, repositories, workspace, *key) for key in keys}
            return found, {key: form for key, form in forms.items() if form}

        return await self._read(work)

    async def regrade_page(
        self, workspace: str, criteria: SessionFilter, form: FormKey, after: PageCursor | None, most: int
    ) -> list[tuple[SessionWithRelease, MarkingContext]]:
        """The next sessions of a release in the order of their booking, with what a regrade of them asks for."""

        def work(db: Db, repositories: Repositories) -> list[tuple[SessionWithRelease, MarkingContext]]:
            page = repositories.pages.page(db, workspace, criteria, "create_time", after, most)
            within = repositories.attempts.within(db, workspace, [session.id for session in page], LOADED_AT_ONCE)
            scripts, revised = repositories.attempts.load(db, workspace, within), form
            return [
                (
                    pair,
                    self._form_cache.marking_context(
                        db, repositories, pair.session, scripts[pair.session.id], revised
                    ),
                )
                for pair in with_releases(db, repositories, workspace, page[: len(within)])
            ]

        return await self._read(work)

    async def sat_forms(self, workspace: str, release_id: str, reference: str) -> list[Form]:
        """The revisions of a form that handed-in sessions of a release were sat on."""

        def work(db: Db, repositories: Repositories) -> list[Form]:
            keys = [key for key in repositories.forms.sat(db, workspace, release_id) if key[0] == reference]
            found = [self._form_cache.form(db, repositories, workspace, *key) for key in keys]
            return [form for form in found if form]

        return await self._read(work)

    async def form(self, workspace: str, reference: str, revision: int) -> StoredForm:
        """Returns a revision of a test form, the latest for 0. Raises TestFormNotFound."""
        stored = await self._read(
            lambda db, repositories: repositories.forms.load(db, workspace, reference, revision)
        )
        if stored is None:
            raise errors.TestFormNotFound(reference)
        return stored

    async def forms(self, workspace: str, after: str, most: int) -> list[FormRow]:
        """Returns the latest revision of up to `most` test forms, by reference, after the reference `after`."""
        return await self._read(lambda db, repositories: repositories.forms.page(db, workspace, after, most))

    async def tallies(self, workspace: str, release_ids: Sequence[str], criteria: SessionFilter) -> list[Tally]:
        """Returns counts and scores by release and state, from one snapshot. Raises ReleaseNotFound."""

        def work(db: Db, repositories: Repositories) -> list[Tally]:
            known = {release.id for release in repositories.catalog.load(db, workspace, release_ids)}
            missing = next((release_id for release_id in release_ids if release_id not in known), None)
            if missing:
                raise errors.ReleaseNotFound(missing)
            return repositories.aggregates.matching(db, workspace, criteria)

        return await self._read(work)

    async def operation(
        self, workspace: str, operation_id: str, centres: frozenset[str] | None = None, *, outcomes: bool
    ) -> tuple[OperationRow, list[OutcomeRow]]:
        """Returns an operation, and the outcomes of its rows if asked for.

        Raises:
            errors.OperationNotFound: there is none, or it is not one of the reader's centres.
        """

        def work(db: Db, repositories: Repositories) -> tuple[OperationRow, list[OutcomeRow]]:
            row = repositories.operations.load(db, workspace, operation_id)
            if row is None or (centres is not None and row.centres != stored_centres(centres)):
                raise errors.OperationNotFound(f"workspaces/{workspace}/operations/{operation_id}")
            wanted = outcomes and row.end_time
            if not wanted:
                return row, []
            return row, repositories.operations.outcomes(
                db, workspace, operation_id, OUTCOMES_AT_MOST, LOADED_AT_ONCE
            )

        return await self._read(work)

    async def operations(
        self, workspace: str, before: str, most: int, wanted: Mapping[str, int], centres: frozenset[str] | None
    ) -> list[OperationRow]:
        """Returns up to `most` operations older than an id, newest first; `wanted` has status or kind.

        A reader who is bound to centres sees those of the same centres.
        """
        return await self._read(
            lambda db, repositories: repositories.operations.page(
                db, workspace, before, most, centres=stored_centres(centres), **wanted
            )
        )

    async def payload(self, workspace: str, operation_id: str) -> bytes:
        """The request an operation was accepted for."""
        return await self._read(lambda db, repositories: repositories.operations.payload(db, workspace, operation_id))

    async def operations_to_do(self) -> list[ToDo]:
        """Every operation that has not ended."""
        return await self._read(lambda db, repositories: repositories.operations.to_do(db))

    async def releases_being_finalized(self) -> list[tuple[str, str]]:
        """Returns workspace and id of every release that is locked but not closed yet."""
        return await self._read(lambda db, repositories: repositories.catalog.finalizing(db))

    async def workspaces(self) -> list[str]:
        """Every workspace something has happened in; also the cheapest sign that the database answers."""
        return await self._read(lambda db, repositories: repositories.events.workspaces(db))

    async def staged_imports(self) -> list[StagedImportRow]:
        """Every roster being written, also those whose writer has died."""
        return await self._read(lambda db, repositories: repositories.staged_imports.all(db))

    async def old_requests(self, workspace: str, after: str, before: int, most: int) -> tuple[str, list[str]]:
        """Examines the next `most` requests by id; returns the last id, empty at the end, and the old ones."""
        return await self._read(
            lambda db, repositories: repositories.requests.old(db, workspace, after, before, most)
        )

    async def events_after(self, workspace: str, after: int, most: int) -> list[EventRow]:
        """Returns up to `most` events of a workspace after the sequence `after`."""
        return await self._read(lambda db, repositories: repositories.events.after(db, workspace, after, most))

    async def last_sequence(self, workspace: str) -> int:
        """The workspace's last event; 0 before the first."""
        return await self._read(lambda db, repositories: repositories.events.last_place(db, workspace))

    async def consumer(self, workspace: str, name: str) -> ConsumerRow | None:
        """A consumer of the events."""
        return await self._read(lambda db, repositories: repositories.consumers.load(db, workspace, name))

    async def consumers(self, workspace: str, after: str, most: int) -> tuple[list[ConsumerRow], int]:
        """Returns up to `most` consumers after the name `after`, and the sequence of the workspace's last event."""
        return await self._read(
            lambda db, repositories: (
                repositories.consumers.page(db, workspace, after, most),
                repositories.events.last_place(db, workspace),
            )
        )

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
            last = repositories.events.last_place(db, workspace)
            return SnapshotPage(count, last, with_releases(db, repositories, workspace, found), "")

        return await self._read(work)

    async def due(self, workspace: str, now: int, most: int) -> list[str]:
        """Ids of sessions the scheduler must look at."""
        return await self._read(lambda db, repositories: repositories.sessions.due(db, workspace, now, most))

    def close(self) -> None:
        """Ends the threads and closes their connections."""
        self._pool.close()
