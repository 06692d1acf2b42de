"""Every column of numbers of a session and its attempts holds a text: bulk work names the session and goes on."""

from __future__ import annotations

from functools import partial

import pytest
from forms import answer, form, hand_in, mcq
from messages import lasting, mask
from operations import OperationsApi, info_of, only, rows_of
from regrading import corrected, preview, regrade
from rows import write
from sqlalchemy import BigInteger, SmallInteger
from state_paths import STARTED, walk
from test_damaged_content import reason_of

from exam_sessions.store.schema import attempts, sessions
from exam_sessions_client.v1 import catalog_pb2
from sampling import sampled

pytestmark = pytest.mark.sqlite(reason="elsewhere a column of numbers takes numbers only")

NUMBERS = [
    (table.name, column.name)
    for table in (sessions, attempts)
    for column in table.columns
    if isinstance(column.type, BigInteger | SmallInteger) and not column.primary_key
]
ACTIONS = {
    "REOPEN": {"no_limit": True},
    "SET_EXTRA_TIME": {"extra_time": lasting(60), "message": "a power cut"},
    "FINISH": {},
    "VOID": {},
}


def sat_twice(api, release):
    """A session with two attempts."""
    session = hand_in(api, walk(api, api.book(release), *STARTED), answer("1", "A"))
    return hand_in(api, walk(api, session, "RetakeSession", "EnterKeycode"), answer("1", "B"))


def spoilt(api, server, table, column):
    """A release of three sessions, the second of which has a text for a number."""
    release = api.release(test_form="form-1")
    three = [sat_twice(api, release) for _ in range(3)]
    where = "id = ?" if table == "sessions" else "session_id = ? AND attempt = 1"
    write(server, f"UPDATE {table} SET {column} = 'noon' WHERE {where}", three[1].id)
    return release, three


def outcomes(rows, broken):
    """The reasons for which rows were refused; none but the damaged one may be."""
    refused = [row for row in rows if row.status.code]
    assert {row.session_id for row in refused} <= {broken.id}, refused
    return {info_of(row.status).reason for row in refused}


@pytest.mark.parametrize(("table", "column"), sampled(NUMBERS, 3))
def test_bulk_work_goes_on_past_a_number_that_is_none_and_names_its_session(
    clocked_server, clocked_desk, table, column
):
    api, work = clocked_desk, OperationsApi(clocked_desk)
    form(api, mcq("1", "A"))
    corrected(api, mcq("1", "B"))
    release, (before, broken, after) = spoilt(api, clocked_server, table, column)
    page = api.call("ListSessions", filter=only(release), show_results=True, show_keys=True, show_responses=True)
    assert {session.id for session in page.sessions} == {before.id, broken.id, after.id}
    for fields in ({"filter": only(release)}, {"release_ids": [release.id]}):
        total = api.call("AggregateSessions", **fields).total
        assert (total.session_count, total.max_score) == (3, "100")
        assert total.scored_count == (2 if (table, column) == ("sessions", "score") else 3)
    assert reason_of(partial(api.call, "GetSessionResults", session_id=broken.id)) in {"", "SESSION_DAMAGED"}
    shown = preview(api, release)
    told = outcomes(shown.rows, broken)
    assert told <= {"SESSION_DAMAGED"}
    assert outcomes(rows_of(work.wait(regrade(api, release).operation)), broken) == told
    api.call(
        "UpdateRelease",
        release=catalog_pb2.Release(id=release.id, attempt_strategy=catalog_pb2.ATTEMPT_STRATEGY_LATEST),
        update_mask=mask("attempt_strategy"),
    )
    for action, fields in ACTIONS.items():
        done = work.wait(work.transition(action, filter=only(release), **fields).operation)
        assert outcomes(rows_of(done), broken) <= {"SESSION_DAMAGED", "INVALID_TRANSITION", "HELD_OFFLINE"}, action
    assert {api.get(session).state for session in (before, after)} == {10}
