"""What SQLite's planner takes for granted of the tables, whatever is in them (`Store.install_planner_stats`)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from exam_sessions.store.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column

ROWS = 1_000_000
"""In each table, by SQLite's statistics."""

FEW = 1_000
RARE = frozenset({"operations_under_way", "releases_being_finalized"})
"""Indexes of the few rows of a table that are at work, and how many they hold.

Taken for as large as the table, they would not be used: a look for operations that have not ended would read every
operation that ever was, with its request of up to 16 MiB.
"""

DISTINCT = {"workspace_id": 1, "release_id": 100, "state": 10, "create_time": 2_000, "session_id": 100_000}
"""How many values a column has among them; any other has as many as there are rows."""


def planner_statistics() -> Iterator[tuple[str, str, str]]:
    """For each index how many rows share its first column, its first two, and so on."""
    for table in metadata.sorted_tables:
        keys = {table.name: list(table.primary_key.columns)}
        keys |= {str(index.name): list(index.columns) for index in table.indexes}
        for name, columns in keys.items():
            shared = list(itertools.accumulate(columns, _sharing, initial=FEW if name in RARE else ROWS))
            yield table.name, name, " ".join(map(str, shared))


def _sharing(rows: int, column: Column[Any]) -> int:
    return max(1, rows // DISTINCT.get(column.name, ROWS))
