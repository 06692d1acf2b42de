from __future__ import annotations

import grpc
import pytest
from grpc import StatusCode
from messages import SERVICE, booking, bookings, mask, new_id, request_of, send_bytes
from rows import unchanged

from exam_sessions_client.v1 import catalog_pb2, result_pb2, session_pb2, template_pb2
from serving import ApiClient, Refused, serving


def good_bytes(api, rpc):
    """A request that would be accepted."""
    session = api.book()
    requests = {
        "CreateSession": {"release_id": session.release_id, "booking": booking("ben")},
        "CreatePackage": {"session_id": session.id},
        "DeleteSession": {"session_id": session.id},
        "CreateRelease": {"release": catalog_pb2.Release(name="Physics")},
        "UpdateSession": {
            "session_id": session.id,
            "booking": booking(centre_id="c"),
            "update_mask": mask("centre_id"),
        },
    }
    return request_of(rpc, workspace_id=api.workspace, **requests[rpc]).SerializeToString()


MUTATIONS = ("CreateSession", "CreatePackage", "DeleteSession", "CreateRelease", "UpdateSession")


@pytest.mark.parametrize("rpc", MUTATIONS)
def test_a_message_cut_off_is_refused_wherever_the_cut_is(api, server, rpc):
    data = good_bytes(api, rpc)
    with unchanged(server, api):
        for end in range(1, len(data)):
            with pytest.raises(Refused) as refused:
                send_bytes(api, rpc, data[:end])
            assert refused.value.code is StatusCode.INVALID_ARGUMENT
            assert refused.value.reason in {"MALFORMED_MESSAGE", "INVALID_FIELD"}


@pytest.mark.parametrize("rpc", sorted(SERVICE))
def test_bytes_that_are_no_message_are_refused_by(api, server, rpc):
    for data in (b"\xff", b"\x00", b"\x0a\x7f", b"\x07" * 9, b"\x80" * 12):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            send_bytes(api, rpc, data)
        assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "MALFORMED_MESSAGE"), data


def test_a_text_that_is_not_utf_8_is_refused_wherever_it_stands(api, server):
    release = api.release()
    texts = {
        "a candidate id": booking("CANARY"),
        "a name": booking(candidate=session_pb2.Candidate(candidate_id="a", name_last="CANARY")),
        "a centre": booking("a", centre_id="CANARY"),
    }
    for message in texts.values():
        request = request_of("CreateSession", workspace_id=api.workspace, release_id=release.id, booking=message)
        data = request.SerializeToString()
        for bad in (b"CAN\xff\xfeY", b"CAN\xc0\xafY", b"CA\xed\xa0\x80Y"):
            with unchanged(server, api), pytest.raises(Refused) as refused:
                send_bytes(api, "CreateSession", data.replace(b"CANARY", bad))
            assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "MALFORMED_MESSAGE")


@pytest.mark.parametrize(
    ("responses", "reason", "field"),
    [
        ((b"\x0a\x05ab",), "MALFORMED_MESSAGE", None),
        ((b"\x0a\x02\xff\xfe",), "MALFORMED_MESSAGE", None),
        ((b"\x0a\x01q\x3a\x01\x00",), "INVALID_FIELD", "data[0].responses[0].text"),
        ((b"",) * 501, "INVALID_FIELD", "data[0].responses"),
    ],
    ids=["cut off", "not UTF-8", "with a NUL", "too many"],
)
def test_a_submission_is_refused_for_a_response_that_cannot_be_read(api, server, responses, reason, field):
    request = request_of("SubmitFromTemplate", workspace_id=api.workspace)
    request.template.MergeFrom(template_pb2.SessionTemplate(release_id=new_id(), test_form="form", form_revision=1))
    session = b"\x0a\x02u1" + b"".join(b"\x22" + bytes([len(data)]) + data for data in responses)
    size = bytes([len(session) & 0x7F | 0x80, len(session) >> 7])
    with unchanged(server, api), pytest.raises(Refused) as refused:
        send_bytes(api, "SubmitFromTemplate", request.SerializeToString() + b"\x1a" + size + session)
    assert (refused.value.reason, *refused.value.fields) == (reason, *filter(None, (field,)))


@pytest.mark.parametrize("rpc", ["SetResponses", "UploadSession"])
@pytest.mark.parametrize("path", ["an item", "a question", "an option", "an item's id", "a question's id"])
def test_responses_that_are_no_messages_are_refused_however_deep(api, server, rpc, path):
    """Items are left as they came until they are looked up, so each depth is refused by another hand."""
    session = api.book()
    items = [
        result_pb2.ItemResponse(
            item_id="ITEM",
            questions=[
                result_pb2.QuestionResponse(
                    id="QUESTION", response=result_pb2.Response(options=[result_pb2.Choice(id="OPTION")])
                )
            ],
        )
    ]
    request = request_of(rpc, workspace_id=api.workspace, session_id=session.id, responses=items)
    data = request.SerializeToString()
    item = items[0].SerializeToString()
    question = items[0].questions[0].SerializeToString()
    whole, bad = {
        "an item": (item, b"\xff" * len(item)),
        "a question": (question, b"\xff" * len(question)),
        "an option": (b"\x12\x06OPTION", b"\xff" * 8),
        "an item's id": (b"ITEM", b"I\xff\xfeM"),
        "a question's id": (b"QUESTION", b"QUE\xff\xfeION"),
    }[path]
    assert whole in data
    with unchanged(server, api), pytest.raises(Refused) as refused:
        send_bytes(api, rpc, data.replace(whole, bad))
    assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "MALFORMED_MESSAGE")


def test_the_message_of_another_method_is_refused(api, server):
    session = api.book()
    release = request_of("CreateRelease", workspace_id=api.workspace, release=catalog_pb2.Release(name="x"))
    batch = request_of("BatchGetSessions", workspace_id=api.workspace, session_ids=["x" * 20, session.id])
    listing = request_of("ListSessions", workspace_id=api.workspace, page_size=7)
    for rpc, message in (
        ("CreatePackage", release),
        ("CreateSession", batch),
        ("DeleteSession", listing),
        ("BatchCreateSessions", release),
    ):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            send_bytes(api, rpc, message.SerializeToString())
        assert refused.value.code is StatusCode.INVALID_ARGUMENT


def test_a_field_of_a_newer_client_does_no_harm(api):
    session = api.book()
    request = request_of("CreatePackage", workspace_id=api.workspace, session_id=session.id)
    unknown = b"\xa2\x06\x05hello"
    assert send_bytes(api, "CreatePackage", request.SerializeToString() + unknown)
    assert api.get(session).state == session_pb2.STATE_SCHEDULED_BUT_NOT_DOWNLOADED


def test_a_message_over_the_size_limit_is_refused_with_both_sizes(database):
    with serving(database, max_message_bytes=2000) as server:
        api = ApiClient(server.target)
        release = api.release()
        request = request_of(
            "BatchCreateSessions", workspace_id=api.workspace, release_id=release.id, bookings=bookings(500)
        )
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.call("BatchCreateSessions", request)
        assert (refused.value.code, refused.value.reason) == (StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE")
        assert refused.value.metadata == {"size": str(request.ByteSize()), "limit": "2000"}
        api.close()


def test_a_message_far_over_the_size_limit_is_not_even_read(database):
    with serving(database, max_message_bytes=2000) as server:
        api = ApiClient(server.target)
        with pytest.raises(grpc.RpcError) as refused:
            api.channel.unary_unary(f"/{SERVICE['GetSession']}/GetSession")(b"\x0a" * 100_000, timeout=60)
        assert refused.value.code() is StatusCode.RESOURCE_EXHAUSTED
        assert api.call("ListSessions").sessions == []
        api.close()


def test_a_message_of_just_the_limit_is_taken(database):
    with serving(database, max_message_bytes=2000) as server:
        api = ApiClient(server.target)
        request = request_of("ListSessions", workspace_id=api.workspace).SerializeToString()
        padding = 2000 - len(request) - 4
        padded = request + b"\xa2\x06" + bytes([padding % 128 | 128, padding // 128]) + b"x" * padding
        assert len(padded) == 2000
        assert send_bytes(api, "ListSessions", padded) == b""
        with pytest.raises(Refused):
            send_bytes(api, "ListSessions", padded + b"\x00")
        api.close()


FACE = "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    "paths", [[FACE * 10_000], ["x" * 1_000_000], [FACE * 100] * 500], ids=["wide", "long", "many"]
)
@pytest.mark.parametrize("rpc", ["UpdateSession", "ListSessions", "UpdateRelease"])
def test_a_refusal_stays_readable_however_long_the_text_it_speaks_of(api, rpc, paths):
    fields = {
        "UpdateSession": {"session_id": new_id(), "booking": booking(), "update_mask": mask(*paths)},
        "ListSessions": {"read_mask": mask(*paths)},
        "UpdateRelease": {"release": catalog_pb2.Release(id=new_id()), "update_mask": mask(*paths)},
    }
    # A client's limit on metadata is a matter of chance between 8 and 16 KiB.
    for _ in range(10):
        with pytest.raises(Refused) as refused:
            api.call(rpc, **fields[rpc])
        assert refused.value.reason == "INVALID_FIELD"


def test_a_duplicate_of_many_wide_letters_is_refused_in_a_readable_way(api):
    wide, release = FACE * 128, api.release()
    api.book(release, wide)
    rows = [booking(wide, centre_id=FACE * 64) for _ in range(100)]
    for _ in range(5):
        with pytest.raises(Refused) as refused:
            api.call("BatchCreateSessions", release_id=release.id, bookings=rows)
        assert (refused.value.reason, refused.value.metadata["bad_rows"]) == ("DUPLICATE_CANDIDATE", "100")
        assert refused.value.metadata["candidate_id"] == wide


@pytest.mark.parametrize("letter", ["\0", "\x01", "\n", "\u2028", "\ufeff", "\N{GRINNING FACE}", "'", '"', "\\", "%"])
def test_a_candidate_id_with_an_odd_letter_is_the_same_candidate_next_time(api, letter):
    release, odd = api.release(), f"a{letter}b"
    try:
        session = api.book(release, odd)
    except Refused as refused:
        assert list(refused.fields) == ["booking.candidate.candidate_id"]  # noqa: PT017 - to refuse it is fair too
        return
    assert api.get(session).candidate.candidate_id == odd
    with pytest.raises(Refused) as again:
        api.book(release, odd)
    assert (again.value.reason, again.value.metadata) == ("DUPLICATE_CANDIDATE", {"candidate_id": odd})
    api.book(release, "a")
