"""A database that was restored from a backup: nobody who has read events that are lost goes on in silence."""

from __future__ import annotations

from contextlib import closing

import pytest
from operations import OperationsApi
from personal import erase
from state_paths import edit
from watchers import Watch

from checked import found_in
from exam_sessions.app import now
from exam_sessions.domain.sequences import RANGE
from exam_sessions.store.databases import store_of
from exam_sessions.store.restored import begin_new_range
from serving import ApiClient, Refused, serving

both_databases = pytest.mark.both_databases("events are numbered in SQL of each database")

HELD = 3
"""Events that the backup holds; all after it are lost."""


@pytest.fixture
def restored(database):
    """A server on a database that holds a few events, and was made by a restore."""
    with serving(database) as server, closing(ApiClient(server.target, "w")) as api:
        session = api.book()
        edit(api, session, HELD - 1)
        assert [event.sequence for event in api.history(session)] == list(range(1, HELD + 1))
        api.call("AcknowledgeEvents", consumer="billing", sequence=2)
    with closing(store_of(database.url)) as store:
        begin_new_range(store, now())
    with serving(database, tick_ms=3_600_000) as server:
        yield server


@pytest.fixture
def api(restored):
    with closing(ApiClient(restored.target, "w")) as api:
        yield api


@pytest.fixture
def session(api):
    (session,) = api.call("ListSessions").sessions
    return session


def refused_with(start, api):
    with Watch(api, start_sequence=start) as watch:
        refused = watch.refused()
    assert refused.reason == "SEQUENCE_AHEAD"
    return refused.metadata


def test_a_watch_that_has_read_what_is_lost_is_refused_even_when_as_much_has_happened_since(api, session):
    for _ in range(2):
        for start in (HELD + 2, HELD + 10, RANGE, RANGE + 7):
            assert refused_with(start, api) == {"last_sequence": str(HELD)}
        edit(api, session, HELD)


def test_a_watch_that_has_read_all_that_is_left_goes_on_behind_it(api, session):
    with Watch(api, start_sequence=HELD + 1) as watch:
        edit(api, session, 2)
        events = watch.until(lambda: watch.events[1:] and watch.events)
    first, second = (event.sequence for event in events)
    assert first > RANGE
    assert (first % RANGE, second) == (1, first + 1)


@both_databases
def test_a_watch_from_the_beginning_is_told_everything_once(api, session):
    edit(api, session, 2)
    with Watch(api, start_sequence=1) as watch:
        watch.until(lambda: len(watch.events) == HELD + 2)
        edit(api, session, 1)
        watch.until(lambda: len(watch.events) == HELD + 3)
        told = [event.sequence for event in watch.events]
    assert told == [event.sequence for event in api.history(session)] == sorted(set(told))


def test_a_watch_that_begins_now_or_with_a_snapshot_is_told_what_follows(api, session):
    with Watch(api, now=True) as from_now, Watch(api) as with_snapshot:
        with_snapshot.complete()
        from_now.until(lambda: from_now.pieces)
        edit(api, session, 1)
        for watch in (from_now, with_snapshot):
            watch.until(lambda watch=watch: len(watch.events) == 1)
        resumed = from_now.sequence
    edit(api, session, 1)
    with Watch(api, start_sequence=resumed + 1) as watch:
        watch.until(lambda: len(watch.events) == 1)


def test_a_consumer_goes_on_where_the_backup_had_it_and_is_behind_by_events_not_by_numbers(api, session):
    edit(api, session, 2)
    (consumer,) = api.call("ListEventConsumers").consumers
    assert (consumer.sequence, consumer.behind) == (2, HELD - 2 + 2)
    with Watch(api, consumer="billing") as watch:
        watch.until(lambda: len(watch.events) == HELD - 2 + 2)
        last = watch.sequence
    for lost in (HELD + 1, RANGE + 1):
        with pytest.raises(Refused) as refused:
            api.call("AcknowledgeEvents", consumer="billing", sequence=lost)
        assert (refused.value.reason, refused.value.metadata) == ("SEQUENCE_AHEAD", {"last_sequence": str(HELD)})
    assert api.call("AcknowledgeEvents", consumer="billing", sequence=last).consumer.behind == 0


def test_how_far_back_a_watch_may_begin_is_counted_in_events(restored, api, session):
    edit(api, session, 2)
    with serving(restored.database, watch_reach=4) as narrow, closing(ApiClient(narrow.target, "w")) as other:
        with Watch(other, start_sequence=1) as watch:
            assert watch.refused().metadata == {"oldest_sequence": "2"}
        with Watch(other, start_sequence=2) as watch:
            watch.until(lambda: len(watch.events) == 4)
        with Watch(other, consumer="new") as watch:
            watch.until(lambda: len(watch.events) == 4)


def test_a_workspace_that_was_lost_and_is_registered_again_does_not_give_its_numbers_again(restored):
    with closing(ApiClient(restored.target, "lost")) as lost:
        (event,) = lost.history(lost.book())
        assert event.sequence > RANGE
        assert refused_with(2, lost) == {"last_sequence": "0"}


@both_databases
def test_check_finds_nothing_before_and_after_it_is_written_again(restored, api, session):
    assert found_in(restored.database) == []
    edit(api, session, 2)
    assert found_in(restored.database) == []


def test_a_candidate_is_erased_from_what_happened_before_and_after(api, session):
    edit(api, session, 1)
    api.move("VoidSession", session)
    erase(OperationsApi(api), candidate_id=session.candidate.candidate_id)
    assert api.get(session).candidate.candidate_id != session.candidate.candidate_id
