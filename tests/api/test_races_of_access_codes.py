"""Access codes that change hands while they are used, and that many want at once, on two servers of one database."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import psycopg
import pytest
from concurrency import assert_unbroken, at_once, reasons, won
from messages import booking, mask, new_id
from rows import read
from state_paths import FETCHED, name_of, walk

from exam_sessions_client.v1 import session_pb2
from serving import ApiClient, Refused, serving, until

pytestmark = pytest.mark.both_databases("who has a code first is decided by the database")

ROUNDS = pytest.mark.parametrize("rounds", [4, pytest.param(100, marks=pytest.mark.slow)])
CROWD = 4
"""Callers at each server."""


@pytest.fixture(scope="module")
def servers(new_database):
    """Two servers of one database."""
    with new_database() as database, serving(database) as one, serving(database) as two:
        yield one, two


@pytest.fixture
def desks(servers):
    """Connections into one workspace, at two servers in turn."""
    workspace = f"w{new_id()}"
    with ExitStack() as stack:
        yield [stack.enter_context(closing(ApiClient(server.target, workspace))) for server in servers * CROWD]


def key(release, code):
    return session_pb2.AccessCodeKey(release_id=release.id, access_code=code)


def rename(api, session, code):
    changes = {"booking": session_pb2.Booking(access_code=code), "update_mask": mask("access_code")}
    return api.call("UpdateSession", session_id=session.id, **changes).session


def codes_of(api, release):
    sessions = api.call("ListSessions", filter={"release_ids": [release.id]}, page_size=1000).sessions
    return [session.access_code for session in sessions]


@pytest.mark.postgresql(reason="elsewhere nobody waits for a row")
def test_who_waited_for_a_session_whose_code_went_to_another_acts_on_the_other(database):
    with (
        serving(database) as one,
        psycopg.connect(database.url) as by_hand,
        closing(ApiClient(one.target, "w")) as api,
    ):
        release = api.release()
        before, after = (walk(api, api.book(release, access_code=code), *FETCHED) for code in ("X", "Y"))
        edit = "UPDATE sessions SET access_code = %s, version = version + 1 WHERE id = %s"
        by_hand.execute(edit, ("Z", before.id))
        by_hand.execute(edit, ("X", after.id))
        with ThreadPoolExecutor(1) as pool:
            opened = pool.submit(api.call, "EnterKeycode", access_code=key(release, "x"))
            until(lambda: read(one, "SELECT 1 FROM pg_locks WHERE NOT granted"))
            by_hand.commit()
            assert opened.result().session.id == after.id
        assert name_of(api.get(before)) == "READY"
        assert api.call("GetSession", access_code=key(release, "x")).session.id == after.id


@pytest.mark.postgresql(reason="elsewhere nobody waits for a row")
@pytest.mark.parametrize(
    "change", ["UPDATE sessions SET access_code = 'Z', version = version + 1", "DELETE FROM sessions"]
)
def test_who_waited_for_a_session_whose_code_is_gone_finds_none(database, change):
    with (
        serving(database) as one,
        psycopg.connect(database.url) as by_hand,
        closing(ApiClient(one.target, "w")) as api,
    ):
        release = api.release()
        session = walk(api, api.book(release, access_code="X"), *FETCHED)
        by_hand.execute(f"{change} WHERE id = %s", (session.id,))
        with ThreadPoolExecutor(1) as pool:
            opened = pool.submit(api.call, "EnterKeycode", access_code=key(release, "x"))
            until(lambda: read(one, "SELECT 1 FROM pg_locks WHERE NOT granted"))
            by_hand.commit()
            with pytest.raises(Refused) as refused:
                opened.result()
        assert refused.value.reason == "SESSION_NOT_FOUND"


@ROUNDS
def test_a_code_that_changes_hands_never_leads_to_a_session_without_it(desks, rounds):
    first = desks[0]
    for _ in range(rounds):
        release = first.release()
        pair = [first.book(release, access_code=code) for code in ("X", "Y")]

        def hand_over(api, release=release, pair=pair):
            for session, code in zip(pair, ("Z", "X"), strict=True):
                rename(api, session, code)

        def use(api, release=release):
            found = [api.call("GetSession", access_code=key(release, "x")).session for _ in range(3)]
            found.append(api.call("CreatePackage", access_code=key(release, "x")).session)
            return found

        calls = [hand_over, use, use, use]
        outcomes = at_once(*[lambda d=d, c=c: c(d) for d, c in zip(desks, calls, strict=False)])
        for found in won(outcomes[1:]):
            assert {session.access_code for session in found} == {"X"}
        assert set(reasons(outcomes)) <= {"SESSION_NOT_FOUND", "INVALID_TRANSITION", "SESSION_NOT_EDITABLE"}
        for session in pair:
            assert_unbroken(first.history(session), first.get(session).state)


@ROUNDS
def test_one_of_many_who_want_a_code_at_once_gets_it(desks, rounds):
    first, numbers = desks[0], itertools.count()
    for _ in range(rounds):
        release = first.release()
        booked = [first.book(release) for _ in range(2)]
        ways = {
            "create": lambda d, r=release: d.book(r, f"a{next(numbers)}", access_code="Door-1"),
            "batch": lambda d, r=release: d.call(
                "BatchCreateSessions",
                release_id=r.id,
                bookings=[booking(f"b{next(numbers)}"), booking(f"b{next(numbers)}", access_code="dOOR-1")],
            ),
            "edit": lambda d, s=booked[0]: rename(d, s, "DOOR-1"),
            "edits": lambda d, s=booked[1]: d.call(
                "BatchUpdateSessions",
                edits=[{"session_id": s.id, "booking": session_pb2.Booking(access_code="door-1")}],
                update_mask=mask("access_code"),
            ),
        }
        outcomes = at_once(*[lambda d=d, w=w: w(d) for d, w in zip(desks, [*ways.values()] * 2, strict=True)])
        codes = codes_of(first, release)
        assert len(codes) == len(set(codes))
        assert codes.count("DOOR-1") == 1
        assert set(reasons(outcomes)) == {"DUPLICATE_ACCESS_CODE"}
        # An edit that finds its session with the code already is the same edit again.
        assert 1 <= len(won(outcomes)) <= 2


def test_codes_that_are_drawn_at_once_are_all_different(desks):
    release = desks[0].release()
    rows = [[booking(f"{n}-{k}") for k in range(50)] for n in range(len(desks))]
    batches = [
        lambda d=d, r=r: d.call("BatchCreateSessions", release_id=release.id, bookings=r)
        for d, r in zip(desks, rows, strict=True)
    ]
    assert len(won(at_once(*batches))) == len(desks)
    codes = codes_of(desks[0], release)
    assert len(set(codes)) == len(codes) == 50 * len(desks)
