"""Events that know the one before, and sessions that know their last; on SQLite an index of the others only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
indexes = ("events",)

COLUMNS = ["workspace_id", "session_id", "sequence"]


def upgrade() -> None:
    for table, name in (("sessions", "last_event"), ("events", "previous")):
        op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    if op.get_context().dialect.name == "sqlite":
        op.drop_index("events_by_session", "events")
        op.create_index("events_by_session", "events", COLUMNS, sqlite_where=sa.text("previous <= 0"))


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.drop_index("events_by_session", "events")
        op.create_index("events_by_session", "events", COLUMNS)
    op.drop_column("events", "previous")
    op.drop_column("sessions", "last_event")
