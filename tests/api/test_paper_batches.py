"""BatchAssignItemMarks: the marks of many papers in one call, each for itself, and safe to send again."""

from __future__ import annotations

from contextlib import closing

import pytest
from authenticated import client_of, guarded
from concurrency import at_once
from forms import enter_marks, mixed, paper
from google.rpc import error_details_pb2
from grpc import StatusCode
from messages import at, new_id
from rows import unchanged
from state_paths import LONG_AGO, bring_to, name_of

from exam_sessions.app import now
from exam_sessions.rpc.paper_marks_servicer import GROUP_AT_MOST
from exam_sessions_client.v1 import marking_service_pb2, session_pb2
from serving import Refused

State = session_pb2.State
FULL = {"1": "1", "2": "0", "3": "2.5"}
MARKED, UPLOAD = State.STATE_MARKED, State.STATE_PAPER_RESPONSE_UPLOAD


def row(session, marks=FULL, **fields):
    """A paper of a batch; named by the session's id unless it is named otherwise."""
    named = {} if {"keycode", "access_code"} & set(fields) else {"session_id": session.id}
    fields = {"completion_time": LONG_AGO, "request_id": new_id()} | named | fields
    rows = [marking_service_pb2.ItemMark(question_number=number, mark=mark) for number, mark in marks.items()]
    return marking_service_pb2.PaperMarks(marks=rows, **fields)


def assign(api, *papers, **fields):
    return api.call("BatchAssignItemMarks", papers=papers, **fields)


def told(outcome):
    """The reason a paper was refused for, its facts, and the fields at fault; empty when it was not."""
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in outcome.refusal.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    return info.reason, dict(info.metadata), {v.field: v.reason for v in bad.field_violations}


def reasons(reply):
    return [told(outcome)[0] for outcome in reply.papers]


@pytest.fixture
def release(api):
    mixed(api)
    return api.release(test_form="form-1", delivery="DELIVERY_PAPER")


@pytest.fixture
def sessions(api, release):
    return [api.book(release) for _ in range(4)]


def test_papers_are_named_by_id_keycode_and_access_code(api, sessions):
    by_id, by_keycode, by_code, part = sessions
    code = session_pb2.AccessCodeKey(release_id=by_code.release_id, access_code=by_code.access_code.lower())
    reply = assign(
        api,
        row(by_id, session_id=by_id.id.upper()),
        row(by_keycode, keycode=by_keycode.keycode.lower()),
        row(by_code, access_code=code),
        row(part, {"1": "1"}),
    )
    assert (reply.assigned_count, reply.refused_count) == (4, 0)
    assert [outcome.session_id for outcome in reply.papers] == [session.id for session in sessions]
    assert [outcome.keycode for outcome in reply.papers] == [session.keycode for session in sessions]
    assert [outcome.state for outcome in reply.papers] == [MARKED, MARKED, MARKED, UPLOAD]
    now_are = [api.get(session) for session in sessions]
    assert [(o.state, o.maturity, o.etag) for o in reply.papers] == [(s.state, s.maturity, s.etag) for s in now_are]
    assert {session.points.actual for session in now_are[:3]} == {"3.5"}


def test_a_paper_has_the_fields_of_a_request_of_assign_item_marks():
    paper_fields, request_fields = (
        {(f.name, f.number, f.type, f.message_type and f.message_type.full_name) for f in kind.DESCRIPTOR.fields}
        for kind in (marking_service_pb2.PaperMarks, marking_service_pb2.AssignItemMarksRequest)
    )
    assert paper_fields <= request_fields
    assert {name for name, *_ in request_fields - paper_fields} == {"workspace_id", "validate_only"}


def test_each_paper_is_in_the_history_as_assign_item_marks_leaves_it(api, sessions):
    single, batched = sessions[:2]
    enter_marks(api, single, FULL, request_id=new_id())
    sent = row(batched)
    assign(api, sent)

    def events(session):
        shown = [(e.action, e.from_state, e.to_state, e.actor, e.changes) for e in api.history(session)[1:]]
        return [(*event[:4], {c.field: (c.old_value, c.new_value) for c in event[4]}) for event in shown]

    assert events(single) == events(batched)
    assert {event.request_id for event in api.history(batched)[1:]} == {sent.request_id}


def test_a_paper_that_is_refused_keeps_no_other_out(api, release, sessions):
    voided, good = sessions[0], sessions[1]
    api.move("VoidSession", voided)
    stale = row(sessions[2], etag="v77")
    future = row(sessions[3], completion_time=at(now() + 3_600_000_000))
    wrong = row(api.book(release), {"1": "2", "ninth": "1", "3": "0.25", "2": "1"})
    reply = assign(api, row(voided), row(good), stale, future, wrong, row(good, session_id=new_id()))
    assert reasons(reply) == [
        "PAPER_RESPONSE_UPLOAD_REQUIRED", "", "STALE_SESSION", "INVALID_FIELD", "MARK_ABOVE_AVAILABLE",
        "SESSION_NOT_FOUND",
    ]  # fmt: skip
    assert (reply.assigned_count, reply.refused_count) == (1, 5)
    assert [o.refusal.code for o in reply.papers] == [
        code.value[0]
        for code in (
            StatusCode.FAILED_PRECONDITION, StatusCode.OK, StatusCode.ABORTED, StatusCode.INVALID_ARGUMENT,
            StatusCode.INVALID_ARGUMENT, StatusCode.NOT_FOUND,
        )
    ]  # fmt: skip
    assert told(reply.papers[0])[1]["state"] == "VOIDED"
    assert told(reply.papers[3])[2] == {"completion_time": "INVALID_FIELD"}
    named = {"marks[0]": "MARK_ABOVE_AVAILABLE", "marks[1]": "UNKNOWN_QUESTION", "marks[2]": "MARK_TOO_FINE"}
    assert told(reply.papers[4])[2] == named
    assert not any(outcome.session_id for outcome in reply.papers if outcome.HasField("refusal"))
    assert [name_of(api.get(session)) for session in sessions] == ["VOIDED", "MARKED", *["PAPER_RESPONSE_UPLOAD"] * 2]


def test_a_batch_sent_again_gets_the_first_answers_and_changes_nothing(api, server, sessions):
    papers = [row(sessions[0]), row(sessions[1], {"1": "1"}), row(sessions[2], keycode=sessions[2].keycode)]
    first = assign(api, *papers)
    with unchanged(server, api):
        again = assign(api, *papers)
    for outcome in again.papers:
        assert outcome.changed_before
        outcome.changed_before = False
    assert again == first


def test_what_was_not_written_of_a_batch_is_written_when_it_is_sent_again(api, sessions):
    papers = [row(session) for session in sessions]
    assign(api, *papers[:2])
    reply = assign(api, *papers)
    assert reasons(reply) == [""] * 4
    assert [len(api.history(session)) for session in sessions] == [3] * 4


def test_a_paper_is_known_by_its_request_id_whichever_of_the_two_rpcs_wrote_it(api, server, sessions):
    batched, single = row(sessions[0]), row(sessions[1])
    assign(api, batched)
    fields = {"marks": single.marks, "completion_time": LONG_AGO}
    api.move("AssignItemMarks", sessions[1], request_id=single.request_id, **fields)
    with unchanged(server, api):
        assert api.move("AssignItemMarks", sessions[0], request_id=batched.request_id, **fields).state == MARKED
        assert reasons(assign(api, single)) == [""]


def test_a_request_id_of_something_else_refuses_its_paper_only(api, sessions):
    used = new_id()
    assign(api, row(sessions[0], request_id=used))
    reply = assign(api, row(sessions[1], request_id=used), row(sessions[2]))
    assert reasons(reply) == ["REQUEST_ID_REUSED", ""]
    assert told(reply.papers[0])[1] == {"request_id": used}


def test_two_papers_of_one_session_add_up_in_their_order(api, sessions):
    session, twice = sessions[0], row(sessions[0], {"2": "1"})
    reply = assign(api, row(session, {"1": "0"}), row(session, {"1": "1"}), twice, twice)
    assert [outcome.changed_before for outcome in reply.papers] == [False, True, True, True]
    assert len({outcome.etag for outcome in reply.papers}) == 3
    assign(api, row(session, {"3": None}))
    assert api.get(session).points.actual == "2"


def test_a_check_writes_nothing_and_says_what_every_paper_would_come_to(api, server, sessions):
    enter_marks(api, sessions[1], {"1": "1"})
    with unchanged(server, api):
        reply = assign(api, *map(row, sessions), row(sessions[0], {"ninth": "1"}), validate_only=True)
    assert reasons(reply) == ["", "", "", "", "UNKNOWN_QUESTION"]
    assert [outcome.state for outcome in reply.papers[:4]] == [MARKED] * 4
    assert [outcome.changed_before for outcome in reply.papers[:4]] == [False, True, False, False]


def test_more_papers_than_a_group_holds_are_answered_in_their_order(api, release):
    sessions = [api.book(release) for _ in range(2 * GROUP_AT_MOST + 3)]
    api.move("VoidSession", sessions[GROUP_AT_MOST])
    reply = assign(api, *map(row, sessions))
    expected = [session.id for session in sessions]
    expected[GROUP_AT_MOST] = ""
    assert [outcome.session_id for outcome in reply.papers] == expected
    assert reply.assigned_count == len(sessions) - 1


def test_a_batch_sent_several_times_at_once_is_entered_once(api, sessions):
    papers = [row(session) for session in sessions]
    replies = at_once(*[lambda: assign(api, *papers)] * 4)
    assert [reasons(reply) for reply in replies] == [[""] * 4] * 4
    assert [len(api.history(session)) for session in sessions] == [3] * 4


def test_a_paper_of_a_session_that_is_no_paper_is_refused(api, sessions):
    reply = assign(api, row(bring_to(api, "READY")), row(sessions[0]))
    assert reasons(reply) == ["PAPER_RESPONSE_UPLOAD_REQUIRED", ""]


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        ({"request_id": ""}, "papers[1].request_id"),
        ({"request_id": "seventeen"}, "papers[1].request_id"),
        ({"completion_time": None}, "papers[1].completion_time"),
        ({"etag": "e" * 65}, "papers[1].etag"),
        ({"keycode": "K" * 17}, "papers[1].keycode"),
        ({"marks": {}}, "papers[1].marks"),
        ({"marks": {"1": "much"}}, "papers[1].marks[0].mark"),
    ],
)
def test_a_paper_that_breaks_a_rule_refuses_the_call_and_is_named(api, server, sessions, broken, field):
    with unchanged(server, api), pytest.raises(Refused) as refused:
        assign(api, row(sessions[0]), row(sessions[1], **broken))
    assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", [field])


def test_more_than_twenty_thousand_marks_are_refused(api, server):
    mixed(api)
    session, marks = paper(api), {str(number): "1" for number in range(500)}
    with unchanged(server, api), pytest.raises(Refused) as refused:
        assign(api, *[row(session, marks) for _ in range(41)])
    assert list(refused.value.fields) == ["papers[40].marks"]


@pytest.fixture(scope="module")
def gated(new_database):
    """A server that asks for credentials."""
    with new_database() as database, guarded(database, tick_ms=3_600_000) as running:
        yield running


@pytest.fixture
def owner(gated):
    with closing(client_of(gated, "admin", workspace=f"w{new_id()[:8]}")) as client:
        yield client


def test_a_marker_reads_what_is_wrong_with_the_papers_it_has_sent(gated, owner):
    mixed(owner)
    session = paper(owner)
    with closing(client_of(gated, "marker", workspace=owner.workspace)) as marker:
        wrong, good = assign(marker, row(session, {"1": "2"}), row(session)).papers
        with pytest.raises(Refused) as refused:
            enter_marks(marker, paper(owner), {"1": "2"})
    assert told(wrong)[2] == {"marks[0]": "MARK_ABOVE_AVAILABLE"}
    assert refused.value.message.endswith(wrong.refusal.message.partition(": ")[2])
    assert (good.session_id, good.keycode) == (session.id, "***")


def test_who_is_bound_to_a_centre_enters_the_papers_of_that_one_only(gated, owner):
    mixed(owner)
    release = owner.release(test_form="form-1", delivery="DELIVERY_PAPER")
    ours, theirs = (owner.book(release, centre_id=centre) for centre in ("K-03", "K-04"))
    with closing(client_of(gated, "marker", workspace=owner.workspace, centres=["K-03"])) as bound:
        reply = assign(bound, row(theirs), row(ours), row(theirs, keycode=theirs.keycode))
    assert reasons(reply) == ["SESSION_NOT_FOUND", "", "SESSION_NOT_FOUND"]
    assert owner.get(theirs).state == UPLOAD
