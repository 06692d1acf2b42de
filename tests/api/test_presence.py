"""A server is there for the others of its database as long as it lives, and what it leaves is tidied away."""

from __future__ import annotations

import pytest
from messages import bookings, new_id, outcome_of, send
from rows import read

import sampling
from exam_sessions.background.scheduler import DiscardStagedImport
from exam_sessions.store.databases import store_of
from exam_sessions.store.staged_imports import StagedImportRow
from processes import ServerProcess, calling
from serving import ApiClient, Refused, serving, until

both_databases = pytest.mark.both_databases("who is there is known by the database")

ROWS = sampling.fewer(10_000, 3_000)
QUIET = {"tick_ms": 3_600_000}


@pytest.fixture
def stores(database):
    """Two stores on one database, as two servers have them."""
    both = [store_of(database.url) for _ in range(2)]
    yield both
    for store in both:
        store.close()


@both_databases
def test_a_server_is_there_for_the_others_until_it_closes(stores):
    one, other = stores
    server = one.register_liveness()
    assert other.is_alive(server)
    assert other.is_alive(server), "to ask does no harm"
    one.close()
    until(lambda: not other.is_alive(server))


@both_databases
def test_a_server_has_one_id_for_as_long_as_it_is_there(stores):
    one, other = stores
    assert one.register_liveness() == one.register_liveness() != other.register_liveness()
    assert one.is_alive(other.register_liveness())
    assert other.is_alive(one.register_liveness())


@both_databases
def test_a_server_nobody_knows_is_not_there(stores):
    assert not stores[0].is_alive(new_id())


def owner_of_draft(server):
    """Waits for a roster that is half written; the id of the server that writes it."""
    until(lambda: read(server, "SELECT count(*) FROM sessions") > [(0,)])
    ((owner,),) = read(server, "SELECT owner FROM drafts")
    return owner


@both_databases
def test_what_a_killed_process_has_half_written_is_removed_by_another_server(database):
    with ServerProcess(database) as doomed, calling(doomed, "w") as api, serving(database, **QUIET) as other:
        call = send(api, "BatchCreateSessions", release_id=api.release().id, bookings=bookings(ROWS))
        owner = owner_of_draft(other)
        doomed.kill()
        assert call.exception()
        store = other.app.service._store
        until(lambda: not store.is_alive(owner))
        other.sweep()
        assert read(other, "SELECT count(*) FROM sessions") == read(other, "SELECT count(*) FROM drafts") == [(0,)]


@both_databases
def test_what_a_server_at_work_has_half_written_is_left_alone(database):
    with ServerProcess(database) as writer, calling(writer, "w") as api, serving(database, **QUIET) as other:
        call = send(api, "BatchCreateSessions", release_id=api.release().id, bookings=bookings(ROWS))
        owner = owner_of_draft(other)
        writer.freeze()
        assert other.app.service._store.is_alive(owner)
        other.sweep()
        writer.thaw()
        assert len(call.result().sessions) == ROWS
        assert read(other, "SELECT count(*) FROM sessions") == [(ROWS,)]


def test_what_was_there_as_a_whole_before_it_could_be_removed_stays(database):
    with serving(database, **QUIET) as writer, serving(database, **QUIET) as other:
        api = ApiClient(writer.target)
        call = send(api, "BatchCreateSessions", release_id=api.release().id, bookings=bookings(ROWS))
        owner_of_draft(other)
        (draft,) = read(other, "SELECT * FROM drafts")
        assert len(call.result().sessions) == ROWS

        async def discard():
            return await other.app.service._writing.submit(DiscardStagedImport(StagedImportRow(*draft)))

        assert other.run(discard()) == 0
        assert read(other, "SELECT count(*) FROM sessions") == read(other, "SELECT count(*) FROM events") == [(ROWS,)]
        api.close()


BY_CONNECTION = pytest.mark.postgresql(reason="there a server is present through a connection")


def cut_off(database):
    """Ends the connections through which servers are present, as a broken line would; how many there were."""
    held = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = "
    held += "(SELECT oid FROM pg_database WHERE datname = current_database())"
    return len(database.read(f"SELECT pg_terminate_backend(pid) FROM ({held}) AS present"))


@both_databases
@BY_CONNECTION
def test_a_server_whose_connection_is_lost_is_not_there_until_it_has_another(stores, database):
    one, other = stores
    server = one.register_liveness()
    assert cut_off(database) == 1
    until(lambda: not other.is_alive(server))
    assert one.register_liveness() == server
    assert other.is_alive(server)


@both_databases
@BY_CONNECTION
def test_a_roster_of_a_server_taken_for_dead_is_there_as_a_whole_or_not_at_all(database):
    with serving(database, **QUIET) as writer, serving(database, **QUIET) as other:
        api = ApiClient(writer.target)
        content = {"release_id": api.release().id, "bookings": bookings(ROWS), "request_id": new_id()}
        call = send(api, "BatchCreateSessions", **content)
        owner_of_draft(other)
        assert cut_off(database) == 2
        other.sweep()
        seen = set()
        while not call.done():
            seen.add(api.call("ListSessions", page_size=1, show_total_size=True).total_size)
        assert seen <= {0, ROWS}
        outcome = outcome_of(call)
        if isinstance(outcome, Refused):
            assert outcome.reason == "DATABASE_UNAVAILABLE"
            assert read(other, "SELECT count(*) FROM sessions") == [(0,)]
        assert len(api.call("BatchCreateSessions", **content).sessions) == ROWS
        assert read(other, "SELECT count(*) FROM events") == [(ROWS,)]
        api.close()
