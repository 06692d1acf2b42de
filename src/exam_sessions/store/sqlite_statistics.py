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

DISTINCT = {"workspace_id": 1, "release_id": 100, "state": 10, "create_time": 2_000, "session_id": 100_000}
"""How many values a column has among them; any other has as many as there are rows."""


def planner_statistics() -> Iterator[tuple[str, str, str]]:
    """For each index how many rows share its first column, its first two, and so on."""
    for table in metadata.sorted_tables:
        keys = {table.name: list(table.primary_key.columns)}
        keys |= {str(index.name): list(index.columns) for index in table.indexes}
        for name, columns in keys.items():
            shared = list(itertools.accumulate(columns, _sharing, initial=ROWS))
            yield table.name, name, " ".join(map(str, shared))


def _sharing(rows: int, column: Column[Any]) -> int:
    return max(1, rows // DISTINCT.get(column.name, ROWS))
