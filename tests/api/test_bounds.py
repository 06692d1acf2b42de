"""Work is bounded before it is done: whatever field a request may have, too many of it are refused, and cheaply."""

from __future__ import annotations

import gc
from base64 import urlsafe_b64encode
from itertools import product

import pytest
from google.protobuf import message_factory
from grpc import StatusCode
from hostile import FILLER, METHODS, ask, elements_of, record, spots, varint
from messages import METHOD, SERVICE, booking, bookings, mask, new_id, request_of, send_bytes
from rows import unchanged

from exam_sessions.rpc import pages
from exam_sessions.rpc.decoding.bounds import UNKNOWN_AT_MOST
from exam_sessions.rpc.decoding.maxima import FOREIGN, REPETITIONS, TOTALS, longest_text, most_elements
from exam_sessions_client.v1 import result_pb2, session_pb2, session_service_pb2
from serving import Refused, until

at_the_door = pytest.mark.sqlite("what holds too much is refused before a database is asked")

SIZES = (48 * 1024, 1024 * 1024)
LARGEST = 16 * 1024 * 1024
BY_NAME = {method.name: method for method in METHODS}


def is_text(field):
    return field.type in {field.TYPE_STRING, field.TYPE_BYTES}


SERVICES = sorted({method.containing_service.name for method in METHODS})
REPEATED = [spot for method in METHODS for spot in spots(method, lambda field: field.is_repeated)]
TEXTS = [spot for method in METHODS for spot in spots(method, is_text)]


def of_service(found, service):
    return [spot for spot in found if spot.method.containing_service.name == service]


def refusal_of(api, method, data):
    with pytest.raises(Refused) as refused:
        ask(api, method, data)
    assert len(refused.value.fields) <= 100
    assert int(refused.value.metadata.get("violations", 0)) <= 100
    return refused.value


def test_every_repeated_field_and_every_text_of_a_request_has_a_maximum():
    assert [spot.name for spot in REPEATED if not most_elements(spot.field)] == []
    assert [spot.name for spot in TEXTS if not longest_text(spot.field)] == []


def test_every_total_is_of_fields_there_are():
    known = {spot.field.full_name.removeprefix("exam_sessions.v1.") for spot in REPEATED}
    assert known >= set().union(*(names for _, names in TOTALS))
    assert set(FOREIGN) <= {spot.field.full_name for spot in TEXTS}


@at_the_door
@pytest.mark.parametrize("service", SERVICES)
def test_one_element_too_many_is_refused_by_its_count(api, service):
    for spot in of_service(REPEATED, service):
        if spot.method.client_streaming:
            continue  # answered chunk by chunk: test_imports.py
        most = most_elements(spot.field)
        refused = refusal_of(api, spot.method, spot.filled(most + 1) + FILLER)
        assert (refused.code, refused.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"), spot.name
        ((field, (_, description)),) = refused.fields.items()
        assert field.endswith(spot.field.name), spot.name
        assert description.startswith(f"must hold no more than {most:,} element"), spot.name


@at_the_door
@pytest.mark.parametrize("service", SERVICES)
def test_one_element_too_many_is_refused_in_a_short_request(api, service):
    for spot in of_service(REPEATED, service):
        refused = refusal_of(api, spot.method, spot.filled(most_elements(spot.field) + 1))
        assert (refused.code, refused.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"), spot.name


@at_the_door
@pytest.mark.parametrize("service", SERVICES)
def test_a_message_of_tiny_elements_is_refused(api, service):
    for spot, size in product(of_service(REPEATED, service), SIZES):
        refused = refusal_of(api, spot.method, spot.filled(size // len(elements_of(spot.field, 1))))
        assert refused.code is StatusCode.INVALID_ARGUMENT, spot.name
        assert len(refused.fields) == 1, spot.name


def worst_of(method, size):
    """Messages of a size, each the worst in its own way."""
    for spot in spots(method, lambda field: field.is_repeated):
        yield spot.filled((size - 200) // len(elements_of(spot.field, 1)))
    yield b"\xa0\x7f\x01" * (size // 3)  # fields nobody knows
    yield b"\xa3\x7f\xa4\x7f" * (size // 4)  # groups nobody knows
    yield b"\xff" * size
    for field in method.input_type.fields:
        if not field.is_repeated:
            one = record(field, b"") if field.message_type or is_text(field) else varint(field.number << 3) + b"\x01"
            yield one * (size // len(one))
        if is_text(field):
            yield record(field, b"x" * (size - 10))


@at_the_door
@pytest.mark.parametrize("size", [*SIZES, pytest.param(LARGEST - 100, marks=pytest.mark.slow)])
@pytest.mark.parametrize("service", SERVICES)
def test_the_worst_message_is_refused_with_a_reason(api, service, size):
    for method in METHODS:
        if method.containing_service.name == service:
            for data in worst_of(method, size):
                refused = refusal_of(api, method, data)
                assert refused.code is StatusCode.INVALID_ARGUMENT, method.name
                assert refused.reason in {"INVALID_FIELD", "MALFORMED_MESSAGE"}, method.name


@at_the_door
@pytest.mark.parametrize("service", SERVICES)
def test_a_long_text_is_refused_wherever_it_stands(api, service):
    for spot in of_service(TEXTS, service):
        refused = refusal_of(api, spot.method, spot.filled(1, b"x" * (5 * longest_text(spot.field))))
        assert refused.code is StatusCode.INVALID_ARGUMENT, spot.name


@pytest.mark.parametrize("rpc", ["SetResponses", "UploadSession"])
@pytest.mark.parametrize("per_item", [1, 2, 250])
def test_the_questions_of_all_items_are_counted_together(api, rpc, per_item):
    question = result_pb2.QuestionResponse(id="q")
    items = [
        result_pb2.ItemResponse(item_id="i", questions=[question] * per_item) for _ in range(501 // per_item + 1)
    ]
    request = request_of(rpc, workspace_id=api.workspace, session_id=new_id(), responses=items)
    refused = refusal_of(api, METHOD[rpc], request.SerializeToString() + FILLER)
    assert refused.reason == "INVALID_FIELD"


def test_the_options_of_all_answers_are_counted_together(api):
    choices = [result_pb2.Choice(index=1)] * 100
    questions = [
        result_pb2.QuestionResponse(id=f"q{n}", response=result_pb2.Response(options=choices)) for n in range(51)
    ]
    request = request_of(
        "SetResponses", session_id=new_id(), responses=[result_pb2.ItemResponse(questions=questions)]
    )
    refused = refusal_of(api, METHOD["SetResponses"], request.SerializeToString())
    assert list(refused.fields) == ["responses[0].questions[50].response.options"]


def test_a_short_request_may_not_answer_too_much_either(api):
    choices = [result_pb2.Choice(index=1)] * 101
    for item in (
        result_pb2.ItemResponse(questions=[result_pb2.QuestionResponse()] * 501),
        result_pb2.ItemResponse(
            questions=[result_pb2.QuestionResponse(id="q", response=result_pb2.Response(options=choices))]
        ),
    ):
        request = request_of("SetResponses", workspace_id=api.workspace, session_id=new_id(), responses=[item])
        data = request.SerializeToString()
        assert len(data) < SIZES[0] / 10
        assert refusal_of(api, METHOD["SetResponses"], data).reason == "INVALID_FIELD"


def test_a_singular_field_may_come_again_but_not_for_ever(api):
    session = api.book()
    request = request_of("CreatePackage", workspace_id=api.workspace, session_id=session.id).SerializeToString()
    assert send_bytes(api, "CreatePackage", request * REPETITIONS + FILLER)
    refused = refusal_of(api, METHOD["CreatePackage"], request * (REPETITIONS + 1) + FILLER)
    assert refused.reason == "INVALID_FIELD"


def test_fields_of_newer_clients_do_no_harm_in_a_long_request(api):
    session = api.book()
    request = request_of("CreatePackage", workspace_id=api.workspace, session_id=session.id).SerializeToString()
    assert send_bytes(api, "CreatePackage", request + b"\xa0\x7f\x01" * UNKNOWN_AT_MOST)


def test_counts_come_before_elements(api, server):
    edits = [session_service_pb2.SessionEdit(session_id="x") for _ in range(10_001)]
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("BatchUpdateSessions", edits=edits, update_mask=mask("centre_id"))
    assert list(refused.value.fields) == ["edits"]


def test_bad_rows_are_named_in_their_order_until_there_are_enough(api, server):
    rows = bookings(3_000)
    for n in range(1_500, 3_000):
        rows[n].pin = "12"
    release = api.release()
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("BatchCreateSessions", release_id=release.id, bookings=rows)
    named = list(refused.value.fields)
    assert named == [f"bookings[{n}].pin" for n in range(1_500, 1_500 + len(named))]
    assert refused.value.metadata["violations"] == "100"
    assert "at least 99 more" in refused.value.message


def test_whatever_is_wrong_around_the_rows_is_named_with_them(api, server):
    rows = [booking("a"), booking("b", pin="12")]
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("BatchCreateSessions", release_id="one", request_id="seventeen", bookings=rows)
    assert list(refused.value.fields) == ["release_id", "request_id", "bookings[1].pin"]
    assert refused.value.metadata["violations"] == "3"


def test_a_list_is_named_whole_when_nothing_in_it_is_wrong(api):
    same = new_id()
    for rpc, name in (("BatchGetSessions", "session_ids"), ("AggregateSessions", "release_ids")):
        with pytest.raises(Refused) as refused:
            api.call(rpc, **{name: [new_id(), same, same]})
        assert list(refused.value.fields) == [name]


def test_rows_that_do_not_stand_together_are_read_all_the_same(api):
    """Other fields between the rows, and after them: whatever order a client writes them in."""
    release = api.release()
    rows = [request_of("BatchCreateSessions", bookings=[booking(f"c{n}")]).SerializeToString() for n in range(2_500)]
    head = request_of("BatchCreateSessions", workspace_id=api.workspace, release_id=release.id).SerializeToString()
    request_id = request_of("BatchCreateSessions", request_id=new_id()).SerializeToString()
    data = b"".join([*rows[:1_200], request_id, *rows[1_200:], head])
    reply = session_service_pb2.BatchCreateSessionsResponse.FromString(send_bytes(api, "BatchCreateSessions", data))
    assert [row.candidate_id for row in reply.sessions] == [f"c{n}" for n in range(2_500)]


TOKENS = {
    "deeply nested": "[" * 700,
    "objects in objects": '{"a":' * 140,
    "a number of many digits": f'["x",{"9" * 700},"y"]',
    "no list": "17",
    "a list too short": "[]",
    "a yes for a number": '["x",true,""]',
    "half a pair": '["x",1,"\\ud800"]',
    "infinite": '["x",Infinity,""]',
}


def paged():
    return [spot for spot in TEXTS if spot.field.name == "page_token"]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("spot", paged(), ids=lambda spot: spot.method.name)
def test_a_page_token_of_any_bytes_is_refused_by_name(api, spot, token):
    coded = urlsafe_b64encode(TOKENS[token].encode()).rstrip(b"=")
    refused = refusal_of(api, spot.method, needed(spot.method) + record(spot.field, coded))
    assert (refused.code, refused.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")


@pytest.mark.parametrize("spot", paged(), ids=lambda spot: spot.method.name)
def test_a_page_token_has_a_longest_length(api, spot):
    most = longest_text(spot.field)
    assert most == 1_024
    before = needed(spot.method)
    for token in (b"t" * most, b"\0", b"t\0" * 5):
        assert refusal_of(api, spot.method, before + record(spot.field, token)).reason == "INVALID_PAGE_TOKEN"
    refused = refusal_of(api, spot.method, before + record(spot.field, b"t" * (most + 1)))
    assert (refused.reason, list(refused.fields)) == ("INVALID_FIELD", ["page_token"])


def needed(method):
    """What a list asks for besides."""
    names = method.input_type.fields_by_name
    if "session_id" in names:
        return record(names["session_id"], new_id().encode())
    return record(names["name"], b"workspaces/default") if method.name == "ListOperations" else b""


def test_a_page_token_with_letters_between_is_refused(api):
    for _ in range(2):
        api.book()
    token = api.call("ListSessions", page_size=1).next_page_token
    for bad in (f"{token}!", f" {token}", f"{token[:5]}\n{token[5:]}"):
        with pytest.raises(Refused) as refused:
            api.call("ListSessions", page_size=1, page_token=bad)
        assert refused.value.reason == "INVALID_PAGE_TOKEN"


def test_a_star_keeps_every_field(api):
    api.book()
    whole = api.call("ListSessions").sessions
    assert api.call("ListSessions", read_mask=mask("*")).sessions == whole
    assert api.call("ListSessions", read_mask=mask("id", "*", "id")).sessions == whole


def test_a_path_named_again_counts_once(api):
    session = api.book()
    (kept,) = api.call("ListSessions", read_mask=mask(*["id"] * 100)).sessions
    assert kept == session_pb2.Session(id=session.id)
    edited = api.call(
        "UpdateSession", session_id=session.id, booking=booking(centre_id="c"), update_mask=mask(*["centre_id"] * 100)
    )
    assert edited.session.centre_id == "c"


@at_the_door
@pytest.mark.parametrize("spot", [s for s in TEXTS if s.field.name == "paths"], ids=lambda spot: spot.name)
def test_a_mask_of_a_hundred_and_one_paths_is_refused(api, spot):
    refused = refusal_of(api, spot.method, spot.filled(101, b"id"))
    assert spot.way[0].name in refused.fields


def test_an_id_in_upper_and_lower_case_counts_once(api):
    session = api.book()
    ids = [session.id.upper(), session.id]
    assert [found.id for found in api.call("BatchGetSessions", session_ids=ids).sessions] == [session.id]
    releases = [session.release_id, session.release_id.upper()]
    reply = api.call("AggregateSessions", release_ids=releases)
    assert [row.release_id for row in reply.releases] == [session.release_id]
    assert reply.total.session_count == 1


def test_a_long_request_is_served_like_a_short_one(api):
    """It is read on another thread, before it stands in line."""
    session = api.book()
    request = request_of("CreatePackage", workspace_id=api.workspace, session_id=session.id, request_id=new_id())
    first = send_bytes(api, "CreatePackage", request.SerializeToString() + FILLER)
    assert send_bytes(api, "CreatePackage", request.SerializeToString() + FILLER) == first
    with pytest.raises(Refused) as refused:
        send_bytes(
            api, "CreatePackage", request_of("CreatePackage", session_id=new_id()).SerializeToString() + FILLER
        )
    assert refused.value.reason == "SESSION_NOT_FOUND"


def test_every_service_is_looked_at():
    assert set(SERVICE) < set(BY_NAME)


def is_copied(data):
    """Whether anything holds bytes of this length, other than these."""
    return any(
        isinstance(found, bytes) and len(found) == len(data) and found is not data
        for holder in gc.get_objects()
        for found in gc.get_referents(holder)
    )


@at_the_door
@pytest.mark.parametrize("rpc", ["BatchUpdateSessions", "SetResponses", "WatchSessions", "ImportSessions"])
def test_nothing_of_a_refused_request_is_kept(server, api, rpc):
    """Not even until cycles are collected: what is refused for its size would add up."""
    spot = spots(METHOD[rpc], lambda field: field.is_repeated)[0]
    data = spot.filled(500_001)
    gc.collect()
    gc.disable()
    try:
        refusal_of(api, spot.method, data)
        until(lambda: not is_copied(data))
    finally:
        gc.enable()


@pytest.mark.parametrize("spot", paged(), ids=lambda spot: spot.method.name)
@pytest.mark.parametrize("number", [2**63 - 1, True])
def test_a_page_token_made_by_hand_does_no_harm(api, spot, number):
    """Its digest is right, for whoever makes it knows the request; the place it names is none."""
    request = message_factory.GetMessageClass(spot.method.input_type)()
    if "session_id" in spot.method.input_type.fields_by_name:
        request.session_id, request.workspace_id = api.book().id, api.workspace
    if spot.method.name == "ListOperations":
        request.name = "workspaces/default"
    request.page_token = pages.token(request, number, "no id of anything")
    data = request.SerializeToString()
    if number is True:
        assert refusal_of(api, spot.method, data).reason == "INVALID_PAGE_TOKEN"
    else:
        ask(api, spot.method, data)
