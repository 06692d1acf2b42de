"""SetResponses: what candidates answer, stored, fenced, scored and sent on."""

from __future__ import annotations

import pytest
from forms import answer, essay, form, mcq, mixed, results, sitting, three_choices
from grpc import StatusCode
from rows import unchanged
from state_paths import name_of, walk

from exam_sessions_client.v1 import result_pb2
from serving import Refused


def test_the_vendor_s_example_scores_three_of_three_and_a_hundred_percent(api):
    three_choices(api)
    session = sitting(api)
    responses = [
        result_pb2.ItemResponse(
            item_id=number,
            questions=[
                result_pb2.QuestionResponse(
                    id=number, response=result_pb2.Response(options=[result_pb2.Choice(index=index)])
                )
            ],
        )
        for number, index in (("1", 2), ("2", 1), ("3", 3))
    ]
    session = api.move("SetResponses", session, responses=responses, submit_for_scoring=True)
    assert name_of(session) == "MARKED"
    assert (session.score.actual, session.score.min, session.score.max) == ("100", "0", "100")
    assert (session.points.actual, session.points.max) == ("3", "3")
    found = results(api, session)
    assert [(item.score.actual, item.score.is_scorable, item.score.max) for item in found.items] == [
        ("1", True, "1")
    ] * 3
    assert not found.provisional


def test_each_hop_of_a_submission_is_a_row_of_the_history(api):
    mixed(api)
    session = api.move("SetResponses", sitting(api), responses=[answer("1", "A")], submit_for_scoring=True)
    assert name_of(session) == "AWAITING_MARKING"
    hops = [(e.action, e.from_state, e.to_state, e.actor, e.reason) for e in api.history(session)[-3:]]
    assert hops == [
        (29, 6, 6, "test", ""),
        (17, 6, 9, "test", "CANDIDATE"),
        (37, 9, 15, "system", ""),
    ]


def test_a_finish_without_responses_is_sent_on_too(api):
    three_choices(api)
    session = walk(api, sitting(api), "FinishSession")
    assert (name_of(session), session.score.actual) == ("MARKED", "0")


def test_a_session_without_a_form_stays_finished(api):
    session = walk(api, sitting(api), "FinishSession")
    assert (name_of(session), session.HasField("score")) == ("FINISHED", False)


def test_what_is_not_named_stays_and_an_empty_response_takes_one_back(api):
    three_choices(api)
    session = api.move("SetResponses", sitting(api), responses=[answer("1", "C"), answer("2", "A")])
    session = api.move("SetResponses", session, responses=[answer("2", "B"), answer("3", "D")])
    session = api.move("SetResponses", session, responses=[answer("1")])
    answered = {
        question.number: [option.label for option in question.options if option.is_chosen]
        for item in results(api, session).items
        for question in item.questions
        if question.HasField("response")
    }
    assert answered == {"2": ["B"], "3": ["D"]}
    assert session.attempt.responses_revision == 3


def test_the_history_tells_which_answers_changed(api):
    three_choices(api)
    session = api.move("SetResponses", sitting(api), responses=[answer("1", "C"), answer("2", "A")])
    session = api.move("SetResponses", session, responses=[answer("1", "C"), answer("2", "B")])
    change = next(change for change in api.history(session)[-1].changes if change.field == "responses")
    assert (change.old_value, change.new_value) == ('{"2":0}', '{"2":1}')


def test_a_write_from_an_older_attempt_changes_nothing(api, server):
    three_choices(api)
    session = walk(api, sitting(api), "FinishSession", "RetakeSession", "EnterKeycode")
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("SetResponses", session, responses=[answer("1", "C")], attempt=1)
    assert (refused.value.code, refused.value.reason) == (StatusCode.ABORTED, "STALE_ATTEMPT")
    assert refused.value.metadata == {"attempt": "2"}


@pytest.mark.parametrize("revision", [1, 6, 7])
def test_a_write_that_is_not_newer_changes_nothing(api, server, revision):
    three_choices(api)
    session = api.move("SetResponses", sitting(api), responses=[answer("1", "C")], revision=7)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("SetResponses", session, responses=[answer("1", "A")], revision=revision)
    assert (refused.value.code, refused.value.reason) == (StatusCode.ABORTED, "STALE_RESPONSES")
    assert refused.value.metadata == {"revision": "7"}
    assert api.move("SetResponses", session, responses=[answer("1", "A")], revision=9)


def test_every_bad_response_is_named(api, server):
    form(api, mcq("1"), mcq("2"), essay("3"), mcq("4"))
    session = sitting(api)
    bad = [
        answer("1", "A"),
        answer("nine", "A"),
        answer("2", "Z"),
        answer("3", "A"),
        answer("4", text="words"),
        answer("1", "B"),
    ]
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("SetResponses", session, responses=bad)
    assert {path: reason for path, (reason, _) in refused.value.fields.items()} == {
        "responses[1].questions[0]": "UNKNOWN_QUESTION",
        "responses[2].questions[0]": "UNKNOWN_OPTION",
        "responses[3].questions[0]": "RESPONSE_MISMATCH",
        "responses[4].questions[0]": "RESPONSE_MISMATCH",
        "responses[5].questions[0]": "QUESTION_REPEATED",
    }
    assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "UNKNOWN_QUESTION")


def test_a_text_may_have_a_hundred_thousand_characters_and_no_more(api, server):
    form(api, essay("1"), essay("2"))
    session = api.move("SetResponses", sitting(api), responses=[answer("1", text="ä" * 100_000)])
    assert len(results(api, session).items[0].questions[0].response.text) == 100_000
    bad = [answer("1", text="short"), answer("2", text="a" * 100_001)]
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("SetResponses", session, responses=bad)
    assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert list(refused.value.fields) == ["responses[1].questions[0].response.text"]


def test_a_response_of_options_and_a_text_is_refused(api):
    three_choices(api)
    with pytest.raises(Refused) as refused:
        api.move("SetResponses", sitting(api), responses=[answer("1", "A", text="A")])
    assert list(refused.value.fields) == ["responses[0].questions[0].response"]


def test_an_item_that_does_not_hold_the_question_is_refused(api):
    three_choices(api)
    wrong = result_pb2.ItemResponse(item_id="2", questions=answer("1", "C").questions)
    with pytest.raises(Refused) as refused:
        api.move("SetResponses", sitting(api), responses=[wrong])
    assert refused.value.reason == "UNKNOWN_QUESTION"


def test_a_choice_that_names_no_option_is_refused(api):
    three_choices(api)
    empty = result_pb2.QuestionResponse(id="1", response=result_pb2.Response(options=[result_pb2.Choice()]))
    with pytest.raises(Refused) as refused:
        api.move("SetResponses", sitting(api), responses=[result_pb2.ItemResponse(questions=[empty])])
    assert list(refused.value.fields) == ["responses[0].questions[0].response.options[0]"]


def test_a_session_booked_before_its_form_gets_it_with_its_package(api):
    session = api.book(api.release(test_form="form-1"))
    three_choices(api)
    sat = walk(api, session, "CreatePackage", "DownloadSession", "EnterKeycode")
    assert sat.form_revision == 1, "the package is built with the form as it is now"


def test_responses_without_a_form_are_refused(api):
    with pytest.raises(Refused) as refused:
        api.move("SetResponses", sitting(api), responses=[answer("1", "C")])
    assert (refused.value.code, refused.value.reason) == (StatusCode.FAILED_PRECONDITION, "TEST_FORM_UNKNOWN")
    assert refused.value.metadata == {"test_form": "form-1"}


def test_offline_answers_come_with_the_upload(api):
    three_choices(api)
    session = walk(api, sitting(api), "GoOffline", "FinishOffline")
    session = api.move("UploadSession", session, responses=[answer("1", "C"), answer("2", "B")])
    assert (name_of(session), session.points.actual) == ("MARKED", "2")
