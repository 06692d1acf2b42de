"""Wrong entries are counted for each address and principal, and lock-outs are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, TEXT, primary_key=key, nullable=False)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, autoincrement=False)


def upgrade() -> None:
    op.create_table(
        "tries",
        text("workspace_id", key=True),
        text("subject", key=True),
        number("wrong"),
        number("entered"),
        number("window_start"),
        number("lockouts"),
        number("locked_until"),
        number("update_time"),
        sqlite_with_rowid=False,
    )
    was_locked = sa.text("locked_until > 0")
    columns = ["workspace_id", "subject", "locked_until"]
    op.create_index("tries_locked", "tries", columns, sqlite_where=was_locked, postgresql_where=was_locked)
    op.create_table(
        "lockouts",
        text("workspace_id", key=True),
        text("id", key=True),
        text("subject"),
        number("wrong"),
        number("begin_time"),
        number("end_time"),
        number("lift_time"),
        text("lifted_by"),
        text("message"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("lockouts")
    op.drop_index("tries_locked", "tries")
    op.drop_table("tries")
