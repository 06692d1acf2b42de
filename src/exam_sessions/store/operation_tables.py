"""The tables of operations and of the outcomes of their rows."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table, text

from exam_sessions.store.columns import code_column, metadata, number_column, text_column

operations = Table(
    "operations",
    metadata,
    text_column("workspace_id", key=True),
    text_column("id", key=True),
    code_column("kind"),
    code_column("status"),
    text_column("actor"),
    text_column("request_id"),
    # The action of a transition; empty otherwise.
    text_column("action"),
    # The request as it came; what it means is defined by the RPC that accepted it.
    Column("payload", LargeBinary, nullable=False),
    number_column("done"),
    number_column("total"),
    number_column("failed"),
    # The last session that was tried, of a filter.
    text_column("place"),
    number_column("create_time"),
    number_column("update_time"),
    # 0 while it has not ended.
    number_column("end_time"),
    code_column("cancel_requested"),
    # The server at work on it, and until when no other may take it over.
    text_column("owner"),
    number_column("lease_until"),
    # Not to be taken further before, of one that may do only so much a second.
    number_column("next_time"),
    # Why it was halted: a reason of ours, and a sentence.
    text_column("reason"),
    text_column("message"),
    # JSON: the summary of a regrade so far; empty otherwise.
    text_column("summary", before=""),
    # The centres to which its caller was bound; empty: all.
    text_column("centres", before=""),
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
    text_column("workspace_id", key=True),
    text_column("operation_id", key=True),
    number_column("position", key=True),
    text_column("session_id"),
    # 0 when the row was refused.
    code_column("state"),
    # google.rpc.Status, serialized; empty when the row was done.
    Column("refusal", LargeBinary, nullable=False),
    # What an accommodation came to: when the attempt ends now, and how much of its time the window takes away.
    number_column("deadline", before="0"),
    number_column("cut_by_window", before="0"),
    sqlite_with_rowid=False,
)
