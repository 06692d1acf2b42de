"""BatchTransitionSessions by ids: one action on many sessions, in one call, all or nothing."""

from __future__ import annotations

import pytest
from forms import answer, essay, form, mcq
from grpc import StatusCode
from messages import at, bookings, lasting, new_id
from operations import ACTIONS, OperationsApi, filled
from rows import count, read, unchanged
from state_paths import FINISHED, STARTED, bring_to, name_of, walk

from exam_sessions_client.v1 import session_pb2, session_service_pb2
from serving import Refused

WAYS = {
    "CREATE_PACKAGE": ("SCHEDULED_BUT_NOT_CREATED", "SCHEDULED_BUT_NOT_DOWNLOADED", {}),
    "DOWNLOAD": ("SCHEDULED_BUT_NOT_DOWNLOADED", "READY", {}),
    "CHECK_IN": ("REQUIRES_CHECK_IN", "IN_PROGRESS", {}),
    "UNLOCK": ("LOCKED_FOR_INVIGILATOR", "IN_PROGRESS", {}),
    "REMOVE_PIN": ("LOCKED_BY_PIN", "LOCKED_FOR_INVIGILATOR", {}),
    "PAUSE": ("IN_PROGRESS", "PAUSED", {}),
    "RESUME": ("PAUSED", "IN_PROGRESS", {}),
    "GO_OFFLINE": ("IN_PROGRESS", "OFFLINE", {}),
    "RECONNECT": ("OFFLINE", "IN_PROGRESS", {}),
    "FINISH_OFFLINE": ("OFFLINE", "AWAITING_UPLOAD", {}),
    "UPLOAD": ("AWAITING_UPLOAD", "FINISHED", {}),
    "FINISH": ("PAUSED", "FINISHED", {"finish_reason": session_pb2.FINISH_REASON_INVIGILATOR}),
    "SEND_TO_MARKING": ("FINISHED", "AWAITING_MARKING", {}),
    "SUBMIT_MARKED": ("AWAITING_MARKING", "MARKED", {}),
    "VERIFY": ("AWAITING_VERIFICATION", "SCRIPT_VERIFIED", {}),
    "ARCHIVE": ("SCRIPT_VERIFIED", "ARCHIVED", {}),
    "VOID": ("READY", "VOIDED", {"void_reason": session_pb2.VOID_REASON_OTHER, "message": "a flood"}),
    "RESET": ("READY", "SCHEDULED_BUT_NOT_CREATED", {"updated_form": "form-9", "allow_missing_form": True}),
    "REQUEST_SCAN": ("PAPER_RESPONSE_UPLOAD", "LOCAL_SCAN_REQUESTED", {}),
    "RECEIVE_SCAN": ("LOCAL_SCAN_REQUESTED", "PAPER_RESPONSE_UPLOAD", {}),
    "FAIL": ("PAUSED", "EXCEPTION", {"message": "a power cut"}),
    "RECOVER": ("EXCEPTION", "PAUSED", {}),
    "REOPEN": ("FINISHED", "PAUSED", {"deferred_clock": True}),
    "RETAKE": ("FINISHED", "READY", {}),
    "CLEAR_RESPONSES": ("FINISHED", "READY", {}),
    "SET_EXTRA_TIME": ("PAUSED", "PAUSED", {"extra_time": lasting(60), "message": "a power cut"}),
    "SET_ACCOMMODATION": (
        "READY",
        "READY",
        {"accommodation": session_pb2.Accommodation(no_time_limit=True), "message": "a broken arm"},
    ),
}
"""The state from which each action leads to which, and what it takes besides; three more have tests of their own."""


@pytest.fixture
def work(api):
    return OperationsApi(api)


def refusal_of(api, server, work, action, sessions, **fields):
    with unchanged(server, api), pytest.raises(Refused) as refused:
        work.transition(action, sessions, **fields)
    return refused.value


@pytest.mark.parametrize("by", ["ids", "filter"])
@pytest.mark.parametrize("action", WAYS)
def test_each_action_moves_several_sessions(api, work, action, by):
    before, after, fields = WAYS[action]
    sessions = [bring_to(api, before, max_attempts=0) for _ in range(3)]
    if by == "ids":
        reply = work.transition(action, sessions, **fields)
        assert not reply.HasField("operation")
    else:
        reply = work.transition(action, filter=session_service_pb2.SessionFilter(), **fields)
        assert work.wait(reply.operation).response.ByteSize()
    assert reply.session_count == 3
    moved = [api.get(session) for session in sessions]
    assert [name_of(session) for session in moved] == [after] * 3
    last = [next(e for e in reversed(api.history(s)) if e.action == ACTIONS.Value(f"ACTION_{action}")) for s in moved]
    assert {event.actor for event in last} == {"test"}
    assert {event.message for event in last} <= {fields.get("message", "")}
    if action == "RESET":
        assert {session.test_form for session in moved} == {"form-9"}


def test_windows_are_opened_for_many(clocked_desk, clock):
    api, work = clocked_desk, OperationsApi(clocked_desk)
    release = api.release(window_start=at(clock() + 60_000_000))
    sessions = [walk(api, api.book(release), "CreatePackage", "DownloadSession") for _ in range(3)]
    with pytest.raises(Refused) as refused:
        work.transition("OPEN_WINDOW", sessions)
    assert refused.value.reason == "WINDOW_CLOSED"
    clock.advance(61)
    work.transition("OPEN_WINDOW", sessions)
    assert [name_of(api.get(session)) for session in sessions] == ["READY"] * 3


def test_verification_is_asked_for_many(api, work):
    sessions = [bring_to(api, "MARKED", moderated=True) for _ in range(3)]
    work.transition("REQUEST_VERIFICATION", sessions)
    assert [name_of(api.get(session)) for session in sessions] == ["AWAITING_VERIFICATION"] * 3


@pytest.mark.parametrize("by", ["ids", "filter"])
def test_bookings_are_deleted_by_the_many_and_their_history_stays(server, api, work, by):
    release = filled(api, 150)
    ids = read(server, "SELECT id FROM sessions WHERE release_id = ?", release.id)
    sessions = [session_pb2.Session(id=session_id) for (session_id,) in ids]
    if by == "ids":
        assert work.transition("DELETE", sessions).session_count == 150
    else:
        work.wait(work.of_release("DELETE", release))
    assert count(server, "sessions", api.workspace) == 0
    assert count(server, "events", api.workspace) == 300
    assert [event.action for event in api.history(sessions[0])][-1] == ACTIONS.Value("ACTION_DELETE")


OTHERS = {"OPEN_WINDOW", "REQUEST_VERIFICATION", "DELETE", "ALLOW_TAKE_OVER", "UNSPECIFIED"}
"""What is for many too, and is tried elsewhere; and what is no action."""

NOT_FOR_MANY = [
    name
    for name in ACTIONS.keys()  # noqa: SIM118 - an enum of protobuf is no mapping
    if name.removeprefix("ACTION_") not in {*WAYS, *OTHERS}
]


@pytest.mark.parametrize("action", [*NOT_FOR_MANY, "ACTION_UNSPECIFIED", 999])
def test_an_action_that_takes_something_for_each_session_is_not_for_many(server, api, work, action):
    number = action if isinstance(action, int) else ACTIONS.Value(action)
    session = api.book()
    refused = refusal_of(api, server, work, number, [session])
    assert (refused.code, refused.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert list(refused.fields) == ["action"]


def test_one_bad_row_refuses_all_and_every_bad_row_is_named(server, api, work):
    sitting = [bring_to(api, "IN_PROGRESS") for _ in range(3)]
    ready, missing = bring_to(api, "READY"), session_pb2.Session(id=new_id())
    refused = refusal_of(api, server, work, "PAUSE", [sitting[0], ready, sitting[1], missing, sitting[2]])
    assert (refused.code, refused.reason) == (StatusCode.FAILED_PRECONDITION, "INVALID_TRANSITION")
    assert {field: reason for field, (reason, _) in refused.fields.items()} == {
        "ids.session_ids[1]": "INVALID_TRANSITION",
        "ids.session_ids[3]": "SESSION_NOT_FOUND",
    }
    assert (refused.metadata["index"], refused.metadata["bad_rows"]) == ("1", "2")
    assert [name_of(api.get(session)) for session in sitting] == ["IN_PROGRESS"] * 3


def test_a_session_named_twice_is_refused(server, api, work):
    first, second = (bring_to(api, "IN_PROGRESS") for _ in range(2))
    loud = session_pb2.Session(id=first.id.upper())
    refused = refusal_of(api, server, work, "PAUSE", [first, second, loud])
    assert (refused.reason, list(refused.fields)) == ("INVALID_FIELD", ["ids.session_ids[2]"])
    work.transition("PAUSE", [loud, second])
    assert name_of(api.get(first)) == "PAUSED"


def test_none_and_more_than_ten_thousand_are_refused(server, api, work):
    for size in (0, 10_001):
        sessions = [session_pb2.Session(id=new_id()) for _ in range(size)]
        refused = refusal_of(api, server, work, "PAUSE", sessions)
        assert (refused.reason, list(refused.fields)) == ("INVALID_FIELD", ["ids.session_ids"])
    with pytest.raises(Refused) as missing:
        work.transition("PAUSE")
    assert (missing.value.reason, list(missing.value.fields)) == ("INVALID_FIELD", ["sessions"])


def test_ten_thousand_sessions_are_moved_in_one_call(server, api, work):
    booked = api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(10_000)).sessions
    assert work.transition("CREATE_PACKAGE", booked).session_count == 10_000
    assert read(
        server, "SELECT state, count(*) FROM sessions WHERE workspace_id = ? GROUP BY state", api.workspace
    ) == [(2, 10_000)]
    assert count(server, "events", api.workspace) == 20_000
    refused = refusal_of(api, server, work, "CREATE_PACKAGE", booked)
    assert refused.metadata["bad_rows"] == "10000"


def test_what_is_only_checked_is_judged_the_same_and_written_never(server, api, work):
    sessions = [bring_to(api, "IN_PROGRESS") for _ in range(2)]
    with unchanged(server, api):
        assert work.transition("PAUSE", sessions, validate_only=True, request_id=new_id()).session_count == 2
    refused = refusal_of(api, server, work, "RESUME", sessions, validate_only=True)
    assert refused.reason == "INVALID_TRANSITION"


def test_a_request_sent_again_is_answered_as_the_first_time(server, api, work):
    sessions, request_id = [bring_to(api, "IN_PROGRESS") for _ in range(2)], new_id()
    first = work.transition("PAUSE", sessions, request_id=request_id)
    with unchanged(server, api):
        assert work.transition("PAUSE", sessions, request_id=request_id) == first
    refused = refusal_of(api, server, work, "RESUME", sessions, request_id=request_id)
    assert refused.reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize(
    ("action", "fields", "field"),
    [
        ("FAIL", {}, "message"),
        ("FAIL", {"message": "  "}, "message"),
        ("VOID", {"void_reason": session_pb2.VOID_REASON_OTHER}, "message"),
        ("FINISH", {"finish_reason": session_pb2.FINISH_REASON_TIME_EXPIRED}, "finish_reason"),
        ("FINISH", {"finish_reason": session_pb2.FINISH_REASON_RELEASE_FINALIZED}, "finish_reason"),
        ("VOID", {"message": "x" * 1001}, "message"),
        ("RESET", {"updated_form": "x" * 129}, "updated_form"),
        ("PAUSE", {"sessions_per_second": -1}, "sessions_per_second"),
    ],
)
def test_what_an_action_needs_is_asked_for_once_and_for_all(server, api, work, action, fields, field):
    refused = refusal_of(api, server, work, action, [bring_to(api, "IN_PROGRESS")], **fields)
    assert (refused.reason, list(refused.fields)) == ("INVALID_FIELD", [field])


def test_attempts_are_scored_and_sent_on_as_one_by_one(api, work):
    form(api, mcq("1", "A"))
    form(api, mcq("1", "A"), essay("2"), reference="form-2")
    sessions = []
    for reference in ("form-1", "form-2"):
        session = walk(api, api.book(api.release(test_form=reference)), *STARTED)
        sessions.append(api.move("SetResponses", session, responses=[answer("1", "A")]))
    work.transition("FINISH", sessions)
    marked, waiting = (api.get(session) for session in sessions)
    assert (name_of(marked), marked.points.actual) == ("MARKED", "1")
    assert (name_of(waiting), waiting.points.is_scorable) == ("AWAITING_MARKING", False)


def test_a_candidate_is_not_let_into_two_sessions_by_the_many(server, api, work):
    twins = [walk(api, api.book(api.release(), "twin"), *FINISHED) for _ in range(2)]
    for fields in ({}, {"validate_only": True}):
        refused = refusal_of(api, server, work, "REOPEN", twins, **fields)
        assert (refused.code, refused.reason) == (StatusCode.FAILED_PRECONDITION, "CANDIDATE_HAS_OPEN_SESSION")
        assert list(refused.fields) == ["ids.session_ids[1]"]


def test_a_candidate_with_another_open_session_is_named(server, api, work):
    other = walk(api, api.book(api.release(), "someone"), *FINISHED)
    finished = walk(api, api.book(api.release(), "twin"), *FINISHED)
    walk(api, api.book(api.release(), "twin"), *STARTED)
    refused = refusal_of(api, server, work, "REOPEN", [other, finished])
    assert (refused.reason, list(refused.fields)) == ("CANDIDATE_HAS_OPEN_SESSION", ["ids.session_ids[1]"])
