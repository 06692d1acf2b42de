"""`exam-sessions import`: options and output. The work is roster.py's and importer.py's."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from exam_sessions.cli.files.codes_file import CodesDiffer, default_path, leave_codes
from exam_sessions.cli.files.import_ids import LARGEST, SMALLEST
from exam_sessions.cli.files.importer import HAS_A_SESSION, Codes, Importer, Rejected
from exam_sessions.cli.files.oneroster import ROLES, has_roles, oneroster, read_students, unpacked
from exam_sessions.cli.files.roster import Roster, Row, read_roster
from exam_sessions.cli.files.roster_format import FORMATS, OWN, RosterFormat, read_map
from exam_sessions.cli.releases import ReleaseName, find_release
from exam_sessions.cli.shared.atomic_file import is_possible
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Target, Workspace, connected
from exam_sessions.cli.shared.console import MISUSED, REFUSED, fail, note, reject, say
from exam_sessions.cli.shared.file_faults import Fault, Unreadable
from exam_sessions.cli.shared.input_file import STDIN, input_file, name_of, read_input
from exam_sessions.cli.shared.progress import bar
from exam_sessions.client.failures import NoServer, Refused

HEADER = 4_096
"""Bytes of a file that its header is looked for in."""

EPILOG = """[bold]Columns[/], separated by commas, semicolons or tabs, in UTF-8: candidate_id (required), name_first,
name_middle, name_last, gender, grade_level, ethnicity, school_id, district_id, access_code,
external_reference, centre_id, keycode, pin, test_form, window_start_dt, window_end_dt, annotations (a JSON object),
time_limit (2h, none), extra_time (15m, 25%), extra_time_reason.
Codes that are left out are drawn. Times are UTC: 2026-05-04 09:00:00.

[bold]Examples[/]
exam-sessions import roster.csv --release "Maths, May" --dry-run
exam-sessions import roster.csv --release "Maths, May"

exam-sessions import users.csv --format oneroster --release "Maths, May"      (students of OneRoster 1.1 or 1.2;
                                                                              1.2 with roles.csv beside it)
exam-sessions import bulk.zip --format oneroster --release "Maths, May"       (the same, in one archive)
exam-sessions import export.csv --columns map.toml --release "Maths, May"

[bold]Interrupted?[/] Type the same command again: what was written keeps its codes, the rest is completed.
"""


def format_of(text: str) -> str:
    """A kind of file, by its name in any case. Raises BadParameter."""
    if text.lower() not in FORMATS:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(FORMATS)}")
    return text.lower()


def import_roster(
    roster: Annotated[Path, input_file("ROSTER.csv", "The roster")],
    release: ReleaseName,
    out: Annotated[
        Path | None,
        typer.Option(metavar="CODES.csv", help="Where the codes go.", show_default="ROSTER-codes.csv"),
    ] = None,
    chunk: Annotated[
        int,
        typer.Option(min=SMALLEST, max=LARGEST, metavar="ROWS", help="How many are written at once, 1000 to 10000."),
    ] = SMALLEST,
    form: Annotated[
        str, typer.Option("--format", metavar="csv|oneroster", parser=format_of, help="What kind of file it is.")
    ] = "csv",
    columns: Annotated[
        Path | None,
        typer.Option(metavar="MAP.toml", help='Which headings are which columns: "Student ID" = "candidate_id".'),
    ] = None,
    roles: Annotated[
        Path | None,
        typer.Option(
            metavar="ROLES.csv",
            help="Who is a student, for --format oneroster.",
            show_default="roles.csv beside users.csv",
        ),
    ] = None,
    *,
    keep_odd_ids: Annotated[
        bool, typer.Option("--keep-odd-ids", help="Take ids that a spreadsheet seems to have damaged as they are.")
    ] = False,
    new_codes: Annotated[
        bool, typer.Option("--new-codes", help="Pass over keycodes and access codes, and have new ones drawn.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Write codes as they are, also where a spreadsheet would run them.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row, write nothing.")] = False,
    skip_booked: Annotated[
        bool, typer.Option("--skip-booked", help="Leave out rows whose candidate has a session in the release.")
    ] = False,
    allow_missing_form: Annotated[
        bool, typer.Option("--allow-missing-form", help="Test forms that rows name may follow later.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite another CODES.csv.")] = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Books a roster (CSV) into a release, and writes everybody's keycode and access code to a new CSV.

    Every bad row is named by its line before anything is written.
    """
    if roster == STDIN and not out:
        fail("it is not said where the codes go", "name a file with --out CODES.csv", MISUSED)
    codes = out or default_path(roster)
    data = read_input(roster)
    _check_codes_path(roster, codes)
    if form == "oneroster" and columns is None:
        data, format_ = _oneroster(roster, data, roles)
    else:
        format_ = _format(form, columns, roles)
    read = _read(roster, data, format_, keep_odd_ids=keep_odd_ids, new_codes=new_codes)
    with connected(target, workspace) as client:
        found = find_release(client, release)
        importer = Importer(client, found.id, read.rows, chunk, allow_missing_form=allow_missing_form)
        with bar("looking up", len(read.rows)) as advance:
            importer.look(advance, skip_booked=skip_booked, booked=read.booked)
        with bar("checking", importer.left) as advance:
            faults = sorted([*read.faults, *importer.check(advance)])
        if faults:
            _reject(roster, faults, f"of {read.size:,} rows; nothing was written")
        _print_known(importer)
        if dry_run:
            say(f"{importer.left:,} rows can be imported into {found.name} ({found.id}); nothing was written")
        else:
            _write(importer, roster, codes, force=force, raw=raw)


def _format(form: str, columns: Path | None, roles: Path | None) -> RosterFormat:
    if roles:
        fail("--roles says who is a student in a file of --format oneroster; give both, or neither", status=MISUSED)
    if columns is None:
        return OWN
    if form != "csv":
        fail("--format and --columns each say what the columns are; give one of them", status=MISUSED)
    try:
        return read_map(read_input(columns))
    except Unreadable as error:
        fail(f"{name_of(columns)}: {error}", status=MISUSED)


def _oneroster(roster: Path, data: bytes, roles: Path | None) -> tuple[bytes, RosterFormat]:
    """The content of users.csv, and how it is read: by roles.csv where one is named, in the archive or beside it."""
    try:
        bulk = unpacked(data)
        file, found = roster, None if has_roles(bulk.users) else bulk.roles
        is_told = found is not None or has_roles(bulk.users)
    except Unreadable as error:
        fail(f"{name_of(roster)}: {error}")
    if roles:
        file, found = roles, read_input(roles)
    elif not is_told and roster != STDIN and roster.with_name(ROLES).is_file():
        file = roster.with_name(ROLES)
        found = read_input(file)
    if found is None:
        return bulk.users, oneroster()
    try:
        students = read_students(found, datetime.now(UTC).date())
    except Unreadable as error:
        fail(f"{name_of(file)}, as roles of OneRoster 1.2: {error}")
    note(f"who is a student is read from {name_of(file) if file != roster else ROLES}")
    return bulk.users, oneroster(students)


def _read(roster: Path, data: bytes, form: RosterFormat, *, keep_odd_ids: bool, new_codes: bool) -> Roster:
    """The roster, and a line on what of the file is none of it."""
    try:
        read = read_roster(data, form, keep_odd_ids=keep_odd_ids)
    except Unreadable as error:
        hint = "a roster begins with a line that names its columns; see --help"
        if form is OWN and b"sourcedid" in data[:HEADER].lower():
            hint = "users.csv of OneRoster is read with --format oneroster"
        fail(f"{name_of(roster)}: {error}", hint)
    if read.passed_over:
        note(f"columns a roster has no use for are passed over: {', '.join(read.passed_over)}")
    if form.is_unsure and "role" not in read.passed_over:
        hint = "give roles.csv with --roles"
        note(f"the file has no roles, as in OneRoster 1.2: every user is taken for a student; {hint}", "yellow")
    if read.left_out:
        note(f"{read.left_out:,} rows are left out: they are no students, or to be deleted")
    if not new_codes:
        return read
    rows = [Row(line, booking._replace(keycode="", access_code="")) for line, booking in read.rows]
    return replace(read, rows=tuple(rows))


def _check_codes_path(roster: Path, codes: Path) -> None:
    if codes.resolve() == roster.resolve():
        fail("the codes cannot replace the roster; name another file with --out", status=MISUSED)
    if not is_possible(codes):
        fail(f"no file can be written at {codes}; name another with --out", status=MISUSED)


def _print_known(importer: Importer) -> None:
    if importer.done:
        note(f"{importer.done:,} rows were imported by an earlier run of this file")
    if importer.skipped:
        note(f"{len(importer.skipped):,} rows are left out: their candidates have a session already")
    for line, booking in importer.gone():
        gone = f"line {line}: candidate {booking.candidate_id} was imported before and has no session any more"
        note(f"{gone}; --skip-booked would book it anew", "yellow")


def _write(importer: Importer, roster: Path, codes: Path, *, force: bool, raw: bool) -> None:
    """Writes what is left to write, then the file of codes."""
    if importer.left and codes.exists() and not force:
        hint = "name another with --out, or overwrite it with --force"
        fail(f"{codes} is there already, from another import", hint)
    known, new, start = importer.codes_before(), importer.left, time.monotonic()
    try:
        with bar("importing", new) as advance:
            known += importer.write(advance)
    except Rejected as rejected:
        _print_stopped(importer, "correct what is in their way")
        _reject(roster, rejected.faults, f"that were good a moment ago; {importer.done:,} rows before are written")
    except KeyboardInterrupt:
        _print_stopped(importer)
        raise typer.Exit(REFUSED) from None
    except (NoServer, Refused):
        _print_stopped(importer)
        raise
    took = time.monotonic() - start
    if new:
        say(f"{new:,} rows imported in {took:.2f} s ({new / took:,.0f} rows/s)")
    else:
        say("nothing is left to import")
    _leave_codes(codes, known, force=force, raw=raw)


def _leave_codes(codes: Path, known: Sequence[Codes], *, force: bool, raw: bool) -> None:
    try:
        new = leave_codes(codes, known, force=force, raw=raw)
    except CodesDiffer:
        fail(f"{codes} is there already and differs", "name another with --out, or overwrite it with --force")
    except OSError as error:
        fail(
            f"every row is imported, but {codes} cannot be written: {error.strerror}",
            "type the command again with another --out; the codes stay the same",
        )
    say(f"codes are in {codes}, {'readable by you only' if new else 'unchanged'}")


def _reject(roster: Path, faults: Sequence[Fault], where: str) -> NoReturn:
    hint = "correct the lines above, then import again"
    if any(fault.reason == HAS_A_SESSION for fault in faults):
        hint += "; --skip-booked leaves out candidates who have a session"
    reject(name_of(roster), faults, where, hint)


def _print_stopped(importer: Importer, first: str = "") -> None:
    note(
        f"stopped after {importer.done:,} of {len(importer.rows):,} rows; "
        f"{f'{first}, then ' if first else ''}type the same command again to go on",
        style="yellow",
    )
