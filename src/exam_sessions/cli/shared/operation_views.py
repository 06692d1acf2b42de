"""Operations as they are waited for and shown: by their own commands, and by those that start one."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from rich.text import Text

from exam_sessions.cli.shared.console import facts, note, say, show, table
from exam_sessions.cli.shared.enum_names import word
from exam_sessions.cli.shared.progress import bar
from exam_sessions.cli.shared.times import when, zoned
from exam_sessions.client.operations import accommodated_in, failures_of, id_of, progress_of, result_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.longrunning.operations_pb2 import Operation

    from exam_sessions.cli.shared.tables import Facts
    from exam_sessions.client.client import Client
    from exam_sessions.client.messages import AccommodatedSession, ErasureSummary, OperationResult, RowOutcome
    from exam_sessions.client.operations import Failed, Progress

LOOK_EVERY = 0.5
"""Seconds between two looks at an operation that is waited for."""

SHOWN_AT_MOST = 20
"""Refused rows that are shown; JSON has all that fit into the result."""

STATUS_STYLES = {"QUEUED": "cyan", "RUNNING": "green", "HALTED": "red", "COMPLETED": "blue"}


def wait_for(client: Client, operation: Operation, seconds: float = float("inf")) -> Operation:
    """Waits for the end of an operation, or so long, with a bar; a server that restarts meanwhile is waited for."""
    first = progress_of(operation)
    with bar(_what(first), first.total_count, "sessions") as advance:
        advance(first.done_count)

        def look(now: Operation) -> None:
            nonlocal operation
            advance(progress_of(now).done_count - progress_of(operation).done_count)
            operation = now

        client.wait(operation, seconds, LOOK_EVERY, look)
    return operation


def show_operation(operation: Operation) -> None:
    """Prints an operation: how far it is, and the rows that were refused."""
    progress = progress_of(operation)
    rows = [
        ("operation", id_of(operation)),
        ("what", _what(progress)),
        ("status", status_text(progress)),
        ("done", done_text(progress)),
        ("refused", f"{progress.failed_count:,}" if progress.failed_count else ""),
        ("asked by", progress.actor),
        ("accepted", _moment(progress, "create_time")),
        ("ended", _moment(progress, "end_time")),
        ("why", operation.error.message),
    ]
    show(facts(rows))
    show_accommodated(accommodated_in(operation))
    show_regrade(result_of(operation))
    show_erasure(result_of(operation))
    show_failures(failures_of(operation), operation)
    if not operation.done:
        tell_ways_on(operation)


def show_accommodated(
    rows: Sequence[AccommodatedSession | RowOutcome], names: Mapping[str, str] | None = None
) -> None:
    """Prints when attempts end now, those first of which the window takes time away.

    `names` are what sessions were called by, by their ids.
    """
    if not rows:
        return
    made = table("session", "ends (UTC)", "warning", whole=("session", "ends (UTC)"))
    for row in sorted(rows, key=lambda row: not row.warning)[:SHOWN_AT_MOST]:
        name = Text((names or {}).get(row.session_id, row.session_id))
        made.add_row(name, when(row, "deadline"), Text(row.warning, style="yellow"))
    show(made)
    if len(rows) > SHOWN_AT_MOST:
        cut = sum(bool(row.warning) for row in rows)
        note(f"these are {SHOWN_AT_MOST} of {len(rows):,} sessions, {cut:,} with a warning; --json has all", "dim")


def tell_ways_on(operation: Operation) -> None:
    """Says how an operation under way is looked at and ended."""
    operation_id = id_of(operation)
    note(f"next:    exam-sessions operations wait {operation_id}", "dim")
    note(f"cancel:  exam-sessions operations cancel {operation_id}", "dim")


def status_text(progress: Progress) -> Text:
    """How far an operation has come, in colour; whether it is to be cancelled."""
    status = word(progress, "status")
    asked = progress.cancel_requested and status in {"QUEUED", "RUNNING"}
    return Text(status + (", to be cancelled" if asked else ""), style=STATUS_STYLES.get(status, ""))


def done_text(progress: Progress) -> str:
    """Rows tried of rows there are."""
    return f"{progress.done_count:,} of {progress.total_count:,}"


def _what(progress: Progress) -> str:
    return (word(progress, "action") or word(progress, "kind")).lower()


def _moment(progress: Progress, field: str) -> str:
    return zoned(progress, field)


def show_failures(failures: Sequence[Failed], operation: Operation | None = None) -> None:
    """Prints the rows that were refused, the first of them."""
    if not failures:
        return
    made = table("row", "session", "reason", "why", whole=("row", "session"), spare=("row",))
    for row, session_id, refusal in islice(failures, SHOWN_AT_MOST):
        made.add_row(str(row), session_id, Text(refusal.reason, style="red"), Text(str(refusal)))
    say("")
    show(made)
    if len(failures) > SHOWN_AT_MOST:
        note(f"these are {SHOWN_AT_MOST} of {len(failures):,} refused rows; --json has all of them", "dim")
        if operation:
            note(f"next:    exam-sessions operations show {id_of(operation)} --json", "dim")


def show_erasure(result: OperationResult) -> None:
    """Prints where personal data was erased; nothing of other work."""
    if result.HasField("erasure"):
        show(erasure_facts(result.erasure))


def erasure_facts(found: ErasureSummary) -> Facts:
    """Where personal data was erased, or would be."""
    return facts(
        [
            ("sessions", f"{found.session_count:,}"),
            ("former sessions", f"{found.former_session_count:,}"),
            ("events", f"{found.event_count:,}"),
            ("attempts", f"{found.attempt_count:,}"),
            ("operations", f"{found.operation_count:,}"),
            ("repeated requests", f"{found.request_count:,}"),
        ]
    )


def show_regrade(result: OperationResult) -> None:
    """Prints the result of a regrade: counts, scores before and after, the largest changes; nothing else."""
    if not result.HasField("regrade"):
        return
    found = result.regrade
    counts = (
        ("form", f"{found.test_form}, revision {found.form_revision}"),
        ("change", f"{found.changed_count:,}"),
        ("stay the same", f"{found.unchanged_count:,}"),
        ("set aside", f"{result.failed_count:,}" if result.failed_count else ""),
        ("archived", f"{found.archived_count:,}" if found.archived_count else ""),
        ("voided", f"{found.voided_count:,}" if found.voided_count else ""),
        ("not handed in", f"{found.not_handed_in_count:,}" if found.not_handed_in_count else ""),
        ("another form", f"{found.other_form_count:,}" if found.other_form_count else ""),
    )
    show(facts(counts))
    made = table("score", "before", "after")
    for band in found.bands:
        if band.before_count or band.after_count:
            name = f"{band.from_percent} to {band.to_percent} %"
            made.add_row(name, f"{band.before_count:,}", f"{band.after_count:,}")
    for measure in ("min", "average", "max"):
        name = f"{measure}_score"
        before, after = getattr(found.before, name), getattr(found.after, name)
        made.add_row(measure, f"{before} %" if before else "", f"{after} %" if after else "")
    show(made)
    if found.largest_moves:
        moves = table("session", "candidate", "before", "after", whole=("session",), spare=("candidate",))
        for move in found.largest_moves:
            before, after = f"{move.score_before} %", f"{move.score_after} %"
            moves.add_row(move.session_id, Text(move.candidate_id), before, after)
        show(moves)
