"""Paper tests: marks and responses entered for the candidate, row by row, until the paper is complete."""

from __future__ import annotations

import pytest
from forms import enter_marks, enter_responses, essay, form, mcq, mixed, paper, question_of, results, three_choices
from grpc import StatusCode
from messages import at, micros, new_id
from rows import unchanged
from state_paths import LONG_AGO, STATE_PATHS, bring_to, name_of, walk

from exam_sessions.app import now
from exam_sessions_client.v1 import marking_service_pb2, result_pb2
from serving import Refused

ItemMark, PaperResponse = marking_service_pb2.ItemMark, marking_service_pb2.PaperResponse
A = result_pb2.Choice(label="a")
MARKS = {"marks": [ItemMark(question_number="1", mark="1")], "completion_time": LONG_AGO}
RESPONSES = {"responses": [PaperResponse(question_number="1", options=[A])]}


def marked(api, session):
    """What people said of each question: its mark, or None for "not attempted"; not whom nothing was said of."""
    questions = [question for item in results(api, session).items for question in item.questions]
    said = {q.number: q.score.actual for q in questions if q.marked_by_people}
    return said | {q.number: None for q in questions if q.not_attempted}


def steps(api, session):
    return [(event.action, event.from_state, event.to_state, event.actor) for event in api.history(session)]


@pytest.mark.parametrize("rpc", ["AssignItemMarks", "AssignItemResponses"])
@pytest.mark.parametrize("state", sorted(set(STATE_PATHS) - {"PAPER_RESPONSE_UPLOAD"}))
def test_marks_and_responses_are_refused_in_every_other_state(api, server, state, rpc):
    session = bring_to(api, state)
    for key in ({"session_id": session.id}, {"keycode": session.keycode.lower()}):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.call(rpc, **key, **(MARKS if rpc == "AssignItemMarks" else RESPONSES))
        assert (refused.value.code, refused.value.reason) == (
            StatusCode.FAILED_PRECONDITION,
            "PAPER_RESPONSE_UPLOAD_REQUIRED",
        )
        assert refused.value.metadata["state"] == state


def test_marks_and_responses_are_taken_by_id_and_by_keycode(api):
    mixed(api)
    session = paper(api)
    enter_marks(api, session, {"1": "1"})
    by_keycode = api.call("AssignItemMarks", keycode=session.keycode.lower(), marks=[ItemMark(question_number="3")],
                           completion_time=LONG_AGO).session  # fmt: skip
    assert name_of(by_keycode) == "PAPER_RESPONSE_UPLOAD"
    row = PaperResponse(question_number="2", options=[A])
    done = api.call("AssignItemResponses", keycode=session.keycode, responses=[row]).session
    assert (done.id, name_of(done)) == (session.id, "MARKED")


def test_marks_need_the_time_the_paper_was_completed(api, server):
    mixed(api)
    session = paper(api)
    for moment in (None, at(now() + 3_600_000_000)):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            enter_marks(api, session, {"1": "1"}, completion_time=moment)
        assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", ["completion_time"])
    assert enter_marks(api, session, {"1": "1"}).attempt.end_time == LONG_AGO


def test_responses_may_come_without_the_time_the_paper_was_completed(api, server):
    three_choices(api)
    session = paper(api)
    assert not enter_responses(api, session, {"1": "C"}).attempt.HasField("end_time")
    with unchanged(server, api), pytest.raises(Refused) as refused:
        enter_responses(api, session, {"1": "C"}, completion_time=at(now() + 3_600_000_000))
    assert list(refused.value.fields) == ["completion_time"]
    assert enter_responses(api, session, {"2": "B"}, completion_time=LONG_AGO).attempt.end_time == LONG_AGO
    done = enter_responses(api, session, {"3": "D"})
    assert (name_of(done), done.attempt.end_time) == ("MARKED", LONG_AGO)


def test_a_completion_a_moment_ago_is_taken_by_the_clock_of_the_server(clocked_desk, clock):
    mixed(clocked_desk)
    session = paper(clocked_desk)
    moment = at(clock() + 60_000_000)
    with pytest.raises(Refused):
        enter_marks(clocked_desk, session, {"1": "1"}, completion_time=moment)
    clock.advance(61)
    assert micros(enter_marks(clocked_desk, session, {"1": "1"}, completion_time=moment).attempt.end_time) == micros(
        moment
    )


def test_not_attempted_is_not_zero(api):
    mixed(api)
    session = enter_marks(api, paper(api), {"1": None, "2": "0", "3": None})
    assert name_of(session) == "MARKED"
    found = results(api, session)
    told = [(q.not_attempted, q.marked_by_people, q.score.actual) for item in found.items for q in item.questions]
    assert told == [(True, False, "0"), (False, True, "0"), (True, False, "0")]
    assert (session.points.actual, session.points.max, session.score.actual) == ("0", "7", "0")


def test_uploads_add_up_and_a_later_mark_replaces_an_earlier(api):
    mixed(api)
    session = paper(api)
    assert name_of(enter_marks(api, session, {"1": "1"})) == "PAPER_RESPONSE_UPLOAD"
    assert marked(api, session) == {"1": "1"}
    enter_marks(api, session, {"2": None, "1": "0"})
    assert marked(api, session) == {"1": "0", "2": None}
    done = enter_marks(api, session, {"3": "2.5", "2": "1"})
    assert (name_of(done), marked(api, session)) == ("MARKED", {"1": "0", "2": "1", "3": "2.5"})
    assert (done.points.actual, done.score.actual) == ("3.5", "50")
    assert steps(api, session)[1:] == [(25, 19, 19, "test")] * 3 + [(37, 19, 11, "system")]


def test_marks_and_responses_complete_a_paper_together(api):
    mixed(api)
    session = paper(api)
    enter_marks(api, session, {"3": "4"})
    enter_responses(api, session, {"1": "A"})
    done = enter_responses(api, session, {"2": "C"})
    assert (name_of(done), done.points.actual) == ("MARKED", "5")


def test_the_answer_of_a_paper_is_a_response_the_machine_marks(api):
    form(api, mcq("1", "BC"), mcq("2", "A", "AB"))
    session = enter_responses(api, paper(api), {"1": "CB", "2": ""})
    assert (name_of(session), session.points.actual) == ("MARKED", "1")
    first, second = (question_of(results(api, session), number) for number in "12")
    assert [option.label for option in first.options if option.is_chosen] == ["B", "C"]
    assert (first.not_attempted, second.not_attempted, second.HasField("response")) == (False, True, False)


def test_a_response_takes_the_place_of_not_attempted_and_the_other_way_round(api):
    form(api, mcq("1", "A"), mcq("2", "A"))
    session = paper(api)
    enter_responses(api, session, {"1": ""})
    enter_responses(api, session, {"1": "A"})
    assert marked(api, session) == {}
    enter_responses(api, session, {"1": ""})
    assert marked(api, session) == {"1": None}
    enter_responses(api, session, {"1": "A"})
    assert enter_responses(api, session, {"2": "A"}).points.actual == "2"


def test_a_complete_paper_whose_marks_are_missing_awaits_marking(api):
    form(api, mcq("1", "A"), mcq("2", "", available_mark="4"))
    session = enter_responses(api, paper(api), {"1": "A", "2": "B"})
    assert (name_of(session), session.marking_progress, session.HasField("score")) == ("AWAITING_MARKING", 0, False)
    assert steps(api, session)[1:] == [(26, 19, 19, "test"), (37, 19, 15, "system")]
    api.move("ScoreResponse", session, question_number="2", mark="3")
    assert api.move("SubmitMarkedSession", session).points.actual == "4"


def test_a_complete_paper_of_a_moderated_release_awaits_verification(api):
    mixed(api)
    session = enter_marks(api, paper(api, moderated=True), {"1": "1", "2": "1", "3": "1.5"})
    assert (name_of(session), session.points.actual) == ("AWAITING_VERIFICATION", "3.5")
    assert name_of(walk(api, session, "VerifySession", "ArchiveSession")) == "ARCHIVED"
    form(api, mcq("1", ""), reference="form-2")
    unmarked = api.book(api.release(test_form="form-2", moderated=True, delivery=2))
    assert name_of(enter_responses(api, unmarked, {"1": "A"})) == "AWAITING_MARKING"


def test_a_paper_is_known_by_the_numbers_printed_on_it(api):
    form(api, mcq("1a", "A", id="x", item_id="i"), mcq("1b", "A", id="y", item_id="i"))
    session = paper(api)
    with pytest.raises(Refused) as refused:
        enter_marks(api, session, {"x": "1"})
    assert (refused.value.reason, refused.value.metadata["question"]) == ("UNKNOWN_QUESTION", "x")
    assert name_of(enter_marks(api, session, {"1a": "1", "1b": "0"})) == "MARKED"


def test_every_bad_mark_is_named_and_nothing_is_stored(api, server):
    mixed(api)
    rows = [("1", "1"), ("9", "1"), ("2", "1.1"), ("3", "2.25"), ("1", "0"), ("3", "-1"), ("3", "5.0")]
    marks = [ItemMark(question_number=number, mark=mark) for number, mark in rows]
    session = paper(api)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("AssignItemMarks", session, marks=marks, completion_time=LONG_AGO)
    assert {path: reason for path, (reason, _) in refused.value.fields.items()} == {
        "marks[1]": "UNKNOWN_QUESTION",
        "marks[2]": "MARK_ABOVE_AVAILABLE",
        "marks[3]": "MARK_TOO_FINE",
        "marks[4]": "QUESTION_REPEATED",
        "marks[5]": "MARK_ABOVE_AVAILABLE",
    }
    assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "UNKNOWN_QUESTION")
    assert refused.value.metadata["bad_rows"] == "5"


def test_every_bad_response_is_named_and_nothing_is_stored(api, server):
    form(api, mcq("1"), mcq("2"), essay("3"), mcq("4"))
    rows = [("1", "A"), ("9", "A"), ("2", "E"), ("3", "A"), ("1", "B"), ("4", "")]
    responses = [PaperResponse(question_number=n, options=[result_pb2.Choice(label=x) for x in o]) for n, o in rows]
    session = paper(api)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("AssignItemResponses", session, responses=responses)
    assert {path: reason for path, (reason, _) in refused.value.fields.items()} == {
        "responses[1]": "UNKNOWN_QUESTION",
        "responses[2]": "UNKNOWN_OPTION",
        "responses[3]": "RESPONSE_MISMATCH",
        "responses[4]": "QUESTION_REPEATED",
    }


@pytest.mark.parametrize("mark", ["", "x", "1,5", "1e3", ".5", "5.", "+1", "NaN", "1" * 10, "0." + "1" * 10])
def test_a_mark_is_refused_that_is_no_plain_decimal(api, server, mark):
    mixed(api)
    session = paper(api)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        enter_marks(api, session, {"3": mark})
    assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", ["marks[0].mark"])


@pytest.mark.parametrize(("mark", "kept"), [("2.50", "2.5"), ("05", "5"), ("5.000000000", "5"), ("-0", "0")])
def test_a_mark_is_kept_as_the_exact_decimal_it_says(api, mark, kept):
    mixed(api)
    session = enter_marks(api, paper(api), {"3": mark})
    assert question_of(results(api, session), "3").score.actual == kept


def test_a_repeated_upload_that_completed_the_paper_gets_the_first_answer(api, server):
    mixed(api)
    session, request_id = paper(api), new_id()
    first = enter_marks(api, session, {"1": "1", "2": "1", "3": "1"}, request_id=request_id)
    assert name_of(first) == "MARKED"
    with unchanged(server, api):
        assert enter_marks(api, session, {"1": "1", "2": "1", "3": "1"}, request_id=request_id) == first
        with pytest.raises(Refused) as refused:
            enter_marks(api, session, {"1": "1", "2": "1", "3": "2"}, request_id=request_id)
    assert refused.value.reason == "REQUEST_ID_REUSED"


def test_a_voided_or_scanned_paper_takes_no_marks_until_the_scan_is_there(api):
    mixed(api)
    session = api.move("RequestScan", paper(api))
    with pytest.raises(Refused):
        enter_marks(api, session, {"1": "1"})
    api.move("ReceiveScan", session)
    enter_marks(api, session, {"1": "1"})
    api.move("VoidSession", session)
    with pytest.raises(Refused) as refused:
        enter_marks(api, session, {"2": "1"})
    assert refused.value.reason == "PAPER_RESPONSE_UPLOAD_REQUIRED"
