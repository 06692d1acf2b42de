"""The rows behind a server: read, damaged, locked and restored from outside it."""

from __future__ import annotations

from contextlib import contextmanager

TABLES = ("test_forms", "releases", "sessions", "scripts", "events", "requests", "pins", "workspaces")


def read(server, sql, *values):
    """Rows, read on a connection of one's own; values stand in the statement as `?`."""
    return server.database.read(sql, *values)


def write(server, sql, *values):
    """Writes past the server; the number of rows written."""
    return server.database.write(sql, *values)


def snapshot(server, workspace):
    """Every row of a workspace, by table."""
    return {table: set(rows) for table, rows in server.database.rows_of(workspace, TABLES).items()}


def count(server, table, workspace):
    """How many rows a workspace has in a table."""
    return read(server, f"SELECT count(*) FROM {table} WHERE workspace_id = ?", workspace)[0][0]


@contextmanager
def unchanged(server, api):
    """Holds that a block leaves the desk's workspace as it was."""
    before = snapshot(server, api.workspace)
    yield
    assert snapshot(server, api.workspace) == before
