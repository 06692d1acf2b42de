"""The metrics that are sampled of the database, and those of the sweeps that move what is due."""

from __future__ import annotations

from contextlib import closing

import pytest
from messages import at
from operations import OperationsApi, filled, long_lasting
from state_paths import bring_to
from watchers import last_of

from exam_sessions.execution.samples import Sample
from exam_sessions.store.samples import OperationCount, Overdue, SessionCount
from exam_sessions.telemetry import readings
from exam_sessions.telemetry.catalogue import OTHER
from scraping import moved, sampled, scrape
from serving import ApiClient, serving

SECOND = 1_000_000


@pytest.fixture(scope="module")
def server(new_database):
    """The server of this module's `api`."""
    with new_database() as database, serving(database, metrics="0", tick_ms=60_000) as running:
        yield running.quiet()


@pytest.fixture
def clocked(database, clock):
    with serving(database, clock, metrics="0", tick_ms=3_600_000) as running:
        yield running.quiet()


@pytest.fixture
def desk(clocked):
    with closing(ApiClient(clocked.target)) as api:
        yield api


def test_sessions_are_sampled_by_workspace_and_state_and_those_set_aside_by_themselves(server, api):
    before = sampled(server)
    session, _ = api.book(), api.book()
    name = "exam_sessions_sessions"
    assert sampled(server).value(name, workspace=api.workspace, state="SCHEDULED_BUT_NOT_CREATED") == 2
    api.move("FailSession", session, message="broken")
    found = sampled(server)
    assert found.value(name, workspace=api.workspace, state="SCHEDULED_BUT_NOT_CREATED") == 1
    assert found.value(name, workspace=api.workspace, state="EXCEPTION") == 1
    quarantined = "exam_sessions_quarantined_sessions"
    assert found.value(quarantined) == before.value(quarantined) + 1


@pytest.mark.both_databases("a sample is taken by SQL")
def test_consumers_and_how_far_they_are_behind_are_sampled(clocked, desk):
    bring_to(desk, "READY")
    desk.call("AcknowledgeEvents", consumer="marking", sequence=1)
    labels = {"workspace": desk.workspace, "consumer": "marking"}
    last = last_of(clocked, desk)
    assert sampled(clocked).value("exam_sessions_consumer_lag_events", **labels) == last - 1
    desk.call("AcknowledgeEvents", consumer="marking", sequence=last)
    found = sampled(clocked)
    assert found.labels("exam_sessions_consumer_lag_events") == [labels]
    assert found.value("exam_sessions_consumer_lag_events", **labels) == 0


@pytest.mark.both_databases("a sample is taken by SQL")
def test_what_is_overdue_is_sampled_with_the_age_of_the_oldest(clocked, desk, clock):
    release = desk.release(window_start=at(clock() + 3600 * SECOND))
    for _ in range(2):
        desk.walk(desk.book(release), "CreatePackage", "DownloadSession")
    number, age = "exam_sessions_overdue_sessions", "exam_sessions_overdue_oldest_seconds"
    found = sampled(clocked)
    assert (found.value(number), found.value(age)) == (0, 0)
    clock.advance(3600 + 90)
    found = sampled(clocked)
    assert (found.value(number), found.value(age)) == (2, 90)
    assert clocked.sweep() == 2
    found = sampled(clocked)
    assert (found.value(number), found.value(age)) == (0, 0)


def test_sweeps_are_counted_with_the_time_of_the_last(clocked, clock):
    clock.advance(10)
    assert moved(clocked, clocked.sweep, "exam_sessions_sweep_duration_seconds_count") == 1
    last = scrape(clocked).value("exam_sessions_sweep_last_success_timestamp_seconds")
    assert last == pytest.approx(clock() / SECOND, abs=0.001)


@pytest.mark.both_databases("a sample is taken by SQL")
def test_operations_are_sampled_by_status_with_the_age_of_the_oldest(clocked, desk, clock):
    work = OperationsApi(desk)
    operation = long_lasting(work, filled(desk, 5), per_second=1)
    number, age = "exam_sessions_operations", "exam_sessions_operation_oldest_seconds"

    def under_way(found, name):
        return found.value(name, status="QUEUED") + found.value(name, status="RUNNING")

    assert under_way(sampled(clocked), number) == 1
    work.cancel(operation)
    work.wait(operation)
    found = sampled(clocked)
    assert (under_way(found, number), found.value(number, status="HALTED")) == (0, 1)
    assert under_way(found, age) == 0
    work.wait(long_lasting(work, filled(desk, 2, "later"), per_second=0))
    assert sampled(clocked).value(number, status="COMPLETED") == 1


def test_the_age_of_an_operation_is_counted_from_when_it_was_accepted():
    sample = Sample(100 * SECOND, [], Overdue(0, 0), [OperationCount(2, 3, 40 * SECOND)], [])
    found = {reading.labels: reading.value for reading in readings._of_work(sample) if len(reading.labels) == 1}
    ages = [r for r in readings._of_work(sample) if r.family.name == "exam_sessions_operation_oldest_seconds"]
    assert [(reading.labels, reading.value) for reading in ages] == [(("QUEUED",), 0.0), (("RUNNING",), 60.0)]
    assert found


def test_the_time_of_the_last_sample_is_seen(clocked, clock):
    clock.advance(5)
    found = sampled(clocked)
    assert found.value("exam_sessions_sample_timestamp_seconds") == pytest.approx(clock() / SECOND, abs=0.001)
    assert found.value("exam_sessions_sample_duration_seconds") > 0


def test_workspaces_are_named_up_to_a_number_and_the_others_are_added_up():
    counts = [SessionCount(f"w{number:03}", 6, 1000 - number) for number in range(103)]
    sample = Sample(0, [*counts, SessionCount("w102", 99, 1)], Overdue(0, 0), [], [])
    found = {reading.labels: reading.value for reading in readings._of_sessions(sample)}
    assert len([labels for labels in found if labels and labels[0] != OTHER]) == 100
    assert found["w000", "IN_PROGRESS"] == 1000
    assert found[OTHER, "IN_PROGRESS"] == sum(1000 - number for number in (100, 101, 102))
    assert found[OTHER, "EXCEPTION"] == 1
    assert found[()] == 1


@pytest.mark.sqlite("its columns may hold anything")
def test_damaged_rows_keep_no_metric_from_being_sampled(clocked, desk):
    session = desk.walk(desk.book(), "CreatePackage")
    desk.call("AcknowledgeEvents", consumer="marking", sequence=1)
    work = OperationsApi(desk)
    work.wait(long_lasting(work, filled(desk, 2), per_second=0))
    write = clocked.database.write
    write("UPDATE sessions SET state = 'x', due_time = 'x' WHERE id = ?", session.id)
    write("UPDATE operations SET create_time = 'x', status = 'x'")
    write("UPDATE consumers SET sequence = 'x'")
    found = sampled(clocked)
    assert found.value("exam_sessions_sessions", workspace=desk.workspace, state="EXCEPTION") == 1
    assert found.value("exam_sessions_overdue_sessions") == 0
    assert found.value("exam_sessions_operations", status="COMPLETED") == 0
    assert found.labels("exam_sessions_consumer_lag_events") == [{"workspace": desk.workspace, "consumer": "marking"}]
