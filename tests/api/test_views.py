from __future__ import annotations

import pytest
from forms import mixed
from messages import SERVICE, booking, lasting, mask, new_id
from rows import unchanged
from state_paths import ARGUMENTS, LONG_AGO, bring_to, walk

from exam_sessions_client.v1 import catalog_pb2, marking_service_pb2, session_pb2, session_service_pb2
from serving import ApiClient, Refused

BASIC, FULL = session_service_pb2.SESSION_VIEW_BASIC, session_service_pb2.SESSION_VIEW_FULL


@pytest.fixture
def confidential(api):
    """A voided session with everything a FULL view shows."""
    session = walk(api, api.book(), "CreatePackage")
    client = session_pb2.DeliveryClient(os="Windows 11", machine="LAB-7", ip="10.0.0.7")
    api.move("DownloadSession", session, client=client)
    api.move("FailSession", session, message="power cut")
    return api.move("VoidSession", session, message="a private matter", reason=session_pb2.VOID_REASON_OTHER)


def test_the_full_view_shows_client_and_messages(api, confidential):
    session = api.get(confidential)
    assert session == api.call("GetSession", session_id=session.id, view=FULL).session == confidential
    assert (session.void_message, session.exception_message) == ("a private matter", "power cut")
    assert (session.client.os, session.client.machine, session.client.ip) == ("Windows 11", "LAB-7", "10.0.0.7")
    assert session.client.download_time.seconds > 0


def test_the_basic_view_leaves_them_out_and_nothing_else(api, confidential):
    basic = session_pb2.Session()
    basic.CopyFrom(confidential)
    for name in ("client", "void_message", "exception_message"):
        basic.ClearField(name)
    shown = [
        api.call("GetSession", session_id=basic.id, view=BASIC).session,
        api.call("BatchGetSessions", session_ids=[basic.id], view=BASIC).sessions[0],
        api.call("ListSessions").sessions[0],
        api.call("ListSessions", view=BASIC).sessions[0],
        api.call("ExplainSession", session_id=basic.id).session,
    ]
    assert shown == [basic] * 5


def test_a_list_shows_the_full_view_when_asked(api, confidential):
    assert list(api.call("ListSessions", view=FULL).sessions) == [confidential]
    assert list(api.call("BatchGetSessions", session_ids=[confidential.id]).sessions) == [confidential]


def test_a_read_mask_keeps_what_it_names(api):
    session = bring_to(api, "IN_PROGRESS", duration=lasting(60))
    (kept,) = api.call("ListSessions", read_mask=mask("id", "candidate.candidate_id", "attempt.start_time")).sessions
    expected = session_pb2.Session(
        id=session.id,
        candidate=session_pb2.Candidate(candidate_id=session.candidate.candidate_id),
        attempt=session_pb2.Attempt(start_time=session.attempt.start_time),
    )
    assert kept == expected


def test_a_read_mask_opens_no_closed_view(api, confidential):
    (kept,) = api.call("ListSessions", read_mask=mask("void_message", "client", "id")).sessions
    assert kept == session_pb2.Session(id=confidential.id)


def test_a_read_mask_that_names_nothing_keeps_everything(api):
    session = api.book()
    assert api.call("ListSessions", read_mask=mask()).sessions[0].id == session.id


@pytest.mark.parametrize("path", ["secret", "candidate.age", "id.x", "Candidate", "candidate.", ".", " id"])
def test_a_read_mask_is_refused_that_names(api, path):
    with pytest.raises(Refused) as refused:
        api.call("ListSessions", read_mask=mask("id", path))
    assert list(refused.value.fields) == ["read_mask"]


def test_sessions_are_read_in_the_order_asked_all_or_none(api):
    release = api.release()
    sessions = [api.book(release) for _ in range(5)]
    wanted = [sessions[n].id for n in (3, 0, 4, 1)]
    assert [s.id for s in api.call("BatchGetSessions", session_ids=wanted).sessions] == wanted
    missing = new_id()
    with pytest.raises(Refused) as refused:
        api.call("BatchGetSessions", session_ids=[*wanted, missing])
    assert (refused.value.reason, refused.value.metadata) == ("SESSION_NOT_FOUND", {"session": missing})


OF_EVENTS = {"WatchSessions", "AcknowledgeEvents", "ListEventConsumers", "ImportSessions"}
"""See test_watch.py, test_consumers.py and test_imports.py."""

OF_OTHER_THINGS = ("AccessService", "CandidateService", "LockoutService", "WorkspaceService")
"""See test_workspace_walls.py."""


NOT_FOUND = {"SESSION_NOT_FOUND", "RELEASE_NOT_FOUND", "TEST_FORM_NOT_FOUND"}
OF_NOBODY = {
    "GetStateMachine",
    "ListSessions",
    "ListReleases",
    "CreateRelease",
    "ListTestForms",
    "CreateTestForm",
}
"""RPCs that name nothing there may be."""
ROW_BY_ROW = {"BatchAssignItemMarks"}
"""RPCs that refuse each row by itself."""


def test_nothing_of_a_workspace_is_seen_or_touched_from_another(server, api):
    stranger, form = ApiClient(server.target), mixed(api)
    session = bring_to(api, "READY", test_form=form.reference)
    row = session_service_pb2.SessionEdit(session_id=session.id, booking=booking(centre_id="x"))
    edit = {"booking": booking(centre_id="x"), "update_mask": mask("centre_id")}
    with unchanged(server, api), unchanged(server, stranger):
        for rpc in SERVICE:
            if rpc in OF_NOBODY | OF_EVENTS | ROW_BY_ROW or SERVICE[rpc].endswith(OF_OTHER_THINGS):
                continue
            special = {
                "CreateSession": {"release_id": session.release_id, "booking": booking("a")},
                "BatchCreateSessions": {"release_id": session.release_id, "bookings": [booking("a")]},
                "BatchGetSessions": {"session_ids": [session.id]},
                "BatchUpdateSessions": {"edits": [row], "update_mask": mask("centre_id")},
                "AggregateSessions": {"release_ids": [session.release_id]},
                "BatchTransitionSessions": {"action": 2, "ids": {"session_ids": [session.id]}},
                "GetSessionTemplate": {"release_id": session.release_id},
                "SubmitFromTemplate": {
                    "template": {"release_id": session.release_id, "test_form": "form-1", "form_revision": 1},
                    "data": [{"user_id": "anna"}],
                },
                "GetRelease": {"release_id": session.release_id},
                "FinalizeRelease": {"release_id": session.release_id},
                "UnfinalizeRelease": {"release_id": session.release_id},
                "RegradeRelease": {"release_id": session.release_id, "message": "a wrong key"},
                "GetTestForm": {"reference": form.reference},
                "UpdateTestForm": {"test_form": form},
                "UpdateRelease": {
                    "release": catalog_pb2.Release(id=session.release_id, name="x"),
                    "update_mask": mask("name"),
                },
            }
            extra = edit if rpc == "UpdateSession" else ARGUMENTS.get(rpc, {})
            by_id, by_keycode = {"session_id": session.id}, {"keycode": session.keycode}
            keys = [by_keycode] if rpc == "EnterKeycode" else [by_id, by_keycode]
            for fields in [special[rpc]] if rpc in special else [key | extra for key in keys]:
                with pytest.raises(Refused) as refused:
                    stranger.call(rpc, **fields)
                assert refused.value.reason in NOT_FOUND, rpc
        mark = marking_service_pb2.ItemMark(question_number="1", mark="1")
        named = {"session_id": session.id, "request_id": new_id()}
        paper = marking_service_pb2.PaperMarks(marks=[mark], completion_time=LONG_AGO, **named)
        [row] = stranger.call("BatchAssignItemMarks", papers=[paper]).papers
        assert "SESSION_NOT_FOUND" in str(row.refusal)
        assert stranger.call("ListSessions", show_total_size=True).total_size == 0
        assert stranger.call("ListReleases").releases == []
        assert stranger.call("ListTestForms").test_forms == []
        assert stranger.call("AggregateSessions").total.session_count == 0
        wanted = session_service_pb2.SessionFilter(release_ids=[session.release_id])
        assert stranger.call("ListSessions", filter=wanted).sessions == []
    stranger.close()
