from __future__ import annotations

import pytest
from messages import ACTION_RPCS, booking, bookings, mask, new_id
from mutations import MUTATIONS
from rows import unchanged
from state_paths import ARGUMENTS, bring_to, walk

from exam_sessions_client.v1 import catalog_pb2, session_pb2, session_service_pb2
from serving import Refused


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_check_says_yes_and_writes_nothing(api, server, name):
    rpc, fields = MUTATIONS[name](api)
    with unchanged(server, api):
        api.call(rpc, validate_only=True, **fields)
        api.call(rpc, validate_only=True, request_id=new_id(), **fields)


@pytest.mark.parametrize(
    "name", sorted(set(MUTATIONS) - {"CreateSession", "CreateRelease", "CreateTestForm", "DeleteSession"})
)
def test_a_check_shows_what_the_call_then_does(api, name):
    rpc, fields = MUTATIONS[name](api)
    shown, done = api.call(rpc, validate_only=True, **fields), api.call(rpc, **fields)
    if name == "BatchCreateSessions":
        assert [row.candidate_id for row in shown.sessions] == [row.candidate_id for row in done.sessions]
    elif hasattr(done, "session"):
        assert (shown.session.state, shown.session.candidate) == (done.session.state, done.session.candidate)
        assert (shown.session.etag, shown.session.centre_id) == (done.session.etag, done.session.centre_id)
    elif hasattr(done, "release"):
        assert (shown.release.name, shown.release.finalized) == (done.release.name, done.release.finalized)
    elif hasattr(done, "test_form"):
        shown.test_form.create_time.CopyFrom(done.test_form.create_time)
        assert shown == done
    else:
        assert shown == done


@pytest.mark.parametrize("rpc", ACTION_RPCS)
def test_a_check_is_refused_as_the_call_would_be(api, server, rpc):
    session = bring_to(api, "ARCHIVED")
    key = {"keycode": session.keycode} if rpc == "EnterKeycode" else {"session_id": session.id}
    refusals = []
    for only in (True, False):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.call(rpc, validate_only=only, **key, **ARGUMENTS.get(rpc, {}))
        refusals.append(refused.value)
    assert refusals[0] == refusals[1]


def test_a_check_does_not_keep_its_request_id(api):
    release, request_id = api.release(), new_id()
    content = {"release_id": release.id, "booking": booking("anna"), "request_id": request_id}
    api.call("CreateSession", validate_only=True, **content)
    session = api.call("CreateSession", **content).session
    assert api.get(session).candidate.candidate_id == "anna"


def test_a_check_of_a_whole_batch_names_its_bad_rows(api, server):
    release = api.release()
    api.book(release, "c1")
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(3), validate_only=True)
    assert list(refused.value.fields) == ["bookings[1].candidate.candidate_id"]


def test_a_check_does_not_tell_a_right_pin_from_a_wrong_one(api, server):
    session = bring_to(api, "LOCKED_BY_PIN")
    with unchanged(server, api):
        answers = [api.move("EnterPin", session, pin=pin, validate_only=True) for pin in ("QWERTY", "ZZZZZZ")]
    assert answers[0].state == answers[1].state == session_pb2.STATE_IN_PROGRESS


def test_a_check_knows_that_the_candidate_has_another_session_open(api, server):
    walk(api, api.book(candidate_id="ben"), "CreatePackage", "DownloadSession", "EnterKeycode")
    other = walk(api, api.book(candidate_id="ben"), "CreatePackage", "DownloadSession")
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("EnterKeycode", other, validate_only=True)
    assert (refused.value.reason, refused.value.metadata) == ("CANDIDATE_HAS_OPEN_SESSION", {"candidate_id": "ben"})


def test_a_check_of_an_edit_knows_what_is_taken(api, server):
    release = api.release()
    api.book(release, "anna")
    session = api.book(release, "ben")
    edit = {"booking": booking("anna"), "update_mask": mask("candidate.candidate_id")}
    row = session_service_pb2.SessionEdit(session_id=session.id, booking=booking("anna"))
    for rpc, fields in (
        ("UpdateSession", {"session_id": session.id, **edit}),
        ("BatchUpdateSessions", {"edits": [row], "update_mask": edit["update_mask"]}),
    ):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.call(rpc, validate_only=True, **fields)
        assert refused.value.reason == "DUPLICATE_CANDIDATE"


def test_a_check_of_a_release_knows_its_state(api, server):
    release = api.release()
    api.call("FinalizeRelease", release_id=release.id)
    edit = catalog_pb2.Release(id=release.id, name="Physics")
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("UpdateRelease", release=edit, update_mask=mask("name"), validate_only=True)
    assert refused.value.reason == "RELEASE_FINALIZED"
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("CreateRelease", release=catalog_pb2.Release(id=release.id, name="x"), validate_only=True)
    assert refused.value.reason == "DUPLICATE_RELEASE_ID"


def test_a_check_of_a_batch_draws_no_pins(api, server):
    release = api.release(auto_create_pin=True)
    with unchanged(server, api):
        api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(3), validate_only=True)
