"""Results on the command line, and what of them `sessions show` tells."""

from __future__ import annotations

import pytest
from terminal import typed

from exam_sessions_client.v1 import catalog_pb2, result_pb2

RIGHT = {"q1": "C", "q2": "C", "q3": "B", "q4": "AC", "q5": "C", "q6": "B", "q7": "C", "q8": "B"}
STARTED = ("CreatePackage", "DownloadSession", "EnterKeycode")


def answers(**responses):
    """One response for each question: labels of options, or a text for those of people."""

    def response(number, value):
        if number in RIGHT:
            return result_pb2.Response(options=[result_pb2.Choice(label=label) for label in value])
        return result_pb2.Response(text=value)

    return [
        {"questions": [{"id": number, "response": response(number, value)}]} for number, value in responses.items()
    ]


@pytest.fixture
def sitting(api, sample):
    """Begins a session of the sample form."""

    def begin(**fields):
        release = api.release(test_form="maths-year-5", **fields)
        return api.walk(api.book(release, candidate_id="17"), *STARTED)

    return begin


def submit(api, session, **responses):
    return api.move("SetResponses", session, responses=answers(**responses), submit_for_scoring=True)


def marked(api, session, nine="4", ten="2.5", **responses):
    submit(api, session, **(RIGHT | responses))
    api.move("ScoreResponse", session, question_number="9", mark=nine)
    api.move("ScoreResponse", session, question_number="10", mark=ten)
    return api.move("SubmitMarkedSession", session)


def lines_of(said):
    return [line.split() for line in said.stdout.splitlines()]


def test_results_tell_response_key_mark_and_who_gave_it(terminal, api, sitting):
    session = sitting()
    marked(api, session, q1="A", q4="A", q9="because", nine="3.5")
    said = terminal("results", "show", session.keycode.lower())
    lines = lines_of(said)
    assert ["1", "A", "C", "0", "/", "1", "machine"] in lines
    assert ["4", "A", "A", "C", "0", "/", "2", "machine"] in lines
    assert ["8", "B", "B", "1.5", "/", "1.5", "machine"] in lines
    assert ["9", "because", "3.5", "/", "4", "people"] in lines
    assert ["points", "12.5", "/", "16"] in lines
    assert ["percent", "78.125", "%"] in lines
    assert said.stdout == terminal("results", "show", session.id).stdout
    assert said.stderr == ""


def test_results_tell_each_objective_with_what_its_questions_earned(terminal, api, sitting):
    session = sitting()
    marked(api, session, q6="D")
    lines = lines_of(terminal("results", "show", session.id))
    data = next(line for line in lines if line[:1] == ["3.8.A"])
    assert data[-6:] == ["2.5", "/", "3.5", "1/1", "0/1", "1.5/1.5"]


def test_a_score_is_shown_item_by_item_by_keycode_or_candidate(terminal, api, sitting):
    session = sitting()
    marked(api, session, nine="3.5")
    for who in (session.keycode.lower(), session.id, "17"):
        lines = lines_of(terminal("sessions", "score", who))
        assert ["points", "15.5", "/", "16"] in lines
        assert ["percent", "96.875", "%"] in lines
    assert sum("/" in line for line in lines) > 3


def test_a_person_gives_a_mark_and_takes_it_back(terminal, api, sitting):
    session = sitting()
    submit(api, session, **RIGHT)
    terminal("sessions", "score", "17", "--question", "9", "--mark", "3.5", "--message", "the diagram is right")
    (event,) = [event for event in api.history(session) if event.message]
    assert event.message == "the diagram is right"
    assert "refused" in terminal("sessions", "score", "17", "--question", "9", "--mark", "5", code=1).stderr
    terminal("sessions", "score", "17", "--question", "9", "--no-mark")
    assert any(
        line[0] == "9" and line[-3:] == ["waits", "for", "people"]
        for line in lines_of(terminal("results", "show", "17"))
        if line
    )


@pytest.mark.parametrize(
    "words",
    [("--question", "9"), ("--mark", "2"), ("--no-mark",), ("--message", "m"), ("--question", "9", "--mark", "two")],
)
def test_a_mark_goes_with_its_question(terminal, words):
    assert "Invalid value" in terminal("sessions", "score", "17", *words, code=2).stderr


def test_what_waits_for_people_is_named(terminal, api, sitting):
    session = sitting()
    submit(api, session, q1="C", q9="words")
    api.move("ScoreResponse", session, question_number="10", mark="1")
    said = terminal("results", "show", session.id)
    assert ["9", "words", "-", "/", "4", "waits", "for", "people"] in lines_of(said)
    assert "percent  not to be told yet" in said.stdout
    assert "this may still change" in said.stderr
    assert "people have to mark: 9 (50 % done)" in said.stderr


def test_an_earlier_attempt_and_the_one_that_counts_can_be_asked_for(terminal, api, sitting):
    session = sitting()
    marked(api, session)
    api.walk(session, "RetakeSession", "EnterKeycode")
    marked(api, session, q1="A", q2="A")
    now = lines_of(terminal("results", "show", session.id))
    assert ["percent", "87.5", "%"] in now
    assert ["attempt", "2", "of", "2,"] in [line[:4] for line in now]
    for words in (("--attempt", 1), ("--deciding",)):
        lines = lines_of(terminal("results", "show", session.id, *words))
        assert ["percent", "100", "%"] in lines
        assert ["attempt", "1", "of", "2,"] in [line[:4] for line in lines]


def test_the_mean_of_all_attempts_is_told_when_that_counts(terminal, api, sitting):
    session = sitting(attempt_strategy=catalog_pb2.ATTEMPT_STRATEGY_AVERAGE)
    marked(api, session)
    api.walk(session, "RetakeSession", "EnterKeycode")
    marked(api, session, q4="B", q1="A", q2="A")
    assert ["percent", "87.5", "%"] in lines_of(terminal("results", "show", session.id, "--deciding"))


def test_attempt_and_deciding_together_are_a_wrong_command(terminal, api, sitting):
    said = terminal("results", "show", sitting().id, "--attempt", 1, "--deciding", code=2).stderr
    assert "give one of them" in said


def test_an_attempt_that_was_never_made_is_refused_with_a_way_on(terminal, api, sitting):
    session = sitting()
    for words in (("--attempt", 2), ("--deciding",)):
        said = terminal("results", "show", session.id, *words, code=1).stderr
        assert "ATTEMPT_NOT_FOUND" in said
        assert "the current attempt is shown" in said


def test_results_of_a_voided_session_are_withheld(terminal, api, sitting):
    session = sitting()
    api.move("VoidSession", session)
    assert "RESULTS_WITHHELD" in terminal("results", "show", session.id, code=1).stderr


def test_without_a_form_the_refusal_says_how_to_bring_one(terminal, api):
    session = api.book(api.release(test_form="nowhere"))
    said = terminal("results", "show", session.id, code=1).stderr
    assert "TEST_FORM_UNKNOWN" in said
    assert "forms import" in said


def test_results_are_printed_as_json_with_the_names_of_the_protos(terminal, api, sitting):
    session = sitting()
    marked(api, session)
    [printed] = terminal.json("results", "show", session.id)
    assert printed["results"]["percent"] == {"actual": "100", "is_scorable": True, "min": "0", "max": "100"}
    assert printed["session"]["id"] == session.id


def test_a_paper_question_that_was_not_attempted_is_told_from_a_zero(terminal, api, sample):
    session = api.book(api.release(test_form="maths-year-5", delivery=catalog_pb2.DELIVERY_PAPER))
    marks = [{"question_number": "1"}, {"question_number": "2", "mark": "0"}]
    api.move("AssignItemMarks", session, marks=marks, completion_time={"seconds": 1_700_000_000})
    lines = lines_of(terminal("results", "show", session.id))
    assert next(line for line in lines if line[0:1] == ["1"])[1:3] == ["not", "attempted"]
    assert ["2", "-", "C", "0", "/", "1", "people"] in lines


def test_a_session_is_shown_with_score_marking_and_revision(terminal, api, sitting):
    session = sitting()
    assert not any(
        line[:1] in (["score"], ["marking"]) for line in lines_of(terminal("sessions", "show", session.id))
    )
    submit(api, session, **RIGHT)
    assert ["marking", "0", "%", "done"] in lines_of(terminal("sessions", "show", session.id))
    api.move("ScoreResponse", session, question_number="9", mark="1")
    api.move("ScoreResponse", session, question_number="10", mark="0")
    api.move("SubmitMarkedSession", session)
    lines = lines_of(terminal("sessions", "show", session.id))
    assert ["score", "65.625", "%,", "10.5", "of", "16", "points"] in lines
    assert ["test", "form", "maths-year-5", "revision", "1"] in lines
    assert ["marking", "100", "%", "done"] in lines


def test_a_session_is_shown_with_its_extra_time_and_why(terminal, api, sitting):
    session = sitting(duration={"seconds": 3600})
    api.move("SetExtraTime", session, extra_time_percent=25, reason="dyslexia")
    assert ["extra", "time", "0:15:00,", "25", "%,", "dyslexia"] in lines_of(terminal("sessions", "show", session.id))
    api.move("SetExtraTime", session, extra_time={"seconds": 600}, reason="late bus")
    assert ["extra", "time", "0:10:00,", "late", "bus"] in lines_of(terminal("sessions", "show", session.id))


def test_help_shows_examples():
    assert "exam-sessions results show" in typed("results", "show", "--help").stdout
