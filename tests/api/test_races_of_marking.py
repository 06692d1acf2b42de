"""Two callers at the same instant: marks, submissions, retakes, reopenings and finalizing."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial

import pytest
from concurrency import assert_unbroken, at_once
from forms import PAPER, answer, mcq, mixed, three_choices
from google.protobuf.duration_pb2 import Duration
from messages import at, micros
from race_harness import TRIALS, Race, RaceHarness, accepted, action_of, assert_agreement, run_race, said, servers_on
from state_paths import FETCHED, FINISHED, LONG_AGO, STARTED, name_of

from exam_sessions.app import now
from exam_sessions_client.v1 import marking_service_pb2, session_pb2
from exam_sessions_client.v1.catalog_pb2 import Release
from exam_sessions_client.v1.test_form_pb2 import TestForm
from serving import ApiClient, Refused, serving, until

pytestmark = pytest.mark.both_databases("who is first is decided by the database")

TestForm.__test__ = False
TRIALS_OF = pytest.mark.parametrize("trials", [20, pytest.param(TRIALS, marks=pytest.mark.slow)])
FORM = {"test_form": "form-1"}
NAMES = {"update_mask": {"paths": ["name"]}}
ALL_MARKS = [marking_service_pb2.ItemMark(question_number=number, mark="1") for number in "123"]

SUBMIT = Race(
    STARTED,
    ("SetResponses", "SetResponses"),
    {
        ("set_responses", "finish", "route"): ("MARKED", "INVALID_TRANSITION"),
        ("set_responses", "set_responses", "finish", "route"): ("MARKED", "IN_PROGRESS"),
    },
    ({"responses": [answer("1", "C")], "submit_for_scoring": True}, {"responses": [answer("2", "B")]}),
    FORM,
)
VOID = Race(
    (),
    ("AssignItemMarks", "VoidSession"),
    {
        ("assign_item_marks", "route", "void"): ("MARKED", "VOIDED"),
        ("void",): ("PAPER_RESPONSE_UPLOAD_REQUIRED", "VOIDED"),
    },
    ({"marks": ALL_MARKS, "completion_time": LONG_AGO}, {}),
    FORM | PAPER,
)
MARK = Race(
    (*STARTED, "FinishSession"),
    ("ScoreResponse", "SubmitMarkedSession"),
    {
        ("score_response", "submit_marked"): ("AWAITING_MARKING", "MARKED"),
        ("submit_marked", "score_response"): ("MARKED", "MARKED"),
    },
    ({"question_number": "3", "mark": "2.5"}, {}),
    FORM,
)
WAYS_BACK = Race(
    FINISHED,
    ("RetakeSession", "ReopenSession"),
    {("retake",): ("READY", "INVALID_TRANSITION"), ("reopen",): ("INVALID_TRANSITION", "IN_PROGRESS")},
)


@pytest.fixture(scope="module")
def servers(request, database_kind, new_database):
    with servers_on(database_kind, new_database, at_length=request.config.getoption("--slow")) as started:
        yield started


@pytest.fixture
def harness(servers):
    harness = RaceHarness([servers[0].target, servers[-1].target])
    yield harness
    harness.close()


@TRIALS_OF
def test_a_late_response_is_scored_or_refused(harness, trials):
    three_choices(harness.api)
    for order, session in run_race(harness, SUBMIT, trials):
        assert session.points.actual == ("2" if order.count("set_responses") == 2 else "1")


@TRIALS_OF
def test_a_voided_paper_takes_no_marks_and_keeps_no_score(harness, trials):
    mixed(harness.api)
    for _, session in run_race(harness, VOID, trials):
        assert not session.HasField("score")
    (row,) = harness.api.call("AggregateSessions").releases
    assert (row.statistics.session_count, row.statistics.scored_count) == (trials, 0)


@TRIALS_OF
def test_a_mark_counts_whether_it_comes_before_or_after_the_submission(harness, trials):
    mixed(harness.api)
    for _, session in run_race(harness, MARK, trials):
        assert (session.points.actual, session.marking_progress) == ("2.5", 100)


@TRIALS_OF
def test_a_retake_and_a_reopening_exclude_each_other(harness, trials):
    for order, session in run_race(harness, WAYS_BACK, trials):
        assert session.attempt.number == (2 if order == ("retake",) else 1)


@TRIALS_OF
def test_one_of_two_retakes_begins_the_next_attempt(harness, trials):
    three_choices(harness.api)
    sessions = harness.prepared(trials, (*STARTED, "FinishSession"), **FORM)
    calls = [[("RetakeSession", harness.request("RetakeSession", session_id=s.id))] * 2 for s in sessions]
    for outcomes, (events, found) in zip(harness.meet(calls), harness.found(sessions), strict=True):
        assert sorted(map(said, outcomes.values())) == ["INVALID_TRANSITION", "READY"]
        assert [action_of(event) for event in events].count("retake") == 1
        assert_agreement(outcomes, events, found, len(events) - 1)
        assert found.session.attempt.number == 2


@TRIALS_OF
def test_a_session_starts_before_the_release_is_finalized_or_not_at_all(harness, trials):
    sessions = [harness.prepared(1, FETCHED, allow_multiple_open_sessions=True)[0] for _ in range(trials)]
    calls = [
        [
            ("FinalizeRelease", harness.request("FinalizeRelease", release_id=session.release_id)),
            ("EnterKeycode", harness.request("EnterKeycode", keycode=session.keycode)),
        ]
        for session in sessions
    ]
    orders, before = Counter(), len(FETCHED) + 1
    for outcomes, (events, found) in zip(harness.meet(calls), harness.found(sessions), strict=True):
        order = tuple(map(action_of, events[before:]))
        end = {("enter_keycode", "finish"): "FINISHED", (): "READY"}[order]
        assert said(outcomes["b"]) == ("IN_PROGRESS" if order else "RELEASE_FINALIZED")
        assert_unbroken(events, found.session.state)
        release = outcomes["a"].release
        assert [(row.state, row.count) for row in release.statistics.states] == [(found.session.state, 1)]
        assert (name_of(found.session), found.session.closed_by_release, release.finalized) == (end, True, True)
        if order:
            assert (events[-1].actor, events[-1].reason) == ("system", "RELEASE_FINALIZED")
        orders[order] += 1
    if trials == TRIALS:
        assert len(orders) == 2


@TRIALS_OF
def test_edits_of_a_release_and_its_end_do_not_wait_for_each_other(harness, trials):
    releases = [harness.api.release() for _ in range(trials)]
    calls = [
        [
            ("FinalizeRelease", harness.request("FinalizeRelease", release_id=release.id)),
            (
                "UpdateRelease",
                harness.request("UpdateRelease", release=Release(id=release.id, name=f"b {release.id}"), **NAMES),
            ),
        ]
        for release in releases
    ]
    for outcomes, release in zip(harness.meet(calls), releases, strict=True):
        found = harness.api.call("GetRelease", release_id=release.id).release
        assert (outcomes["a"].release, found.finalized) == (found, True)
        edited = not isinstance(outcomes["b"], Refused)
        assert edited or outcomes["b"].reason == "RELEASE_FINALIZED"
        assert found.name == (f"b {release.id}" if edited else "Maths")


@TRIALS_OF
def test_edits_of_a_form_are_numbered_one_by_one_whoever_makes_them(harness, trials):
    forms = [TestForm(reference=f"form-{n}", questions=[mcq("1")]) for n in range(trials)]
    calls = [[("CreateTestForm", harness.request("CreateTestForm", test_form=new))] * 2 for new in forms]
    for outcomes in harness.meet(calls):
        told = [getattr(outcome, "reason", "created") for outcome in outcomes.values()]
        assert sorted(told) == ["DUPLICATE_TEST_FORM", "created"]
    calls = [[("UpdateTestForm", harness.request("UpdateTestForm", test_form=new))] * 2 for new in forms]
    for outcomes in harness.meet(calls):
        assert sorted(outcome.test_form.revision for outcome in outcomes.values()) == [2, 3]


def test_servers_that_edit_one_form_at_once_are_all_served(database):
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(database)) for _ in range(5)]
        desks = [stack.enter_context(closing(ApiClient(server.target))) for server in servers]
        desks[0].call("CreateTestForm", test_form=TestForm(reference="form-1", questions=[mcq("1")]))
        edit = {"workspace_id": desks[0].workspace, "test_form": TestForm(reference="form-1", questions=[mcq("1")])}
        for n in range(10):
            edited = at_once(*[partial(api.call, "UpdateTestForm", **edit) for api in desks])
            assert sorted(reply.test_form.revision for reply in edited) == [*range(5 * n + 2, 5 * n + 7)]


@TRIALS_OF
def test_an_attempt_is_reopened_only_after_the_clock_has_ended_it(harness, trials):
    sessions = harness.prepared(trials, FETCHED, duration=Duration(nanos=20_000_000))
    later = at(now() + 3_600_000_000)

    def attempt(number):
        side = harness.sides["ab"[number % 2]]
        started = side.ask("EnterKeycode", keycode=sessions[number].keycode).session
        moment = micros(started.attempt.deadline) + random.randrange(25_000)
        until(lambda: now() >= moment)
        outcome = side.ask("ReopenSession", session_id=started.id, deadline=later)
        until(lambda: len(side.ask("ListSessionEvents", session_id=started.id).events) > len(STARTED) + 1)
        return {side.actor: outcome}, started

    orders, before = Counter(), len(STARTED) + 1
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(attempt, range(trials)))
    for (outcomes, started), (events, found) in zip(ended, harness.found(sessions), strict=True):
        (outcome,), (end, *rest) = outcomes.values(), events[before:]
        assert (action_of(end), end.actor, end.reason) == ("finish", "system", "TIME_EXPIRED")
        assert_agreement(outcomes, events, found, before)
        assert found.session.attempt.start_time == started.attempt.start_time
        if isinstance(outcome, Refused):
            assert (outcome.reason, rest) == ("INVALID_TRANSITION", [])
            assert found.session.attempt.end_time == started.attempt.deadline
        else:
            assert (name_of(found.session), found.session.attempt.deadline) == ("IN_PROGRESS", later)
        orders[len(rest)] += 1
    if trials == TRIALS:
        assert len(orders) == 2


@TRIALS_OF
def test_a_reopened_attempt_ends_once_by_its_candidate_or_by_the_clock(harness, trials):
    three_choices(harness.api)
    sessions = harness.prepared(trials, (*STARTED, "FinishSession"), **FORM)

    def attempt(number):
        side, session = harness.sides["ab"[number % 2]], sessions[number]
        deadline = now() + 20_000
        reopened = side.ask("ReopenSession", session_id=session.id, deadline=at(deadline))
        if isinstance(reopened, Refused):
            return {}  # the machine was so slow that the deadline had passed
        moment = deadline + random.randrange(-6_000, 12_000)
        until(lambda: now() >= moment)
        asked = {"session_id": session.id, "responses": [answer("1", "C")], "submit_for_scoring": True}
        outcome = side.ask("SetResponses", **asked)
        until(lambda: name_of(side.ask("GetSession", session_id=session.id).session) == "MARKED")
        return {side.actor: outcome}

    before, ends = len((*STARTED, "FinishSession", "route", "reopen")) + 1, Counter()
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(attempt, range(trials)))
    for outcomes, (events, found) in zip(ended, harness.found(sessions), strict=True):
        assert_unbroken(events, session_pb2.STATE_MARKED)
        rest = tuple(map(action_of, events[before:]))
        won = bool(accepted(outcomes))
        assert rest == (("set_responses",) if won else ()) + (("finish", "route") if outcomes else ())
        assert found.session.points.actual == ("1" if won else "0")
        if outcomes and not won:
            assert {said(outcome) for outcome in outcomes.values()} <= {"INVALID_TRANSITION", "ATTEMPT_TIME_EXPIRED"}
            assert events[-2].reason == "TIME_EXPIRED"
        ends[won] += 1
    if trials == TRIALS:
        assert len(ends) == 2
