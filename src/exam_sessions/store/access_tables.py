"""The tables of API keys, of lockouts, and of what keys of candidate ids are known by."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table, text

from exam_sessions.store.columns import metadata, number_column, text_column

api_keys = Table(
    "api_keys",
    metadata,
    # Always empty: a key is of no workspace (domain/api_keys.py).
    text_column("workspace_id", key=True),
    text_column("id", key=True),
    # SHA-256 of the whole credential.
    Column("digest", LargeBinary, nullable=False),
    text_column("name"),
    # JSON: names. Workspaces and centres are empty where all are meant.
    text_column("roles"),
    text_column("workspaces"),
    text_column("centres"),
    number_column("create_time"),
    # 0 where there is none.
    number_column("expire_time"),
    number_column("revoke_time"),
    number_column("last_use_time"),
    text_column("rotated_from"),
    text_column("creator"),
    sqlite_with_rowid=False,
)


tries = Table(
    "tries",
    metadata,
    # Empty: what is counted in all workspaces together.
    text_column("workspace_id", key=True),
    # What is guessed, and by whom: codes/address/192.0.2.7.
    text_column("subject", key=True),
    number_column("wrong"),
    number_column("entered"),
    number_column("window_start"),
    number_column("lockouts"),
    number_column("locked_until"),
    number_column("update_time"),
    sqlite_with_rowid=False,
)
Index(
    "tries_locked",
    tries.c.workspace_id,
    tries.c.subject,
    tries.c.locked_until,
    sqlite_where=text("locked_until > 0"),
    postgresql_where=text("locked_until > 0"),
)


lockouts = Table(
    "lockouts",
    metadata,
    text_column("workspace_id", key=True),
    text_column("id", key=True),
    text_column("subject"),
    number_column("wrong"),
    number_column("begin_time"),
    number_column("end_time"),
    # 0 and empty unless it was lifted.
    number_column("lift_time"),
    text_column("lifted_by"),
    text_column("message"),
    sqlite_with_rowid=False,
)


candidate_id_keys = Table(
    "candidate_id_keys",
    metadata,
    # Always empty: the keys are of all workspaces.
    text_column("workspace_id", key=True),
    number_column("generation", key=True),
    # An HMAC with the key (domain/candidate_ids.py).
    text_column("check_value"),
    sqlite_with_rowid=False,
)
