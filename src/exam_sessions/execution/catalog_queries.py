"""What is read of releases and test forms, and the statistics of releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.states import Finalized
from exam_sessions.domain.statistics import statistics_of
from exam_sessions.execution.reader_pool import PooledReads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import Release
    from exam_sessions.domain.session_filter import SessionFilter
    from exam_sessions.domain.statistics import Aggregate, Statistics
    from exam_sessions.domain.stored_records import FormRow, StoredForm
    from exam_sessions.store.engine import Db
    from exam_sessions.store.repositories import Repositories


class ReleaseWithStatistics(NamedTuple):
    """A release, and the statistics of its sessions; None unless its finalizing is complete."""

    release: Release
    statistics: Statistics | None


def _with_statistics(
    db: Db, repositories: Repositories, workspace: str, found: Sequence[Release]
) -> list[ReleaseWithStatistics]:
    """Releases with their statistics, computed with every read so that they cannot differ from the sessions."""
    closed = [release.id for release in found if release.finalized == Finalized.CLOSED]
    by_release: dict[str, list[Aggregate]] = {release_id: [] for release_id in closed}
    for aggregate in repositories.aggregates.of(db, workspace, closed) if closed else ():
        by_release[aggregate.release_id].append(aggregate)
    return [
        ReleaseWithStatistics(one, statistics_of(by_release[one.id]) if one.id in by_release else None)
        for one in found
    ]


class CatalogReads(PooledReads):
    """Reads of releases and test forms, each in one read transaction on a thread of the pool."""

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
        """Returns up to `most` releases after a cursor, oldest first, closed ones with their statistics."""

        def work(db: Db, repositories: Repositories) -> list[ReleaseWithStatistics]:
            return _with_statistics(
                db, repositories, workspace, repositories.catalog.page(db, workspace, name, after, most)
            )

        return await self._read(work)

    async def sat_forms(self, workspace: str, release_id: str, reference: str) -> list[Form]:
        """The revisions of a form that handed-in sessions of a release were sat on."""

        def work(db: Db, repositories: Repositories) -> list[Form]:
            keys = [key for key in repositories.forms.sat(db, workspace, release_id) if key[0] == reference]
            found = [self.form_cache.form(db, repositories, workspace, *key) for key in keys]
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

    async def aggregates(
        self, workspace: str, release_ids: Sequence[str], criteria: SessionFilter
    ) -> list[Aggregate]:
        """Returns counts and scores by release and state, from one snapshot. Raises ReleaseNotFound."""

        def work(db: Db, repositories: Repositories) -> list[Aggregate]:
            known = {release.id for release in repositories.catalog.load(db, workspace, release_ids)}
            missing = next((release_id for release_id in release_ids if release_id not in known), None)
            if missing:
                raise errors.ReleaseNotFound(missing)
            return repositories.aggregates.matching(db, workspace, criteria)

        return await self._read(work)
