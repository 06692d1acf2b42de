"""The tables. Migrations (migrations/versions) build them; a test holds the two equal.

The workspace leads every key, unique constraint and index, so that a sharding engine can split by it. Times are
integer microseconds. Columns stand in the order of the records they hold (domain/records.py), so that a row is a
record without conversion.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DefaultClause,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

metadata = MetaData()

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its bytes, on every database the same."""


def _text(name: str, *, key: bool = False, before: str | None = None) -> Column[str]:
    """`before` is what rows have that were there before the column."""
    default = None if before is None else text(f"'{before}'")
    return Column(name, TEXT, primary_key=key, nullable=False, server_default=default)


def _number(name: str, *, key: bool = False, before: str | None = None) -> Column[int]:
    """`before` is what rows have that were there before the column."""
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False, server_default=before)


def _added(column: Column[Any], default: str) -> Column[Any]:
    """A column that a later migration added, with what it gave the rows that were there."""
    column.server_default = DefaultClause(default)
    return column


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
    _number("online_grace_period", before="0"),
    _number("device_policy", before="1"),
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
    _number("form_revision", before="0"),
    _number("responses_revision", before="0"),
    _number("own_deadline", before="0"),
    _number("extra_percent", before="0"),
    _text("extra_reason", before=""),
    _number("marking_progress", before="0"),
    Column("points", BigInteger, nullable=True),
    Column("points_max", BigInteger, nullable=True),
    Column("score", BigInteger, nullable=True),
    # The place of its last event, from which SQLite follows its history back; 0 on other databases.
    _number("last_event", before="0"),
    _text("activity_id", before=""),
    # JSON: what callers carry along, key -> text; empty without any.
    _text("annotations", before=""),
    _number("time_limit", before="0"),
    _number("late_by", before="0"),
    _number("marking_revision", before="0"),
    _number("points_min", before="0"),
    _number("score_min", before="0"),
    # JSON: the device that holds the attempt, with the digests of its tokens.
    Column("device", TEXT, nullable=True),
    Index("sessions_one_per_candidate", "workspace_id", "release_id", "candidate_id", unique=True),
    Index("sessions_one_per_access_code", "workspace_id", "release_id", "access_code", unique=True),
    Index("sessions_one_per_keycode", "workspace_id", "keycode", unique=True),
    # The score rides along so that counts and scores of a release are read from the index alone.
    # Not on PostgreSQL: it writes a row into all its indexes anew when what changes stands in any of them.
    Index("sessions_by_state", "workspace_id", "release_id", "state", "create_time", "id", "score").ddl_if("sqlite"),
    Index("sessions_by_release", "workspace_id", "release_id", "create_time", "id"),
    Index(
        "sessions_by_external_reference",
        "workspace_id",
        "external_reference",
        sqlite_where=text("external_reference <> ''"),
        postgresql_where=text("external_reference <> ''"),
    ),
    Index("sessions_by_create_time", "workspace_id", "create_time", "id"),
    sqlite_with_rowid=False,
    # A version of a row that finds room on its page needs no new entries in the indexes.
    postgresql_with={"fillfactor": 90},
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
    "releases_being_finalized",
    releases.c.workspace_id,
    releases.c.id,
    sqlite_where=text("finalized = 1"),
    postgresql_where=text("finalized = 1"),
)
Index(
    "sessions_by_due_time",
    sessions.c.workspace_id,
    sessions.c.due_time,
    sqlite_where=sessions.c.due_time.is_not(None),
    postgresql_where=sessions.c.due_time.is_not(None),
)

scripts = Table(
    "scripts",
    metadata,
    _text("workspace_id", key=True),
    _text("session_id", key=True),
    _number("attempt", key=True),
    _text("test_form"),
    _number("form_revision"),
    # JSON by the number of the question: places of options, or a text.
    _text("responses"),
    # JSON by the number of the question: ten-thousandths of a mark, or null for "not attempted".
    _text("marks"),
    # The clock of an attempt that another has followed; until then it is the session's.
    _number("start_time"),
    _number("end_time"),
    _code("finish_reason"),
    _number("paused_time"),
    Column("points", BigInteger, nullable=True),
    Column("points_max", BigInteger, nullable=True),
    Column("score", BigInteger, nullable=True),
    # How often it was written.
    _added(_number("version"), "1"),
    _number("marking_revision", before="0"),
    _number("late_by", before="0"),
    _number("points_min", before="0"),
    sqlite_with_rowid=False,
)

test_forms = Table(
    "test_forms",
    metadata,
    _text("workspace_id", key=True),
    _text("reference", key=True),
    _number("revision", key=True),
    _text("name"),
    _number("mark_decimals"),
    _number("available"),
    # JSON: questions and objectives.
    _text("content"),
    _number("create_time"),
    sqlite_with_rowid=False,
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
    # The place of the session's event before this one; below 0 for every so many, and 0 when it is not known. Those
    # are in the index, the others are reached from the next (session_history.py).
    _number("previous", before="0"),
    Index("events_by_session", "workspace_id", "session_id", "sequence", sqlite_where=text("previous <= 0")),
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

operations = Table(
    "operations",
    metadata,
    _text("workspace_id", key=True),
    _text("id", key=True),
    _code("kind"),
    _code("status"),
    _text("actor"),
    _text("request_id"),
    # The action of a transition; empty otherwise.
    _text("action"),
    # The request as it came; what it means is the business of whoever accepted it.
    Column("payload", LargeBinary, nullable=False),
    _number("done"),
    _number("total"),
    _number("failed"),
    # The last session that was tried, of a filter.
    _text("place"),
    _number("create_time"),
    _number("update_time"),
    # 0 while it has not ended.
    _number("end_time"),
    _code("cancel_requested"),
    # The server at work on it, and until when nobody else may take it over.
    _text("owner"),
    _number("lease_until"),
    # Not to be taken further before, of one that may do only so much a second.
    _number("next_time"),
    # Why it was halted: a reason of ours, and a sentence.
    _text("reason"),
    _text("message"),
    # JSON: what a regrade has come to so far; empty otherwise.
    _text("summary", before=""),
    # The centres to which its caller was bound; empty: all.
    _text("centres", before=""),
    sqlite_with_rowid=False,
)
Index(
    "operations_under_way",
    operations.c.workspace_id,
    operations.c.id,
    sqlite_where=text("end_time = 0"),
    postgresql_where=text("end_time = 0"),
)

outcomes = Table(
    "outcomes",
    metadata,
    _text("workspace_id", key=True),
    _text("operation_id", key=True),
    _number("position", key=True),
    _text("session_id"),
    # 0 when the row was refused.
    _code("state"),
    # google.rpc.Status, serialized; empty when the row was done.
    Column("refusal", LargeBinary, nullable=False),
    # What an accommodation came to: when the attempt ends now, and how much of its time the window takes away.
    _number("deadline", before="0"),
    _number("cut_by_window", before="0"),
    sqlite_with_rowid=False,
)

api_keys = Table(
    "api_keys",
    metadata,
    # Always empty: a key is of no workspace (domain/api_keys.py).
    _text("workspace_id", key=True),
    _text("id", key=True),
    # SHA-256 of the whole credential.
    Column("digest", LargeBinary, nullable=False),
    _text("name"),
    # JSON: names. Workspaces and centres are empty where all are meant.
    _text("roles"),
    _text("workspaces"),
    _text("centres"),
    _number("create_time"),
    # 0 where there is none.
    _number("expire_time"),
    _number("revoke_time"),
    _number("last_use_time"),
    _text("rotated_from"),
    _text("creator"),
    sqlite_with_rowid=False,
)

workspaces = Table(
    "workspaces",
    metadata,
    _text("workspace_id", key=True),
    # The last place given in the workspace's order of events. A closed workspace gives none (store/events.py).
    _number("last_sequence"),
    _text("display_name", before=""),
    # 0 where it was there before workspaces were registered.
    _number("create_time", before="0"),
    _number("update_time", before="0"),
    # 0 while it is open.
    _number("close_time", before="0"),
    # How long personal data are kept after archiving; 0: without limit.
    _number("retention_months", before="0"),
    sqlite_with_rowid=False,
)

tries = Table(
    "tries",
    metadata,
    # Empty: what is counted in all workspaces together.
    _text("workspace_id", key=True),
    # What is guessed, and by whom: codes/address/192.0.2.7.
    _text("subject", key=True),
    _number("wrong"),
    _number("entered"),
    _number("window_start"),
    _number("lockouts"),
    _number("locked_until"),
    _number("update_time"),
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
    _text("workspace_id", key=True),
    _text("id", key=True),
    _text("subject"),
    _number("wrong"),
    _number("begin_time"),
    _number("end_time"),
    # 0 and empty unless it was lifted.
    _number("lift_time"),
    _text("lifted_by"),
    _text("message"),
    sqlite_with_rowid=False,
)
