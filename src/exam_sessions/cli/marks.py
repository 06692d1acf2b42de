"""`exam-sessions marks`: the marks of papers, from a CSV file; marks_file.py reads it, marks_importer.py writes."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from exam_sessions.cli.files.importer import Rejected
from exam_sessions.cli.files.marks_file import read_marks
from exam_sessions.cli.files.marks_importer import MarksImporter
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Target, Workspace, connected
from exam_sessions.cli.shared.console import REFUSED, coloured, fail, note, reject, say, show, table
from exam_sessions.cli.shared.enum_names import word
from exam_sessions.cli.shared.file_faults import Fault, Unreadable
from exam_sessions.cli.shared.input_file import input_file, name_of, read_input
from exam_sessions.cli.shared.progress import bar
from exam_sessions.cli.shared.times import time_of
from exam_sessions.cli.shared.transition_views import sessions_text
from exam_sessions.client.failures import NoServer, Refused

cli = typer.Typer(no_args_is_help=True, help="Enter the marks of papers.")

EPILOG = """[bold]Columns[/], separated by commas, semicolons or tabs, in UTF-8: keycode or session_id,
question_number, mark, completion_time (or --completed). One row for each question; a row without a mark,
or with N/A, says that it was not attempted, which is not the mark 0. Rows may come in any order.
Several files add up.

[bold]Examples[/]
exam-sessions marks import marks.csv --completed 2026-11-20T10:00:00Z --dry-run
exam-sessions marks import marks.csv --completed 2026-11-20T10:00:00Z

[bold]Interrupted?[/] Type the same command again: what was written stays, the rest is completed.
"""


@cli.command("import", epilog=EPILOG)
def import_marks(
    file: Annotated[Path, input_file("MARKS.csv", "The marks")],
    completed: Annotated[
        int | None,
        typer.Option(
            metavar="TIME",
            parser=time_of,
            show_default=False,
            help="When the papers were completed, where the file does not say it; UTC without a zone.",
        ),
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row, write nothing.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Write also what an earlier run of the same rows wrote.")
    ] = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Enters marks of papers (CSV), each session's rows as a whole, several sessions at a time.

    Every bad row is named by its line before anything is written.
    """
    try:
        read = read_marks(read_input(file), completed or 0)
    except Unreadable as error:
        fail(f"{name_of(file)}: {error}", "a file of marks begins with a line that names its columns; see --help")
    with connected(target, workspace) as client:
        importer = MarksImporter(client, read.papers, again=again)
        with bar("checking", importer.rows) as advance:
            faults = sorted({*read.faults, *importer.check(advance)})
        if faults:
            _reject(file, faults, f"of {read.size:,} rows; nothing was written")
        if importer.known:
            note(
                f"{sessions_text(importer.known)} had these marks from an earlier run; --again would write them anew"
            )
        if dry_run:
            say(f"{importer.rows:,} marks of {sessions_text(len(importer.left))} can be entered; nothing was written")
        elif importer.left:
            _write(importer, file)
        else:
            say("nothing is left to enter")


def _write(importer: MarksImporter, file: Path) -> None:
    rows, start = importer.rows, time.monotonic()
    try:
        with bar("marking", rows) as advance:
            importer.write(advance)
    except Rejected as rejected:
        _print_written(importer, time.monotonic() - start)
        _reject(file, rejected.faults, "that were good a moment ago; all other sessions are written")
    except (KeyboardInterrupt, NoServer, Refused) as stopped:
        note(
            f"stopped with {sessions_text(len(importer.left))} to go; type the same command again to go on", "yellow"
        )
        if isinstance(stopped, KeyboardInterrupt):
            raise typer.Exit(REFUSED) from None
        raise
    _print_written(importer, time.monotonic() - start)


def _print_written(importer: MarksImporter, took: float) -> None:
    """The closing summary: how many, how fast, and where the sessions are now."""
    rows = importer.entered
    say(
        f"{rows:,} marks of {sessions_text(len(importer.written))} entered in {took:.2f} s "
        f"({rows / took:,.0f} rows/s, {len(importer.written) / took:,.0f} sessions/s)"
    )
    # One of each kind is put in words: ten thousand take a tenth of a second.
    kinds = {(session.state, session.maturity): session for session in importer.written}
    counts = Counter((session.state, session.maturity) for session in importer.written)
    made = table("state now", "sessions")
    for state, maturity, count in sorted(
        (word(s, "state"), word(s, "maturity"), counts[k]) for k, s in kinds.items()
    ):
        made.add_row(coloured(state, maturity), f"{count:,}")
    if counts:
        show(made)
        note(f"next:  exam-sessions results show {importer.written[0].keycode}", "dim")


def _reject(file: Path, faults: Sequence[Fault], where: str) -> NoReturn:
    reject(name_of(file), faults, where, "correct the lines above, then import again")
