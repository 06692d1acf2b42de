from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest.mock import patch

import psycopg
import pytest
from state_paths import bring_to
from watchers import Watch, assert_gapless, bustle, desks_at

from exam_sessions.store import schema
from exam_sessions.store.database_errors import DatabaseDown
from serving import Refused, until

pytestmark = pytest.mark.both_databases("events are read while others write")


@contextmanager
def holding_commits(server, fails=False):
    """Keeps a server's next transaction, written already, from its commit; gives what waits for that moment."""
    held, go_on, db = threading.Event(), threading.Event(), server.app.service._writing._db
    commit = db.commit

    def later():
        if not db.is_in_process:
            # What was only sent may not be done yet.
            db._driver.execute("SELECT 1").fetchall()
        held.set()
        assert go_on.wait(20)
        if fails:
            raise DatabaseDown
        commit()

    with patch.object(db, "commit", later):
        try:
            yield held
        finally:
            go_on.set()


def stored(server, api, after=0):
    """The sequences anybody can see now, and the last place that was given."""
    rows = server.database.read(
        "SELECT w.last_sequence, e.sequence FROM workspaces w LEFT JOIN events e"
        " ON e.workspace_id = w.workspace_id AND e.sequence > ? WHERE w.workspace_id = ? ORDER BY e.sequence",
        after,
        api.workspace,
    )
    return [sequence for _, sequence in rows if sequence], max((last for last, _ in rows), default=0)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("before", [0, 3])
def test_nobody_commits_a_later_place_before_an_earlier_one(server, replica, api, elsewhere, before, fails):
    """The classic gap: places 1 and 2 are taken, 2 is committed and read first, and 1 is missed for ever."""
    if before:
        bring_to(api, "READY")
    release, other = api.release(), api.release()
    with Watch(api, start_sequence=1) as watch, ThreadPoolExecutor(2) as pool:
        with holding_commits(replica, fails) as held:
            first = pool.submit(elsewhere.book, release)
            assert held.wait(10)
            second = pool.submit(api.book, other)
            until(lambda: server.app.service._writing._busy)
            assert not first.done()
            assert not second.done()
            assert stored(server, api) == (list(range(1, before + 1)), before)
            until(lambda: watch.sequence == before)
        last, late = before + 2 - fails, second.result()
        assert_gapless(watch.up_to(last), 1, last)
        assert watch.events[-1].session_id == late.id
        assert stored(server, api) == (list(range(1, last + 1)), last)
    assert isinstance(first.exception(), Refused) == fails


@pytest.mark.postgresql("needs a transaction that is open while another writes")
@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_writer_waits_for_the_row_of_its_workspace_and_leaves_no_hole(server, api, end):
    """The same at the level of SQL, with a transaction that is none of a server's."""
    session, columns = api.book(), schema.events.columns.keys()
    chosen = ", ".join("%s" if name == "sequence" else name for name in columns)
    copy = f"INSERT INTO events SELECT {chosen} FROM events WHERE workspace_id = %s AND sequence = 1"
    take = "UPDATE workspaces SET last_sequence = last_sequence + 1 WHERE workspace_id = %s RETURNING last_sequence"
    blocked = "SELECT 1 FROM pg_stat_activity WHERE ? = ANY(pg_blocking_pids(pid))"
    with Watch(api, start_sequence=1) as watch, ThreadPoolExecutor(1) as pool:
        with psycopg.connect(server.database.url) as slow:
            (place,) = slow.execute(take, (api.workspace,)).fetchone()
            slow.execute(copy, (place, api.workspace))
            call = pool.submit(api.move, "CreatePackage", session)
            until(lambda: server.database.read(blocked, slow.info.backend_pid))
            assert (stored(server, api), call.done()) == (([1], 1), False)
            getattr(slow, end)()
        moved = call.result()
        last = 3 if end == "commit" else 2
        assert_gapless(watch.up_to(last), 1, last)
    assert [event.sequence for event in api.history(moved)] == [*range(1, last + 1)]


@pytest.mark.parametrize("rounds", [4, pytest.param(60, marks=pytest.mark.slow)])
def test_a_reader_who_asks_for_what_is_new_never_sees_a_hole(server, api, replica, rounds):
    release, seen, looks = api.release(), 0, 0
    with (
        desks_at(server, replica, workspace=api.workspace, times=8) as crowd,
        ThreadPoolExecutor(1) as pool,
    ):
        writing, is_over = pool.submit(bustle, crowd, release, rounds), False
        while not is_over:
            is_over = writing.done()
            new, last = stored(server, api, seen)
            assert new == list(range(seen + 1, last + 1))
            seen, looks = last, looks + bool(new)
        writing.result()
    assert looks > 10
    assert seen == 16 * sum(2 if n % 3 == 2 else 3 for n in range(rounds))
