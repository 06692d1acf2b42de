from __future__ import annotations

import pytest
from concurrency import at_once, won
from grpc import StatusCode
from messages import ACTION_RPCS, METHOD, SERVICE, booking, mask, new_id
from mutations import LEGAL_IN, MUTATIONS, NEEDS_FORM
from rows import count, snapshot, unchanged
from state_paths import STATE_PATHS, bring_to

from exam_sessions.execution.executor import Executor
from exam_sessions_client.v1 import catalog_pb2, session_pb2
from serving import ApiClient, Refused, serving

ACCEPTED_AGAIN = {
    "UpdateSession", "BatchUpdateSessions", "CreateRelease", "UpdateRelease", "UpdateTestForm", "ResetSession",
    "SetPin", "GetPin", "SetExtraTime",
    "SetAccommodation", "SetResponses", "AssignItemMarks", "AssignItemResponses", "ScoreResponse",
    "UnscoreResponse", "RegradeSession", "AllowTakeOver",
}  # fmt: skip
"""Calls that leave a session, a release or a form where the same call is legal again."""

TESTED_BY_THEMSELVES = {
    "AcknowledgeEvents", "SubmitFromTemplate", "RegradeRelease", "CreateApiKey", "RotateApiKey", "RevokeApiKey",
    "LiftLockout",
    "EraseCandidate", "ApplyRetention",
    "CreateWorkspace", "UpdateWorkspace", "CloseWorkspace", "ReopenWorkspace",
}  # fmt: skip
"""What moves on between two calls, the place of a consumer or an operation; keys and workspaces, which are of
no workspace; and lock-outs, which need a server of their own."""


def is_a_mutation(rpc):
    """Whether a call may be repeated under an id; the consumers of events have their own file."""
    return "request_id" in METHOD[rpc].input_type.fields_by_name and rpc not in TESTED_BY_THEMSELVES


def without_pin(reply):
    """A reply as a repetition gets it: a PIN is shown once (test_secrets.py)."""
    if "pin" in reply.DESCRIPTOR.fields_by_name:
        reply.pin = ""
    return reply


def test_no_mutation_is_left_out():
    assert set(LEGAL_IN) | set(NEEDS_FORM) | {"OpenWindow", "RequestVerification"} == set(ACTION_RPCS)
    assert set(MUTATIONS) - set(ACTION_RPCS) == {
        rpc for rpc in SERVICE if rpc not in ACTION_RPCS and is_a_mutation(rpc)
    }
    assert set(LEGAL_IN.values()) <= set(STATE_PATHS)


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_repeated_request_gets_the_first_answer_and_changes_nothing(api, server, name):
    rpc, fields = MUTATIONS[name](api)
    request_id = new_id()
    first = without_pin(api.call(rpc, request_id=request_id, **fields))
    with unchanged(server, api):
        for _ in range(3):
            assert api.call(rpc, request_id=request_id, **fields) == first


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_same_request_without_an_id_is_a_new_request(api, name):
    rpc, fields = MUTATIONS[name](api)
    events = len(api.history(session_pb2.Session(id=fields["session_id"]))) if "session_id" in fields else None
    api.call(rpc, **fields)
    try:
        api.call(rpc, **fields)
        again = "accepted"
    except Refused as refused:
        again = refused.reason
    assert (again == "accepted") == (rpc in ACCEPTED_AGAIN)
    if again == "accepted" and events is not None:
        # What is marked by the revision already leaves no second row of history.
        rows = 1 if rpc == "RegradeSession" else 2
        assert len(api.history(session_pb2.Session(id=fields["session_id"]))) == events + rows


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_same_id_with_other_content_is_refused(api, server, name):
    rpc, fields = MUTATIONS[name](api)
    request_id = new_id()
    api.call(rpc, request_id=request_id, **fields)
    others = [("CreateRelease", {"release": catalog_pb2.Release(name="something else")})]
    if "session_id" in fields:
        others += [(rpc, fields | {"session_id": new_id()}), ("VoidSession", {"session_id": fields["session_id"]})]
    if rpc == "VoidSession":
        others[-1] = (rpc, fields | {"message": "another message"})
    for other, content in others:
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.call(other, request_id=request_id, **content)
        assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
        assert refused.value.metadata == {"request_id": request_id}


@pytest.mark.parametrize("name", ["CreateSession", "BatchCreateSessions", "PauseSession", "BatchUpdateSessions"])
@pytest.mark.parametrize("rounds", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_repetitions_at_the_same_moment_apply_once(api, server, name, rounds):
    for _ in range(rounds):
        rpc, fields = MUTATIONS[name](api)
        request_id, before = new_id(), count(server, "events", api.workspace)
        calls = [lambda r=rpc, f=fields, i=request_id: api.call(r, request_id=i, **f)] * 6
        outcomes = at_once(*calls)
        assert won(outcomes) == [outcomes[0]] * 6
        applied = 1 if rpc in {"CreateSession", "PauseSession"} else 3
        assert count(server, "events", api.workspace) == before + applied


def test_a_request_id_is_a_uuid_in_whatever_case_it_is_written(api, server):
    session, request_id = api.book(), new_id()
    first = api.move("CreatePackage", session, request_id=request_id.upper())
    with unchanged(server, api):
        assert api.move("CreatePackage", session, request_id=request_id) == first


def test_a_request_id_belongs_to_its_workspace(server, api):
    other, request_id = ApiClient(server.target), new_id()
    first = api.call("CreateRelease", request_id=request_id, release=catalog_pb2.Release(name="Physics")).release
    second = other.call("CreateRelease", request_id=request_id, release=catalog_pb2.Release(name="Art")).release
    assert (first.name, second.name) == ("Physics", "Art")
    other.close()


def test_a_refused_request_is_judged_afresh(api):
    session, request_id = api.book(), new_id()
    with pytest.raises(Refused):
        api.move("DownloadSession", session, request_id=request_id)
    api.move("CreatePackage", session)
    assert api.move("DownloadSession", session, request_id=request_id).state == session_pb2.STATE_READY


def test_a_refused_request_does_not_keep_its_id(api):
    session, request_id = api.book(), new_id()
    with pytest.raises(Refused):
        api.move("UnlockSession", session, request_id=request_id)
    assert api.move("CreatePackage", session, request_id=request_id)


def test_a_repetition_is_answered_although_the_session_has_moved_on(api, server):
    session, request_id = bring_to(api, "IN_PROGRESS"), new_id()
    api.move("PauseSession", session, request_id=request_id, etag=session.etag)
    now = api.move("ResumeSession", session)
    with unchanged(server, api):
        assert api.move("PauseSession", session, request_id=request_id, etag=session.etag) == now


def test_a_repetition_is_answered_although_the_session_is_deleted(api, server):
    release, ids = api.release(), [new_id() for _ in range(4)]
    content = {"release_id": release.id, "booking": booking("anna", centre_id="north")}
    session = api.call("CreateSession", request_id=ids[0], **content).session
    api.move("CreatePackage", session, request_id=ids[1])
    edit = {"booking": booking(test_form="f2"), "update_mask": mask("test_form")}
    api.call("UpdateSession", session_id=session.id, request_id=ids[2], **edit)
    api.call("DeleteSession", session_id=session.id, request_id=ids[3])
    with unchanged(server, api):
        for again in (
            api.call("CreateSession", request_id=ids[0], **content).session,
            api.move("CreatePackage", session, request_id=ids[1]),
            api.call("UpdateSession", session_id=session.id, request_id=ids[2], **edit).session,
        ):
            assert (again.id, again.candidate, again.keycode) == (session.id, session.candidate, session.keycode)
            assert (again.release_id, again.centre_id, again.test_form) == (release.id, "north", "f2")
        api.call("DeleteSession", session_id=session.id, request_id=ids[3])


def test_a_repetition_by_keycode_is_answered_although_the_session_is_deleted(api):
    session, request_id = api.book(), new_id()
    moved = api.call("CreatePackage", keycode=session.keycode, request_id=request_id).session
    api.call("DeleteSession", session_id=session.id)
    again = api.call("CreatePackage", keycode=session.keycode, request_id=request_id).session
    assert (again.id, again.state) == (moved.id, moved.state)


def test_a_repetition_is_answered_by_a_server_that_was_started_since(database):
    answers, ids = [], {name: new_id() for name in MUTATIONS}
    requests = {}
    for start in range(2):
        with serving(database, tick_ms=3_600_000) as server:
            api = ApiClient(server.quiet().target, "w")
            if start == 0:
                requests = {name: prepare(api) for name, prepare in MUTATIONS.items()}
            replies = {n: api.call(rpc, request_id=ids[n], **f) for n, (rpc, f) in requests.items()}
            answers.append({name: without_pin(reply) for name, reply in replies.items()})
            answers.append(snapshot(server, "w"))
            api.close()
    assert answers[0] == answers[2]
    assert answers[1] == answers[3]


def test_a_call_nobody_waited_for_is_completed_by_its_repetition(api, server):
    release, request_id = api.release(), new_id()
    content = {"release_id": release.id, "booking": booking("anna"), "request_id": request_id}
    with server.database.locked_for_writing(), pytest.raises(AssertionError, match="DEADLINE_EXCEEDED"):
        api.call("CreateSession", timeout=0.2, **content)
    session = api.call("CreateSession", **content).session
    assert count(server, "sessions", api.workspace) == 1
    assert [event.action for event in api.history(session)] == [session_pb2.ACTION_SCHEDULE]


def test_the_request_stands_in_the_history(api):
    session, request_id = api.book(), new_id()
    api.move("CreatePackage", session, request_id=request_id)
    assert [event.request_id for event in api.history(session)] == ["", request_id]


def test_a_repetition_that_would_not_be_refused_does_not_have_its_group_decided_again(server, api, monkeypatch):
    alone = []
    run = Executor.run
    monkeypatch.setattr(Executor, "run", lambda self, group: alone.extend(group) or run(self, group))
    session = api.book(api.release())
    edit = {
        "session_id": session.id,
        "booking": {"external_reference": "seat 7"},
        "update_mask": {"paths": ["external_reference"]},
        "request_id": new_id(),
    }
    first = api.call("UpdateSession", **edit)
    alone.clear()
    assert api.call("UpdateSession", **edit).session.etag == first.session.etag
    assert not alone
