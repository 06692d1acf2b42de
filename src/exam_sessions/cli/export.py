"""`exam-sessions export`: the sessions of a release as CSV, page by page, however many there are."""

import json
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from exam_sessions.cli.files.school_words import harmless
from exam_sessions.cli.releases import ReleaseName, find_release
from exam_sessions.cli.sessions import States
from exam_sessions.cli.shared.atomic_file import atomic_file, is_possible
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Target, Workspace, connected
from exam_sessions.cli.shared.console import MISUSED, fail, note, until_the_reader_leaves, visible
from exam_sessions.cli.shared.csv_rows import row_writer
from exam_sessions.cli.shared.enum_names import word
from exam_sessions.cli.shared.progress import bar
from exam_sessions.cli.shared.times import exactly, in_utc, written_span
from exam_sessions.client.client import Session


def _own_limit(session: Session) -> str:
    """A working time of the candidate's own, as a roster gives it."""
    own = session.accommodation
    if own.no_time_limit:
        return "none"
    return written_span(own.time_limit.ToMicroseconds()) if own.HasField("time_limit") else ""


def _extra_time(session: Session) -> str:
    """Extra time as a roster gives it: in percent where it was given so."""
    if session.extra_time_percent:
        return f"{session.extra_time_percent}%"
    return written_span(session.extra_time.ToMicroseconds()) if session.HasField("extra_time") else ""


COLUMNS: dict[str, Callable[[Session], object]] = {
    "session_id": lambda s: s.id,
    "candidate_id": lambda s: s.candidate.candidate_id,
    "name_first": lambda s: s.candidate.name_first,
    "name_middle": lambda s: s.candidate.name_middle,
    "name_last": lambda s: s.candidate.name_last,
    "gender": lambda s: word(s.candidate, "gender").capitalize(),
    "grade_level": lambda s: word(s.candidate, "grade_level"),
    "ethnicity": lambda s: word(s.candidate, "ethnicity"),
    "school_id": lambda s: s.candidate.school_id,
    "district_id": lambda s: s.candidate.district_id,
    "centre_id": lambda s: s.centre_id,
    "external_reference": lambda s: s.external_reference,
    "keycode": lambda s: s.keycode,
    "access_code": lambda s: s.access_code,
    "test_form": lambda s: s.test_form,
    "window_start_dt": lambda s: exactly(s.accommodation, "window_start"),
    "window_end_dt": lambda s: exactly(s.accommodation, "window_end"),
    "annotations": lambda s: (
        json.dumps(dict(s.annotations), sort_keys=True, ensure_ascii=False) if s.annotations else ""
    ),
    "time_limit": _own_limit,
    "extra_time": _extra_time,
    "extra_time_reason": lambda s: s.extra_time_reason,
    "state": lambda s: word(s, "state"),
    "maturity": lambda s: word(s, "maturity"),
    "opens_dt": lambda s: in_utc(s, "window_start"),
    "closes_dt": lambda s: in_utc(s, "window_end"),
    "attempt": lambda s: s.attempt.number,
    "start_dt": lambda s: in_utc(s.attempt, "start_time"),
    "end_dt": lambda s: in_utc(s.attempt, "end_time"),
    "finish_reason": lambda s: word(s.attempt, "finish_reason"),
    "deadline_dt": lambda s: in_utc(s.attempt, "deadline"),
    "time_elapsed_s": lambda s: s.attempt.time_elapsed.seconds if s.attempt.HasField("time_elapsed") else "",
    "extra_time_s": lambda s: s.extra_time.seconds or "",
    "points": lambda s: s.points.actual,
    "points_max": lambda s: s.points.max,
    "percent": lambda s: s.score.actual,
    "activity_id": lambda s: s.activity_id,
    "void_reason": lambda s: word(s, "void_reason"),
    "created": lambda s: in_utc(s, "create_time"),
    "modified": lambda s: in_utc(s, "update_time"),
}
"""Columns and how a session fills them; those of a roster have a roster's names. Times are UTC.

window_start_dt and window_end_dt are the candidate's own window, as a roster gives it; opens_dt and closes_dt are the
window that counts.
"""

NUMBERS = frozenset({"attempt", "time_elapsed_s", "extra_time_s", "points", "points_max", "percent"})
"""Columns of numbers, which are no formulas though they may begin with a minus."""

EPILOG = """[bold]Examples[/]
exam-sessions export --release "Maths, May" > sessions.csv
exam-sessions export --release "Maths, May" --state FINISHED --out finished.csv
"""


def export(
    release: ReleaseName,
    out: Annotated[str, typer.Option(metavar="FILE|-", help="Where the rows go; - is stdout.")] = "-",
    state: States = None,
    *,
    raw: Annotated[
        bool, typer.Option("--raw", help="Write cells as they are, also where a spreadsheet would run them.")
    ] = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Writes the sessions of a release as CSV, oldest booking first; `import` reads what it writes.

    Cells that a spreadsheet would run as a formula begin with an apostrophe, which `import` takes away again.
    """
    with connected(target, workspace) as client, opened(out) as file:
        found = find_release(client, release)
        # A bar among the rows on one screen would spoil both.
        total = 0 if out == "-" and sys.stdout.isatty() else client.count([found.id], state or ())
        writer = row_writer(file)
        writer.writerow(COLUMNS)
        rows = 0
        with bar("exporting", total) as advance:
            for session in client.sessions([found.id], state or (), whole=True):
                writer.writerow(cells_of(COLUMNS, session, NUMBERS, raw=raw))
                rows += 1
                advance(1)
    if out != "-":
        note(f"{rows:,} sessions of {found.name} are in {out}")


def cells_of(
    columns: Mapping[str, Callable[[Any], object]], row: object, numbers: Collection[str], *, raw: bool
) -> list[object]:
    """The cells of a row, harmless to a spreadsheet unless raw values are asked for."""
    if raw:
        return [fill(row) for fill in columns.values()]
    return [fill(row) if name in numbers else harmless(str(fill(row))) for name, fill in columns.items()]


class Shown:
    """Stdout where it is a terminal, which obeys nothing of what the rows hold."""

    def write(self, text: str) -> None:
        """Writes a text."""
        sys.stdout.write(visible(text))


@contextmanager
def opened(out: str) -> Iterator[TextIO | Shown]:
    """Stdout, or a file that takes its place only when it is whole."""
    if out == "-":
        with until_the_reader_leaves():
            yield Shown() if sys.stdout.isatty() else sys.stdout
            sys.stdout.flush()
        return
    if not is_possible(Path(out)):
        fail(f"no file can be written at {out}; name another with --out", status=MISUSED)
    with atomic_file(Path(out)) as file:
        yield file
