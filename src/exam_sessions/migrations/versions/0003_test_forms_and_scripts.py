"""Test forms, scripts, scores, extra time, and the statistics of finalized releases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
indexes = ("releases", "sessions")

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("releases", sa.Column("statistics", TEXT, nullable=False, server_default=""))
    op.create_index(
        "releases_being_finalized",
        "releases",
        ["workspace_id", "id"],
        sqlite_where=sa.text("finalized = 1"),
        postgresql_where=sa.text("finalized = 1"),
    )
    for name in ("form_revision", "responses_revision", "own_deadline", "extra_percent"):
        op.add_column("sessions", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("sessions", sa.Column("extra_reason", TEXT, nullable=False, server_default=""))
    op.add_column("sessions", sa.Column("marking_progress", sa.BigInteger(), nullable=False, server_default="0"))
    for name in ("points", "points_max", "score"):
        op.add_column("sessions", sa.Column(name, sa.BigInteger(), nullable=True))
    op.drop_index("sessions_by_state", "sessions")
    op.create_index(
        "sessions_by_state", "sessions", ["workspace_id", "release_id", "state", "create_time", "id", "score"]
    )
    op.create_table(
        "test_forms",
        sa.Column("workspace_id", TEXT, nullable=False),
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("mark_decimals", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("available", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.Column("create_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "reference", "revision"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "scripts",
        sa.Column("workspace_id", TEXT, nullable=False),
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("attempt", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("test_form", TEXT, nullable=False),
        sa.Column("form_revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("responses", TEXT, nullable=False),
        sa.Column("marks", TEXT, nullable=False),
        sa.Column("start_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("end_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("finish_reason", sa.SmallInteger(), nullable=False),
        sa.Column("paused_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("points_max", sa.BigInteger(), nullable=True),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "session_id", "attempt"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("scripts")
    op.drop_table("test_forms")
    op.drop_index("sessions_by_state", "sessions")
    op.create_index("sessions_by_state", "sessions", ["workspace_id", "release_id", "state", "create_time", "id"])
    for name in ("score", "points_max", "points", "marking_progress", "extra_reason"):
        op.drop_column("sessions", name)
    for name in ("extra_percent", "own_deadline", "responses_revision", "form_revision"):
        op.drop_column("sessions", name)
    op.drop_index("releases_being_finalized", "releases")
    op.drop_column("releases", "statistics")
