"""For every RPC whose reply repeats something: replies that are as large as they can be."""

from __future__ import annotations

import pytest
from forms import PAPER, essay, form, mcq
from grpc import StatusCode
from messages import booking, new_id
from operations import chunks_of, info_of
from rows import write
from state_paths import LONG_AGO
from widest import LIMIT, MOST, TEXT, WIDE, catalog_form, essays, sessions

from exam_sessions.rpc.convert.reply_size import SESSION_AT_MOST
from exam_sessions_client.v1 import (
    marking_service_pb2,
    session_pb2,
    session_service_pb2,
    test_form_pb2,
)
from serving import Refused


def times(reply, field):
    """A reply as it would be with a thousand elements as large as its largest."""
    largest = max(getattr(reply, field), key=lambda row: row.ByteSize())
    return type(reply)(**{field: [largest] * MOST}, next_page_token="t" * 1024)


def list_sessions(stage):
    release, booked = stage.once(sessions)
    wanted = session_service_pb2.SessionFilter(release_ids=[release.id])
    for view in (1, 2):
        pages = stage.pages("ListSessions", "sessions", filter=wanted, view=view, page_size=MOST, order=3)
        assert [s.id for page in pages for s in page.sessions] == sorted(row.id for row in booked)
        yield from pages
    release, booked = stage.once(essays)
    wanted = session_service_pb2.SessionFilter(release_ids=[release.id])
    for show in ({"show_responses": True}, {"show_results": True}, {"show_responses": True, "show_results": True}):
        pages = stage.pages("ListSessions", "sessions", filter=wanted, **show)
        shown = [s for page in pages for s in page.sessions]
        assert [s.id for s in shown] == [session.id for session in booked]
        assert all(len(s.responses) == 5 for s in shown if "show_responses" in show)
        assert all(len(s.results.items) == 9 for s in shown if "show_results" in show)
        yield from pages


def batch_get_sessions(stage):
    _, booked = stage.once(sessions)
    ids = [row.id for row in booked]
    with pytest.raises(Refused) as refused:
        stage.api.call("BatchGetSessions", session_ids=ids)
    assert (refused.value.code, refused.value.reason) == (StatusCode.OUT_OF_RANGE, "REPLY_TOO_LARGE")
    fits = int(refused.value.metadata["fitting"])
    reply = stage.api.call("BatchGetSessions", session_ids=ids[:fits])
    assert [session.id for session in reply.sessions] == ids[:fits]
    assert reply.ByteSize() > LIMIT - 2 * SESSION_AT_MOST[2]
    yield reply


def list_session_events(stage):
    _, found = stage.once(essays)
    for session in found:
        pages = stage.pages("ListSessionEvents", "events", session_id=session.id)
        events = [event for page in pages for event in page.events]
        assert [e.sequence for e in events] == sorted({e.sequence for e in events})
        assert [e.action for e in events].count(session_pb2.ACTION_SET_RESPONSES) in {1, 2, 3}
        yield from pages


def batch_create_sessions(stage):
    release, rows = stage.api.release(), [booking(f"{n:05}" + WIDE * 123) for n in range(10_000)]
    with pytest.raises(Refused) as refused:
        stage.api.call("BatchCreateSessions", release_id=release.id, bookings=rows)
    assert refused.value.reason == "REPLY_TOO_LARGE"
    fits = int(refused.value.metadata["fitting"])
    assert stage.api.call("AggregateSessions", release_ids=[release.id]).total.session_count == 0
    yield stage.api.call("BatchCreateSessions", release_id=release.id, bookings=rows[:fits])


def import_sessions(stage):
    release, rows = stage.api.release(), [booking(f"{n:05}" + WIDE * 123) for n in range(10_000)]
    answers = stage.work.imported(chunks_of(stage.api, release, rows, rows[:5_000]))
    assert info_of(answers[0].refusal).reason == "REPLY_TOO_LARGE"
    assert answers[1].booked_count == 5_000
    yield from answers


def batch_assign_item_marks(stage):
    reference = "f" * 128
    form(stage.api, mcq("1"), reference=reference)
    session = stage.api.book(stage.api.release(test_form=reference, **PAPER))
    marks = [marking_service_pb2.ItemMark(question_number=f"{n:02}" + WIDE * 30, mark="1") for n in range(40)]
    papers = [
        marking_service_pb2.PaperMarks(
            session_id=session.id, request_id=new_id(), marks=marks, completion_time=LONG_AGO
        )
        for _ in range(500)
    ]
    reply = stage.api.call("BatchAssignItemMarks", papers=papers)
    assert reply.refused_count == 500
    assert reply.ByteSize() > 1_000_000
    yield reply


def aggregate_sessions(stage):
    release, _ = stage.once(sessions)
    others = [stage.api.release().id for _ in range(2)]
    reply = stage.api.call("AggregateSessions", release_ids=[release.id, *others])
    statistics = reply.releases[0]
    statistics.statistics.states.extend([session_pb2.StateCount(state=99, count=2**31)] * 21)
    statistics.statistics.maturities.extend([session_pb2.MaturityCount(maturity=4, count=2**31)] * 4)
    yield type(reply)(total=statistics.statistics, releases=[statistics] * MOST)


def list_releases(stage):
    release, _ = stage.once(sessions)
    reply = stage.api.call("ListReleases", name=release.name)
    assert len(reply.releases) == 1
    yield times(reply, "releases")


def list_test_forms(stage):
    form(stage.api, essay("1"), reference=WIDE * 128, name=WIDE * 200)
    yield times(stage.api.call("ListTestForms", page_size=MOST), "test_forms")


def get_test_form(stage):
    stage.once(catalog_form)
    yield stage.api.call("GetTestForm", reference="huge")


def change_test_form(stage):
    message, _ = stage.once(catalog_form)
    reply = stage.api.call("UpdateTestForm", test_form=message)
    assert reply.ByteSize() > 1_900_000
    yield reply
    too_large = test_form_pb2.TestForm(reference="larger", questions=[message.questions[0]] * 130)
    with pytest.raises(Refused) as refused:
        stage.api.call("CreateTestForm", test_form=too_large)
    assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", ["test_form"])


def get_session_template(stage):
    _, release = stage.once(catalog_form)
    yield stage.api.call("GetSessionTemplate", release_id=release.id)


def get_session_results(stage):
    _, found = stage.once(essays)
    replies = [stage.api.call("GetSessionResults", session_id=session.id) for session in found]
    assert [reply.results.abridged for reply in replies] == [True, False, True, True]
    (cut, whole), place = (reply.results.items for reply in replies[:2]), 0
    assert whole[place].questions[0].response.text == "x" * (TEXT - 1) + "1"
    assert cut[place].questions[0].response.text.startswith(WIDE * 1000)
    assert {len(item.questions[0].options) for item in cut[5:]} == {100}
    yield from replies


def outcomes(stage):
    """Operations that have ended, with a refusal for each of a thousand rows."""
    release, _ = stage.once(sessions)
    operation = stage.work.of_release("PAUSE", release)
    yield operation
    yield stage.work.wait(operation)
    yield stage.work.get(operation)


def list_operations(stage):
    list(outcomes(stage))
    yield times(stage.work.list(), "operations")


def watch_sessions(stage):
    release, _ = stage.once(sessions)
    wanted = session_service_pb2.WatchFilter(release_ids=[release.id])
    request = session_service_pb2.WatchSessionsRequest(workspace_id=stage.api.workspace, filter=wanted, view=2)
    watch = stage.work._sessions.WatchSessions(request, timeout=60)
    for piece in watch:
        yield piece
        if piece.snapshot_complete:
            watch.cancel()
            break
    _, found = stage.once(essays)
    wanted = session_service_pb2.WatchFilter(session_ids=[session.id for session in found])
    request = session_service_pb2.WatchSessionsRequest(
        workspace_id=stage.api.workspace, filter=wanted, start_sequence=1
    )
    watch, saves = stage.work._sessions.WatchSessions(request, timeout=60), 0
    for piece in watch:
        yield piece
        saves += sum(event.action == session_pb2.ACTION_SET_RESPONSES for event in piece.events)
        if saves == 7:
            watch.cancel()
            break


def list_event_consumers(stage):
    names = [f"{n}".rjust(64, "c") for n in range(3)]
    for name in names:
        stage.api.call("AcknowledgeEvents", consumer=name, sequence=0)
    pages = stage.pages("ListEventConsumers", "consumers", page_size=2)
    assert [row.name for page in pages for row in page.consumers] == names
    yield times(pages[0], "consumers")


def list_workspaces(stage):
    for number in range(3):
        name = f"{number}".rjust(64, "w")
        stage.api.call("CreateWorkspace", workspace_id=name, display_name=WIDE * 200)
    yield times(stage.api.call("ListWorkspaces"), "workspaces")


def list_api_keys(stage):
    names = [f"{number}".rjust(64, "w") for number in range(1_000)]
    centres = [f"{number:03}" + WIDE * 61 for number in range(1_000)]
    for number in range(15):
        fields = {"name": f"{number}".rjust(128, "k"), "roles": ["admin"], "workspaces": names, "centres": centres}
        stage.api.call("CreateApiKey", **fields)
    pages = stage.pages("ListApiKeys", "api_keys")
    assert len({key.id for page in pages for key in page.api_keys}) == 15
    assert len(pages) > 1
    yield from pages


def list_lockouts(stage):
    for number in range(MOST):
        values = (
            stage.api.workspace,
            f"{number:036}",
            f"codes/address/{number}",
            1,
            1,
            2,
            3,
            "a" * 128,
            WIDE * 1_000,
        )
        write(stage.server, f"INSERT INTO lockouts VALUES ({', '.join('?' * len(values))})", *values)
    pages = stage.pages("ListLockouts", "lockouts", page_size=MOST)
    assert sum(len(page.lockouts) for page in pages) == MOST
    yield from pages


def erase_candidate(stage):
    yield stage.api.call("EraseCandidate", candidate_id="nobody", reason=WIDE * 1_000)


def apply_retention(stage):
    yield stage.api.call("ApplyRetention", months=1_200, reason=WIDE * 1_000)


def get_principal(stage):
    yield stage.api.call("GetPrincipal")


def state_machine(stage):
    yield stage.api.call("GetStateMachine")


def explain_session(stage):
    _, booked = stage.once(sessions)
    yield stage.api.call("ExplainSession", session_id=booked[0].id)


def regrade_release(stage):
    release, _ = stage.once(sessions)
    form(stage.api, mcq("1", "A"), reference="regraded")
    fields = {"release_id": release.id, "test_form": "regraded", "message": WIDE * 1000}
    yield stage.api.call("RegradeRelease", validate_only=True, **fields)


PROOFS = {
    "ListSessions": list_sessions,
    "BatchGetSessions": batch_get_sessions,
    "ListSessionEvents": list_session_events,
    "BatchCreateSessions": batch_create_sessions,
    "ImportSessions": import_sessions,
    "BatchAssignItemMarks": batch_assign_item_marks,
    "AggregateSessions": aggregate_sessions,
    "ListReleases": list_releases,
    "ListTestForms": list_test_forms,
    "GetTestForm": get_test_form,
    "CreateTestForm": change_test_form,
    "UpdateTestForm": change_test_form,
    "GetSessionTemplate": get_session_template,
    "GetSessionResults": get_session_results,
    "BatchTransitionSessions": outcomes,
    "SubmitFromTemplate": outcomes,
    "GetOperation": outcomes,
    "WaitOperation": outcomes,
    "ListOperations": list_operations,
    "WatchSessions": watch_sessions,
    "ListEventConsumers": list_event_consumers,
    "ListWorkspaces": list_workspaces,
    "ListApiKeys": list_api_keys,
    "CreateApiKey": list_api_keys,
    "RotateApiKey": list_api_keys,
    "RevokeApiKey": list_api_keys,
    "ListLockouts": list_lockouts,
    "GetPrincipal": get_principal,
    "EraseCandidate": erase_candidate,
    "ApplyRetention": apply_retention,
    "GetStateMachine": state_machine,
    "ExplainSession": explain_session,
    "RegradeRelease": regrade_release,
}
"""What proves of each reply that repeats something that it is small enough."""
