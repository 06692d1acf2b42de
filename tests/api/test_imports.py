"""ImportSessions: rosters of any length, chunk by chunk, that may be sent again."""

from __future__ import annotations

import threading

import grpc
import pytest
from concurrency import at_once
from grpc import StatusCode
from messages import booking, bookings, new_id
from operations import OperationsApi, chunks_of, fields_of, info_of
from rows import count, read, unchanged
from watchers import NARROW

from exam_sessions.rpc.import_servicer import ImportServicer, _Answers
from exam_sessions_client.v1 import session_pb2, session_service_pb2
from serving import ApiClient, Refused, read_refusal, serving, until


@pytest.fixture(scope="module", params=["grpcio", "native"])
def server(new_database, request):
    """A server of this module, on each transport."""
    with new_database() as database, serving(database, transport=request.param, tick_ms=5_000) as running:
        yield running


@pytest.fixture
def work(api):
    return OperationsApi(api)


@pytest.fixture
def release(api):
    return api.release()


def rosters(*sizes):
    """A roster for each size, nobody in two of them."""
    return [bookings(size, f"chunk{n}-") for n, size in enumerate(sizes)]


def refusal_of(work, messages):
    """What an import as a whole is refused with."""
    with pytest.raises(Refused) as refused:
        work.imported(messages)
    return refused.value


def assert_booked(server, api, sessions):
    """So many sessions are there, each booked once."""
    assert api.call("ListSessions", page_size=1, show_total_size=True).total_size == sessions
    told = read(
        server,
        "SELECT count(DISTINCT session_id), count(*) FROM events WHERE workspace_id = ? AND action = 'schedule'",
        api.workspace,
    )
    assert told == [(sessions, sessions)]


def test_chunks_are_answered_in_their_order_with_what_is_to_be_kept(server, api, work, release):
    chunks = rosters(3, 600, 1, 2)
    answers = work.imported(chunks_of(api, release, *chunks, first=7))
    assert [(answer.chunk, answer.booked_count) for answer in answers] == [(7, 3), (8, 603), (9, 604), (10, 606)]
    assert not any(answer.HasField("refusal") for answer in answers)
    for answer, roster in zip(answers, chunks, strict=True):
        assert [row.candidate_id for row in answer.sessions] == [row.candidate.candidate_id for row in roster]
    row = answers[1].sessions[17]
    session = api.call("GetSession", keycode=row.keycode).session
    assert (session.id, session.access_code, session.release_id) == (row.id, row.access_code, release.id)
    assert session.state == session_pb2.STATE_SCHEDULED_BUT_NOT_CREATED
    assert [event.actor for event in api.history(session)] == ["test"]
    assert_booked(server, api, 606)


def test_an_import_sent_again_is_answered_as_the_first_time(server, api, work, release):
    import_id, chunks = new_id(), rosters(50, 700, 5)
    first = work.imported(chunks_of(api, release, *chunks, import_id=import_id))
    with unchanged(server, api):
        assert work.imported(chunks_of(api, release, *chunks, import_id=import_id.upper())) == first
    assert_booked(server, api, 755)


def test_an_import_goes_on_where_it_was_broken_off(server, api, work, release):
    import_id, chunks = new_id(), rosters(*[200] * 10)
    part = work.imported(chunks_of(api, release, *chunks[:4], import_id=import_id))
    whole = work.imported(chunks_of(api, release, *chunks, import_id=import_id))
    assert whole[:4] == part
    assert [answer.booked_count for answer in whole] == [200 * n for n in range(1, 11)]
    rest = work.imported(chunks_of(api, release, *chunks[8:], import_id=import_id, first=8))
    assert [answer.sessions for answer in rest] == [answer.sessions for answer in whole[8:]]
    assert [answer.booked_count for answer in rest] == [200, 400]
    assert_booked(server, api, 2_000)


@pytest.mark.parametrize("answered", [0, 1, 4])
def test_a_stream_that_breaks_in_the_middle_leaves_whole_chunks_and_goes_on_later(
    server, api, work, release, answered
):
    import_id, chunks = new_id(), rosters(*[300] * 8)
    call = work.importing(chunks_of(api, release, *chunks, import_id=import_id))
    kept = [next(call) for _ in range(answered)]
    call.cancel()
    stored = count(server, "sessions", api.workspace)
    assert stored % 300 == 0
    assert stored >= 300 * answered
    again = work.imported(chunks_of(api, release, *chunks, import_id=import_id))
    assert again[:answered] == kept
    assert again[-1].booked_count == 2_400
    assert_booked(server, api, 2_400)


def test_a_refused_chunk_is_told_and_does_not_end_the_import(server, api, work, release):
    api.book(release, "taken")
    bad = [booking("fresh"), booking("taken"), booking("b"), booking("b")]
    chunks = [bookings(3, "a"), bad, [booking("c"), booking("")], bookings(4, "d")]
    answers = work.imported(chunks_of(api, release, *chunks))
    assert [(len(answer.sessions), answer.booked_count) for answer in answers] == [(3, 3), (0, 3), (0, 3), (4, 7)]
    assert [answer.HasField("refusal") for answer in answers] == [False, True, True, False]
    duplicate, blank = answers[1].refusal, answers[2].refusal
    assert (duplicate.code, info_of(duplicate).reason) == (6, "DUPLICATE_CANDIDATE")
    assert fields_of(duplicate) == [
        "chunks[1].bookings[1].candidate.candidate_id",
        "chunks[1].bookings[3].candidate.candidate_id",
    ]
    assert (blank.code, info_of(blank).reason) == (3, "INVALID_FIELD")
    assert fields_of(blank) == ["chunks[2].bookings[1].candidate.candidate_id"]
    assert_booked(server, api, 8)


def test_a_chunk_that_was_refused_can_be_mended_and_sent_again(server, api, work, release):
    import_id, chunks = new_id(), [bookings(2, "a"), [booking("b"), booking("b")], bookings(2, "c")]
    assert work.imported(chunks_of(api, release, *chunks, import_id=import_id))[1].HasField("refusal")
    chunks[1] = [booking("b"), booking("b2")]
    answers = work.imported(chunks_of(api, release, *chunks, import_id=import_id))
    assert [answer.booked_count for answer in answers] == [2, 4, 6]
    assert_booked(server, api, 6)


def test_a_chunk_that_was_booked_cannot_be_sent_with_other_rows(server, api, work, release):
    import_id = new_id()
    work.imported(chunks_of(api, release, bookings(2, "a"), import_id=import_id))
    answers = work.imported(chunks_of(api, release, bookings(3, "a"), bookings(1, "z"), import_id=import_id))
    assert info_of(answers[0].refusal).reason == "REQUEST_ID_REUSED"
    assert (answers[1].booked_count, len(answers[1].sessions)) == (1, 1)
    assert_booked(server, api, 3)


def test_the_rows_of_one_release_are_not_passed_off_as_anothers(server, api, work, release):
    import_id, chunk, other = new_id(), bookings(3), api.release()
    work.imported(chunks_of(api, release, chunk, import_id=import_id))
    (answer,) = work.imported(chunks_of(api, other, chunk, import_id=import_id))
    assert info_of(answer.refusal).reason == "REQUEST_ID_REUSED"
    assert_booked(server, api, 3)


def without(messages, *fields, place=0):
    """The messages of an import, one of them without some fields."""
    for number, message in enumerate(messages):
        if number == place:
            for field in fields:
                message.ClearField(field)
        yield message


@pytest.mark.parametrize("field", ["release_id", "import_id"])
def test_the_first_message_names_release_and_import(server, api, work, release, field):
    with unchanged(server, api):
        refused = refusal_of(work, without(chunks_of(api, release, bookings(2)), field))
    assert (refused.code, refused.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert list(refused.fields) == [field]


def test_later_messages_need_not_name_them_again(server, api, work, release):
    messages = chunks_of(api, release, *rosters(2, 3))
    fields = ("workspace_id", "release_id", "import_id")
    assert [a.booked_count for a in work.imported(without(messages, *fields, place=1))] == [2, 5]
    assert_booked(server, api, 5)


def test_the_first_message_may_have_no_sessions(server, api, work, release):
    answers = work.imported(chunks_of(api, release, [], *rosters(2, 3)))
    assert [(answer.chunk, answer.booked_count) for answer in answers] == [(1, 2), (2, 5)]


def test_an_import_of_nothing_is_answered_with_nothing(server, api, work, release):
    with unchanged(server, api):
        assert work.imported([]) == []
        assert work.imported(chunks_of(api, release, [])) == []


def with_nul():
    return booking(candidate=session_pb2.Candidate(candidate_id="n", name_first="A\0B"))


def with_bad_time():
    row = booking("t")
    row.window_start.seconds = -1
    return row


def raw(message, broken):
    """An import's message as bytes, behind it a row that is sent as it is."""
    row = bytes([5 << 3 | 2, len(broken)]) + broken
    return message.SerializeToString() + row


BAD_CHUNKS = {
    "a NUL": ([booking("x"), with_nul()], "INVALID_FIELD", ".bookings[1].candidate.name_first"),
    "a time out of range": ([with_bad_time()], "INVALID_FIELD", ".bookings[0].window_start"),
    "a text too long": ([booking("x"), booking("y" * 129)], "INVALID_FIELD", ".bookings[1].candidate.candidate_id"),
    "an id that is none": ([booking("x", session_id="x")], "INVALID_FIELD", ".bookings[0].session_id"),
    "rows that are too many": (bookings(10_001, "b"), "INVALID_FIELD", ".bookings"),
}


@pytest.mark.parametrize("bad", BAD_CHUNKS)
@pytest.mark.parametrize("place", [0, 1])
def test_an_import_goes_on_after_a_chunk_that_is_no_valid_message(server, api, work, release, bad, place):
    rows, reason, field = BAD_CHUNKS[bad]
    chunks = [bookings(3, "a")] * place + [rows, bookings(4, "d")]
    answers = work.imported(chunks_of(api, release, *chunks, first=20))
    assert [(a.chunk, a.booked_count) for a in answers] == [(20, 3)] * place + [
        (20 + place, 3 * place),
        (21 + place, 3 * place + 4),
    ]
    refusal = answers[place].refusal
    assert (refusal.code, info_of(refusal).reason) == (3, reason)
    assert fields_of(refusal) == [f"chunks[{20 + place}]{field}"]
    assert_booked(server, api, 3 * place + 4)


def raw_import(api, messages):
    """The answers to messages that are bytes."""
    call = api.channel.stream_stream(
        "/exam_sessions.v1.SessionService/ImportSessions",
        response_deserializer=session_service_pb2.ImportSessionsResponse.FromString,
    )
    return OperationsApi(api)._call(lambda request, **_: list(call(iter(request), timeout=60)), messages)


@pytest.mark.parametrize("broken", [b"\x12\x04\x0a\x02\xff\xff", b"\xff"], ids=["a text that is no UTF-8", "bytes"])
def test_an_import_goes_on_after_a_row_that_is_no_message(server, api, release, broken):
    first, second = chunks_of(api, release, bookings(2, "a"), bookings(3, "b"), first=5)
    refused, booked = raw_import(api, [raw(first, broken), second.SerializeToString()])
    assert (refused.chunk, info_of(refused.refusal).reason) == (5, "MALFORMED_MESSAGE")
    assert fields_of(refused.refusal) == ["chunks[5].bookings[2]"]
    assert (booked.chunk, booked.booked_count) == (6, 3)
    assert_booked(server, api, 3)


def test_an_import_goes_on_after_a_chunk_that_is_too_large(server, api, release):
    first, second = chunks_of(api, release, bookings(2, "a"), bookings(3, "b"))
    padding = bytes([15 << 3 | 2]) + b"\x80\x80\x80\x08" + bytes(16 << 20)
    refused, booked = raw_import(api, [first.SerializeToString() + padding, second.SerializeToString()])
    assert (refused.chunk, info_of(refused.refusal).reason) == (0, "MESSAGE_TOO_LARGE")
    assert (booked.chunk, booked.booked_count) == (1, 3)


@pytest.mark.parametrize("field", ["workspace_id", "release_id", "import_id"])
def test_a_first_message_that_says_nonsense_of_all_ends_the_import(api, work, release, field):
    messages = list(chunks_of(api, release, [with_nul()], bookings(2)))
    setattr(messages[0], field, "A b")
    refused = refusal_of(work, messages)
    assert (refused.reason, list(refused.fields)) == ("INVALID_FIELD", [field])


def test_a_refusal_is_told_although_the_answer_before_waits_to_be_read(server, api, release):
    """It is longer than a client takes unread, so that it is under way when the next message ends the import."""
    sent = threading.Event()

    def is_answering():
        if server.app.settings.transport == "native":
            # Its front takes the answer, and waits in place of the server.
            return count(server, "sessions", api.workspace) == 10_000
        return server.is_in(_Answers._send_reply)

    def chunks():
        yield next(chunks_of(api, release, bookings(10_000, "a"))).SerializeToString()
        until(is_answering)
        yield b"\xff\xff"
        sent.set()

    with grpc.insecure_channel(server.target, options=NARROW) as channel:
        importing = channel.stream_stream("/exam_sessions.v1.SessionService/ImportSessions")
        call = importing(chunks(), timeout=90, metadata=api.metadata)
        assert sent.wait(60)
        until(lambda: not server.is_in(ImportServicer.converse))
        with pytest.raises(grpc.RpcError) as error:
            list(call)
    refused = read_refusal(error.value)
    assert refused.reason == "MALFORMED_MESSAGE"


def test_a_release_that_is_not_there_or_another_workspaces_is_refused(server, api, work, release):
    other = ApiClient(server.target)
    for messages in (
        chunks_of(api, session_pb2.Session(id=new_id()), bookings(1)),
        chunks_of(other, release, bookings(1)),
    ):
        refused = refusal_of(work, messages)
        assert (refused.code, refused.reason) == (StatusCode.NOT_FOUND, "RELEASE_NOT_FOUND")
    other.close()


def test_a_finalized_release_takes_no_import(server, api, work, release):
    api.call("FinalizeRelease", release_id=release.id)
    with unchanged(server, api):
        refused = refusal_of(work, chunks_of(api, release, bookings(1)))
    assert (refused.code, refused.reason) == (StatusCode.FAILED_PRECONDITION, "RELEASE_FINALIZED")


def test_a_release_finalized_under_an_import_takes_no_more_chunks(server, api, work, release):
    def chunks():
        messages = chunks_of(api, release, *rosters(2, 3, 4))
        yield next(messages)
        until(lambda: count(server, "sessions", api.workspace) == 2)
        api.call("FinalizeRelease", release_id=release.id)
        yield from messages

    answers = work.imported(chunks())
    assert [answer.booked_count for answer in answers] == [2, 2, 2]
    assert {info_of(answer.refusal).reason for answer in answers[1:]} == {"RELEASE_FINALIZED"}


def test_an_import_is_the_business_of_its_workspace(server, api, work, release):
    other = ApiClient(server.target)
    import_id, chunk = new_id(), bookings(3)
    work.imported(chunks_of(api, release, chunk, import_id=import_id))
    (answer,) = OperationsApi(other).imported(chunks_of(other, other.release(), chunk, import_id=import_id))
    assert answer.booked_count == 3
    assert_booked(server, api, 3)
    assert_booked(server, other, 3)
    other.close()


def test_an_import_sent_by_several_at_once_is_booked_once(server, api, work, release):
    import_id, chunks = new_id(), rosters(*[400] * 5)

    def imported():
        own = ApiClient(server.target, api.workspace)
        try:
            return OperationsApi(own).imported(chunks_of(own, release, *chunks, import_id=import_id))
        finally:
            own.close()

    outcomes = at_once(*[imported] * 4)
    assert outcomes == [outcomes[0]] * 4
    assert_booked(server, api, 2_000)


def test_a_caller_that_reads_its_answers_late_gets_them_all(server, api, work, release):
    call = work.importing(chunks_of(api, release, *rosters(*[1_000] * 12)))
    # An answer waits to be read, unless the client's buffers took all of them.
    until(lambda: server.is_in(_Answers._send_reply) or count(server, "sessions", api.workspace) == 12_000)
    assert [answer.booked_count for answer in call] == [1_000 * n for n in range(1, 13)]
    assert_booked(server, api, 12_000)


def test_bytes_that_are_no_message_end_the_import(server, api, release):
    sound = next(chunks_of(api, release, bookings(3))).SerializeToString()
    call = api.channel.stream_stream("/exam_sessions.v1.SessionService/ImportSessions")
    with pytest.raises(Refused) as refused:
        OperationsApi(api)._call(lambda request, **_: list(call(iter(request), timeout=60)), [sound, b"\xff\xff"])
    assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "MALFORMED_MESSAGE")
    until(lambda: count(server, "sessions", api.workspace) == 3)
