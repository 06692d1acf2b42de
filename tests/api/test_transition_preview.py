"""BatchTransitionSessions with show_preview: what an action would come to on all that match, before it is done."""

from __future__ import annotations

from collections import Counter

import pytest
from messages import new_id
from operations import OperationsApi, filled, only, result_of
from rows import unchanged
from state_paths import FINISHED, STARTED, bring_to, name_of, walk

from exam_sessions.domain.transition_table import TABLE
from exam_sessions_client.v1 import session_pb2, session_service_pb2

EVERYBODY = session_service_pb2.SessionFilter()
STATES = ("IN_PROGRESS", "READY", "IN_PROGRESS", "PAUSED", "FINISHED", "VOIDED", "SCHEDULED_BUT_NOT_CREATED")


@pytest.fixture
def work(api):
    return OperationsApi(api)


def preview_of(work, action, filter_=EVERYBODY, **fields):
    reply = work.transition(
        action, filter=filter_, validate_only=True, show_preview=True, request_id=new_id(), **fields
    )
    assert not reply.HasField("operation")
    return reply.preview


def moves_of(preview):
    name = session_pb2.State.Name
    return {
        (name(move.from_state).removeprefix("STATE_"), name(move.to_state).removeprefix("STATE_")): move.session_count
        for move in preview.moves
    }


def test_a_preview_counts_moves_by_state_and_refusals_by_reason_and_writes_nothing(server, api, work):
    sessions = [bring_to(api, state) for state in STATES]
    with unchanged(server, api):
        preview = preview_of(work, "PAUSE")
    assert (preview.succeeded_count, preview.failed_count) == (2, 5)
    assert moves_of(preview) == {("IN_PROGRESS", "PAUSED"): 2}
    assert {refusal.reason for refusal in preview.refusals} == {"INVALID_TRANSITION"}
    (ready,) = [refusal for refusal in preview.refusals if refusal.from_state == session_pb2.STATE_READY]
    assert (list(ready.session_ids), ready.session_count) == ([sessions[1].id], 1)
    assert "READY" in ready.first.message


def test_what_is_previewed_is_what_comes_of_it_for_every_action_of_many(api, work):
    needs = {
        "set_extra_time": {"extra_time_percent": 25, "message": "a reader"},
        "set_accommodation": {"accommodation": {"no_time_limit": True}, "message": "a reader"},
        "fail": {"message": "broken"},
    }
    for action in sorted({row.action.value for row in TABLE if row.for_many}):
        release = api.release()
        for state in STATES:
            bring_to(api, state, release)
        fields, one_room = needs.get(action, {}), only(release)
        foreseen = preview_of(work, action.upper(), one_room, **fields)
        became = result_of(work.wait(work.transition(action.upper(), filter=one_room, **fields).operation))
        assert (foreseen.succeeded_count, foreseen.failed_count) == (became.succeeded_count, became.failed_count)
        left = Counter(name_of(session) for session in api.call("ListSessions", filter=one_room).sessions)
        for (_, after), count in moves_of(foreseen).items():
            assert after == "UNSPECIFIED" or left[after] >= count, action


def test_a_preview_reads_every_page(api, work):
    assert preview_of(work, "CREATE_PACKAGE", only(filled(api, 401))).succeeded_count == 401


def test_a_candidate_who_has_another_session_open_is_foreseen(api, work):
    finished = walk(api, api.book(api.release(), "twin"), *FINISHED)
    walk(api, api.book(api.release(), "twin"), *STARTED)
    (refusal,) = preview_of(work, "REOPEN", only_of(finished)).refusals
    assert refusal.reason == "CANDIDATE_HAS_OPEN_SESSION"


def only_of(session):
    return session_service_pb2.SessionFilter(release_ids=[session.release_id])


def test_without_asking_for_it_there_is_no_preview(api, work):
    filled(api, 3)
    reply = work.transition("CREATE_PACKAGE", filter=EVERYBODY, validate_only=True)
    assert (reply.session_count, reply.HasField("preview")) == (3, False)
