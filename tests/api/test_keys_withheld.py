"""Neither keys nor scores are shown before the attempt has ended, in any read, unless they are asked for."""

from __future__ import annotations

import pytest
from forms import answer, form, hand_in, question_of, results, sitting, three_choices
from messages import new_id
from state_paths import name_of, walk

from exam_sessions_client.v1 import result_pb2
from exam_sessions_client.v1 import test_form_pb2 as pb
from serving import Refused

UNDER_WAY = {
    "READY": ("ClearResponses",),
    "IN_PROGRESS": (),
    "PAUSED": ("PauseSession",),
    "OFFLINE": ("GoOffline",),
    "AWAITING_UPLOAD": ("GoOffline", "FinishOffline"),
    "EXCEPTION": ("FailSession",),
    "EXCEPTION without its upload": ("GoOffline", "FinishOffline", "FailSession"),
    "EXCEPTION while paused": ("PauseSession", "FailSession"),
}
READS = {
    "GetSessionResults": lambda api, session, **f: api.call("GetSessionResults", session_id=session.id, **f).results,
    "GetSession": lambda api, session, **f: (
        api.call("GetSession", session_id=session.id, show_results=True, **f).session.results
    ),
    "GetSession by keycode": lambda api, session, **f: (
        api.call("GetSession", keycode=session.keycode, show_results=True, show_responses=True, **f).session.results
    ),
    "ListSessions": lambda api, session, **f: next(
        s.results for s in api.call("ListSessions", show_results=True, **f).sessions if s.id == session.id
    ),
}


def shows_keys(found):
    """Whether results hold a key, and whether they hold a score."""
    questions = [question for item in found.items for question in item.questions]
    keys = any(question.keys or any(option.is_key for option in question.options) for question in questions)
    scores = [found.points, found.percent, *(q.score for q in questions), *(item.score for item in found.items)]
    scores += [objective.score for objective in found.objectives]
    return keys, any(score != result_pb2.Score() for score in scores)


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("state", UNDER_WAY)
def test_an_attempt_under_way_shows_neither_keys_nor_scores(api, state, read):
    three_choices(api)
    session = api.move("SetResponses", sitting(api), responses=[answer("1", "C")])
    session = walk(api, session, *UNDER_WAY[state])
    assert name_of(session) == state.partition(" ")[0]
    found = READS[read](api, session)
    assert (shows_keys(found), found.withheld, len(found.items)) == ((False, False), True, 3)
    asked = READS[read](api, session, show_keys=True)
    assert (shows_keys(asked), asked.withheld) == ((True, True), False)


@pytest.mark.parametrize("read", READS)
def test_a_session_that_fails_once_it_is_marked_shows_its_results_until_it_is_recovered(api, read):
    three_choices(api)
    session = api.move("FailSession", hand_in(api, sitting(api), answer("1", "C")), message="a power cut")
    found = READS[read](api, session)
    assert (shows_keys(found), found.withheld) == ((True, True), False)
    assert (found.points.actual, found.percent.actual) == (session.points.actual, session.score.actual)
    session = api.move("RecoverSession", session)
    assert (shows_keys(READS[read](api, session)), session.HasField("score")) == ((False, False), False)


@pytest.mark.parametrize("read", READS)
def test_an_attempt_that_has_ended_shows_both_until_it_is_opened_again(api, read):
    three_choices(api)
    session = hand_in(api, sitting(api), answer("1", "C"))
    found = READS[read](api, session)
    assert (shows_keys(found), found.withheld, found.points.actual) == ((True, True), False, "1")
    session = api.move("ReopenSession", session)
    assert shows_keys(READS[read](api, session)) == (False, False)


def test_an_earlier_attempt_is_shown_and_the_current_one_is_not(api):
    three_choices(api)
    session = walk(api, hand_in(api, sitting(api), answer("1", "C")), "RetakeSession", "EnterKeycode")
    assert shows_keys(results(api, session, attempt=1)) == (True, True)
    assert shows_keys(results(api, session)) == (False, False)


def test_a_screen_is_filled_again_from_the_session(api):
    three_choices(api)
    responses = [answer("1", "C"), answer("3", "A")]
    session = api.move("SetResponses", sitting(api), responses=responses)
    plain = api.call("GetSession", session_id=session.id).session
    shown = api.call("GetSession", session_id=session.id, show_responses=True).session
    assert [(q.id, [o.index for o in q.response.options]) for item in shown.responses for q in item.questions] == [
        ("1", [2]),
        ("3", [0]),
    ]
    assert not plain.responses
    assert not shown.HasField("results")
    shown.ClearField("responses")
    assert shown == plain


def test_a_session_that_does_not_exist_is_not_found_with_its_responses_either(api):
    with pytest.raises(Refused) as refused:
        api.call("GetSession", session_id=new_id(), show_results=True)
    assert refused.value.reason == "SESSION_NOT_FOUND"


@pytest.mark.parametrize("chosen", "ABCD")
def test_a_check_does_not_say_what_the_answers_would_earn(api, chosen):
    three_choices(api)
    session = sitting(api)
    checked = api.move(
        "SetResponses", session, responses=[answer("1", chosen)], submit_for_scoring=True, validate_only=True
    )
    assert (name_of(checked), checked.HasField("score"), checked.HasField("points")) == ("MARKED", False, False)
    offline = walk(api, session, "GoOffline", "FinishOffline")
    checked = api.move("UploadSession", offline, responses=[answer("1", chosen)], validate_only=True)
    assert (checked.HasField("score"), checked.HasField("points")) == (False, False)


def test_the_history_of_an_attempt_under_way_tells_no_score(api):
    three_choices(api)
    session = api.move("SetResponses", sitting(api), responses=[answer("1", "C")])
    told = {change.field for event in api.history(session) for change in event.changes}
    assert not told & {"score", "points"}


def test_keys_of_every_type_are_told_with_their_part(api):
    def asked(kind, keys, offered=()):
        return pb.Question(type=kind, keys=keys, options=[pb.Option(id=name) for name in offered])

    form(
        api,
        asked(pb.QUESTION_TYPE_MCQ, ["b"], "ab"),
        asked(pb.QUESTION_TYPE_CLOZETEXT, ["b", "a"], "ab"),
        asked(pb.QUESTION_TYPE_ORDERLIST, ["b", "a"], "ab"),
        asked(pb.QUESTION_TYPE_CHOICEMATRIX, ["a", "a,b"], "ab"),
        asked(pb.QUESTION_TYPE_CLOZEFORMULA, ["x", "y"]),
        asked(pb.QUESTION_TYPE_SHORTTEXT, ["Co", "cobalt"]),
    )
    found = results(api, sitting(api), show_keys=True)
    keys = {str(n): [(k.value, k.index, k.part) for k in question_of(found, str(n)).keys] for n in range(1, 7)}
    assert keys == {
        "1": [("b", 1, 0)],
        "2": [("b", 1, 0), ("a", 0, 1)],
        "3": [("b", 1, 0), ("a", 0, 1)],
        "4": [("a", 0, 0), ("a", 0, 1), ("b", 1, 1)],
        "5": [("x", 0, 0), ("y", 0, 1)],
        "6": [("Co", 0, 0), ("cobalt", 0, 0)],
    }
