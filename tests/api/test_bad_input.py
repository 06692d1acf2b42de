from __future__ import annotations

import pytest
from grpc import StatusCode
from messages import ACTION_RPCS, SERVICE, booking, bookings, lasting, mask, new_id
from rows import unchanged
from state_paths import ARGUMENTS, bring_to

from exam_sessions.settings import TRANSPORTS
from exam_sessions_client.v1 import catalog_pb2, session_pb2, session_service_pb2
from serving import ApiClient, Refused, serving

ID = "5f1d1f0e-7a51-4c39-9f6e-0a6f0d1c2b3a"
EMPTY_IS_FINE = {
    "GetStateMachine",
    "ListSessions",
    "AggregateSessions",
    "ListReleases",
    "ListTestForms",
    "WatchSessions",
    # A stream: what its first message needs is test_imports.py's.
    "ImportSessions",
    "ListEventConsumers",
    "ListLockouts",
    "GetPrincipal",
    "ListApiKeys",
    # What nobody is known of is a document, too.
    "ExportCandidate",
    # The client names its workspace, and there is nothing else to name.
    "CreateWorkspace",
    "GetWorkspace",
    "ListWorkspaces",
    "CloseWorkspace",
    "ReopenWorkspace",
}
SessionFilter = session_service_pb2.SessionFilter
Release = catalog_pb2.Release


def person(**fields):
    return booking(candidate=session_pb2.Candidate(**({"candidate_id": "anna"} | fields)))


BOOKINGS = {
    "no candidate": (session_pb2.Booking(), "booking.candidate.candidate_id"),
    "an empty candidate id": (booking(""), "booking.candidate.candidate_id"),
    "a candidate id of 129 letters": (booking("c" * 129), "booking.candidate.candidate_id"),
    "a first name of 101 letters": (person(name_first="n" * 101), "booking.candidate.name_first"),
    "a middle name of 101 letters": (person(name_middle="n" * 101), "booking.candidate.name_middle"),
    "a last name of 101 letters": (person(name_last="n" * 101), "booking.candidate.name_last"),
    "a gender that does not exist": (person(gender=4), "booking.candidate.gender"),
    "a grade that does not exist": (person(grade_level=16), "booking.candidate.grade_level"),
    "an ethnicity that does not exist": (person(ethnicity=-1), "booking.candidate.ethnicity"),
    "a school id of 65 letters": (person(school_id="s" * 65), "booking.candidate.school_id"),
    "a district id of 65 letters": (person(district_id="d" * 65), "booking.candidate.district_id"),
    "a malformed session id": (booking("anna", session_id="4711"), "booking.session_id"),
    "an access code of 65 letters": (booking("anna", access_code="A" * 65), "booking.access_code"),
    "an access code with a blank": (booking("anna", access_code="A B"), "booking.access_code"),
    "an access code with a line break": (booking("anna", access_code="AB\n"), "booking.access_code"),
    "a keycode of 17 letters": (booking("anna", keycode="K" * 17), "booking.keycode"),
    "a keycode with a dash": (booking("anna", keycode="K-1"), "booking.keycode"),
    "a PIN of five letters": (booking("anna", pin="ABCDE"), "booking.pin"),
    "a PIN with a digit": (booking("anna", pin="ABCDE1"), "booking.pin"),
    "a reference of 31 letters": (booking("anna", external_reference="r" * 31), "booking.external_reference"),
    "a centre id of 65 letters": (booking("anna", centre_id="c" * 65), "booking.centre_id"),
    "a test form of 129 letters": (booking("anna", test_form="f" * 129), "booking.test_form"),
}


@pytest.mark.parametrize("bad", BOOKINGS)
def test_a_booking_is_refused_with(api, server, bad):
    message, path = BOOKINGS[bad]
    release = api.release()
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("CreateSession", release_id=release.id, booking=message)
    assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert list(refused.value.fields) == [path]


RELEASES = {
    "no name": ({}, "release.name"),
    "a blank name": ({"name": " \t"}, "release.name"),
    "a name of 201 letters": ({"name": "n" * 201}, "release.name"),
    "a malformed id": ({"name": "x", "id": "one"}, "release.id"),
    "a form of 129 letters": ({"name": "x", "test_form": "f" * 129}, "release.test_form"),
    "a negative duration": ({"name": "x", "duration": lasting(-1)}, "release.duration"),
    "a duration of more than 30 days": ({"name": "x", "duration": lasting(2_592_001)}, "release.duration"),
    "a negative grace period": ({"name": "x", "grace_period": lasting(-1)}, "release.grace_period"),
    "a delivery that does not exist": ({"name": "x", "delivery": 3}, "release.delivery"),
    "a negative number of attempts": ({"name": "x", "max_attempts": -1}, "release.max_attempts"),
    "1,001 attempts": ({"name": "x", "max_attempts": 1001}, "release.max_attempts"),
    "a strategy that does not exist": ({"name": "x", "attempt_strategy": 5}, "release.attempt_strategy"),
}


@pytest.mark.parametrize("bad", RELEASES)
def test_a_release_is_refused_with(api, server, bad):
    fields, path = RELEASES[bad]
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("CreateRelease", release=Release(**fields))
    assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert list(refused.value.fields) == [path]


CALLS = {
    "GetSession by a malformed id": ("GetSession", {"session_id": "4711"}, "session_id"),
    "GetSession by an empty keycode": ("GetSession", {"keycode": ""}, "keycode"),
    "GetSession by a keycode of 17 letters": ("GetSession", {"keycode": "K" * 17}, "keycode"),
    "GetSession in a view that does not exist": ("GetSession", {"session_id": ID, "view": 3}, "view"),
    "BatchGetSessions of nobody": ("BatchGetSessions", {"session_ids": []}, "session_ids"),
    "BatchGetSessions with a malformed id": ("BatchGetSessions", {"session_ids": [ID, "x"]}, "session_ids[1]"),
    "BatchGetSessions of one session twice": ("BatchGetSessions", {"session_ids": [ID, ID]}, "session_ids"),
    "BatchGetSessions of 1,001": (
        "BatchGetSessions",
        {"session_ids": [new_id() for _ in range(1001)]},
        "session_ids",
    ),
    "ListSessions with a negative page": ("ListSessions", {"page_size": -1}, "page_size"),
    "ListSessions in an order that does not exist": ("ListSessions", {"order": 4}, "order"),
    "ListSessions in state 17": ("ListSessions", {"filter": SessionFilter(states=[17])}, "filter.states[0]"),
    "ListSessions in state 21": ("ListSessions", {"filter": SessionFilter(states=[1, 21])}, "filter.states[1]"),
    "ListSessions in state 0": ("ListSessions", {"filter": SessionFilter(states=[0])}, "filter.states[0]"),
    "ListSessions of maturity 5": ("ListSessions", {"filter": SessionFilter(maturities=[5])}, "filter.maturities[0]"),
    "ListSessions of an empty candidate": (
        "ListSessions",
        {"filter": SessionFilter(candidate_ids=[""])},
        "filter.candidate_ids[0]",
    ),
    "ListSessions of a malformed release": (
        "ListSessions",
        {"filter": SessionFilter(release_ids=["one"])},
        "filter.release_ids[0]",
    ),
    "ListSessions with an unknown read_mask": ("ListSessions", {"read_mask": mask("secret")}, "read_mask"),
    "ListSessions with a long page token": ("ListSessions", {"page_token": "t" * 1025}, "page_token"),
    "ListReleases with a negative page": ("ListReleases", {"page_size": -1}, "page_size"),
    "ListSessionEvents with a negative page": ("ListSessionEvents", {"session_id": ID, "page_size": -1}, "page_size"),
    "UpdateSession without a mask": ("UpdateSession", {"session_id": ID, "booking": booking()}, "update_mask"),
    "UpdateSession with an empty mask": (
        "UpdateSession",
        {"session_id": ID, "booking": booking(), "update_mask": mask()},
        "update_mask",
    ),
    "UpdateSession of a field there is not": (
        "UpdateSession",
        {"session_id": ID, "booking": booking(), "update_mask": mask("candidate.age")},
        "update_mask",
    ),
    "UpdateSession of the keycode": (
        "UpdateSession",
        {"session_id": ID, "booking": booking(), "update_mask": mask("keycode")},
        "update_mask",
    ),
    "BatchUpdateSessions of nobody": ("BatchUpdateSessions", {"update_mask": mask("centre_id")}, "edits"),
    "UpdateRelease without an id": (
        "UpdateRelease",
        {"release": Release(name="x"), "update_mask": mask("name")},
        "release.id",
    ),
    "UpdateRelease of the delivery": (
        "UpdateRelease",
        {"release": Release(id=ID), "update_mask": mask("delivery")},
        "update_mask",
    ),
    "UpdateRelease with an empty mask": (
        "UpdateRelease",
        {"release": Release(id=ID), "update_mask": mask()},
        "update_mask",
    ),
    "BatchCreateSessions of nobody": ("BatchCreateSessions", {"release_id": ID}, "bookings"),
    "CreateSession in a malformed release": (
        "CreateSession",
        {"release_id": "one", "booking": booking("a")},
        "release_id",
    ),
    "DownloadSession from a malformed address": (
        "DownloadSession",
        {"session_id": ID, "client": session_pb2.DeliveryClient(ip="10.0.0.300")},
        "client.ip",
    ),
    "EnterPin with five letters": ("EnterPin", {"session_id": ID, "pin": "ABCDE"}, "pin"),
    "FinishSession as the clock": ("FinishSession", {"session_id": ID, "reason": 3}, "reason"),
    "VoidSession for a reason that does not exist": ("VoidSession", {"session_id": ID, "reason": 7}, "reason"),
    "VoidSession for OTHER without words": ("VoidSession", {"session_id": ID, "reason": 4}, "message"),
    "VoidSession for OTHER with blanks": (
        "VoidSession",
        {"session_id": ID, "reason": 4, "message": " \n"},
        "message",
    ),
    "VoidSession with 1,001 letters": ("VoidSession", {"session_id": ID, "message": "m" * 1001}, "message"),
    "FailSession without words": ("FailSession", {"session_id": ID}, "message"),
    "ResetSession to a form of 129 letters": (
        "ResetSession",
        {"session_id": ID, "updated_form": "f" * 129},
        "updated_form",
    ),
}


@pytest.mark.parametrize("bad", CALLS)
def test_a_call_is_refused(api, server, bad):
    rpc, fields, path = CALLS[bad]
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call(rpc, **fields)
    assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert list(refused.value.fields) == [path]


def test_a_failure_needs_words_that_are_not_blank(api, server):
    session = api.book()
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("FailSession", session, message=" \t ")
    assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", ["message"])


@pytest.mark.parametrize("rpc", sorted(set(SERVICE) - EMPTY_IS_FINE))
def test_an_empty_request_is_refused_by(api, server, rpc):
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call(rpc)
    assert refused.value.reason == "INVALID_FIELD"
    assert int(refused.value.metadata["violations"]) >= len(refused.value.fields) > 0


@pytest.mark.parametrize("rpc", ACTION_RPCS)
def test_a_move_of_nobody_is_refused_by_name(api, rpc):
    missing = {"keycode": "NOBODY"} if rpc == "EnterKeycode" else {"session_id": ID}
    with pytest.raises(Refused) as refused:
        api.call(rpc, **missing, **ARGUMENTS.get(rpc, {}))
    assert (refused.value.code, refused.value.reason) == (StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")
    assert refused.value.metadata == {"session": missing.get("keycode", ID)}


@pytest.mark.parametrize("rpc", ACTION_RPCS)
def test_a_move_checks_its_envelope(api, server, rpc):
    envelope = {"request_id": "seventeen", "etag": "e" * 65, "workspace_id": api.workspace}
    session = api.book()
    key = {"keycode": session.keycode} if rpc == "EnterKeycode" else {"session_id": session.id}
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call(rpc, **envelope, **key, **ARGUMENTS.get(rpc, {}))
    assert set(refused.value.fields) == {"request_id", "etag"}


@pytest.mark.parametrize("name", ["Capitals", "a blank", "w" * 65, "ümlaut", "dot.dot", "line\n"])
def test_a_workspace_is_refused_that_is_called(api, name):
    for rpc in ("ListSessions", "CreateRelease", "GetSession"):
        fields = {"CreateRelease": {"release": Release(name="x")}, "GetSession": {"session_id": ID}}.get(rpc, {})
        with pytest.raises(Refused) as refused:
            api.call(rpc, workspace_id=name, **fields)
        assert list(refused.value.fields) == ["workspace_id"]


def test_no_workspace_means_the_default_one(api):
    release = api.call("CreateRelease", workspace_id="", release=Release(name="x")).release
    assert release.workspace_id == "default"
    assert api.call("GetRelease", workspace_id="default", release_id=release.id).release == release


@pytest.mark.parametrize("actor", ["", "a" * 129, " anna"])
def test_an_actor_is_refused_that_is_no_short_printable_text(server, api, actor):
    session, stranger = api.book(), ApiClient(server.target, api.workspace)
    stranger.metadata = (("x-actor", actor),)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        stranger.move("CreatePackage", session)
    assert list(refused.value.fields) == ["x-actor"]
    stranger.close()


def test_who_gives_no_name_is_anonymous(server):
    api = ApiClient(server.target, actor=None)
    assert api.history(api.book())[0].actor == "anonymous"
    api.close()


@pytest.mark.parametrize("name", ["system", "System", "SYSTEM", "system ", "sYsTeM  "])
def test_nobody_may_call_himself_the_system(server, api, name):
    session, impostor = api.book(), ApiClient(server.target, api.workspace, actor=name)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        impostor.move("CreatePackage", session)
    assert list(refused.value.fields) == ["x-actor"]
    impostor.close()


@pytest.mark.parametrize("names", [("anna", "ben"), ("anna", "system"), ("anna", "anna")])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_who_calls_has_one_name(database, names, transport):
    if transport == "native":
        pytest.importorskip("pygrpc_native", reason="the native transport is an extra")
    with serving(database, transport=transport) as server:
        api, twofold = ApiClient(server.target, "w"), ApiClient(server.target, "w")
        session = api.book()
        twofold.metadata = tuple(("x-actor", name) for name in names)
        with unchanged(server, api), pytest.raises(Refused) as refused:
            twofold.move("CreatePackage", session)
        assert list(refused.value.fields) == ["x-actor"]
        api.close()
        twofold.close()


def test_ten_thousand_and_one_rows_are_refused_and_never_cut(api, server):
    release = api.release()
    edits = [session_service_pb2.SessionEdit(session_id=new_id(), booking=booking()) for _ in range(10_001)]
    for rpc, fields in (
        ("BatchCreateSessions", {"release_id": release.id, "bookings": bookings(10_001)}),
        ("BatchUpdateSessions", {"edits": edits, "update_mask": mask("centre_id")}),
    ):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.call(rpc, **fields)
        assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
        assert list(refused.value.fields) == ["bookings" if rpc == "BatchCreateSessions" else "edits"]


def test_a_session_that_moved_on_is_not_taken_for_a_bad_request(api):
    session = bring_to(api, "IN_PROGRESS")
    with pytest.raises(Refused) as refused:
        api.move("UnlockSession", session)
    assert (refused.value.code, refused.value.fields) == (StatusCode.FAILED_PRECONDITION, {})
