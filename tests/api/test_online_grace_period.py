"""The online grace period: answers are taken after the deadline, stamped late, and the clock waits for it to end."""

from __future__ import annotations

import json

import pytest
from clocked_fixtures import api_with_clock, server_with_clock  # noqa: F401 - fixtures of this module
from forms import answer, mixed
from messages import lasting, mask, micros
from rows import unchanged
from state_paths import name_of, walk
from timed import SECOND, begun, timed_release

from exam_sessions_client.v1 import catalog_pb2, session_pb2, session_service_pb2
from serving import Refused


def sitting(api, grace=120, **fields):
    """A session that has begun ten minutes of work."""
    mixed(api)
    release = timed_release(api, test_form="form-1", online_grace_period=lasting(grace), **fields)
    return begun(api, release)


def answered(api, session, **fields):
    return api.call("SetResponses", session_id=session.id, responses=[answer("1", "A")], **fields).session


def test_an_answer_after_the_deadline_is_taken_and_stamped_late(server, api, clock):
    session = sitting(api)
    assert micros(session.attempt.accepted_until) - micros(session.attempt.deadline) == 120 * SECOND
    clock.advance(500)
    assert not answered(api, session).attempt.HasField("late_by")
    clock.advance(160)
    assert server.sweep() == 0
    late = answered(api, session)
    assert name_of(late) == "IN_PROGRESS"
    assert micros(late.attempt.late_by) == 60 * SECOND
    (told,) = (change for change in api.history(session)[-1].changes if change.field == "late_by")
    assert told.new_value.endswith("s")
    on_time = api.book()
    for was_late, found in ((True, late), (False, on_time)):
        wanted = session_service_pb2.SessionFilter(late=was_late)
        assert [row.id for row in api.call("ListSessions", filter=wanted).sessions] == [found.id]


def test_when_the_grace_period_ends_the_clock_ends_the_attempt_at_its_deadline(server, api, clock):
    session = sitting(api)
    clock.advance(660)
    late = answered(api, session)
    clock.advance(61)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        answered(api, session)
    assert refused.value.reason == "ATTEMPT_TIME_EXPIRED"
    assert server.sweep() == 1
    ended = api.get(session).attempt
    assert (ended.end_time, ended.finish_reason) == (session.attempt.deadline, session_pb2.FINISH_REASON_TIME_EXPIRED)
    assert (ended.late_by, ended.time_elapsed) == (late.attempt.late_by, lasting(600))


def test_what_is_handed_in_within_it_ends_then_and_is_late(api, clock):
    session = sitting(api)
    clock.advance(660)
    ended = answered(api, session, submit_for_scoring=True).attempt
    assert ended.finish_reason == session_pb2.FINISH_REASON_CANDIDATE
    assert micros(ended.end_time) - micros(session.attempt.deadline) == micros(ended.late_by)
    assert micros(ended.late_by) == 60 * SECOND


def test_nobody_pauses_or_goes_offline_within_it(server, api, clock):
    session = sitting(api)
    clock.advance(660)
    for rpc in ("PauseSession", "GoOffline", "SetExtraTime"):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.move(rpc, session, **({"extra_time": lasting(60), "reason": "r"} if rpc == "SetExtraTime" else {}))
        assert refused.value.reason == "ATTEMPT_TIME_EXPIRED"


def test_the_next_attempt_is_not_late(api, clock):
    session = sitting(api)
    clock.advance(660)
    answered(api, session)
    assert not api.move("ClearResponses", session).attempt.HasField("late_by")


def test_a_grace_period_that_is_given_or_taken_meanwhile_holds(server, api, clock):
    session = sitting(api, grace=0)
    assert not session.attempt.HasField("accepted_until")
    clock.advance(500)
    edit = {"update_mask": mask("online_grace_period")}
    given = catalog_pb2.Release(id=session.release_id, online_grace_period=lasting(120))
    assert api.call("UpdateRelease", release=given, **edit).release.online_grace_period == lasting(120)
    clock.advance(160)
    server.sweep()
    assert name_of(answered(api, session)) == "IN_PROGRESS"
    api.call("UpdateRelease", release=catalog_pb2.Release(id=session.release_id), **edit)
    server.sweep()
    assert api.get(session).attempt.end_time == session.attempt.deadline


def test_finalizing_within_it_ends_the_attempt_at_its_deadline(api, clock):
    session = sitting(api)
    clock.advance(660)
    api.call("FinalizeRelease", release_id=session.release_id)
    ended = api.get(session).attempt
    assert (ended.end_time, ended.finish_reason) == (session.attempt.deadline, session_pb2.FINISH_REASON_TIME_EXPIRED)


def test_an_earlier_attempt_stays_as_late_as_it_was(server, api, clock):
    session = sitting(api)
    clock.advance(660)
    late = answered(api, session, submit_for_scoring=True)
    assert late.attempt.HasField("late_by")
    marked = api.move("ScoreResponse", late, question_number="3", mark="1")
    session = walk(api, api.move("SubmitMarkedSession", marked), "RetakeSession")
    assert not session.attempt.HasField("late_by")
    found = api.call("GetSessionResults", session_id=session.id, attempt=1).attempt
    assert (found.number, found.late_by) == (1, late.attempt.late_by)
    session = walk(api, session, "EnterKeycode", "FinishSession")
    assert api.call("GetSessionResults", session_id=session.id, attempt=1).attempt.late_by == late.attempt.late_by
    cleared = api.move("ClearResponses", session, all_attempts=True)
    removed = next(change for change in api.history(cleared)[-1].changes if change.field == "scripts")
    assert json.loads(removed.old_value)[0]["late_by"].endswith("s")
