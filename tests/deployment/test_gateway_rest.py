"""JSON over HTTP through the real Envoy: every path leads to its RPC, and a session goes from booking to marks."""

from __future__ import annotations

import re
import urllib.request
import uuid

import pytest
from envoys import Rest, reason_of
from gateway_fixtures import gateway
from google.api import annotations_pb2

from exam_sessions.contract import operation_paths
from exam_sessions.contract.openapi import openapi_document
from exam_sessions.contract.proto_tree import own_descriptors
from exam_sessions_client.v1 import error_reason_pb2
from serving import serving, until

pytestmark = pytest.mark.sqlite(reason="what stands before a server does not see its database")

OPENAPI = openapi_document("0")["paths"]
OPERATIONS = [
    (path, verb, content["operationId"]) for path, verbs in OPENAPI.items() for verb, content in verbs.items()
]
VARIABLE = re.compile(r"\{([^}]+)\}")


def new_id():
    """A UUID."""
    return str(uuid.uuid4())


class Observed:
    """Which RPCs were called."""

    def __init__(self):
        self.methods = []

    def __call__(self, record):
        self.methods.append(record.method.rpartition("/")[2])


@pytest.fixture(scope="module")
def observed():
    return Observed()


@pytest.fixture(scope="module")
def rest(new_database, observed, tmp_path_factory):
    with (
        new_database() as database,
        serving(database, observers=[observed]) as server,
        gateway([server.target], tmp_path_factory.mktemp("envoy")) as envoy,
    ):
        yield Rest(envoy.target)


def filled(path):
    """A path with a value for each of its variables."""
    return VARIABLE.sub(lambda found: "default" if found[1].startswith("workspace") else new_id(), path)


def test_the_openapi_document_has_every_path_that_is_annotated():
    methods = [rpc for file in own_descriptors() for one in file.services_by_name.values() for rpc in one.methods]
    annotated = {rpc.name for rpc in methods if rpc.GetOptions().HasExtension(annotations_pb2.http)}
    assert {rpc for _, _, rpc in OPERATIONS} == annotated | set(operation_paths.PATHS)


def test_every_path_leads_to_its_rpc_and_gives_a_result_or_a_typed_refusal(rest, observed):
    known = {name.removeprefix("ERROR_REASON_") for name, _ in error_reason_pb2.ErrorReason.items()}
    for path, verb, rpc in OPERATIONS:
        if path.endswith(":watch"):
            continue  # does not end, see below
        observed.methods.clear()
        status, reply = rest(verb, filled(path), {} if verb in {"post", "patch"} else None)
        until(lambda: observed.methods)
        assert observed.methods == [rpc], path
        if status != 200:
            reason, _ = reason_of(reply)
            assert reason in known, (path, status, reply)
            assert reply["code"] not in {2, 12, 13}, (path, reply)


def test_a_path_with_another_verb_or_none_that_is_known_is_refused_as_json(rest):
    for path, verb, _ in OPERATIONS[::7]:
        assert rest("put", filled(path), {}) == (404, {"code": 5, "message": "there is no such path and verb"}), verb
    for path in ("/", "/v1", "/v1/nope", "/v2/workspaces/default/sessions", "/exam_sessions.v1.SessionService/Nope"):
        assert rest("get", path)[0] == 404


class WorkspaceCalls:
    """REST calls in one workspace."""

    def __init__(self, rest):
        self.rest, self.above = rest, f"/v1/workspaces/w{new_id()[:8]}"

    def __call__(self, verb, path, body=None):
        return self.rest.ok(verb, self.above + path, body)

    def release(self, **fields):
        """A new release."""
        body = {"release": {"name": f"Maths {new_id()}"} | fields, "allowMissingForm": True}
        return self("post", "/releases", body)["release"]

    def move(self, session, action, **body):
        """One action on a session; the session as it is then."""
        return self("post", f"/sessions/{session['id']}:{action}", body)["session"]


@pytest.fixture
def calls(rest):
    return WorkspaceCalls(rest)


def test_a_session_goes_from_booking_to_marks(calls):
    questions = [
        {"number": "1", "options": [{"label": "A"}, {"label": "B"}], "keys": ["0"]},
        {"number": "2", "availableMark": "4"},
    ]
    calls("post", "/testForms", {"testForm": {"reference": "maths", "questions": questions}})
    release = calls.release(testForm="maths", duration="1800s")
    booked = calls(
        "post", f"/releases/{release['id']}/sessions", {"booking": {"candidate": {"candidateId": "c/1:x"}}}
    )["session"]
    assert booked["state"] == "STATE_SCHEDULED_BUT_NOT_CREATED"
    calls.move(booked, "createPackage")
    calls.move(booked, "download")
    opened = calls("post", "/sessions:enterKeycode", {"keycode": booked["keycode"]})["session"]
    assert opened["state"] == "STATE_IN_PROGRESS"
    answers = [
        {"questions": [{"id": "1", "response": {"options": [{"label": "A"}]}}]},
        {"questions": [{"id": "2", "response": {"text": "Because."}}]},
    ]
    calls.move(booked, "setResponses", responses=answers)
    assert calls.move(booked, "finish")["state"] == "STATE_AWAITING_MARKING"
    calls("post", f"/sessions/{booked['id']}:scoreResponse", {"questionNumber": "2", "mark": "3"})
    assert calls.move(booked, "submitMarked")["state"] == "STATE_MARKED"
    found = calls("get", f"/sessions/{booked['id']}")["session"]
    assert (found["points"]["actual"], found["points"]["max"]) == ("4", "5")
    assert len(calls("get", f"/sessions/{booked['id']}/events")["events"]) >= 7
    listed = calls("get", f"/sessions?filter.release_ids={release['id']}&filter.states=STATE_MARKED&pageSize=5")
    assert [each["id"] for each in listed["sessions"]] == [booked["id"]]
    exported = calls("get", "/candidates/c%2F1%3Ax:export")
    assert booked["id"] in "".join(piece["json"] for piece in exported)


def test_an_operation_is_read_awaited_listed_and_deleted_by_its_name(calls):
    release = calls.release()
    bookings = [{"candidate": {"candidateId": f"c{n}"}} for n in range(3)]
    calls("post", f"/releases/{release['id']}/sessions:batchCreate", {"bookings": bookings})
    body = {"action": "ACTION_CREATE_PACKAGE", "filter": {"releaseIds": [release["id"]]}}
    accepted = calls("post", "/sessions:batchTransition", body)["operation"]
    name = f"/v1/{accepted['name']}"
    ended = calls.rest.ok("post", f"{name}:wait", {"timeout": "30s"})
    while not ended.get("done"):
        ended = calls.rest.ok("post", f"{name}:wait", {"timeout": "30s"})
    assert ended["response"]["succeededCount"] == "3"
    assert calls.rest.ok("get", name)["done"]
    assert [each["name"] for each in calls("get", "/operations")["operations"]] == [accepted["name"]]
    assert calls.rest.ok("post", f"{name}:cancel", {}) == {}
    assert calls.rest.ok("delete", name) == {}
    assert reason_of(calls.rest("get", name)[1])[0] == "OPERATION_NOT_FOUND"


def test_a_watch_comes_piece_by_piece(calls):
    release = calls.release()
    calls("post", f"/releases/{release['id']}/sessions", {"booking": {"candidate": {"candidateId": "c1"}}})
    request = urllib.request.Request(f"{calls.rest.url}{calls.above}/sessions:watch?start_sequence=1")
    with urllib.request.urlopen(request, timeout=60) as reply:
        text = b""
        while b'"sequence":"1"' not in text:
            text += reply.read1()
        assert text.startswith(b"[{")
        assert b'"action":"ACTION_SCHEDULE"' in text
