"""The tables. Migrations (migrations/versions) build them; a test holds the two equal.

The workspace leads every key, unique constraint and index, so that a sharding engine can split by it. Times are
integer microseconds. Columns stand in the order of the records they hold (domain/records.py), so that a row is a
record without conversion.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, SmallInteger, Table, Text

metadata = MetaData()

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its bytes, on every database the same."""


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, TEXT, primary_key=key, nullable=False)


def _number(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


def _code(name: str) -> Column[int]:
    return Column(name, SmallInteger, nullable=False)


releases = Table(
    "releases",
    metadata,
    _text("workspace_id", key=True),
    _text("id", key=True),
    _text("name"),
    _text("test_form"),
    _number("window_start"),
    _number("window_end"),
    _number("duration"),
    _code("delivery"),
    _code("invigilated"),
    _code("requires_check_in"),
    _code("auto_create_pin"),
    _code("moderated"),
    _number("max_attempts"),
    _code("attempt_strategy"),
    _number("grace_period"),
    _code("allow_multiple_open_sessions"),
    _code("finalized"),
    _number("create_time"),
    _number("update_time"),
    _number("version"),
    Index("releases_by_create_time", "workspace_id", "create_time", "id"),
    Index("releases_by_name", "workspace_id", "name", "create_time", "id"),
    sqlite_with_rowid=False,
)

sessions = Table(
    "sessions",
    metadata,
    _text("workspace_id", key=True),
    _text("id", key=True),
    _text("release_id"),
    _code("state"),
    _text("keycode"),
    _text("access_code"),
    _text("pin"),
    _text("candidate_id"),
    _text("name_first"),
    _text("name_middle"),
    _text("name_last"),
    _code("gender"),
    _code("grade_level"),
    _code("ethnicity"),
    _text("school_id"),
    _text("district_id"),
    _text("external_reference"),
    _text("centre_id"),
    _text("test_form"),
    _number("window_start"),
    _number("window_end"),
    _number("create_time"),
    _number("extra_time"),
    _number("attempt"),
    _number("start_time"),
    _number("end_time"),
    _code("finish_reason"),
    _number("pause_start_time"),
    _number("paused_time"),
    _text("client_os"),
    _text("client_machine"),
    _text("client_ip"),
    _number("download_time"),
    _code("held_offline"),
    _number("pin_failures"),
    _code("void_reason"),
    _text("void_message"),
    _text("exception_message"),
    Column("due_time", BigInteger, nullable=True),
    Column("open_candidate", TEXT, nullable=True),
    _number("update_time"),
    _number("version"),
    Column("draft", TEXT, nullable=True),
    Index("sessions_one_per_candidate", "workspace_id", "release_id", "candidate_id", unique=True),
    Index("sessions_one_per_access_code", "workspace_id", "release_id", "access_code", unique=True),
    Index("sessions_one_per_keycode", "workspace_id", "keycode", unique=True),
    Index("sessions_by_state", "workspace_id", "release_id", "state", "create_time", "id"),
    Index("sessions_by_release", "workspace_id", "release_id", "create_time", "id"),
    Index("sessions_by_create_time", "workspace_id", "create_time", "id"),
    sqlite_with_rowid=False,
)
Index(
    "sessions_one_open_per_candidate",
    sessions.c.workspace_id,
    sessions.c.open_candidate,
    unique=True,
    sqlite_where=sessions.c.open_candidate.is_not(None),
    postgresql_where=sessions.c.open_candidate.is_not(None),
)
Index(
    "sessions_by_due_time",
    sessions.c.workspace_id,
    sessions.c.due_time,
    sqlite_where=sessions.c.due_time.is_not(None),
    postgresql_where=sessions.c.due_time.is_not(None),
)

events = Table(
    "events",
    metadata,
    _text("workspace_id", key=True),
    _number("sequence", key=True),
    _text("session_id"),
    _text("release_id"),
    _text("action"),
    _code("from_state"),
    _code("to_state"),
    _text("actor"),
    _text("reason"),
    _text("message"),
    _text("request_id"),
    _number("time"),
    # JSON: field -> [before, after]; empty when nothing but the state changed.
    _text("changes"),
    Index("events_by_session", "workspace_id", "session_id", "sequence"),
    sqlite_with_rowid=False,
)

requests = Table(
    "requests",
    metadata,
    _text("workspace_id", key=True),
    _text("request_id", key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    # What a repetition is answered from: ids, or the rows of a batch, as JSON.
    _text("result"),
    _number("create_time"),
    sqlite_with_rowid=False,
)

pins = Table(
    "pins",
    metadata,
    _text("workspace_id", key=True),
    _text("release_id", key=True),
    _text("centre_id", key=True),
    # UTC day, counted from 1970.
    _number("day", key=True),
    _text("pin"),
    sqlite_with_rowid=False,
)

drafts = Table(
    "drafts",
    metadata,
    _text("workspace_id", key=True),
    # The roster being written; sessions that name it are nobody's business until this row is gone.
    _text("id", key=True),
    _text("release_id"),
    # The create_time of all its sessions, by which an index finds them.
    _number("create_time"),
    # The server that writes it; what a dead one has left is removed.
    _text("owner"),
    sqlite_with_rowid=False,
)

consumers = Table(
    "consumers",
    metadata,
    _text("workspace_id", key=True),
    _text("name", key=True),
    # The last event it has acknowledged.
    _number("sequence"),
    _number("update_time"),
    sqlite_with_rowid=False,
)

workspaces = Table(
    "workspaces",
    metadata,
    _text("workspace_id", key=True),
    # The last place given in the workspace's order of events.
    _number("last_sequence"),
    sqlite_with_rowid=False,
)
