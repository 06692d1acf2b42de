"""Operations whose server goes away: another takes over, and nothing is done twice."""

from __future__ import annotations

import pytest
from operations import (
    COMPLETED,
    RUNNING,
    OperationsApi,
    counts_of,
    done_of,
    filled,
    long_lasting,
    status_of,
    times_done,
)
from rows import read

from processes import ServerProcess, calling
from serving import ApiClient, serving, until

both_databases = pytest.mark.both_databases("work is leased by the database")

WORKSPACE = "w"
LEASE_S = 5
"""Seconds for which an operation is its server's after a step."""


def owner_of(server, operation):
    """Who has an operation, until when, and where its next step is."""
    name = operation.name.rpartition("/")[2]
    return read(server, "SELECT owner, lease_until, next_time FROM operations WHERE id = ?", name)[0]


def stop_working(server):
    """Ends the work of a server in the middle, as if it had died; it holds what it holds."""

    async def stop():
        server.app.service._working.cancel()

    server.run(stop())


@pytest.fixture
def two(database, clock):
    """Two servers of one database, whose clock the test may stop and set forward."""
    clock.go_on()
    with serving(database, clock) as one, serving(database, clock) as other:
        yield one, other


@pytest.fixture
def desks(two):
    """A client at each, in one workspace."""
    desks = [ApiClient(server.target, WORKSPACE) for server in two]
    yield desks
    for api in desks:
        api.close()


@both_databases
def test_nobody_touches_an_operation_whose_server_holds_it_and_another_takes_over_after_that(two, desks, clock):
    (one, other), release = two, filled(desks[0], 30)
    first, second = (OperationsApi(api) for api in desks)
    operation = long_lasting(first, release, per_second=20)
    until(lambda: 3 <= done_of(second, operation) < 25)
    holders = {one: first, other: second}
    owner = owner_of(one, operation)[0]
    holder, rest = (one, other) if owner == one.app.service.worker._server else (other, one)
    stop_working(holder)
    clock.stop()
    done = done_of(second, operation)
    clock.advance(1)  # the next step is due, and the lease goes on
    rest.run(rest.app.service.worker.round())
    assert (done_of(second, operation), owner_of(one, operation)[0]) == (done, owner)
    assert status_of(second.get(operation)) == RUNNING
    clock.advance(LEASE_S + 2)
    clock.go_on()
    ended = holders[rest].wait(operation)
    assert (status_of(ended), counts_of(ended)) == (COMPLETED, (30, 30, 0))
    assert times_done(one, release) == {1: 30}


def test_an_operation_can_be_cancelled_and_awaited_at_any_server(two, desks):
    first, second = (OperationsApi(api) for api in desks)
    release = filled(desks[0], 30)
    operation = long_lasting(first, release, per_second=5)
    until(lambda: done_of(second, operation) > 0)
    second.cancel(operation)
    ended = second.wait(operation)
    assert (ended.done, ended.error.code) == (True, 1)
    assert times_done(two[0], release) == {1: counts_of(ended)[0]}


@both_databases
def test_many_servers_do_every_step_once(database):
    with serving(database) as one, serving(database) as two, serving(database) as three:
        api = ApiClient(one.target, WORKSPACE)
        work, releases = OperationsApi(api), [filled(api, 400, f"r{n}-") for n in range(4)]
        operations = [work.of_release("REMOVE_PIN", release) for release in releases]
        ended = [work.wait(operation) for operation in operations]
        assert [counts_of(operation) for operation in ended] == [(400, 400, 0)] * 4
        assert [times_done(one, release) for release in releases] == [{1: 400}] * 4
        assert {two.database, three.database} == {database}
        api.close()


def test_a_server_that_stops_hands_its_work_back(database):
    with serving(database) as one:
        api = ApiClient(one.target, WORKSPACE)
        release = filled(api, 40)
        operation = long_lasting(OperationsApi(api), release, per_second=20)
        until(lambda: done_of(OperationsApi(api), operation) > 2)
        api.close()
    assert owner_of(one, operation)[:2] == ("", 0)
    with serving(database) as other:
        api = ApiClient(other.target, WORKSPACE)
        work = OperationsApi(api)
        before = done_of(work, operation)
        assert 2 < before < 40
        until(lambda: done_of(work, operation) > before + 1)
        assert counts_of(work.wait(operation)) == (40, 40, 0)
        assert times_done(other, release) == {1: 40}
        api.close()


def test_a_process_told_to_stop_hands_its_work_to_those_who_live_on(database):
    with ServerProcess(database) as doomed, serving(database) as other:
        witness = ApiClient(other.target, WORKSPACE)
        work, release = OperationsApi(witness), filled(witness, 30)
        with calling(doomed, WORKSPACE) as api:
            operation = long_lasting(OperationsApi(api), release, per_second=20)
            until(lambda: done_of(work, operation) > 2)
        doomed.terminate()
        assert doomed.wait() == 0
        ended = work.wait(operation)
        assert (status_of(ended), counts_of(ended)) == (COMPLETED, (30, 30, 0))
        assert times_done(other, release) == {1: 30}
        witness.close()


def test_the_work_of_a_killed_process_is_taken_over_when_its_lease_has_ended(database, clock):
    with ServerProcess(database) as doomed, calling(doomed, WORKSPACE) as api:
        release = filled(api, 30)
        operation = long_lasting(OperationsApi(api), release, per_second=20)
        until(lambda: done_of(OperationsApi(api), operation) > 2)
        doomed.kill()
        doomed.wait()
        clock.go_on()
        clock.advance(LEASE_S + 1)
        with serving(database, clock) as other:
            witness = ApiClient(other.target, WORKSPACE)
            assert counts_of(OperationsApi(witness).wait(operation)) == (30, 30, 0)
            assert times_done(other, release) == {1: 30}
            witness.close()


def test_a_server_that_was_only_asleep_does_nothing_again(database, clock):
    with ServerProcess(database) as sleeper, calling(sleeper, WORKSPACE) as api:
        release = filled(api, 40)
        operation = long_lasting(OperationsApi(api), release, per_second=20)
        until(lambda: done_of(OperationsApi(api), operation) > 2)
        sleeper.freeze()
        clock.go_on()
        clock.advance(LEASE_S + 1)
        with serving(database, clock) as other:
            witness = ApiClient(other.target, WORKSPACE)
            work = OperationsApi(witness)
            before = done_of(work, operation)
            until(lambda: done_of(work, operation) > before)
            sleeper.thaw()
            ended = work.wait(operation)
            assert (status_of(ended), counts_of(ended)) == (COMPLETED, (40, 40, 0))
            assert times_done(other, release) == {1: 40}
            witness.close()
