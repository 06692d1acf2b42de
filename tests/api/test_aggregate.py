"""AggregateSessions: counts and scores, worked by hand."""

from __future__ import annotations

import threading

import pytest
from forms import answer, enter_marks, form, hand_in, mcq, mixed, paper, sitting
from grpc import StatusCode
from messages import bookings, new_id, send
from rows import count
from state_paths import STARTED, STATE_PATHS, bring_to, name_of, walk

import sampling
from exam_sessions_client.v1 import catalog_pb2, session_pb2
from serving import ApiClient, Refused, until

MANY = sampling.fewer(10_000, 3_000)
"""Rows of a roster that takes its time."""

both_databases = pytest.mark.both_databases("counts and averages are made by SQL")


def aggregate(api, *releases):
    """All together, and release by release."""
    reply = api.call("AggregateSessions", release_ids=[release.id for release in releases])
    return reply.total, {row.release_id: row.statistics for row in reply.releases}


def states_of(statistics):
    return {session_pb2.State.Name(row.state).removeprefix("STATE_"): row.count for row in statistics.states}


def maturities_of(statistics):
    names = session_pb2.Maturity
    return {names.Name(row.maturity).removeprefix("MATURITY_"): row.count for row in statistics.maturities}


def scores_of(statistics):
    return statistics.scored_count, statistics.min_score, statistics.average_score, statistics.max_score


def scored(api, release, right):
    """A session of the release with so many of three answers right."""
    answers = [answer(number, "A") for number in "123"[:right]]
    return hand_in(api, walk(api, api.book(release), *STARTED), *answers)


@pytest.fixture
def release(api):
    """A release of three choices of one mark, each `A`."""
    form(api, mcq("1"), mcq("2"), mcq("3"))
    return api.release(test_form="form-1")


@both_databases
def test_counts_and_scores_of_a_release(api, release):
    for right in (3, 2, 2, 0):
        scored(api, release, right)
    walk(api, api.book(release), *STARTED)
    api.book(release)
    api.book(release)
    total, by_release = aggregate(api, release)
    assert by_release == {release.id: total}
    assert (total.session_count, states_of(total)) == (
        7,
        {"SCHEDULED_BUT_NOT_CREATED": 2, "IN_PROGRESS": 1, "MARKED": 4},
    )
    assert maturities_of(total) == {"NOT_STARTED": 2, "IN_PROGRESS": 1, "COMPLETE": 4}
    # 100, 66.6667, 66.6667 and 0: 233.3334 by four.
    assert scores_of(total) == (4, "0", "58.3334", "100")


@both_databases
def test_each_state_is_counted_under_its_code_in_their_order(api):
    release = api.release(invigilated=True)
    for state in ("READY", "LOCKED_FOR_INVIGILATOR", "READY"):
        walk(api, api.book(release), *STATE_PATHS[state][1])
    others = [bring_to(api, state) for state in sorted(set(STATE_PATHS) - {"ARCHIVED"})]
    total, by_release = aggregate(api)
    codes = [row.state for row in total.states]
    assert codes == sorted({*(session.state for session in others), 4, 5})
    assert (states_of(total)["READY"], states_of(total)["LOCKED_FOR_INVIGILATOR"]) == (3, 2)
    assert sum(maturities_of(total).values()) == total.session_count == 23
    assert states_of(by_release[release.id]) == {"READY": 2, "LOCKED_FOR_INVIGILATOR": 1}


@both_databases
def test_several_releases_come_in_the_order_asked_and_together(api, release):
    second, empty = api.release(test_form="form-1"), api.release()
    scored(api, release, 3)
    scored(api, second, 0)
    scored(api, second, 1)
    asked = [second, empty, release]
    reply = api.call("AggregateSessions", release_ids=[one.id.upper() for one in asked])
    assert [row.release_id for row in reply.releases] == [one.id for one in asked]
    assert [scores_of(row.statistics) for row in reply.releases] == [
        (2, "0", "16.6667", "33.3333"),
        (0, "", "", ""),
        (1, "100", "100", "100"),
    ]
    assert scores_of(reply.total) == (3, "0", "44.4444", "100")
    whole = api.call("AggregateSessions")
    assert [row.release_id for row in whole.releases] == sorted([release.id, second.id])
    assert whole.total == reply.total


def test_a_workspace_without_sessions_counts_nothing(api):
    total, by_release = aggregate(api)
    assert (total, by_release) == (session_pb2.SessionStatistics(), {})


def test_a_release_there_is_not_is_not_found(api, server, release):
    missing, stranger = catalog_pb2.Release(id=new_id()), ApiClient(server.target)
    for asks in (lambda: aggregate(api, release, missing), lambda: aggregate(stranger, release)):
        with pytest.raises(Refused) as refused:
            asks()
        assert (refused.value.code, refused.value.reason) == (StatusCode.NOT_FOUND, "RELEASE_NOT_FOUND")
    stranger.close()


def test_bad_releases_are_refused_by_place(api):
    one = new_id()
    for ids, path in ((["x"], "release_ids[0]"), ([one, one], "release_ids"), ([new_id()] * 1001, "release_ids")):
        with pytest.raises(Refused) as refused:
            api.call("AggregateSessions", release_ids=ids)
        assert refused.value.reason == "INVALID_FIELD"
        assert path in refused.value.fields


def test_a_voided_session_is_counted_and_not_scored(api, release):
    scored(api, release, 1)
    api.move("VoidSession", scored(api, release, 3))
    total, _ = aggregate(api, release)
    assert (states_of(total), scores_of(total)) == (
        {"VOIDED": 1, "MARKED": 1},
        (1, "33.3333", "33.3333", "33.3333"),
    )
    assert maturities_of(total) == {"COMPLETE": 1, "VOID": 1}


def test_the_deciding_attempt_counts_while_another_is_under_way(api, release):
    session = api.move("RetakeSession", scored(api, release, 2))
    total, _ = aggregate(api, release)
    assert (states_of(total), scores_of(total)) == ({"READY": 1}, (1, "66.6667", "66.6667", "66.6667"))
    hand_in(api, api.move("EnterKeycode", session), answer("1", "A"))
    assert scores_of(aggregate(api, release)[0]) == (1, "66.6667", "66.6667", "66.6667")


@both_databases
def test_what_is_reopened_or_cleared_is_scored_no_more(api, release):
    first, second = scored(api, release, 2), scored(api, release, 3)
    api.move("ReopenSession", first)
    api.move("ClearResponses", second)
    assert scores_of(aggregate(api, release)[0]) == (0, "", "", "")


@both_databases
def test_a_mean_is_rounded_half_up_to_four_decimals(api):
    form(api, mcq("1", available_mark="3"), mark_decimals=4)
    release = api.release(test_form="form-1", delivery=catalog_pb2.DELIVERY_PAPER)
    # 0.0033 and 0.0067 of a hundred: 0.01 by two.
    for mark in ("0.0001", "0.0002"):
        enter_marks(api, api.book(release), {"1": mark})
    assert scores_of(aggregate(api, release)[0]) == (2, "0.0033", "0.005", "0.0067")
    enter_marks(api, api.book(release), {"1": "0"})
    # 0.01 by three is 0.00333...
    assert scores_of(aggregate(api, release)[0]) == (3, "0", "0.0033", "0.0067")


@both_databases
def test_papers_without_all_their_marks_have_no_score(api):
    mixed(api)
    session = enter_marks(api, paper(api), {"1": "1"})
    assert name_of(session) == "PAPER_RESPONSE_UPLOAD"
    total, _ = aggregate(api)
    assert (states_of(total), scores_of(total)) == ({"PAPER_RESPONSE_UPLOAD": 1}, (0, "", "", ""))


def test_a_roster_under_way_is_not_counted(server, api):
    release, seen, done = api.release(), set(), threading.Event()
    api.book(release, "first")
    call = send(api, "BatchCreateSessions", release_id=release.id, bookings=bookings(MANY))
    call.add_done_callback(lambda _: done.set())
    half_written = 0
    while not done.is_set():
        half_written += 1 < count(server, "sessions", api.workspace) < MANY + 1
        seen.add(aggregate(api, release)[0].session_count)
    assert half_written
    assert len(call.result().sessions) == MANY
    assert seen <= {1, MANY + 1}
    assert until(lambda: aggregate(api)[0].session_count == MANY + 1)


def test_a_session_that_moves_is_counted_once(api):
    mixed(api)
    session = sitting(api)
    stop, seen = threading.Event(), set()

    def watch():
        while not stop.is_set():
            seen.add(aggregate(api)[0].session_count)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(100):
        session = walk(api, session, "PauseSession", "ResumeSession")
    stop.set()
    watcher.join()
    assert seen == {1}
