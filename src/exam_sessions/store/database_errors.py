"""What a failed statement or connection means, whatever the database: one exception type for each case."""

from __future__ import annotations


class LostRace(Exception):  # noqa: N818 - a condition that passes when the transaction is judged again
    """Another transaction was faster, and this one was given up."""


class UniqueViolation(LostRace):
    """A unique index said no; `index` names it, or its columns."""

    def __init__(self, index: str) -> None:
        super().__init__(index)
        self.index = index


class WorkspaceIsClosed(LostRace):
    """The workspace was closed, and takes no change."""


class DatabaseDown(Exception):  # noqa: N818 - a condition, turned into a refusal above
    """The database does not answer, or not in time."""


class Unreachable(DatabaseDown):
    """There is no connection to the database: to ask it something else will not do either."""


class LockedOut(DatabaseDown):
    """Another transaction has held a lock for too long."""


class UnfitPooler(DatabaseDown):
    """A pooler stands before the database, and gives us no session of our own."""


class DatabaseFull(DatabaseDown):
    """The database has no room for what was to be written."""


class DatabaseDamaged(DatabaseDown):
    """What is stored cannot be read as it was written."""


class DatabaseReplaced(DatabaseDown):
    """A file of the database was removed or replaced after it had been opened."""
