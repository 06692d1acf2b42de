"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("workspace_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("release_id", TEXT, nullable=False),
        sa.Column("create_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "events",
        sa.Column("workspace_id", TEXT, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("release_id", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("from_state", sa.SmallInteger(), nullable=False),
        sa.Column("to_state", sa.SmallInteger(), nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changes", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "sequence"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("events_by_session", ["workspace_id", "session_id", "sequence"], unique=False)

    op.create_table(
        "pins",
        sa.Column("workspace_id", TEXT, nullable=False),
        sa.Column("release_id", TEXT, nullable=False),
        sa.Column("centre_id", TEXT, nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pin", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "release_id", "centre_id", "day"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "releases",
        sa.Column("workspace_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("test_form", TEXT, nullable=False),
        sa.Column("window_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("window_end", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("duration", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("delivery", sa.SmallInteger(), nullable=False),
        sa.Column("invigilated", sa.SmallInteger(), nullable=False),
        sa.Column("requires_check_in", sa.SmallInteger(), nullable=False),
        sa.Column("auto_create_pin", sa.SmallInteger(), nullable=False),
        sa.Column("moderated", sa.SmallInteger(), nullable=False),
        sa.Column("max_attempts", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt_strategy", sa.SmallInteger(), nullable=False),
        sa.Column("grace_period", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("allow_multiple_open_sessions", sa.SmallInteger(), nullable=False),
        sa.Column("finalized", sa.SmallInteger(), nullable=False),
        sa.Column("create_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("update_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.create_index("releases_by_create_time", ["workspace_id", "create_time", "id"], unique=False)
        batch_op.create_index("releases_by_name", ["workspace_id", "name", "create_time", "id"], unique=False)

    op.create_table(
        "requests",
        sa.Column("workspace_id", TEXT, nullable=False),
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("result", TEXT, nullable=False),
        sa.Column("create_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "request_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sessions",
        sa.Column("workspace_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("release_id", TEXT, nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("keycode", TEXT, nullable=False),
        sa.Column("access_code", TEXT, nullable=False),
        sa.Column("pin", TEXT, nullable=False),
        sa.Column("candidate_id", TEXT, nullable=False),
        sa.Column("name_first", TEXT, nullable=False),
        sa.Column("name_middle", TEXT, nullable=False),
        sa.Column("name_last", TEXT, nullable=False),
        sa.Column("gender", sa.SmallInteger(), nullable=False),
        sa.Column("grade_level", sa.SmallInteger(), nullable=False),
        sa.Column("ethnicity", sa.SmallInteger(), nullable=False),
        sa.Column("school_id", TEXT, nullable=False),
        sa.Column("district_id", TEXT, nullable=False),
        sa.Column("external_reference", TEXT, nullable=False),
        sa.Column("centre_id", TEXT, nullable=False),
        sa.Column("test_form", TEXT, nullable=False),
        sa.Column("window_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("window_end", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("create_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("extra_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("start_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("end_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("finish_reason", sa.SmallInteger(), nullable=False),
        sa.Column("pause_start_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("paused_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_os", TEXT, nullable=False),
        sa.Column("client_machine", TEXT, nullable=False),
        sa.Column("client_ip", TEXT, nullable=False),
        sa.Column("download_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("held_offline", sa.SmallInteger(), nullable=False),
        sa.Column("pin_failures", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("void_reason", sa.SmallInteger(), nullable=False),
        sa.Column("void_message", TEXT, nullable=False),
        sa.Column("exception_message", TEXT, nullable=False),
        sa.Column("due_time", sa.BigInteger(), nullable=True),
        sa.Column("open_candidate", TEXT, nullable=True),
        sa.Column("update_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("draft", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index("sessions_by_create_time", ["workspace_id", "create_time", "id"], unique=False)
        batch_op.create_index(
            "sessions_by_due_time",
            ["workspace_id", "due_time"],
            unique=False,
            sqlite_where=sa.text("due_time IS NOT NULL"),
            postgresql_where=sa.text("due_time IS NOT NULL"),
        )
        batch_op.create_index(
            "sessions_by_release", ["workspace_id", "release_id", "create_time", "id"], unique=False
        )
        batch_op.create_index(
            "sessions_by_state", ["workspace_id", "release_id", "state", "create_time", "id"], unique=False
        )
        batch_op.create_index(
            "sessions_one_open_per_candidate",
            ["workspace_id", "open_candidate"],
            unique=True,
            sqlite_where=sa.text("open_candidate IS NOT NULL"),
            postgresql_where=sa.text("open_candidate IS NOT NULL"),
        )
        batch_op.create_index(
            "sessions_one_per_access_code", ["workspace_id", "release_id", "access_code"], unique=True
        )
        batch_op.create_index(
            "sessions_one_per_candidate", ["workspace_id", "release_id", "candidate_id"], unique=True
        )
        batch_op.create_index("sessions_one_per_keycode", ["workspace_id", "keycode"], unique=True)

    op.create_table(
        "workspaces",
        sa.Column("workspace_id", TEXT, nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("workspaces")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index("sessions_one_per_keycode")
        batch_op.drop_index("sessions_one_per_candidate")
        batch_op.drop_index("sessions_one_per_access_code")
        batch_op.drop_index(
            "sessions_one_open_per_candidate",
            sqlite_where=sa.text("open_candidate IS NOT NULL"),
            postgresql_where=sa.text("open_candidate IS NOT NULL"),
        )
        batch_op.drop_index("sessions_by_state")
        batch_op.drop_index("sessions_by_release")
        batch_op.drop_index(
            "sessions_by_due_time",
            sqlite_where=sa.text("due_time IS NOT NULL"),
            postgresql_where=sa.text("due_time IS NOT NULL"),
        )
        batch_op.drop_index("sessions_by_create_time")

    op.drop_table("sessions")

    op.drop_table("requests")
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.drop_index("releases_by_name")
        batch_op.drop_index("releases_by_create_time")

    op.drop_table("releases")
    op.drop_table("pins")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("events_by_session")

    op.drop_table("events")
    op.drop_table("drafts")
