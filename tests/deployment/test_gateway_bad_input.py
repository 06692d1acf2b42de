"""What JSON over HTTP gives for bodies, values, headers and credentials that are not as they should be."""

from __future__ import annotations

import uuid

import pytest
from envoys import Rest, reason_of
from gateway_fixtures import gateway

from exam_sessions.commands.api_keys import CreateApiKey
from exam_sessions.domain.access import ROLES, Principal
from exam_sessions.domain.api_keys import SYSTEM_WORKSPACE, Grant
from exam_sessions.execution.caller import Caller
from exam_sessions.execution.random_codes import new_credential
from serving import serving

pytestmark = pytest.mark.sqlite(reason="what stands before a server does not see its database")

LARGEST = 16 * 1024 * 1024


@pytest.fixture(scope="module")
def server(new_database):
    with new_database() as database, serving(database) as server:
        yield server


@pytest.fixture(scope="module")
def target(server, tmp_path_factory):
    with gateway([server.target], tmp_path_factory.mktemp("envoy")) as envoy:
        yield envoy.target


@pytest.fixture
def rest(target):
    return Rest(target)


@pytest.fixture
def releases():
    return f"/v1/workspaces/w{uuid.uuid4().hex[:8]}/releases"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"release":', "Unexpected end of string"),
        (b"[]", "Root element must be a message"),
        (b"release=1", "Unexpected token"),
        (b'{"release":{"name":"\xff"}}', "non UTF-8"),
        (b'{"release":' * 5000 + b"1" + b"}" * 5000, "too deep"),
        (b'{"nope":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "too deep"),
        (b'{"release":{"delivery":"ONLINE"}}', 'release.delivery: invalid value "ONLINE"'),
        (b'{"release":{"maxAttempts":2.5}}', "release.max_attempts: invalid value 2.5"),
        (b'{"release":{"maxAttempts":99999999999}}', "release.max_attempts: invalid value 99999999999"),
        (b'{"release":{"duration":"1800"}}', "duration must end with 's'"),
        (b'{"release":{"windowStart":"yesterday"}}', "Illegal timestamp format"),
    ],
)
def test_what_is_no_json_of_the_request_is_refused_by_the_gateway(rest, releases, body, said):
    status, reply = rest("post", releases, body)
    assert (status, reply["code"]) == (400, 3)
    assert said in reply["message"]
    # The gateway has no error reasons: the server has not seen the call.
    assert reason_of(reply) == ("", {})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "release"),
        (b"{}", "release"),
        (b'{"release":{"name":null}}', "release.name"),
        (b'{"release":{"name":"a\\u0000b"}}', "release.name"),
        (b'{"release":{"name":"a","maxAttempts":-1}}', "release.max_attempts"),
    ],
)
def test_values_are_refused_by_the_server_with_their_fields(rest, releases, body, field):
    status, reply = rest("post", releases, body)
    assert (status, reply["code"], reason_of(reply)[0]) == (400, 3, "INVALID_FIELD")
    named = [found["field"] for detail in reply["details"] for found in detail.get("fieldViolations", [])]
    assert named == [field]


def made(rest, releases, body, **headers):
    """The release that a body makes."""
    return rest.ok("post", releases, body, **headers)["release"]


def test_numbers_may_be_texts_enums_numbers_and_names_those_of_the_proto(rest, releases):
    body = {"release": {"name": "Maths", "max_attempts": "2", "delivery": 2}, "allow_missing_form": True}
    release = made(rest, releases, body)
    assert (release["maxAttempts"], release["delivery"]) == (2, "DELIVERY_PAPER")


def test_an_unknown_field_is_ignored_in_a_body_and_refused_in_a_query(rest, releases):
    assert made(rest, releases, {"release": {"name": "Maths", "nope": 1}, "nope": [{}]})["name"] == "Maths"
    status, reply = rest("get", f"{releases}?nope=1")
    assert (status, reply["code"]) == (400, 3)
    assert 'Could not find field "nope"' in reply["message"]


def test_the_path_says_the_workspace_whatever_a_body_says(rest, releases):
    release = made(rest, releases, {"workspaceId": "another", "release": {"name": "Maths", "workspaceId": "another"}})
    assert f"/v1/workspaces/{release['workspaceId']}/releases" == releases


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/x-protobuf"])
def test_a_body_is_read_as_json_whatever_it_is_called(rest, releases, kind):
    assert made(rest, releases, {"release": {"name": "Maths"}}, **{"content-type": kind})["name"] == "Maths"


@pytest.mark.parametrize("kind", ["application/grpc", "application/grpc-web+proto"])
def test_a_body_that_is_called_grpc_is_none_of_rest(target, releases, kind):
    rest = Rest(target)
    with rest.opened("post", releases, b"{}", **{"content-type": kind}) as reply:
        assert int(reply.headers["grpc-status"]) not in {0, 2, 13}


def test_a_request_that_is_too_large_is_refused_by_the_server(rest, releases):
    status, reply = rest("post", releases, {"release": {"name": "a" * (LARGEST + 1_000_000)}})
    assert (status, reply["code"]) == (429, 8)
    reason, facts = reason_of(reply)
    assert (reason, facts["limit"]) == ("MESSAGE_TOO_LARGE", str(LARGEST))


def test_the_gateway_holds_no_more_of_a_body_than_it_is_allowed_to(rest, releases):
    body = b'{"release":{"name":"' + b"a" * (2 * LARGEST + 1) + b'"}}'
    assert rest("post", releases, body) == (413, {"code": 8, "message": "Payload Too Large"})
    connect = {"content-type": "application/proto", "connect-protocol-version": "1"}
    assert rest("post", "/exam_sessions.v1.CatalogService/CreateRelease", body, **connect)[0] == 413


def test_a_path_that_holds_what_no_text_may_hold_is_refused(rest):
    status, reply = rest("get", "/v1/workspaces/default/sessions/%ff")
    assert (status, reason_of(reply)[0]) == (400, "MALFORMED_MESSAGE")
    assert rest("get", "/v1/workspaces/default/sessions/%00")[0] == 400
    assert reason_of(rest("get", "/v1/workspaces/default/releases/..%2f..")[1])[0] == "INVALID_FIELD"


def key_of(server, role):
    """A new API key with one role."""
    grant, credential = Grant(role, (role,), None, None), new_credential()
    principal = Principal("root", ROLES["admin"], roles=("admin",))

    async def write():
        made = CreateApiKey(Caller(SYSTEM_WORKSPACE, "root"), principal, grant, 0, credential)
        return await server.app.service.write(made)

    server.run(write())
    return credential


def test_without_a_token_a_wrong_one_and_one_that_may_not(database, tmp_path):
    with serving(database, auth="keys") as server, gateway([server.target], tmp_path) as envoy:
        rest, path = Rest(envoy.target), "/v1/workspaces"

        def asked(verb, path, token=None, body=None):
            headers = {"authorization": f"Bearer {token}"} if token else {}
            status, reply = rest(verb, path, body, **headers)
            return status, reply.get("code"), reason_of(reply)[0]

        assert asked("get", path) == (401, 16, "CREDENTIAL_MISSING")
        assert asked("get", path, "nonsense")[:2] == (401, 16)
        assert asked("post", path, key_of(server, "auditor"), {"workspace": {"id": "w1"}}) == (
            403,
            7,
            "PERMISSION_DENIED",
        )
        assert asked("get", path, key_of(server, "admin")) == (200, None, "")
