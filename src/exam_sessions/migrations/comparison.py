"""Whether the tables of a database are those of this version's schema, to the column and the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from exam_sessions.migrations.ownership import connected
from exam_sessions.store.schema import ONLY_ON, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exam_sessions.store.engine import Store

WORDS = {"add": "is missing", "remove": "is none of this service's", "modify": "is not as it should be"}
"""What Alembic would do to the database, and what that says of it."""


def schema_differences(store: Store) -> Iterator[str]:
    """Says of each table, column and index that differs from the schema what it is."""
    elsewhere = {name for name, kind in ONLY_ON.items() if kind != store.engine.dialect.name}
    opts = {
        "compare_type": True,
        "compare_server_default": True,
        # Alembic does not ask for which database an index is.
        "include_object": lambda _, name, *__: name not in elsewhere,
    }
    with connected(store) as connection:
        for difference in compare_metadata(MigrationContext.configure(connection, opts=opts), metadata):
            # Changes of one column come as a list of their own.
            for change in difference if isinstance(difference, list) else [difference]:
                yield _said(change)


def _said(change: tuple[Any, ...]) -> str:
    kind = str(change[0])
    what = kind.partition("_")[2].replace("_", " ")
    names = [getattr(part, "name", part) for part in change[1:] if isinstance(getattr(part, "name", part), str)]
    return f"{what} {'.'.join(names)} {WORDS.get(kind.partition('_')[0], kind)}"
