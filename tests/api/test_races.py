from __future__ import annotations

import itertools

import pytest
from concurrency import assert_unbroken, at_once, reasons, won
from messages import booking, mask
from rows import count
from state_paths import FETCHED, bring_to, name_of, walk

from exam_sessions_client.v1 import session_pb2
from serving import ApiClient, Refused, serving

pytestmark = pytest.mark.both_databases("who is first is decided by the database")

ROUNDS = pytest.mark.parametrize("rounds", [6, pytest.param(150, marks=pytest.mark.slow)])
CROWD = 4
"""Callers of each kind in a race."""


@pytest.fixture
def desks(server, api):
    """Several connections into one workspace."""
    more = [ApiClient(server.target, api.workspace) for _ in range(2 * CROWD)]
    yield more
    for one in more:
        one.close()


def race(desks, *calls):
    """Several callers of each call at once; what came of it."""
    seats = zip(itertools.cycle(desks), [call for call in calls for _ in range(CROWD)], strict=False)
    return at_once(*[lambda d=api, c=call: c(d) for api, call in seats])


def states_of(events):
    return [session_pb2.State.Name(event.to_state).removeprefix("STATE_") for event in events]


def assert_etags_differ(outcomes):
    etags = [session.etag for session in won(outcomes)]
    assert len(etags) == len(set(etags)) > 0


@ROUNDS
def test_pause_against_finish_has_one_legal_order(api, desks, rounds):
    for _ in range(rounds):
        session = bring_to(api, "IN_PROGRESS")
        outcomes = race(
            desks,
            lambda d, s=session: d.move("PauseSession", s),
            lambda d, s=session: d.move("FinishSession", s),
        )
        events = api.history(session)
        assert_unbroken(events, session_pb2.STATE_FINISHED)
        assert states_of(events[4:]) in (["FINISHED"], ["PAUSED", "FINISHED"])
        assert len(won(outcomes)) == len(events) - 4
        assert set(reasons(outcomes)) == {"INVALID_TRANSITION"}
        assert_etags_differ(outcomes)


@ROUNDS
def test_void_against_finish_has_one_legal_order(api, desks, rounds):
    for _ in range(rounds):
        session = bring_to(api, "IN_PROGRESS")
        outcomes = race(
            desks,
            lambda d, s=session: d.move("VoidSession", s),
            lambda d, s=session: d.move("FinishSession", s),
        )
        events = api.history(session)
        assert_unbroken(events, session_pb2.STATE_VOIDED)
        assert states_of(events[4:]) in (["VOIDED"], ["FINISHED", "VOIDED"])
        assert set(reasons(outcomes)) <= {"INVALID_TRANSITION", "SESSION_NOT_VOIDABLE"}
        assert_etags_differ(outcomes)


@ROUNDS
def test_reset_against_the_keycode_has_one_legal_order(api, desks, rounds):
    for _ in range(rounds):
        session = bring_to(api, "READY")
        outcomes = race(
            desks,
            lambda d, s=session: d.move("ResetSession", s),
            lambda d, s=session: d.move("EnterKeycode", s),
        )
        events = api.history(session)
        now = api.get(session)
        assert_unbroken(events, now.state)
        assert name_of(now) in {"IN_PROGRESS", "SCHEDULED_BUT_NOT_CREATED"}
        opened = [event for event in events if event.action == session_pb2.ACTION_ENTER_KEYCODE]
        assert len(opened) == (1 if name_of(now) == "IN_PROGRESS" else 0)
        assert len(won(outcomes)) == len(events) - 3
        assert_etags_differ(outcomes)


@ROUNDS
def test_delete_against_download_has_one_legal_order(api, desks, rounds):
    for _ in range(rounds):
        session = bring_to(api, "SCHEDULED_BUT_NOT_DOWNLOADED")
        outcomes = race(
            desks,
            lambda d, s=session: d.call("DeleteSession", session_id=s.id),
            lambda d, s=session: d.move("DownloadSession", s),
        )
        assert len(won(outcomes)) == 1
        last = api.history(session)[-1]
        if last.action == session_pb2.ACTION_DELETE:
            assert set(reasons(outcomes)) == {"SESSION_NOT_FOUND"}
            with pytest.raises(Refused):
                api.get(session)
        else:
            assert name_of(api.get(session)) == "READY"
            assert set(reasons(outcomes)) == {"INVALID_TRANSITION", "SESSION_NOT_EDITABLE"}


@ROUNDS
def test_one_of_many_bookings_of_a_candidate_wins(server, api, desks, rounds):
    release = api.release()
    for n in range(rounds):
        outcomes = race(desks, lambda d, n=n: d.book(release, f"c{n}"), lambda d, n=n: d.book(release, f"c{n}"))
        assert len(won(outcomes)) == 1
        assert set(reasons(outcomes)) == {"DUPLICATE_CANDIDATE"}
    assert count(server, "sessions", api.workspace) == count(server, "events", api.workspace) == rounds


@ROUNDS
def test_one_of_many_sessions_of_a_candidate_opens(api, desks, rounds):
    releases = [api.release() for _ in range(CROWD)]
    for n in range(rounds):
        sessions = [walk(api, api.book(release, f"c{n}"), *FETCHED) for release in releases]
        outcomes = at_once(
            *[
                lambda d=d, s=s: d.move("EnterKeycode", s)
                for d, s in zip(desks, sessions, strict=False)
            ]
        )  # fmt: skip
        assert len(won(outcomes)) == 1
        assert reasons(outcomes) == ["CANDIDATE_HAS_OPEN_SESSION"] * (CROWD - 1)
        assert {r.metadata["candidate_id"] for r in outcomes if isinstance(r, Refused)} == {f"c{n}"}
        states = sorted(name_of(api.get(session)) for session in sessions)
        assert states == ["IN_PROGRESS"] + ["READY"] * (CROWD - 1)


def test_the_next_session_opens_once_the_first_is_finished_or_set_aside(api):
    sessions = [walk(api, api.book(None, "ben"), *FETCHED) for _ in range(3)]
    api.move("EnterKeycode", sessions[0])
    api.move("FinishSession", sessions[0])
    api.move("EnterKeycode", sessions[1])
    api.move("FailSession", sessions[1], message="power cut")
    api.move("EnterKeycode", sessions[2])
    with pytest.raises(Refused) as refused:
        api.move("RecoverSession", sessions[1])
    assert (refused.value.reason, refused.value.metadata) == ("CANDIDATE_HAS_OPEN_SESSION", {"candidate_id": "ben"})
    api.move("VoidSession", sessions[2])
    assert name_of(api.move("RecoverSession", sessions[1])) == "PAUSED"


def test_a_release_may_allow_several_open_sessions(api):
    release = api.release(allow_multiple_open_sessions=True)
    other = api.release(allow_multiple_open_sessions=True)
    sessions = [walk(api, api.book(r, "ben"), *FETCHED, "EnterKeycode") for r in (release, other)]
    assert [name_of(session) for session in sessions] == ["IN_PROGRESS"] * 2


@ROUNDS
def test_a_race_between_two_servers_has_one_winner_too(database, rounds):
    with serving(database) as one, serving(database) as other:
        desks = [ApiClient(server.target, "shared") for server in (one, other) for _ in range(CROWD)]
        first = desks[0]
        release = first.release()
        for n in range(rounds):
            booked = won(outcomes := at_once(*[lambda d=d, n=n: d.book(release, f"c{n}") for d in desks]))
            assert len(booked) == 1
            assert set(reasons(outcomes)) == {"DUPLICATE_CANDIDATE"}
            session = walk(first, booked[0], *FETCHED)
            opened = at_once(*[lambda d=d, s=session: d.move("EnterKeycode", s) for d in desks])
            assert len(won(opened)) == 1
            assert set(reasons(opened)) == {"INVALID_TRANSITION"}
            assert_unbroken(desks[-1].history(session), session_pb2.STATE_IN_PROGRESS)
        for api in desks:
            api.close()


@ROUNDS
def test_edits_at_the_same_moment_all_stand_in_the_history(api, desks, rounds):
    for _ in range(rounds):
        session = api.book()
        outcomes = at_once(
            *[
                lambda d=d, k=k, session=session: d.call(
                    "UpdateSession",
                    session_id=session.id,
                    booking=booking(centre_id=f"c{k}"),
                    update_mask=mask("centre_id"),
                )
                for k, d in enumerate(desks)
            ]
        )
        assert len(won(outcomes)) == len(desks)
        assert_etags_differ([reply.session for reply in outcomes])
        changes = [event.changes[0] for event in api.history(session)[1:]]
        assert len(changes) == len(desks)
        assert [change.old_value for change in changes] == ["", *(change.new_value for change in changes[:-1])]


def test_one_of_many_with_the_same_etag_wins(api, desks):
    session = bring_to(api, "IN_PROGRESS")
    outcomes = race(
        desks,
        lambda d: d.move("PauseSession", session, etag=session.etag),
        lambda d: d.move("FinishSession", session, etag=session.etag),
    )
    assert len(won(outcomes)) == 1
    assert reasons(outcomes) == ["STALE_SESSION"] * (2 * CROWD - 1)
