"""Ids in requests, of every field there is: the nil UUID, capitals, and the workspace that nobody names."""

from __future__ import annotations

import itertools

import pytest
from google.protobuf import message_factory
from google.protobuf.field_mask_pb2 import FieldMask
from messages import METHOD, booking, new_id
from mutations import MUTATIONS
from operations import chunks_of
from rows import unchanged
from test_requests_repeated import without_pin

from exam_sessions import errors
from exam_sessions.rpc.access.verified import ANYBODY
from exam_sessions.rpc.decoding.identifiers import NIL
from exam_sessions.rpc.decoding.request_decoder import RequestDecoder
from exam_sessions_client.v1 import session_service_pb2_grpc
from serving import ApiClient, Refused

LIMIT = 1_000_000


def ids_in(kind, above=()):
    """Every text of a request, at any depth, that is called an id of ours."""
    for field in kind.fields:
        if field.message_type and field.message_type.full_name not in above:
            for path in ids_in(field.message_type, (*above, kind.full_name)):
                yield (field, *path)
        elif field.type == field.TYPE_STRING and field.name in OURS:
            yield (field,)


OURS = {"session_id", "session_ids", "release_id", "release_ids", "request_id", "import_id"}
REQUESTS = {
    (rpc, ".".join(field.name for field in path)): path
    for rpc, method in METHOD.items()
    for path in ids_in(method.input_type)
}
REQUESTS |= {
    (rpc, "release.id"): (
        METHOD[rpc].input_type.fields_by_name["release"],
        METHOD[rpc].input_type.fields_by_name["release"].message_type.fields_by_name["id"],
    )
    for rpc in ("CreateRelease", "UpdateRelease")
}


def with_id(message, path, value):
    """Writes a value at a path, and returns the path with its indexes."""
    *outer, last = path
    shown = []
    for field in outer:
        inner = getattr(message, field.name)
        message = inner.add() if field.is_repeated else inner
        shown.append(field.name + "[0]" * field.is_repeated)
    if last.is_repeated:
        getattr(message, last.name).append(value)
    else:
        setattr(message, last.name, value)
    return ".".join([*shown, last.name + "[0]" * last.is_repeated])


@pytest.mark.parametrize(("rpc", "named"), REQUESTS, ids=" ".join)
def test_no_id_of_any_request_is_the_nil_uuid(rpc, named):
    method = METHOD[rpc]
    request = message_factory.GetMessageClass(method.input_type)()
    path = with_id(request, REQUESTS[rpc, named], NIL)
    with pytest.raises(errors.InvalidField) as refused:
        RequestDecoder(method, LIMIT).decode(request.SerializeToString(), ANYBODY)
    assert [bad.field for bad in refused.value.at] == [path]


def test_a_client_that_never_sets_its_request_id_is_told_at_once(api, server):
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("CreateSession", release_id=new_id(), booking=booking("a"), request_id=NIL)
    assert refused.value.fields["request_id"][0] == "INVALID_FIELD"


def test_a_text_may_hold_the_nil_uuid(api):
    assert api.book(external_reference=NIL[:30], candidate_id=NIL).candidate.candidate_id == NIL


@pytest.mark.parametrize("name", MUTATIONS)
def test_one_request_is_spelled_in_many_ways(server, name):
    api = ApiClient(server.target, workspace="default")
    api._numbers = itertools.count(1000 * list(MUTATIONS).index(name))  # all share the workspace, not the candidates
    rpc, fields = MUTATIONS[name](api)
    request = message_factory.GetMessageClass(METHOD[rpc].input_type)(**fields, request_id=new_id())
    request.workspace_id = "default"
    first = without_pin(api.call(rpc, request))
    request.workspace_id = ""
    shouted = type(request)()
    shouted.CopyFrom(request)
    shout(shouted)
    with unchanged(server, api):
        assert api.call(rpc, request) == first, "in the workspace nobody names"
        assert api.call(rpc, shouted) == first, "in capitals"
    api.close()


def test_a_chunk_sent_again_in_other_letters_is_the_same_chunk(api, server):
    release, import_id = api.release(), new_id()
    row = {"session_id": new_id(), "keycode": "K1Y", "access_code": "AB12", "pin": "QWERTY"}
    rows = [booking("anna", **row), booking("ben")]
    stubs = session_service_pb2_grpc.SessionServiceStub(api.channel)

    def booked(rows):
        (answer,) = stubs.ImportSessions(chunks_of(api, release, rows, import_id=import_id))
        assert not answer.refusal.code, answer.refusal.message
        return answer.sessions

    first = booked(rows)
    rows[0] = booking("anna", **{name: value.swapcase() for name, value in row.items()})
    with unchanged(server, api):
        assert booked(rows) == first


def shout(message):
    """Writes every id and code in capitals, and every path of a mask twice."""
    for field, value in message.ListFields():
        if field.message_type and field.message_type.full_name == FieldMask.DESCRIPTOR.full_name:
            value.paths.extend(value.paths[:])
        elif field.message_type:
            for inner in value if field.is_repeated else (value,):
                if hasattr(inner, "ListFields"):
                    shout(inner)
        elif field.name in OURS | {"keycode", "access_code", "pin"}:
            if field.is_repeated:
                value[:] = [text.upper() for text in value]
            else:
                setattr(message, field.name, value.upper())
