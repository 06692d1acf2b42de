"""`exam-sessions backup`: a copy of a database, also while it is served."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated

import typer

from exam_sessions.cli.shared.atomic_file import atomic_path, is_possible
from exam_sessions.cli.shared.console import MISUSED, fail, note, say
from exam_sessions.cli.shared.database_faults import database_faults
from exam_sessions.cli.shared.progress import bar
from exam_sessions.cli.shared.settings_options import DEFAULTS, DatabaseUrl
from exam_sessions.configuration.database_urls import without_password

if TYPE_CHECKING:
    from exam_sessions.store.engine import Store

EPILOG = """[bold]Examples[/]
exam-sessions backup exams-2026-06-01.db
exam-sessions backup --force latest.dump --database-url postgresql://backup@db.example/exams

Of SQLite it makes one file with a snapshot of the database, of PostgreSQL a dump by pg_dump in its custom format.
A server goes on meanwhile. The file is there when it is whole and was read once more, and only its owner may read
it. It does not hold the files that settings name: keys of candidate ids, certificates, the configuration.
"""


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it.", show_default=False)],
    database_url: DatabaseUrl = DEFAULTS.database_url,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Copies a database into a file, also while it is served."""
    file = file.absolute()
    if file.exists() and not force:
        fail(f"{file} is there already", "give another name, or --force to replace it", MISUSED)
    if not is_possible(file):
        fail(f"{file} cannot be written", "does its directory exist, and may you write there?")
    with database_faults(database_url):
        from exam_sessions.migrations.ownership import NotOurs, check_before  # noqa: PLC0415 - others start faster
        from exam_sessions.store.databases import store_of  # noqa: PLC0415 - as above

        with closing(store_of(database_url)) as store:
            revision = check_before(store) if store.exists() else None
            if revision is None:
                raise NotOurs("there is nothing in it")
            try:
                with atomic_path(file, replace=force) as written:
                    _write(store, database_url, written)
            except FileExistsError:
                fail(f"{file} was made meanwhile", "give another name, or --force to replace it")
    say(f"{file} holds {without_password(database_url)} at revision {revision}, {file.stat().st_size:,} bytes")


def _write(store: Store, database_url: str, written: Path) -> None:
    from exam_sessions.store.sqlite import SqliteStore  # noqa: PLC0415 - others start faster

    if isinstance(store, SqliteStore):
        copy_with_progress(store.path, written)
    else:
        _dump(database_url, written)


def copy_with_progress(source: Path, target: Path) -> None:
    """Copies a SQLite database. Raises DatabaseDown."""
    from exam_sessions.store.sqlite_backup import copy_database, page_count  # noqa: PLC0415 - others start faster

    done = 0
    with bar("copying", page_count(source), "pages") as advance:

        def progress(remaining: int, total: int) -> None:
            nonlocal done
            advance(total - remaining - done)
            done = total - remaining

        copy_database(source, target, progress)


def _dump(database_url: str, written: Path) -> None:
    from exam_sessions.store import postgres_programs  # noqa: PLC0415 - others start faster
    from exam_sessions.store.databases import conninfo_of  # noqa: PLC0415 - as above

    program = postgres_programs.dump(conninfo_of(database_url), written)
    note(f"running {program.arguments[0]}", "dim")
    try:
        program.run(os.environ)
    except FileNotFoundError:
        say(str(postgres_programs.dump(conninfo_of(database_url), written.with_name("FILE"))))
        fail(
            "pg_dump is not on this machine",
            "run the line above where it is, or install PostgreSQL's client programs",
        )
    except postgres_programs.ProgramFailed as error:
        fail(f"pg_dump failed: {error}", "is it as new as the server, and may the user read all tables?")
