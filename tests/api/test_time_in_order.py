"""Within a session time follows the sequence, whatever the clocks say and however long a row is waited for."""

from __future__ import annotations

import itertools
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest
from concurrency import assert_in_order, assert_unbroken, at_once
from forms import mixed
from messages import booking, bookings, lasting, mask, micros, new_id
from operations import OperationsApi, counts_of, done_of, filled, long_lasting
from rows import read
from state_paths import STARTED, bring_to, move, name_of, walk

from exam_sessions_client.v1 import catalog_pb2, session_pb2
from processes import calling
from serving import ApiClient, Clock, Refused, serving, until

both_databases = pytest.mark.both_databases("the moment of a change is taken while its row is held")

HOUR = 3600
A_LONG_DAY = (
    *("CreatePackage", "DownloadSession", "SetPin", "EnterKeycode", "CheckInSession"),
    *("RemovePin", "UnlockSession", "SetExtraTime", "PauseSession", "SetExtraTime", "ResumeSession", "GoOffline"),
    *("ReconnectSession", "PauseSession", "ResumeSession", "FailSession", "RecoverSession", "ResumeSession"),
    *("FinishSession", "ReopenSession", "FinishSession", "RetakeSession", "EnterKeycode", "CheckInSession"),
    *("UnlockSession", "GoOffline", "FinishOffline", "UploadSession", "SendToMarking", "SubmitMarkedSession"),
    *("RequestVerification", "VerifySession", "ArchiveSession"),
)
STEPS = (-HOUR, 7, -HOUR, -1, 2 * HOUR, -30, -3 * HOUR, 0, 60)
"""By how many seconds the clock is set before each call, forward or back."""
STRICT = {"invigilated": True, "requires_check_in": True, "moderated": True}


def clocks_at_odds(count):
    """Clocks of as many servers, an hour apart."""
    found = [Clock() for _ in range(count)]
    for n, clock in enumerate(found):
        clock.advance(-HOUR * n)
    return found


@pytest.fixture
def at_odds(database, database_kind):
    """Clients at servers of one database whose clocks are an hour apart; three of them where there may be many."""
    with ExitStack() as stack:
        clocks = clocks_at_odds(3 if database_kind == "postgresql" else 2)
        servers = [stack.enter_context(serving(database, clock, tick_ms=3_600_000)) for clock in clocks]
        desks = [ApiClient(server.target, "w") for server in servers]
        yield desks
        for api in desks:
            api.close()


def test_a_clock_set_back_and_forth_moves_no_event_before_another(clocked_desk, clock):
    api, steps = clocked_desk, itertools.cycle(STEPS)
    session = api.book(api.release(**STRICT))
    for rpc in A_LONG_DAY:
        clock.advance(next(steps))
        session = move(api, rpc, session)
        assert_in_order(api.history(session), session)
    assert name_of(session) == "ARCHIVED"


def test_a_finish_an_hour_before_the_start_ends_the_attempt_at_its_start(clocked_desk, clock):
    session = bring_to(clocked_desk, "IN_PROGRESS")
    clock.advance(-HOUR)
    ended = clocked_desk.move("FinishSession", session).attempt
    assert ended.end_time == ended.start_time
    assert ended.time_elapsed.ToMicroseconds() == 0


def test_time_stands_still_until_the_clock_has_caught_up(clocked_desk, clock):
    session = bring_to(clocked_desk, "PAUSED")
    clock.advance(-HOUR)
    resumed = clocked_desk.move("ResumeSession", session)
    assert resumed.attempt.paused_time.ToMicroseconds() == 0
    assert resumed.update_time == session.update_time
    clock.advance(2 * HOUR)
    paused = clocked_desk.move("PauseSession", resumed)
    assert micros(paused.attempt.pause_start_time) - micros(session.update_time) >= HOUR * 1_000_000


def test_a_wrong_pin_is_not_earlier_than_what_was_before(clocked_desk, clock):
    api = clocked_desk
    session = bring_to(api, "LOCKED_BY_PIN")
    for step in STEPS:
        clock.advance(step)
        with pytest.raises(Refused, match="PIN"):
            api.call("EnterPin", session_id=session.id, pin="WRONGX")
    assert_in_order(api.history(session), api.get(session))


def edit(api, session):
    """Changes what may be changed at any time."""
    said = booking("c", candidate=session_pb2.Candidate(name_last="King"))
    api.call("UpdateSession", session_id=session.id, booking=said, update_mask=mask("candidate.name_last"))


def test_an_attempt_the_clock_ends_is_not_told_of_before_the_last_edit(clocked_server, clocked_desk, clock):
    server, api = clocked_server, clocked_desk
    session = bring_to(api, "IN_PROGRESS", duration=lasting(60))
    clock.advance(HOUR)
    edit(api, session)
    clock.advance(90 - HOUR)
    server.sweep()
    session = api.get(session)
    assert (name_of(session), session.attempt.time_elapsed.ToMicroseconds()) == ("FINISHED", 60_000_000)
    assert_in_order(api.history(session), session)


def test_answers_handed_in_with_the_clock_set_back_are_sent_on_in_order(clocked_desk, clock):
    api = clocked_desk
    session = bring_to(api, "IN_PROGRESS", test_form=mixed(api).reference)
    for step in (-HOUR, 1, -1):
        clock.advance(step)
        move(api, "SetResponses", session)
    clock.advance(-HOUR)
    move(api, "SetResponses", session, submit_for_scoring=True)
    clock.advance(-HOUR)
    move(api, "ScoreResponse", session)
    session = api.get(session)
    assert name_of(session) == "AWAITING_MARKING"
    assert_in_order(api.history(session), session)


def test_a_candidate_who_is_booked_again_with_the_id_of_before_is_booked_later(clocked_desk, clock):
    api, release, session_id = clocked_desk, clocked_desk.release(), new_id()
    for count in (1, 2, 600):
        api.book(release, f"one of {count}", session_id=session_id)
        api.call("DeleteSession", session_id=session_id)
        clock.advance(-HOUR)
        rows = [booking(f"{n} of {count}") for n in range(count - 1)]
        rows.append(booking(f"last of {count}", session_id=session_id))
        api.call("BatchCreateSessions", release_id=release.id, bookings=rows)
        session = api.call("GetSession", session_id=session_id).session
        assert_in_order(api.history(session), session)
        api.call("DeleteSession", session_id=session_id)
        assert_in_order(api.history(session))


def test_a_long_roster_is_told_of_as_of_the_moment_of_its_booking(api):
    booked = api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(501)).sessions
    session = api.call("GetSession", session_id=booked[-1].id).session
    (event,) = api.history(session)
    assert event.time == session.create_time == session.update_time


def test_a_release_changes_when_or_after_it_was_made(clocked_server, clocked_desk, clock):
    api = clocked_desk
    release = api.release()
    clock.advance(-HOUR)
    edit = catalog_pb2.Release(id=release.id, name="Physics")
    renamed = api.call("UpdateRelease", release=edit, update_mask=mask("name")).release
    closed = api.call("FinalizeRelease", release_id=release.id).release
    opened = api.call("UnfinalizeRelease", release_id=release.id).release
    for one in (renamed, closed, opened):
        assert micros(release.create_time) <= micros(one.update_time)


def test_a_release_is_finalized_at_once_also_with_the_clock_set_back(clocked_server, clocked_desk, clock):
    api = clocked_desk
    release = api.release()
    sessions = [bring_to(api, state, release) for state in ("IN_PROGRESS", "PAUSED", "OFFLINE", "READY")]
    clock.advance(-HOUR)
    api.call("FinalizeRelease", release_id=release.id)
    for session, state in zip(sessions, ("FINISHED", "FINISHED", "AWAITING_UPLOAD", "READY"), strict=True):
        ended = api.get(session)
        assert name_of(ended) == state
        assert_in_order(api.history(session), ended)


def test_after_a_release_was_edited_and_its_sessions_swept_a_second_sweep_finds_nothing(
    clocked_server, clocked_desk, clock
):
    server, api = clocked_server, clocked_desk
    release = api.release(duration=lasting(HOUR))
    sessions = [bring_to(api, state, release) for state in ("IN_PROGRESS", "OFFLINE", "PAUSED", "READY")]
    edit = catalog_pb2.Release(id=release.id, duration=lasting(60))
    api.call("UpdateRelease", release=edit, update_mask=mask("duration"))
    due = "SELECT count(*) FROM sessions WHERE due_time <= ?"
    assert read(server, due, clock()) == [(2,)]
    assert server.sweep() == 0
    assert read(server, due, clock()) == [(0,)]
    before = [api.get(session) for session in sessions]
    assert server.sweep() == 0
    assert [api.get(session) for session in sessions] == before
    clock.advance(61)
    assert server.sweep() == 2
    assert server.sweep() == 0


def test_a_revision_of_a_form_is_not_older_than_the_one_before(clocked_desk, clock):
    first = mixed(clocked_desk)
    clock.advance(-HOUR)
    second = clocked_desk.call("UpdateTestForm", test_form=first).test_form
    assert micros(first.create_time) <= micros(second.create_time)


def test_a_consumer_is_not_acknowledged_before_it_was(clocked_desk, clock):
    clocked_desk.book()
    first = clocked_desk.call("AcknowledgeEvents", consumer="c", sequence=0, rewind=True).consumer
    clock.advance(-HOUR)
    second = clocked_desk.call("AcknowledgeEvents", consumer="c", sequence=1).consumer
    assert (first.sequence, second.sequence) == (0, 1)
    assert micros(first.update_time) <= micros(second.update_time)


def test_an_operation_goes_on_with_the_clock_set_back_and_ends_after_it_began(database, clock):
    clock.go_on()
    with serving(database, clock) as server, calling(server, "w") as api:
        work, release = OperationsApi(api), filled(api, 12)
        operation = long_lasting(work, release, per_second=20)
        until(lambda: done_of(work, operation) > 1)
        clock.advance(-HOUR)
        assert counts_of(work.wait(operation)) == (12, 12, 0)
        ((created, updated, ended),) = read(server, "SELECT create_time, update_time, end_time FROM operations")
        assert created < updated == ended


@both_databases
def test_servers_whose_clocks_differ_by_an_hour_tell_one_story(at_odds):
    first, *_ = at_odds
    session = first.book(first.release(**STRICT))
    for api, rpc in zip(itertools.cycle(at_odds), A_LONG_DAY, strict=False):
        session = move(api, rpc, session)
    assert name_of(session) == "ARCHIVED"
    assert_unbroken(first.history(session), session.state)
    assert_in_order(first.history(session), session)


@both_databases
@pytest.mark.postgresql(reason="elsewhere nobody waits for a row")
def test_who_waited_for_a_row_acts_after_who_came_in_between(database):
    with serving(database) as one, serving(database) as other, psycopg.connect(database.url) as by_hand:
        waiting, quick = ApiClient(one.target, "w"), ApiClient(other.target, "w")
        release = waiting.release()
        held, session = (walk(waiting, waiting.book(release), *STARTED[:-1]) for _ in range(2))
        waiting.move("EnterKeycode", held)
        by_hand.execute("SELECT 1 FROM sessions WHERE id = %s FOR UPDATE", (held.id,))
        with ThreadPoolExecutor(1) as pool:
            ended = pool.submit(OperationsApi(waiting).transition, "FINISH", [held, session])
            until(lambda: read(one, "SELECT 1 FROM pg_locks WHERE NOT granted"))
            started = quick.move("EnterKeycode", session)
            by_hand.rollback()
            ended.result()
        finished = quick.get(session)
        assert finished.attempt.start_time == started.attempt.start_time
        assert name_of(finished) == "FINISHED"
        assert_in_order(quick.history(session), finished)
        waiting.close()
        quick.close()


def cross(desks, session):
    """Every server is asked at once for what leads on, and for what ends it."""
    ways = [
        lambda d: d.move("EnterKeycode", session),
        lambda d: d.move("FinishSession", session),
        lambda d: d.move("PauseSession", session),
        lambda d: d.move("ResumeSession", session),
        lambda d: d.move("FinishSession", session),
    ]
    random.shuffle(ways)
    return at_once(*[lambda d=api, way=way: way(d) for api, way in zip(itertools.cycle(desks), ways, strict=False)])


@both_databases
@pytest.mark.parametrize("rounds", [12, pytest.param(400, marks=pytest.mark.slow)])
def test_servers_that_meet_at_a_session_leave_its_history_in_order(at_odds, rounds):
    first, *_ = at_odds
    release = first.release()
    for _ in range(rounds):
        session = walk(first, first.book(release), *STARTED[:-1])
        for _ in range(3):
            cross(at_odds, session)
        session = first.get(session)
        assert_unbroken(first.history(session), session.state)
        assert_in_order(first.history(session), session)
