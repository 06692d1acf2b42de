from __future__ import annotations

import threading

import pytest
from concurrency import at_once, reasons, won
from messages import booking, bookings, mask, new_id, send
from rows import count, read, unchanged

import sampling
from exam_sessions_client.v1 import session_pb2
from serving import ApiClient, Refused, serving, until

both_databases = pytest.mark.both_databases("many rows are written in another way")

LONG = sampling.fewer(3_000, 1_500)
"""Rows of a roster that is long, but quick."""

LONGER = sampling.fewer(10_000, 4_000)
"""Rows of one that takes its time."""

ROUNDS = pytest.mark.parametrize("rounds", [sampling.fewer(2, 1), pytest.param(25, marks=pytest.mark.slow)])


def create(api, release, rows, **fields):
    return api.call("BatchCreateSessions", release_id=release.id, bookings=rows, **fields).sessions


def visible(api):
    return api.call("ListSessions", page_size=1, show_total_size=True).total_size


def assert_whole(server, api, sessions):
    """What is visible is what is stored, each session with its one event."""
    stored = count(server, "sessions", api.workspace)
    assert visible(api) == stored == sessions
    told = read(
        server,
        "SELECT count(DISTINCT session_id), count(*) FROM events WHERE workspace_id = ? AND action = 'schedule'",
        api.workspace,
    )
    assert told == [(sessions, sessions)]


@pytest.fixture
def other(server, api):
    """Another connection into the desk's workspace."""
    other = ApiClient(server.target, api.workspace)
    yield other
    other.close()


def while_it_runs(work, watch):
    """Does a piece of work while another thread watches again and again; what came of the work."""
    done, faults = threading.Event(), []

    def run():
        try:
            while not done.is_set():
                watch()
        except BaseException as fault:  # noqa: BLE001 - told below, in the test's own thread
            faults.append(fault)

    watcher = threading.Thread(target=run)
    watcher.start()
    try:
        return at_once(work)[0]
    finally:
        done.set()
        watcher.join()
        assert not faults, faults


@both_databases
def test_a_roster_is_there_as_a_whole_or_not_at_all(server, api, other):
    release = api.release()
    rows = [booking(f"b{n}", keycode=f"KEY{n}", session_id=new_id()) for n in range(LONG)]
    totals, torn = set(), []

    def is_there(**key):
        return not isinstance(at_once(lambda: other.call("GetSession", **key))[0], Refused)

    def watch():
        totals.add(visible(other))
        totals.add(len(other.call("ListSessions", page_size=1000).sessions) // 1000 * LONG)
        first, last = is_there(keycode="KEY0"), is_there(session_id=rows[-1].session_id)
        if first and not last:
            torn.append((first, last))

    reply = while_it_runs(lambda: create(api, release, rows), watch)
    assert len(reply) == LONG
    assert totals <= {0, LONG}
    assert not torn
    assert_whole(server, api, LONG)


def test_nothing_of_a_roster_can_be_touched_before_it_is_there(server, api, other):
    release = api.release()
    rows = [booking(f"b{n}", keycode=f"KEY{n}") for n in range(LONG)]

    def watch():
        for rpc, fields in (
            ("DeleteSession", {}),
            ("CreatePackage", {}),
            ("ListSessionEvents", {}),
            ("UpdateSession", {"booking": booking(centre_id="x"), "update_mask": mask("centre_id")}),
        ):
            # Never true of a session that is there: either there is none, or the etag is stale.
            stale = {} if rpc == "ListSessionEvents" else {"etag": "v999"}
            outcome = at_once(lambda r=rpc, f=fields, s=stale: other.call(r, keycode="KEY7", **f, **s))[0]
            if isinstance(outcome, Refused):
                assert outcome.reason in {"SESSION_NOT_FOUND", "STALE_SESSION"}
            else:
                assert len(outcome.events) == 1

    assert len(while_it_runs(lambda: create(api, release, rows), watch)) == LONG
    assert_whole(server, api, LONG)


def test_other_calls_are_answered_while_a_roster_is_written(server, api, other):
    release, session, moved = api.release(), api.book(), []

    def watch():
        edit = {"booking": booking(centre_id="x"), "update_mask": mask("centre_id")}
        moved.append(other.call("UpdateSession", session_id=session.id, **edit))

    assert len(while_it_runs(lambda: create(api, release, bookings(LONGER, "b")), watch)) == LONGER
    assert len(moved) > LONGER // 1_000
    assert len(api.history(session)) == len(moved) + 1


@both_databases
def test_nobody_can_take_what_a_roster_under_way_has_spoken_for(server, api, other):
    release = api.release()
    rows = [booking(f"b{n}", keycode=f"KEY{n}", access_code=f"CODE{n}") for n in range(LONG)]
    numbers, stolen = iter(range(LONG - 1, 0, -50)), []

    def watch():
        n = next(numbers, 7)
        attempts = (
            {"candidate_id": f"b{n}", "release": release},
            {"keycode": f"key{n}"},
            {"access_code": f"code{n}", "release": release},
        )
        for fields in attempts:
            outcome = at_once(lambda f=fields: other.book(**f))[0]
            if not isinstance(outcome, Refused):
                stolen.append(outcome.id)

    outcome = while_it_runs(lambda: create(api, release, rows), watch)
    booked = 0 if isinstance(outcome, Refused) else LONG
    assert booked or stolen
    assert_whole(server, api, booked + len(stolen))


def test_an_edit_to_what_a_roster_in_progress_has_reserved_is_refused_when_the_roster_is_booked(server, api):
    release = api.release()
    session = api.book(candidate_id="z", release=release)
    rows = [booking(f"b{n}", access_code=f"CODE{n}") for n in range(LONG)]
    edit = {"booking": booking(access_code="CODE7"), "update_mask": mask("access_code")}
    roster = send(api, "BatchCreateSessions", release_id=release.id, bookings=rows, allow_missing_form=True)
    until(lambda: count(server, "sessions", api.workspace) > 1)
    refused = at_once(lambda: api.call("UpdateSession", session_id=session.id, **edit))[0]
    assert refused.reason == "DUPLICATE_ACCESS_CODE"
    assert visible(api) == LONG + 1
    assert len(roster.result().sessions) == LONG


def test_what_a_refused_roster_had_spoken_for_is_refused_to_nobody(server, api, other):
    release, rows = api.release(), bookings(LONGER, "b")
    rows[-1].candidate.candidate_id = "b0"
    numbers, booked = iter(range(LONGER - 2, 0, -40)), []

    def watch():
        n = next(numbers, None)
        if n is not None:
            booked.append(at_once(lambda: other.book(release, f"b{n}"))[0])

    assert while_it_runs(lambda: create(api, release, rows), watch).reason == "DUPLICATE_CANDIDATE"
    assert reasons(booked) == []
    assert_whole(server, api, len(booked))


@both_databases
@ROUNDS
def test_one_of_many_rosters_of_the_same_candidates_wins(server, api, rounds):
    for n in range(rounds):
        release = api.release()
        outcomes = at_once(*[lambda r=release: create(api, r, bookings(LONG))] * 3)
        assert len(won(outcomes)) == 1
        assert reasons(outcomes) == ["DUPLICATE_CANDIDATE"] * 2
        assert_whole(server, api, LONG * (n + 1))


@both_databases
@ROUNDS
def test_rosters_on_two_servers_never_mix(database, rounds):
    with serving(database) as one, serving(database) as two:
        desks = [ApiClient(server.target, "shared") for server in (one, two)]
        booked = 0
        for _ in range(rounds):
            release = desks[0].release()
            outcomes = at_once(*[lambda d=d, r=release: create(d, r, bookings(LONG)) for d in desks])
            assert set(reasons(outcomes)) <= {"DUPLICATE_CANDIDATE", "DATABASE_UNAVAILABLE", "ROSTER_UNDER_WAY"}
            booked += LONG * len(won(outcomes))
            if not won(outcomes):
                # Each stood in the other's way; whoever comes again gets it.
                booked += len(create(desks[1], release, bookings(LONG)))
            assert_whole(one, desks[0], booked)
        for api in desks:
            api.close()


@ROUNDS
def test_a_roster_sent_many_times_at_once_is_booked_once(server, api, rounds):
    for n in range(rounds):
        release, request_id = api.release(), new_id()
        calls = [lambda r=release, i=request_id: create(api, r, bookings(LONG), request_id=i)] * 5
        outcomes = at_once(*calls)
        assert won(outcomes) == [outcomes[0]] * 5
        assert_whole(server, api, LONG * (n + 1))


@both_databases
def test_a_roster_nobody_waited_for_is_completed_by_its_repetition(server, api):
    release, request_id = api.release(), new_id()
    content = {"release_id": release.id, "bookings": bookings(LONGER), "request_id": request_id}
    # api.call fills it in, and another content would not be a repetition.
    content["allow_missing_form"] = True
    call = send(api, "BatchCreateSessions", **content)
    until(lambda: count(server, "sessions", api.workspace) > 0)
    call.cancel()
    assert len(api.call("BatchCreateSessions", **content).sessions) == LONGER
    assert_whole(server, api, LONGER)


def test_an_id_of_a_roster_under_way_is_not_free_for_other_content(server, api, other):
    release, request_id, told = api.release(), new_id(), set()

    def watch():
        for rpc, fields in (
            ("CreateSession", {"release_id": release.id, "booking": booking("other")}),
            ("BatchCreateSessions", {"release_id": release.id, "bookings": bookings(600, "other")}),
        ):
            outcome = at_once(lambda r=rpc, f=fields: other.call(r, request_id=request_id, **f))[0]
            told.add(outcome.reason if isinstance(outcome, Refused) else "taken")

    outcome = while_it_runs(lambda: create(api, release, bookings(LONGER), request_id=request_id), watch)
    if not isinstance(outcome, Refused):
        assert told == {"REQUEST_ID_REUSED"}
        assert_whole(server, api, LONGER)
    else:
        assert outcome.reason == "REQUEST_ID_REUSED"


@both_databases
def test_a_release_finalized_under_a_roster_takes_all_of_it_or_nothing(server, api):
    release = api.release()
    call = send(api, "BatchCreateSessions", release_id=release.id, bookings=bookings(LONGER))
    until(lambda: count(server, "sessions", api.workspace) > 0)
    api.call("FinalizeRelease", release_id=release.id)
    error = call.exception()
    until(lambda: count(server, "sessions", api.workspace) == visible(api))
    assert_whole(server, api, 0 if error else LONGER)


def test_a_refused_roster_leaves_nothing_of_its_codes(server, api):
    release = api.release()
    rows = [booking(f"b{n}", keycode=f"KEY{n}") for n in range(LONG)]
    rows[-1].candidate.candidate_id = "b0"
    with unchanged(server, api):
        assert at_once(lambda: create(api, release, rows))[0].reason == "DUPLICATE_CANDIDATE"
        assert isinstance(create(api, release, rows[:-1], validate_only=True)[0].candidate_id, str)
    assert api.book(release, "b0", keycode="key0").state == session_pb2.STATE_SCHEDULED_BUT_NOT_CREATED


def test_sessions_of_a_roster_live_like_any_other(api):
    release = api.release()
    row = create(api, release, bookings(LONG))[LONG // 2]
    session = session_pb2.Session(id=row.id, keycode=row.keycode)
    session = api.walk(session, "CreatePackage", "DownloadSession", "EnterKeycode", "PauseSession")
    assert [event.to_state for event in api.history(session)] == [1, 2, 4, 6, 7]
    first, *_ = api.history(session)
    assert (first.actor, first.release_id, first.from_state) == ("test", release.id, 0)
