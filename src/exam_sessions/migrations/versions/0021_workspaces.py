"""The registry of workspaces: `default`, and every workspace that any table holds rows of."""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

from exam_sessions.store.schema import metadata

revision = "0021"
down_revision = "0020"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBERS = ("create_time", "update_time", "close_time", "retention_months")


def upgrade() -> None:
    op.add_column("workspaces", sa.Column("display_name", TEXT, nullable=False, server_default=""))
    for name in NUMBERS:
        op.add_column("workspaces", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    db = op.get_bind()
    known = {row[0] for row in db.execute(sa.text("SELECT workspace_id FROM workspaces"))}
    found = set()
    for table in metadata.tables.keys() & set(sa.inspect(db).get_table_names()) - {"workspaces"}:
        if "workspace_id" in _columns(db, table):
            found |= _workspaces_in(db, table)
    for workspace in sorted(found - known):
        _register(db, workspace, 0)
    if "default" not in known | found:
        _register(db, "default", time.time_ns() // 1000)


def downgrade() -> None:
    # A row without events is new; what the rest adds is nothing the older schema knows.
    op.get_bind().execute(sa.text("DELETE FROM workspaces WHERE last_sequence = 0"))
    for name in ("display_name", *NUMBERS):
        op.drop_column("workspaces", name)


def _columns(db: sa.Connection, table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(db).get_columns(table)}


def _workspaces_in(db: sa.Connection, table: str) -> set[str]:
    """The workspaces a table has rows of: one look into the primary key for each, however many rows there are."""
    following = sa.text(f"SELECT min(workspace_id) FROM {table} WHERE workspace_id > :last")  # noqa: S608 - our table
    found: set[str] = set()
    last = ""
    while (workspace := db.execute(following, {"last": last}).scalar()) is not None:
        found.add(workspace)
        last = workspace
    return found


def _register(db: sa.Connection, workspace: str, moment: int) -> None:
    new = (
        "INSERT INTO workspaces (workspace_id, last_sequence, create_time, update_time) VALUES (:name, 0, :now, :now)"
    )
    db.execute(sa.text(new), {"name": workspace, "now": moment})
