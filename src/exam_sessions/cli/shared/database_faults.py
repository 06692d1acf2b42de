"""Words for a database that cannot be opened or brought to the newest schema."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from exam_sessions.cli.shared.console import MISUSED, fail
from exam_sessions.configuration.database_urls import without_password

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def database_faults(url: str) -> Iterator[None]:
    """Words for a database that cannot be opened or brought to the newest schema."""
    from exam_sessions.errors import Refusal  # noqa: PLC0415 - other commands need no database
    from exam_sessions.migrations.ownership import NotOurs, OlderRevision, UnknownRevision  # noqa: PLC0415 - as above
    from exam_sessions.store.database_errors import (  # noqa: PLC0415 - as above
        DatabaseDamaged,
        DatabaseDown,
        DatabaseFull,
        UnfitPooler,
    )

    url = without_password(url)
    usable = "does its directory exist, may you write there, and is the file a database?"
    reachable = "does the server run, and do user, password and database exist?"
    try:
        yield
    except ValueError as error:
        if "database_url" not in str(error):
            raise
        known = "give a SQLite file, such as sqlite:///exam-sessions.db, or postgresql://USER:PASSWORD@HOST/NAME"
        fail(f"{url!r} names no database", known, MISUSED)
    except NotOurs as error:
        other = "another file" if url.startswith("sqlite") else "an empty database of its own"
        fail(
            f"the database {url} is not this service's: {error}",
            f"give {other} with --database-url, or restore a backup",
        )
    except DatabaseDown as error:
        ways_out = {
            DatabaseFull: "make room where the database is kept",
            DatabaseDamaged: "restore a backup, or give another; `exam-sessions check` says what is damaged",
            UnfitPooler: "give the database's own URL with --direct-database-url, or have the pooler pool sessions",
        }
        way_out = ways_out.get(type(error), reachable if url.startswith("postgresql") else usable)
        fail(f"the database {url} cannot be used: {' '.join(str(error).split())}", way_out)
    except Refusal as error:
        # It failed between the newest schema and the first call.
        fail(f"the database {url} cannot be used: {error}", reachable if url.startswith("postgresql") else usable)
    except OSError as error:
        if error.filename is None:
            raise
        fail(f"the database {url} cannot be used: {error.strerror}", usable)
    except UnknownRevision as error:
        fail(f"the schema of {url} is not of this version: {error}", "serve it with the version that made it")
    except OlderRevision as error:
        fail(f"the schema of {url} is older than this version's: {error}", "bring it up with `exam-sessions migrate`")
