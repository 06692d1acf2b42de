from __future__ import annotations

import pytest
from concurrency import at_once, won
from grpc import StatusCode
from messages import METHOD, MOVES, SERVICE, booking, mask, new_id
from mutations import LEGAL_IN, MUTATIONS, NEEDS_FORM
from rows import count, snapshot, unchanged
from state_paths import STATE_PATHS, bring_to

from exam_sessions.v1 import catalog_pb2, session_pb2
from serving import ApiClient, Refused, serving

ACCEPTED_AGAIN = {
    "UpdateSession", "BatchUpdateSessions", "CreateRelease", "UpdateRelease", "UpdateTestForm", "ResetSession",
    "SetPin", "GetPin", "SetExtraTime",
    "SetAccommodation", "SetResponses", "AssignItemMarks", "AssignItemResponses", "ScoreResponse",
    "UnscoreResponse", "RegradeSession",
}  # fmt: skip
"""Calls that leave a session, a release or a form where the same call is legal again."""

TESTED_BY_THEMSELVES = {"AcknowledgeEvents", "SubmitFromTemplate", "RegradeRelease"}
"""What moves on between two calls: the place of a consumer, an operation."""


def is_a_mutation(rpc):
    """Whether a call may be repeated under an id; the consumers of events have their own file."""
    return "request_id" in METHOD[rpc].input_type.fields_by_name and rpc not in TESTED_BY_THEMSELVES


def without_pin(reply):
    """A reply as a repetition gets it: a PIN is shown once (test_secrets.py)."""
    if "pin" in reply.DESCRIPTOR.fields_by_name:
        reply.pin = ""
    return reply


def test_no_mutation_is_left_out():
    assert set(LEGAL_IN) | set(NEEDS_FORM) | {"OpenWindow", "RequestVerification"} == set(MOVES)
    assert set(MUTATIONS) - set(MOVES) == {rpc for rpc in SERVICE if rpc not in MOVES and is_a_mutation(rpc)}
    assert set(LEGAL_IN.values()) <= set(STATE_PATHS)


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_repeated_request_gets_the_first_answer_and_changes_nothing(desk, server, name):
    rpc, fields = MUTATIONS[name](desk)
    request_id = new_id()
    first = without_pin(desk.call(rpc, request_id=request_id, **fields))
    with unchanged(server, desk):
        for _ in range(3):
            assert desk.call(rpc, request_id=request_id, **fields) == first


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_same_request_without_an_id_is_a_new_request(desk, name):
    rpc, fields = MUTATIONS[name](desk)
    events = len(desk.history(session_pb2.Session(id=fields["session_id"]))) if "session_id" in fields else None
    desk.call(rpc, **fields)
    try:
        desk.call(rpc, **fields)
        again = "accepted"
    except Refused as refused:
        again = refused.reason
    assert (again == "accepted") == (rpc in ACCEPTED_AGAIN)
    if again == "accepted" and events is not None:
        # What is marked by the revision already leaves no second row of history.
        rows = 1 if rpc == "RegradeSession" else 2
        assert len(desk.history(session_pb2.Session(id=fields["session_id"]))) == events + rows


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_same_id_with_other_content_is_refused(desk, server, name):
    rpc, fields = MUTATIONS[name](desk)
    request_id = new_id()
    desk.call(rpc, request_id=request_id, **fields)
    others = [("CreateRelease", {"release": catalog_pb2.Release(name="something else")})]
    if "session_id" in fields:
        others += [(rpc, fields | {"session_id": new_id()}), ("VoidSession", {"session_id": fields["session_id"]})]
    if rpc == "VoidSession":
        others[-1] = (rpc, fields | {"message": "another message"})
    for other, content in others:
        with unchanged(server, desk), pytest.raises(Refused) as refused:
            desk.call(other, request_id=request_id, **content)
        assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
        assert refused.value.metadata == {"request_id": request_id}


@pytest.mark.parametrize("name", ["CreateSession", "BatchCreateSessions", "PauseSession", "BatchUpdateSessions"])
@pytest.mark.parametrize("rounds", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_repetitions_at_the_same_moment_apply_once(desk, server, name, rounds):
    for _ in range(rounds):
        rpc, fields = MUTATIONS[name](desk)
        request_id, before = new_id(), count(server, "events", desk.workspace)
        calls = [lambda r=rpc, f=fields, i=request_id: desk.call(r, request_id=i, **f)] * 6
        outcomes = at_once(*calls)
        assert won(outcomes) == [outcomes[0]] * 6
        applied = 1 if rpc in {"CreateSession", "PauseSession"} else 3
        assert count(server, "events", desk.workspace) == before + applied


def test_a_request_id_is_a_uuid_in_whatever_case_it_is_written(desk, server):
    session, request_id = desk.book(), new_id()
    first = desk.move("CreatePackage", session, request_id=request_id.upper())
    with unchanged(server, desk):
        assert desk.move("CreatePackage", session, request_id=request_id) == first


def test_a_request_id_belongs_to_its_workspace(server, desk):
    other, request_id = ApiClient(server.target), new_id()
    first = desk.call("CreateRelease", request_id=request_id, release=catalog_pb2.Release(name="Physics")).release
    second = other.call("CreateRelease", request_id=request_id, release=catalog_pb2.Release(name="Art")).release
    assert (first.name, second.name) == ("Physics", "Art")
    other.close()


def test_a_refused_request_is_judged_afresh(desk):
    session, request_id = desk.book(), new_id()
    with pytest.raises(Refused):
        desk.move("DownloadSession", session, request_id=request_id)
    desk.move("CreatePackage", session)
    assert desk.move("DownloadSession", session, request_id=request_id).state == session_pb2.STATE_READY


def test_a_refused_request_does_not_keep_its_id(desk):
    session, request_id = desk.book(), new_id()
    with pytest.raises(Refused):
        desk.move("UnlockSession", session, request_id=request_id)
    assert desk.move("CreatePackage", session, request_id=request_id)


def test_a_repetition_is_answered_although_the_session_has_moved_on(desk, server):
    session, request_id = bring_to(desk, "IN_PROGRESS"), new_id()
    desk.move("PauseSession", session, request_id=request_id, etag=session.etag)
    now = desk.move("ResumeSession", session)
    with unchanged(server, desk):
        assert desk.move("PauseSession", session, request_id=request_id, etag=session.etag) == now


def test_a_repetition_is_answered_although_the_session_is_deleted(desk, server):
    release, ids = desk.release(), [new_id() for _ in range(4)]
    content = {"release_id": release.id, "booking": booking("anna", centre_id="north")}
    session = desk.call("CreateSession", request_id=ids[0], **content).session
    desk.move("CreatePackage", session, request_id=ids[1])
    edit = {"booking": booking(test_form="f2"), "update_mask": mask("test_form")}
    desk.call("UpdateSession", session_id=session.id, request_id=ids[2], **edit)
    desk.call("DeleteSession", session_id=session.id, request_id=ids[3])
    with unchanged(server, desk):
        for again in (
            desk.call("CreateSession", request_id=ids[0], **content).session,
            desk.move("CreatePackage", session, request_id=ids[1]),
            desk.call("UpdateSession", session_id=session.id, request_id=ids[2], **edit).session,
        ):
            assert (again.id, again.candidate, again.keycode) == (session.id, session.candidate, session.keycode)
            assert (again.release_id, again.centre_id, again.test_form) == (release.id, "north", "f2")
        desk.call("DeleteSession", session_id=session.id, request_id=ids[3])


def test_a_repetition_by_keycode_is_answered_although_the_session_is_deleted(desk):
    session, request_id = desk.book(), new_id()
    moved = desk.call("CreatePackage", keycode=session.keycode, request_id=request_id).session
    desk.call("DeleteSession", session_id=session.id)
    again = desk.call("CreatePackage", keycode=session.keycode, request_id=request_id).session
    assert (again.id, again.state) == (moved.id, moved.state)


def test_a_repetition_is_answered_by_a_server_that_was_started_since(database):
    answers, ids = [], {name: new_id() for name in MUTATIONS}
    requests = {}
    for start in range(2):
        with serving(database, tick_ms=3_600_000) as server:
            desk = ApiClient(server.target, "w")
            if start == 0:
                requests = {name: prepare(desk) for name, prepare in MUTATIONS.items()}
            replies = {n: desk.call(rpc, request_id=ids[n], **f) for n, (rpc, f) in requests.items()}
            answers.append({name: without_pin(reply) for name, reply in replies.items()})
            answers.append(snapshot(server, "w"))
            desk.close()
    assert answers[0] == answers[2]
    assert answers[1] == answers[3]


def test_a_call_nobody_waited_for_is_completed_by_its_repetition(desk, server):
    release, request_id = desk.release(), new_id()
    content = {"release_id": release.id, "booking": booking("anna"), "request_id": request_id}
    with server.database.locked_for_writing(), pytest.raises(AssertionError, match="DEADLINE_EXCEEDED"):
        desk.call("CreateSession", timeout=0.2, **content)
    session = desk.call("CreateSession", **content).session
    assert count(server, "sessions", desk.workspace) == 1
    assert [event.action for event in desk.history(session)] == [session_pb2.ACTION_SCHEDULE]


def test_the_request_stands_in_the_history(desk):
    session, request_id = desk.book(), new_id()
    desk.move("CreatePackage", session, request_id=request_id)
    assert [event.request_id for event in desk.history(session)] == ["", request_id]
