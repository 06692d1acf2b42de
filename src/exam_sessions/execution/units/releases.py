"""Releases and the PINs that their sessions share.

A release is written immediately: they are few, and sessions of the same group must see it. PINs are deferred.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exam_sessions import errors

if TYPE_CHECKING:
    from collections.abc import Collection

    from exam_sessions.domain.records import Release
    from exam_sessions.domain.statistics import Aggregate
    from exam_sessions.execution.transaction import Transaction

    Key = tuple[str, str]


@dataclass(slots=True, eq=False)
class ReleaseUnit:
    """The releases of one transaction."""

    _transaction: Transaction
    known: dict[Key, Release] = field(default_factory=dict)
    """The releases that were read or written, by workspace and id."""

    def get(self, workspace: str, release_id: str) -> Release:
        """A release that was declared or loaded, as it stands now.

        Raises:
            errors.ReleaseNotFound: there is none of that id.
        """
        release = self.known.get((workspace, release_id))
        if release is None:
            raise errors.ReleaseNotFound(release_id)
        return release

    def load(self, workspace: str, release_id: str) -> Release:
        """A release, read where it is not known yet.

        Raises:
            errors.ReleaseNotFound: there is none of that id.
        """
        if (workspace, release_id) not in self.known:
            for release in self._transaction.repositories.catalog.load(
                self._transaction.db, workspace, (release_id,)
            ):
                self.add_loaded(release)
        return self.get(workspace, release_id)

    def exists(self, workspace: str, release_id: str) -> bool:
        """Whether there is a release of an id that was declared."""
        return (workspace, release_id) in self.known

    def find_by_name(self, workspace: str, name: str) -> Release | None:
        """The oldest release of exactly this name. Other transactions that read it wait for the end of this one."""
        return self._transaction.repositories.catalog.first_named(self._transaction.db, workspace, name)

    def aggregates(self, release: Release) -> list[Aggregate]:
        """The sessions of a release by state, as they were before this transaction."""
        transaction = self._transaction
        return transaction.repositories.aggregates.of(transaction.db, release.workspace_id, (release.id,))

    def pins(self, release: Release, centres: Collection[str]) -> dict[tuple[str, int], str]:
        """The PINs sessions of a release share, by centre and day."""
        transaction = self._transaction
        stored = transaction.repositories.catalog.pins(transaction.db, release.workspace_id, release.id, centres)
        return stored | self._transaction.deferred.pins.get((release.workspace_id, release.id), {})

    def share_pins(self, release: Release, drawn: dict[tuple[str, int], str]) -> None:
        """Writes PINs for the sessions of a release still to come, by centre and day."""
        if drawn:
            self._transaction.deferred.pins.setdefault((release.workspace_id, release.id), {}).update(drawn)

    def insert_now(self, release: Release) -> None:
        """Writes a new release."""
        self._transaction.repositories.catalog.insert(self._transaction.write_now(), release)
        self.add_loaded(release)

    def update_now(self, release: Release) -> None:
        """Writes a release as it became."""
        before = self.known[release.workspace_id, release.id]
        self._transaction.repositories.catalog.update(self._transaction.write_now(), before, release)
        self.add_loaded(release)

    def add_loaded(self, release: Release) -> None:
        """Adds a release that was read or written."""
        self.known[release.workspace_id, release.id] = release
