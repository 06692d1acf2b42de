"""What results show: items, keys, options, objectives, points, percent; of which attempt; and in lists."""

from __future__ import annotations

import pytest
from forms import answer, enter_marks, essay, form, hand_in, mcq, mixed, question_of, results, sitting
from grpc import StatusCode
from messages import bookings, mask, new_id
from rows import unchanged
from state_paths import FINISHED, STARTED, name_of, walk

from exam_sessions_client.v1 import catalog_pb2, marking_service_pb2, session_pb2, test_form_pb2
from serving import Refused

HIGHEST, LATEST, FIRST, AVERAGE = (
    getattr(catalog_pb2, f"ATTEMPT_STRATEGY_{name}") for name in ("HIGHEST", "LATEST", "FIRST", "AVERAGE")
)
CURRENT, DECIDING = marking_service_pb2.ATTEMPT_SELECTION_CURRENT, marking_service_pb2.ATTEMPT_SELECTION_DECIDING
KEYS = {"1": "A", "2": "B", "3": "C", "4": "D"}


def four(api):
    """Four choices of one mark."""
    return form(api, *[mcq(number, key) for number, key in KEYS.items()])


def right(count):
    """Answers of which so many are right."""
    return [answer(number, key if n < count else "ABCD"[n - 1]) for n, (number, key) in enumerate(KEYS.items())]


def sat(api, *counts, **fields):
    """A session of as many attempts, each with so many right answers."""
    session = hand_in(api, sitting(api, **fields), *right(counts[0]))
    for count in counts[1:]:
        session = hand_in(api, walk(api, session, "RetakeSession", "EnterKeycode"), *right(count))
    return session


def said(score):
    return score.actual, score.is_scorable, score.max


def test_items_show_keys_options_and_what_was_chosen(api):
    form(
        api,
        mcq("1a", "C", item_id="fish", item_name="Fish", objective_ids=["o-1"]),
        mcq("1b", "AB", item_id="fish", available_mark="2", objective_ids=["o-2", "o-1"]),
        essay("2", item_id="sea", objective_ids=["o-2"]),
        objectives=[
            test_form_pb2.Objective(id="o-1", text="Counts fish", abbreviation="F"),
            test_form_pb2.Objective(id="o-2", text="Describes the sea"),
            test_form_pb2.Objective(id="o-3", text="Measured by nothing"),
        ],
    )
    session = hand_in(api, sitting(api), answer("1a", "C"), answer("1b", "A"), answer("2", text="It is deep."))
    found = results(api, session)
    fish, sea = found.items
    assert (fish.id, fish.name, list(fish.objective_ids), said(fish.score)) == (
        "fish",
        "Fish",
        ["o-1", "o-2"],
        ("1", True, "3"),
    )
    first, second = fish.questions
    assert [(key.value, key.index) for key in second.keys] == [("1b-A", 0), ("1b-B", 1)]
    assert [(o.id, o.label, o.index, o.is_key, o.is_chosen) for o in first.options] == [
        ("1a-A", "A", 0, False, False),
        ("1a-B", "B", 1, False, False),
        ("1a-C", "C", 2, True, True),
        ("1a-D", "D", 3, False, False),
    ]
    assert (said(first.score), said(second.score)) == (("1", True, "1"), ("0", True, "2"))
    assert [choice.index for choice in second.response.options] == [0]
    assert (sea.questions[0].response.text, said(sea.score)) == ("It is deep.", ("0", False, "5"))
    one, two, three = found.objectives
    assert (one.text, one.abbreviation, said(one.score)) == ("Counts fish", "F", ("1", True, "3"))
    assert [said(score) for score in one.scores] == [("1", True, "1"), ("0", True, "2")]
    assert (said(two.score), said(three.score)) == (("0", False, "7"), ("0", False, "0"))
    assert (said(found.points), said(found.percent)) == (("1", False, "8"), ("12.5", False, "100"))
    assert (found.attempt, found.test_form, found.form_revision, found.provisional) == (1, "form-1", 1, True)


def test_results_of_an_attempt_under_way_are_provisional(api):
    four(api)
    session = api.move("SetResponses", sitting(api), responses=right(1)[:2])
    found = results(api, session, show_keys=True)
    assert (found.provisional, said(found.points), said(found.percent)) == (
        True,
        ("1", True, "4"),
        ("25", True, "100"),
    )
    assert not question_of(found, "3").HasField("response")
    assert not results(api, hand_in(api, session)).provisional


def test_a_percentage_is_rounded_half_up_to_four_decimals(api):
    form(api, *[mcq(str(n)) for n in range(3)])
    session = hand_in(api, sitting(api), answer("0", "A"), answer("1", "A"))
    assert (session.score.actual, results(api, session).percent.actual) == ("66.6667", "66.6667")


def test_a_form_that_earns_nothing_scores_nothing(api):
    form(api, mcq("1", available_mark="0"))
    session = hand_in(api, sitting(api), answer("1", "A"))
    found = results(api, session)
    assert (name_of(session), said(found.points), said(found.percent)) == (
        "MARKED",
        ("0", False, "0"),
        ("0", False, "100"),
    )


def test_a_given_attempt_is_read_with_its_clock_and_its_revision(api):
    four(api)
    session = sat(api, 1, 3)
    reply = api.call("GetSessionResults", session_id=session.id, attempt=1)
    assert (reply.results.attempt, reply.results.points.actual, reply.attempt.number) == (1, "1", 1)
    assert reply.attempt.finish_reason == session_pb2.FINISH_REASON_CANDIDATE
    assert reply.attempt.end_time.seconds >= reply.attempt.start_time.seconds > 0
    assert (reply.session.id, reply.session.HasField("client")) == (session.id, False)
    for selection in (0, CURRENT):
        reply = api.call("GetSessionResults", keycode=session.keycode.lower(), selection=selection)
        assert (reply.results.attempt, reply.results.points.actual) == (2, "3")
        assert reply.attempt == session.attempt


DECIDED = {
    HIGHEST: ((2, 4, 3), 2, "4", "100"),
    LATEST: ((2, 4, 3), 3, "3", "75"),
    FIRST: ((2, 4, 3), 1, "2", "50"),
    AVERAGE: ((2, 4, 2), 3, "2.6667", "66.6667"),
}


@pytest.mark.parametrize("strategy", DECIDED)
def test_the_deciding_attempt_is_the_release_s_choice(api, strategy):
    counts, attempt, points, percent = DECIDED[strategy]
    four(api)
    session = sat(api, *counts, attempt_strategy=strategy)
    found = results(api, session, selection=DECIDING)
    assert (found.attempt, found.points.actual, found.percent.actual) == (attempt, points, percent)
    assert (session.points.actual, session.points.max, session.score.actual) == (points, "4", percent)
    own = sum(float(item.score.actual) for item in found.items)
    assert own == counts[attempt - 1], "the items are those of one attempt, whatever counts"


def test_of_equal_attempts_the_first_is_the_highest(api):
    four(api)
    assert results(api, sat(api, 2, 3, 3), selection=DECIDING).attempt == 2


def test_an_attempt_under_way_does_not_decide(api):
    four(api)
    session = walk(api, sat(api, 3, attempt_strategy=LATEST), "RetakeSession", "EnterKeycode")
    session = api.move("SetResponses", session, responses=right(1))
    assert (session.score.actual, results(api, session, selection=DECIDING).attempt) == ("75", 1)
    assert results(api, session, show_keys=True).points.actual == "1"


@pytest.mark.parametrize(("strategy", "percent"), [(LATEST, "25"), (FIRST, "75"), (AVERAGE, "50")])
def test_another_strategy_counts_every_session_anew(api, strategy, percent):
    four(api)
    session = sat(api, 3, 1)
    alone = hand_in(api, walk(api, api.book(catalog_pb2.Release(id=session.release_id)), *FINISHED[:-1]), *right(2))
    assert session.score.actual == "75"
    edit = catalog_pb2.Release(id=session.release_id, attempt_strategy=strategy)
    api.call("UpdateRelease", release=edit, update_mask=mask("attempt_strategy"))
    assert (api.get(session).score.actual, api.get(alone)) == (percent, alone)
    last = api.history(session)[-1]
    if percent != "75":
        assert (last.action, last.reason) == (session_pb2.ACTION_UPDATE, "ATTEMPT_STRATEGY")
        assert api.get(session).etag != session.etag
    else:
        assert api.get(session).etag == session.etag
    (total,) = [api.call("AggregateSessions", release_ids=[session.release_id]).total]
    assert sorted([total.min_score, total.max_score], key=float) == sorted([percent, "50"], key=float)


def test_another_strategy_leaves_voided_sessions_without_a_score(api):
    four(api)
    session = api.move("VoidSession", sat(api, 3, 1))
    edit = catalog_pb2.Release(id=session.release_id, attempt_strategy=LATEST)
    api.call("UpdateRelease", release=edit, update_mask=mask("attempt_strategy"))
    assert api.get(session) == session
    assert not session.HasField("score")


@pytest.mark.parametrize("fields", [{"attempt": 2}, {"attempt": 99}, {"selection": DECIDING}])
def test_an_attempt_there_is_not_is_not_found(api, fields):
    mixed(api)
    session = hand_in(api, sitting(api))
    assert name_of(session) == "AWAITING_MARKING"
    with pytest.raises(Refused) as refused:
        results(api, session, **fields)
    assert (refused.value.code, refused.value.reason) == (StatusCode.NOT_FOUND, "ATTEMPT_NOT_FOUND")
    assert refused.value.metadata == {"session_id": session.id, "attempt": str(fields.get("attempt", 0))}


def test_results_of_a_voided_session_are_withheld_and_lists_leave_them_out(api, server):
    four(api)
    session = api.move("VoidSession", sat(api, 4))
    for fields in ({}, {"attempt": 1}, {"selection": DECIDING}):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            results(api, session, **fields)
        assert (refused.value.code, refused.value.reason) == (StatusCode.FAILED_PRECONDITION, "RESULTS_WITHHELD")
    (listed,) = api.call("ListSessions", show_responses=True, show_results=True).sessions
    assert (len(listed.responses), listed.HasField("results"), listed.HasField("score")) == (0, False, False)


def test_results_without_a_form_or_a_session_are_refused(api):
    with pytest.raises(Refused) as refused:
        results(api, api.book(api.release(test_form="lost")))
    assert (refused.value.reason, refused.value.metadata) == ("TEST_FORM_UNKNOWN", {"test_form": "lost"})
    with pytest.raises(Refused) as refused:
        results(api, session_pb2.Session(id=new_id()))
    assert refused.value.reason == "SESSION_NOT_FOUND"


def test_a_list_carries_responses_and_results_when_asked(api):
    four(api)
    session = sat(api, 3, 1)
    formless = api.book()
    plain = {s.id: s for s in api.call("ListSessions").sessions}[session.id]
    assert (len(plain.responses), plain.HasField("results")) == (0, False)
    for show in ({"show_responses": True}, {"show_results": True}, {"show_responses": True, "show_results": True}):
        listed = {s.id: s for s in api.call("ListSessions", **show).sessions}
        shown = listed[session.id]
        assert [item.item_id for item in shown.responses] == (list(KEYS) if "show_responses" in show else [])
        assert shown.HasField("results") == ("show_results" in show)
        assert (len(listed[formless.id].responses), listed[formless.id].HasField("results")) == (0, False)
    assert shown.results == results(api, session, selection=DECIDING)
    chosen = {item.questions[0].id: item.questions[0].response.options[0].index for item in shown.responses}
    assert chosen == {"1": 0, "2": 0, "3": 1, "4": 2}, "responses are the current attempt's"
    (kept,) = [s for s in api.call("ListSessions", show_results=True, read_mask=mask("id", "results")).sessions
               if s.id == session.id]  # fmt: skip
    assert kept == session_pb2.Session(id=session.id, results=shown.results)


def test_a_page_with_results_holds_a_hundred_sessions_at_most(api):
    mixed(api)
    release = api.release(test_form="form-1", delivery=catalog_pb2.DELIVERY_PAPER)
    api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(130))
    session = enter_marks(api, api.call("ListSessions", page_size=1).sessions[0], {"3": "2.5"})
    seen, token, sizes = [], "", []
    while not sizes or token:
        page = api.call("ListSessions", page_size=1000, page_token=token, show_results=True)
        seen, token, sizes = seen + list(page.sessions), page.next_page_token, [*sizes, len(page.sessions)]
    assert sizes == [100, 30]
    assert len({one.id for one in seen}) == 130
    assert {one.id for one in seen if one.results.points.actual == "2.5"} == {session.id}


def test_a_page_of_long_answers_is_cut_so_that_it_fits_into_a_message(api):
    form(api, essay("1"))
    release = api.release(test_form="form-1")
    sessions = [walk(api, api.book(release), *STARTED) for _ in range(45)]
    for session in sessions:
        api.move("SetResponses", session, responses=[answer("1", text="x" * 100_000)])
    seen, token = [], ""
    while True:
        reply = api.call("ListSessions", show_responses=True, page_size=100, page_token=token)
        assert reply.ByteSize() < 4 * 1024 * 1024
        seen += [session.id for session in reply.sessions]
        token = reply.next_page_token
        if not token:
            break
    assert seen == [session.id for session in sessions]


def test_the_texts_of_an_attempt_have_a_limit_together(api):
    form(api, *[essay(str(n)) for n in range(1, 7)])
    session = sitting(api)
    for n in range(1, 6):
        api.move("SetResponses", session, responses=[answer(str(n), text="x" * 100_000)])
    with pytest.raises(Refused) as refused:
        api.move("SetResponses", session, responses=[answer("6", text="x")])
    assert list(refused.value.fields) == ["responses"]


def test_results_tell_the_version_of_each_item_and_the_order_of_its_questions(api):
    asked = mcq("1", item_id="fish", item_version="item#v0"), mcq("2", item_id="sea"), mcq("3", item_id="fish")
    form(api, *asked)
    stored = api.call("GetTestForm", reference="form-1").test_form
    assert [question.item_version for question in stored.questions] == ["item#v0", "", ""]
    session = sitting(api)
    hand_in(api, session, answer("1", "A"))
    found = results(api, session)
    assert [(item.id, item.version) for item in found.items] == [("fish", "item#v0"), ("sea", "")]
    assert [[question.position for question in item.questions] for item in found.items] == [[1, 3], [2]]
    assert found.form_revision == 1
