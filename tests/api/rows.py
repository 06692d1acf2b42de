"""The database as an operator sees it: read, damaged, locked and restored from outside the server."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager

TABLES = ("releases", "sessions", "events", "requests", "pins", "workspaces")


def read(server, sql, *values):
    """Rows, read on a connection of one's own."""
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True)) as db:
        return db.execute(sql, values).fetchall()


def write(server, sql, *values):
    """Writes past the server."""
    with closing(sqlite3.connect(server.database)) as db, db:
        return db.execute(sql, values).rowcount


def snapshot(server, workspace):
    """Every row of a workspace, by table."""
    return {table: read(server, f"SELECT * FROM {table} WHERE workspace_id = ?", workspace) for table in TABLES}


def count(server, table, workspace):
    """How many rows a workspace has in a table."""
    return read(server, f"SELECT count(*) FROM {table} WHERE workspace_id = ?", workspace)[0][0]


@contextmanager
def unchanged(server, desk):
    """Holds that a block leaves the desk's workspace as it was."""
    before = snapshot(server, desk.workspace)
    yield
    assert snapshot(server, desk.workspace) == before


@contextmanager
def locked_for_writing(server):
    """Holds the write lock, as another process in a long transaction would."""
    with closing(sqlite3.connect(server.database, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")


@contextmanager
def unusable(server):
    """Takes every table away, so that the database refuses whatever is asked of it."""
    for table in TABLES:
        write(server, f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        yield
    finally:
        for table in TABLES:
            write(server, f"ALTER TABLE {table}_away RENAME TO {table}")


def finalize(server, release_id):
    """Finalizes a release; the RPC for it comes later."""
    assert write(server, "UPDATE releases SET finalized = 1 WHERE id = ?", release_id) == 1
