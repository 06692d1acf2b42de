"""pg_dump and pg_restore: their arguments, and their environment, which alone holds the password."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import psycopg
from psycopg.conninfo import make_conninfo

from exam_sessions.store.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OF_MIGRATIONS = "alembic_version"
OUTSIDE_OF_LINES = "PGPASSWORD"
"""The variable that is not in a line that is shown."""


class ProgramFailed(Exception):  # noqa: N818 - a condition the command line explains
    """A program of PostgreSQL's ended with an error; the text is what it said."""


class PostgresProgram(NamedTuple):
    """A program with its arguments, and the variables that it needs."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]

    def __str__(self) -> str:
        """As it is typed into a shell; the password is asked for, or in ~/.pgpass."""
        variables = (f"{k}={shlex.quote(v)}" for k, v in self.environment.items() if k != OUTSIDE_OF_LINES)
        return " ".join([*variables, shlex.join(self.arguments)])

    def run(self, surroundings: Mapping[str, str]) -> str:
        """Runs it in an environment, and returns what it printed. Raises ProgramFailed, FileNotFoundError."""
        done = subprocess.run(  # noqa: S603 - no shell, and arguments of ours
            self.arguments,
            env={**surroundings, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ProgramFailed(done.stderr.strip() or f"{self.arguments[0]} ended with {done.returncode}")
        return done.stdout


def dump(conninfo: Mapping[str, str], file: Path) -> PostgresProgram:
    """Writes the service's tables, from one snapshot, in PostgreSQL's custom format."""
    tables = [f"--table={name}" for name in sorted([*metadata.tables, OF_MIGRATIONS])]
    format_ = ("--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=60s")
    environment, dbname = _connection(conninfo)
    return PostgresProgram(("pg_dump", *format_, *tables, f"--file={file}", *dbname), environment)


def restore(conninfo: Mapping[str, str], file: Path) -> PostgresProgram:
    """Reads a dump into an empty database: all of it or nothing."""
    options = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
    environment, dbname = _connection(conninfo)
    database = dbname or (f"--dbname={make_conninfo(dbname=conninfo.get('dbname', ''))}",)
    return PostgresProgram(("pg_restore", *options, *database, str(file)), environment)


def revision_in(file: Path, surroundings: Mapping[str, str]) -> str:
    """The revision of the schema that a dump holds. Raises ProgramFailed: it is none of this service's."""
    arguments = ("pg_restore", "--data-only", f"--table={OF_MIGRATIONS}", "--file=-", str(file))
    rows = PostgresProgram(arguments, {}).run(surroundings).splitlines()
    start = next((n for n, row in enumerate(rows) if row.startswith("COPY ")), None)
    if start is None:
        raise ProgramFailed("it holds no tables of this service")
    return rows[start + 1].strip()


def _connection(conninfo: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The variables of a connection, and an argument for what has no variable."""
    known = {option.keyword.decode(): option.envvar for option in psycopg.pq.Conninfo.get_defaults()}
    environment = {name.decode(): conninfo[key] for key, name in known.items() if name and key in conninfo}
    others = {key: value for key, value in conninfo.items() if not known.get(key)}
    return environment, (f"--dbname={make_conninfo(**others)}",) if others else ()
