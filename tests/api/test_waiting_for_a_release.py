"""A release that is changed while others wait for it: they see it changed, and never not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from exam_sessions.store.databases import store_of
from exam_sessions.store.repositories import Repositories
from serving import ApiClient, until

pytestmark = pytest.mark.postgresql(reason="elsewhere one writes at a time, and nobody waits for a row")

AVOIDED = ("", "enable_nestloop", "enable_hashjoin", "enable_hashagg", "enable_sort", "enable_indexscan")
"""Ways of finding rows the database is kept from, so that it takes the others."""


@pytest.fixture(scope="module")
def booked(server):
    """A store on a database that has counted its rows, and sessions in it, each in a release of its own."""
    api, store = ApiClient(server.target), store_of(server.database.url)
    sessions = [api.book(api.release()) for _ in range(700)]
    server.database.write("ANALYZE")
    yield store, sessions
    store.close()
    api.close()


@pytest.mark.parametrize("to_change", [False, True])
@pytest.mark.parametrize("named", ["id", "keycode"])
@pytest.mark.parametrize("avoided", AVOIDED)
def test_a_release_changed_while_it_is_waited_for_is_found(booked, server, avoided, named, to_change):
    store, sessions = booked
    session = sessions[17]
    keys = ([session.id], []) if named == "id" else ([], [session.keycode])
    with store.writer() as db, psycopg.connect(server.database.url) as other, ThreadPoolExecutor(1) as pool:
        if avoided:
            db._driver.execute(f"SET {avoided} = off")
        other.execute("UPDATE releases SET version = version + 1 WHERE id = %s", (session.release_id,))

        def load():
            db.begin(wait=True)
            workspace = session.workspace_id
            found = Repositories(store).sessions.load_with_releases(
                db, workspace, *keys, [sessions[3].release_id], to_write=True, to_change=to_change
            )
            db.rollback()
            return found

        loading = pool.submit(load)
        blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        until(lambda: server.database.read(blocked)[0][0] > 0)
        before = server.database.read("SELECT version FROM releases WHERE id = ?", session.release_id)[0][0]
        other.commit()
        loaded, releases, _ = loading.result()
    assert [one.id for one in loaded] == [session.id]
    versions = {release.id: release.version for release in releases}
    assert versions == {session.release_id: before + 1, sessions[3].release_id: 1}
