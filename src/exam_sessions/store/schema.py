"""The tables. Migrations (migrations/versions) build them; a test holds the two equal.

Those of access and of operations are in access_tables.py and operation_tables.py; here is all of them.

The workspace leads every key, unique constraint and index, so that a sharding engine can split by it. Times are
integer microseconds. Columns stand in the order of the records they hold (domain/records.py), so that a row is a
record without conversion.

Two stored names are older than the words of the code: `scripts` holds attempts, `drafts` holds staged imports (and
`sessions.draft` the one that a session belongs to). Renaming them would lock every server out while it is done, and
older servers could not go on beside newer ones during an upgrade; the names are seen in SQL only.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, text

from exam_sessions.store.access_tables import api_keys, lockouts, tries
from exam_sessions.store.columns import TEXT, added_column, code_column, metadata, number_column, text_column
from exam_sessions.store.operation_tables import operations, outcomes

__all__ = ["ONLY_ON", "api_keys", "lockouts", "metadata", "operations", "outcomes", "tries"]

releases = Table(
    "releases",
    metadata,
    text_column("workspace_id", key=True),
    text_column("id", key=True),
    text_column("name"),
    text_column("test_form"),
    number_column("window_start"),
    number_column("window_end"),
    number_column("duration"),
    code_column("delivery"),
    code_column("invigilated"),
    code_column("requires_check_in"),
    code_column("auto_create_pin"),
    code_column("moderated"),
    number_column("max_attempts"),
    code_column("attempt_strategy"),
    number_column("grace_period"),
    code_column("allow_multiple_open_sessions"),
    code_column("finalized"),
    number_column("create_time"),
    number_column("update_time"),
    number_column("version"),
    number_column("online_grace_period", before="0"),
    number_column("device_policy", before="1"),
    Index("releases_by_create_time", "workspace_id", "create_time", "id"),
    Index("releases_by_name", "workspace_id", "name", "create_time", "id"),
    sqlite_with_rowid=False,
)

ONLY_ON = {"sessions_by_state": "sqlite"}
"""Indexes that only one kind of database has."""

sessions = Table(
    "sessions",
    metadata,
    text_column("workspace_id", key=True),
    text_column("id", key=True),
    text_column("release_id"),
    code_column("state"),
    text_column("keycode"),
    text_column("access_code"),
    text_column("pin"),
    text_column("candidate_id"),
    text_column("name_first"),
    text_column("name_middle"),
    text_column("name_last"),
    code_column("gender"),
    code_column("grade_level"),
    code_column("ethnicity"),
    text_column("school_id"),
    text_column("district_id"),
    text_column("external_reference"),
    text_column("centre_id"),
    text_column("test_form"),
    number_column("window_start"),
    number_column("window_end"),
    number_column("create_time"),
    number_column("extra_time"),
    number_column("attempt"),
    number_column("start_time"),
    number_column("end_time"),
    code_column("finish_reason"),
    number_column("pause_start_time"),
    number_column("paused_time"),
    text_column("client_os"),
    text_column("client_machine"),
    text_column("client_ip"),
    number_column("download_time"),
    code_column("held_offline"),
    number_column("pin_failures"),
    code_column("void_reason"),
    text_column("void_message"),
    text_column("exception_message"),
    Column("due_time", BigInteger, nullable=True),
    Column("open_candidate", TEXT, nullable=True),
    number_column("update_time"),
    number_column("version"),
    Column("draft", TEXT, nullable=True),
    number_column("form_revision", before="0"),
    number_column("responses_revision", before="0"),
    number_column("own_deadline", before="0"),
    number_column("extra_percent", before="0"),
    text_column("extra_reason", before=""),
    number_column("marking_progress", before="0"),
    Column("points", BigInteger, nullable=True),
    Column("points_max", BigInteger, nullable=True),
    Column("score", BigInteger, nullable=True),
    # The sequence number of its last event, from which SQLite follows its history back; 0 on other databases.
    number_column("last_event", before="0"),
    text_column("activity_id", before=""),
    # JSON: what callers carry along, key -> text; empty without any.
    text_column("annotations", before=""),
    number_column("time_limit", before="0"),
    number_column("late_by", before="0"),
    number_column("marking_revision", before="0"),
    number_column("points_min", before="0"),
    number_column("score_min", before="0"),
    # JSON: the device that holds the attempt, with the digests of its tokens.
    Column("device", TEXT, nullable=True),
    Index("sessions_one_per_candidate", "workspace_id", "release_id", "candidate_id", unique=True),
    Index("sessions_one_per_access_code", "workspace_id", "release_id", "access_code", unique=True),
    Index("sessions_one_per_keycode", "workspace_id", "keycode", unique=True),
    # The score rides along so that counts and scores of a release are read from the index alone.
    # Not on PostgreSQL: it writes a row into all its indexes anew when what changes stands in any of them.
    Index("sessions_by_state", "workspace_id", "release_id", "state", "create_time", "id", "score").ddl_if(
        ONLY_ON["sessions_by_state"]
    ),
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

attempts = Table(
    "scripts",
    metadata,
    text_column("workspace_id", key=True),
    text_column("session_id", key=True),
    number_column("attempt", key=True),
    text_column("test_form"),
    number_column("form_revision"),
    # JSON by the number of the question: indexes of options, or a text.
    text_column("responses"),
    # JSON by the number of the question: ten-thousandths of a mark, or null for "not attempted".
    text_column("marks"),
    # The clock of an attempt that another has followed; until then it is the session's.
    number_column("start_time"),
    number_column("end_time"),
    code_column("finish_reason"),
    number_column("paused_time"),
    Column("points", BigInteger, nullable=True),
    Column("points_max", BigInteger, nullable=True),
    Column("score", BigInteger, nullable=True),
    # How often it was written.
    added_column(number_column("version"), "1"),
    number_column("marking_revision", before="0"),
    number_column("late_by", before="0"),
    number_column("points_min", before="0"),
    sqlite_with_rowid=False,
)

test_forms = Table(
    "test_forms",
    metadata,
    text_column("workspace_id", key=True),
    text_column("reference", key=True),
    number_column("revision", key=True),
    text_column("name"),
    number_column("mark_decimals"),
    number_column("available"),
    # JSON: questions and objectives.
    text_column("content"),
    number_column("create_time"),
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    metadata,
    text_column("workspace_id", key=True),
    number_column("sequence", key=True),
    text_column("session_id"),
    text_column("release_id"),
    text_column("action"),
    code_column("from_state"),
    code_column("to_state"),
    text_column("actor"),
    text_column("reason"),
    text_column("message"),
    text_column("request_id"),
    number_column("time"),
    # JSON: field -> [before, after]; empty when nothing but the state changed.
    text_column("changes"),
    # The sequence number of the session's event before this one; below 0 for every so many, and 0 when it is not
    # known. Those are in the index, the others are reached from the next (session_history.py).
    number_column("previous", before="0"),
    Index("events_by_session", "workspace_id", "session_id", "sequence", sqlite_where=text("previous <= 0")),
    sqlite_with_rowid=False,
)

requests = Table(
    "requests",
    metadata,
    text_column("workspace_id", key=True),
    text_column("request_id", key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    # What a repetition is answered from: ids, or the rows of a batch, as JSON.
    text_column("result"),
    number_column("create_time"),
    sqlite_with_rowid=False,
)

pins = Table(
    "pins",
    metadata,
    text_column("workspace_id", key=True),
    text_column("release_id", key=True),
    text_column("centre_id", key=True),
    # UTC day, counted from 1970.
    number_column("day", key=True),
    text_column("pin"),
    sqlite_with_rowid=False,
)

drafts = Table(
    "drafts",
    metadata,
    text_column("workspace_id", key=True),
    # The roster being written; sessions that name it are hidden until this row is gone.
    text_column("id", key=True),
    text_column("release_id"),
    # The create_time of all its sessions, by which an index finds them.
    number_column("create_time"),
    # The server that writes it; what an ended one has left is removed.
    text_column("owner"),
    sqlite_with_rowid=False,
)

consumers = Table(
    "consumers",
    metadata,
    text_column("workspace_id", key=True),
    text_column("name", key=True),
    # The last event it has acknowledged.
    number_column("sequence"),
    number_column("update_time"),
    sqlite_with_rowid=False,
)

workspaces = Table(
    "workspaces",
    metadata,
    text_column("workspace_id", key=True),
    # The last sequence number given to an event of the workspace. A closed workspace gives none (store/events.py).
    number_column("last_sequence"),
    text_column("display_name", before=""),
    # 0 where it was there before workspaces were registered.
    number_column("create_time", before="0"),
    number_column("update_time", before="0"),
    # 0 while it is open.
    number_column("close_time", before="0"),
    # How long personal data are kept after archiving; 0: without limit.
    number_column("retention_months", before="0"),
    sqlite_with_rowid=False,
)
