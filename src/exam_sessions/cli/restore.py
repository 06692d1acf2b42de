"""`exam-sessions restore`: a backup into an empty database, ready to be served."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated

import typer

from exam_sessions.cli.backup import copy_with_progress
from exam_sessions.cli.shared.atomic_file import atomic_path, is_possible
from exam_sessions.cli.shared.console import MISUSED, fail, note, say
from exam_sessions.cli.shared.database_faults import database_faults
from exam_sessions.cli.shared.settings_options import DEFAULTS, DatabaseUrl
from exam_sessions.configuration.database_urls import without_password

if TYPE_CHECKING:
    from exam_sessions.store.engine import Store
    from exam_sessions.store.sqlite import SqliteStore

EPILOG = """[bold]Examples[/]
exam-sessions restore exams-2026-06-01.db --database-url sqlite:///exam-sessions.db
exam-sessions restore latest.dump --database-url postgresql://exams:secret@db.example/exams
exam-sessions restore --by-other-means --database-url postgresql://exams:secret@db.example/exams

The database must be empty, and nobody may serve it. Watchers and consumers who have read events that the backup
does not hold are refused with SEQUENCE_AHEAD, and begin again with a snapshot: the next events get numbers that
none had before. A database that was restored in another way, such as by a snapshot of its disk, needs that too:
--by-other-means.
"""

BEGIN_AGAIN = "exam-sessions restore --by-other-means"


def restore(
    file: Annotated[Path | None, typer.Argument(help="A backup.", show_default=False)] = None,
    database_url: DatabaseUrl = DEFAULTS.database_url,
    *,
    by_other_means: Annotated[
        bool, typer.Option("--by-other-means", help="The database is restored already: only number events anew.")
    ] = False,
) -> None:
    """Restores a backup into an empty database."""
    if (file is None) is not by_other_means:
        fail("give the file of a backup, or --by-other-means", "see `exam-sessions restore --help`", MISUSED)
    if file is not None and not file.is_file():
        fail(f"there is no file {file}", "give the file of a backup", MISUSED)
    with database_faults(database_url):
        from exam_sessions.store.databases import store_of  # noqa: PLC0415 - others start faster
        from exam_sessions.store.sqlite import SqliteStore  # noqa: PLC0415 - as above

        with closing(store_of(database_url)) as store:
            if store.is_served():
                fail(f"{without_password(database_url)} is served", "stop its servers first")
            if file is None:
                revision = _number_anew(store)
            elif isinstance(store, SqliteStore):
                revision = _restore_file(store, file.absolute())
            else:
                revision = _restore_dump(store, database_url, file.absolute())
    url = without_password(database_url)
    say(f"{url} is restored, at revision {revision}")
    if revision != _newest():
        say(f"this version's schema is of revision {_newest()}: `exam-sessions migrate` or `serve` brings it up")


def _newest() -> str:
    from exam_sessions.migrations.ownership import newest_revision  # noqa: PLC0415 - others start faster

    return newest_revision()


def _check_revision(revision: str | None) -> str:
    """The revision of a backup. Raises NotOurs, UnknownRevision: it is not of this version or an earlier one."""
    from exam_sessions.migrations.ownership import (  # noqa: PLC0415 - others start faster
        NotOurs,
        UnknownRevision,
        revisions,
    )

    if revision is None:
        raise NotOurs("there is nothing in it")
    if revision not in revisions():
        raise UnknownRevision(f"it is of revision {revision}, and this version's is {_newest()}")
    return revision


def _number_anew(store: Store) -> str:
    from exam_sessions.app import now  # noqa: PLC0415 - others start faster
    from exam_sessions.migrations.ownership import check_before  # noqa: PLC0415 - as above
    from exam_sessions.store.restored import begin_new_range  # noqa: PLC0415 - as above

    revision = _check_revision(check_before(store) if store.exists() else None)
    begin_new_range(store, now())
    return revision


def _refuse_what_is_there(store: Store) -> None:
    """Ends the command when a database is not empty, and names what is in it."""
    from exam_sessions.migrations.ownership import tables_of  # noqa: PLC0415 - others start faster

    if found := tables_of(store):
        counts = (f"{count:,} row{'s' * (count > 1)} of {name}" for name, count in found.items() if count)
        rows = ", ".join(counts) or "tables without rows"
        fail(f"the database is not empty: it holds {rows}", "restore into a new one; nothing was changed")


def _restore_file(store: SqliteStore, file: Path) -> str:
    from exam_sessions.migrations.ownership import check_before  # noqa: PLC0415 - others start faster
    from exam_sessions.store.databases import store_of_file  # noqa: PLC0415 - as above

    with database_faults(f"sqlite:///{file}"), closing(store_of_file(file)) as source:
        _check_revision(check_before(source))
    path = store.path
    if not is_possible(path):
        fail(f"{path} cannot be written", "does its directory exist, and may you write there?")
    beside = [path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm")]
    beside = [log for log in beside if log.exists()]
    if beside and not path.exists():
        names = " and ".join(log.name for log in beside)
        fail(f"{names} of another file would damage the restored one", "move them away")
    with store.migrating():
        there = path.exists()
        if there:
            _refuse_what_is_there(store)
            for log_of_nothing in beside:
                log_of_nothing.unlink()
        with atomic_path(path, replace=there) as written:
            copy_with_progress(file, written)
            with closing(store_of_file(written)) as copied:
                return _number_anew(copied)


def _restore_dump(store: Store, database_url: str, file: Path) -> str:
    from exam_sessions.store import postgres_programs  # noqa: PLC0415 - others start faster
    from exam_sessions.store.databases import conninfo_of  # noqa: PLC0415 - as above

    program = postgres_programs.restore(conninfo_of(database_url), file)
    try:
        _check_revision(postgres_programs.revision_in(file, os.environ))
        _refuse_what_is_there(store)
        note(f"running {program.arguments[0]}", "dim")
        program.run(os.environ)
    except FileNotFoundError:
        say(str(program))
        say(f"{BEGIN_AGAIN} --database-url URL")
        fail("pg_restore is not on this machine", "run the lines above where it is, one after the other")
    except postgres_programs.ProgramFailed as error:
        fail(f"pg_restore failed: {error}", "is the file a backup of PostgreSQL, and the program as new as it?")
    return _number_anew(store)
