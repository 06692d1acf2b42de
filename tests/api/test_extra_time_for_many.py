"""Extra time for many at once: by ids with what it came to for each, by a filter as an operation."""

from __future__ import annotations

import pytest
from clocked_fixtures import api_with_clock, server_with_clock  # noqa: F401 - fixtures of this module
from messages import lasting, micros, new_id
from operations import OperationsApi, rows_of
from rows import unchanged
from state_paths import STARTED, bring_to, walk
from timed import SECOND, begun, closing_in, timed_release

from exam_sessions_client.v1 import session_service_pb2
from serving import Refused

GIVEN = {"extra_time": lasting(300), "message": "the heating failed"}


@pytest.fixture
def work(api):
    return OperationsApi(api)


def of(release):
    return session_service_pb2.SessionFilter(release_ids=[release.id])


def sitting(api, clock, closes_in):
    """A release whose window closes so soon, and two sessions of it that have begun."""
    release = timed_release(api, **closing_in(clock, closes_in))
    return release, [begun(api, release) for _ in range(2)]


def test_each_of_those_named_answers_with_its_deadline_and_the_warning_of_the_window(api, clock, work):
    wide, (first, _) = sitting(api, clock, 7200)
    narrow, (cut, _) = sitting(api, clock, 700)
    paused, young = bring_to(api, "PAUSED", wide), api.book(wide)
    reply = work.transition("SET_EXTRA_TIME", [first, cut, paused, young], **GIVEN)
    assert reply.session_count == 4
    rows = list(reply.sessions)
    assert [row.session_id for row in rows] == [first.id, cut.id, paused.id, young.id]
    assert [row.deadline for row in rows[:2]] == [api.get(s).attempt.deadline for s in (first, cut)]
    assert micros(rows[0].deadline) - micros(first.attempt.start_time) == 900 * SECOND
    assert rows[1].deadline == narrow.window_end
    assert [bool(row.warning) for row in rows] == [False, True, False, False]
    assert [row.HasField("cut_by_window") for row in rows] == [False, True, False, False]
    assert not rows[2].HasField("deadline")
    assert not rows[3].HasField("deadline")
    assert {api.history(s)[-1].message for s in (first, cut, paused, young)} == {"the heating failed"}


def test_a_preview_says_what_it_would_come_to_and_a_repetition_what_it_is(api, clock, work, server):
    _, sessions = sitting(api, clock, 7200)
    with unchanged(server, api):
        preview = work.transition("SET_EXTRA_TIME", sessions, validate_only=True, **GIVEN)
    again = new_id()
    done, repeated = (work.transition("SET_EXTRA_TIME", sessions, request_id=again, **GIVEN) for _ in range(2))
    assert preview == done == repeated
    assert len(done.sessions) == 2


def test_of_those_that_match_the_operation_says_it(api, clock, work):
    narrow, sessions = sitting(api, clock, 700)
    ended = walk(api, walk(api, api.book(narrow), *STARTED), "FinishSession")
    operation = work.wait(work.transition("SET_EXTRA_TIME", filter=of(narrow), **GIVEN).operation)
    rows = {row.session_id: row for row in rows_of(operation)}
    assert rows.keys() == {session.id for session in (*sessions, ended)}
    for session in sessions:
        row = rows[session.id]
        assert (row.deadline, bool(row.warning), row.status.code) == (narrow.window_end, True, 0)
        assert micros(row.cut_by_window) > 100 * SECOND
    assert rows[ended.id].status.code
    assert not rows[ended.id].HasField("deadline")


def test_zero_takes_it_back_for_many_too(api, clock, work):
    _, sessions = sitting(api, clock, 7200)
    work.transition("SET_EXTRA_TIME", sessions, extra_time_percent=50, message="m")
    assert {api.get(session).extra_time.seconds for session in sessions} == {300}
    work.transition("SET_EXTRA_TIME", sessions, extra_time=lasting(0), message="m")
    assert not any(api.get(session).HasField("extra_time") for session in sessions)


def test_a_percentage_of_no_working_time_is_refused_for_one_and_for_many(api, work, server):
    endless, timed = api.book(), api.book(timed_release(api))
    share = {"extra_time_percent": 50}
    with unchanged(server, api), pytest.raises(Refused) as one:
        api.move("SetExtraTime", endless, reason="r", **share)
    assert (one.value.reason, one.value.metadata) == ("NO_WORKING_TIME", {"release_id": endless.release_id})
    with unchanged(server, api), pytest.raises(Refused) as many:
        work.transition("SET_EXTRA_TIME", [timed, endless], message="m", **share)
    assert (many.value.reason, list(many.value.fields)) == ("NO_WORKING_TIME", ["ids.session_ids[1]"])
    with unchanged(server, api), pytest.raises(Refused):
        api.call("SetExtraTime", session_id=endless.id, reason="r", validate_only=True, **share)


BAD = [
    ({"message": "m"}, "extra"),
    ({"extra_time": lasting(60)}, "message"),
    ({"extra_time": lasting(60), "message": " "}, "message"),
    ({"extra_time": lasting(2_592_001), "message": "m"}, "extra_time"),
    ({"extra_time_percent": 0, "message": "m"}, "extra_time_percent"),
    ({"extra_time_percent": 1_001, "message": "m"}, "extra_time_percent"),
]


def test_extra_time_for_many_says_how_much_and_why(api, work, server):
    session = api.book()
    for fields, path in BAD:
        with unchanged(server, api), pytest.raises(Refused) as refused:
            work.transition("SET_EXTRA_TIME", [session], **fields)
        assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", [path]), fields
