"""On PostgreSQL the state of a session stands in no index, and its page has room for its next version."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_index("sessions_by_state", "sessions")
        op.execute("ALTER TABLE sessions SET (fillfactor = 90)")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE sessions RESET (fillfactor)")
        columns = ["workspace_id", "release_id", "state", "create_time", "id", "score"]
        op.create_index("sessions_by_state", "sessions", columns)
