from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from concurrency import at_once
from google.protobuf.duration_pb2 import Duration
from messages import new_id
from state_paths import bring_to, walk
from watchers import Watch, assert_gapless, bustle, desks_at, last_of

from serving import ApiClient, Refused, serving, until

both_databases = pytest.mark.both_databases("events are read while others write")

SOON = Duration(nanos=300_000_000)


def acknowledge(api, name, sequence, **fields):
    return api.call("AcknowledgeEvents", consumer=name, sequence=sequence, **fields).consumer


def consumers(api):
    return {c.name: (c.sequence, c.behind) for c in api.call("ListEventConsumers").consumers}


def told_to(api, name, last):
    """The sequences of the events a consumer is told, up to the last one there is."""
    with Watch(api, consumer=name) as watch:
        return [event.sequence for event in watch.up_to(last)]


@contextmanager
def refusal(code, reason):
    with pytest.raises(Refused) as refused:
        yield refused
    assert (refused.value.code.name, refused.value.reason) == (code, reason)


def test_a_new_consumer_begins_with_the_oldest_event(api):
    bring_to(api, "READY")
    assert told_to(api, "marking", 3) == [1, 2, 3]
    assert consumers(api) == {}


@both_databases
def test_a_new_consumer_begins_within_reach(database):
    with serving(database, watch_reach=2) as server:
        api = ApiClient(server.target)
        bring_to(api, "PAUSED")
        assert told_to(api, "marking", 5) == [4, 5]
        acknowledge(api, "late", 2)
        with Watch(api, consumer="late") as watch:
            assert watch.refused().metadata == {"oldest_sequence": "4"}
        acknowledge(api, "late", 3)
        assert told_to(api, "late", 5) == [4, 5]
        api.close()


@both_databases
def test_what_was_acknowledged_is_not_told_again_and_the_rest_is(api, elsewhere):
    session = bring_to(api, "READY")
    for done in range(4):
        acknowledged = acknowledge(api, "marking", done)
        assert (acknowledged.name, acknowledged.sequence, acknowledged.behind) == ("marking", done, 3 - done)
        for at in (api, elsewhere):
            with Watch(at, consumer="marking") as watch:
                assert_gapless(watch.up_to(3) if done < 3 else [], done + 1, 3)
    with Watch(elsewhere, consumer="marking") as watch:
        walk(api, session, "EnterKeycode", "PauseSession")
        assert_gapless(watch.up_to(5), 4, 5)


def test_events_are_acknowledged_while_they_are_told(api):
    with Watch(api, consumer="marking") as watch:
        session = bring_to(api, "IN_PROGRESS")
        watch.up_to(4)
        acknowledge(api, "marking", 2)
        walk(api, session, "PauseSession")
        assert_gapless(watch.up_to(5), 1, 5)
    assert told_to(api, "marking", 5) == [3, 4, 5]


def test_two_consumers_are_independent(server, api):
    bring_to(api, "IN_PROGRESS")
    acknowledge(api, "marking", 4)
    acknowledge(api, "archive-2_x", 1)
    assert told_to(api, "archive-2_x", 4) == [2, 3, 4]
    assert told_to(api, "third", 4) == [1, 2, 3, 4]
    api.book()
    assert list(consumers(api).items()) == [("archive-2_x", (1, 4)), ("marking", (4, 1))]
    stranger = ApiClient(server.target)
    assert consumers(stranger) == {}
    stranger.book()
    assert told_to(stranger, "marking", 1) == [1]
    acknowledge(stranger, "marking", 1)
    assert consumers(api)["marking"] == (4, 1)
    stranger.close()


def test_a_consumer_moves_forward_only_unless_it_rewinds(api):
    bring_to(api, "IN_PROGRESS")
    there = acknowledge(api, "marking", 3)
    for sequence in (0, 2, 3):
        assert acknowledge(api, "marking", sequence) == there
    assert consumers(api) == {"marking": (3, 1)}
    back = acknowledge(api, "marking", 1, rewind=True)
    assert (back.sequence, back.behind) == (1, 3)
    assert told_to(api, "marking", 4) == [2, 3, 4]
    assert acknowledge(api, "marking", 4, rewind=True).sequence == 4
    assert acknowledge(api, "marking", 0, rewind=True).behind == 4
    assert acknowledge(api, "new", 2, rewind=True).sequence == 2


def test_a_consumer_is_shown_with_the_time_of_its_acknowledgement(clocked_desk, clock):
    api = clocked_desk
    bring_to(api, "READY")
    times = []
    for sequence in (1, 2):
        times.append(acknowledge(api, "marking", sequence).update_time.seconds)
        (shown,) = api.call("ListEventConsumers").consumers
        assert shown.update_time.seconds == times[-1]
        clock.advance(60)
    assert 60 <= times[1] - times[0] < 120


def test_what_has_not_happened_cannot_be_acknowledged(api):
    for there in (0, 3):
        if there:
            bring_to(api, "READY")
        for fields in ({}, {"rewind": True}, {"validate_only": True}):
            with refusal("OUT_OF_RANGE", "SEQUENCE_AHEAD") as refused:
                acknowledge(api, "marking", there + 1, **fields)
            assert refused.value.metadata == {"last_sequence": str(there)}
    assert consumers(api) == {}
    assert acknowledge(api, "marking", 3).behind == 0


def test_a_repeated_acknowledgement_is_answered_as_the_first_time(api, elsewhere):
    bring_to(api, "IN_PROGRESS")
    request_id = new_id()
    first = acknowledge(api, "marking", 2, request_id=request_id)
    acknowledge(api, "marking", 4)
    for at in (api, elsewhere):
        assert acknowledge(at, "marking", 2, request_id=request_id.upper()) == first
    assert consumers(api) == {"marking": (4, 0)}
    for changed in ({"sequence": 3}, {"name": "archive"}, {"rewind": True}):
        with refusal("INVALID_ARGUMENT", "REQUEST_ID_REUSED"):
            acknowledge(api, **({"name": "marking", "sequence": 2, "request_id": request_id} | changed))


def test_a_repeated_rewind_does_not_rewind_again(api):
    bring_to(api, "IN_PROGRESS")
    acknowledge(api, "marking", 4)
    request_id = new_id()
    first = acknowledge(api, "marking", 1, rewind=True, request_id=request_id)
    acknowledge(api, "marking", 3)
    assert acknowledge(api, "marking", 1, rewind=True, request_id=request_id) == first
    assert consumers(api) == {"marking": (3, 1)}


def test_an_acknowledgement_that_is_only_checked_changes_nothing(api):
    bring_to(api, "READY")
    request_id = new_id()
    assert acknowledge(api, "marking", 2, validate_only=True, request_id=request_id).behind == 1
    assert consumers(api) == {}
    acknowledge(api, "marking", 3, request_id=request_id)
    assert acknowledge(api, "marking", 1, rewind=True, validate_only=True).sequence == 1
    assert acknowledge(api, "marking", 1, validate_only=True).sequence == 3
    assert consumers(api) == {"marking": (3, 0)}


@both_databases
def test_acknowledgements_on_two_servers_at_once_end_with_the_furthest(api, elsewhere):
    bring_to(api, "ARCHIVED")
    for name in ("new-1", "new-2", "new-3", "new-4"):
        order = random.sample(range(1, 9), 8)
        sent = [(at, sequence) for sequence in order for at in (api, elsewhere)]
        answers = at_once(*[lambda at=at, n=name, s=sequence: acknowledge(at, n, s) for at, sequence in sent])
        assert all(answer.sequence >= sequence for answer, (_, sequence) in zip(answers, sent, strict=True))
        assert consumers(api)[name] == (8, 0)


@both_databases
@pytest.mark.postgresql("needs a transaction that is open while another writes")
def test_a_new_consumer_acknowledged_twice_at_the_same_moment_does_not_fall_back(server, api):
    bring_to(api, "READY")
    row = "INSERT INTO consumers (workspace_id, name, sequence, update_time) VALUES (%s, 'marking', 3, 0)"
    blocked = "SELECT 1 FROM pg_stat_activity WHERE ? = ANY(pg_blocking_pids(pid))"
    with psycopg.connect(server.database.url) as faster, ThreadPoolExecutor(1) as pool:
        faster.execute(row, (api.workspace,))
        slower = pool.submit(acknowledge, api, "marking", 1)
        until(lambda: server.database.read(blocked, faster.info.backend_pid))
        faster.commit()
        assert slower.result().sequence == 3
    assert consumers(api) == {"marking": (3, 0)}


@both_databases
@pytest.mark.parametrize("crashes", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_a_consumer_that_crashes_again_and_again_gets_everything_at_least_once(server, api, elsewhere, crashes):
    done, release = [], api.release()
    with desks_at(server, workspace=api.workspace, times=4) as crowd, ThreadPoolExecutor(1) as pool:
        writing = pool.submit(bustle, crowd, release, crashes)
        for crash in range(crashes):
            with Watch((api, elsewhere)[crash % 2], consumer="marking", heartbeat_interval=SOON) as watch:
                watch.until(lambda w=watch: w.pieces)
            heard = [event.sequence for event in watch.events]
            assert_gapless(watch.events, len(done) + 1, len(done) + len(heard))
            done += heard[: 1 + len(heard) // 2]
            acknowledge(api, "marking", len(done))
        writing.result()
    last = last_of(server, api)
    with Watch(elsewhere, consumer="marking", heartbeat_interval=SOON) as watch:
        done += [event.sequence for event in watch.up_to(last)]
    assert done == list(range(1, last + 1))
    assert last > crashes * 8


BAD = {
    "capitals": ({"consumer": "Marking", "sequence": 0}, {"consumer"}),
    "no name": ({}, {"consumer"}),
    "a NUL": ({"consumer": "a\0"}, {"consumer"}),
    "too long": ({"consumer": "a" * 65}, {"consumer"}),
    "negative": ({"consumer": "a", "sequence": -1}, {"sequence"}),
    "an id that is none": ({"consumer": "a", "request_id": "17"}, {"request_id"}),
    "a workspace with capitals": ({"consumer": "a", "workspace_id": "W"}, {"workspace_id"}),
    "all at once": ({"consumer": "A", "sequence": -1, "request_id": "1"}, {"consumer", "sequence", "request_id"}),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_acknowledgement_is_refused_with_the_field(api, name):
    fields, paths = BAD[name]
    with refusal("INVALID_ARGUMENT", "INVALID_FIELD") as refused:
        api.call("AcknowledgeEvents", **fields)
    assert set(refused.value.fields) == paths


def test_consumers_of_a_malformed_workspace_are_refused(api):
    with refusal("INVALID_ARGUMENT", "INVALID_FIELD") as refused:
        api.call("ListEventConsumers", workspace_id="W")
    assert set(refused.value.fields) == {"workspace_id"}
