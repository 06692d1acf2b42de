"""The sample payloads on the vendors' own pages as requests, and every field of the answers, typed by hand."""

from __future__ import annotations

import pytest
from forms import PAPER, form, mcq
from messages import booking, moment
from operations import (
    ARRAY,
    COMPLETED,
    STRING,
    OperationsApi,
    gridded,
    handed,
    metadata_of,
    picked,
    result_of,
    written,
)
from state_paths import FINISHED, STARTED, name_of, walk

from exam_sessions_client.v1 import (
    catalog_pb2,
    marking_service_pb2,
    result_pb2,
    session_pb2,
    session_service_pb2,
    test_form_pb2,
)
from serving import ApiClient, Refused

S = session_pb2

# ItemLogic: /test/release/sessions/create.

HOMER = {
    "name_first": "Homer",
    "name_middle": "Jay",
    "name_last": "Simpson",
    "candidate_id": "111111",
    "access_code": "ABC101",
    "school_id": "24680",
    "district_id": "87654",
}
SHERLOCK = {
    "name_first": "Sherlock",
    "name_last": "Holmes",
    "candidate_id": "111112",
    "access_code": "ABC102",
    "school_id": "24680",
    "district_id": "87654",
}
GRADES = {
    "K": S.GRADE_LEVEL_K,
    **{str(n): getattr(S, f"GRADE_LEVEL_{n}") for n in range(1, 13)},
    "AE": S.GRADE_LEVEL_AE,
}
ETHNICITIES = ("BIRA", "AMIN", "ASIA", "PAIS", "FILP", "HISP", "AFAM", "OTHR")


def as_booking(record):
    """A session record of ItemLogic's as a booking."""
    record = dict(record)
    return booking(access_code=record.pop("access_code", ""), candidate=S.Candidate(**record))


def as_record(session):
    """A session as ItemLogic echoes it: what was submitted, and the id."""
    person = {field.name: value for field, value in session.candidate.ListFields()}
    return person | {"access_code": session.access_code, "id": session.id}


def test_itemlogic_s_sample_roster_is_echoed_with_ids(api):
    release = api.release()
    rows = [as_booking(HOMER), as_booking(SHERLOCK)]
    booked = api.call("BatchCreateSessions", release_id=release.id, bookings=rows).sessions
    assert [(row.candidate_id, row.access_code) for row in booked] == [("111111", "ABC101"), ("111112", "ABC102")]
    echoed = [as_record(api.get(row)) for row in booked]
    assert echoed == [HOMER | {"id": booked[0].id}, SHERLOCK | {"id": booked[1].id}]
    assert len({row.id for row in booked}) == 2
    key = {"release_id": release.id, "access_code": "abc102"}
    assert api.call("GetSession", access_code=key).session.id == booked[1].id


def test_itemlogic_s_access_code_is_generated_and_returned_when_it_is_left_out(api):
    release = api.release()
    (row,) = api.call("BatchCreateSessions", release_id=release.id, bookings=[booking("111113")]).sessions
    assert len(row.access_code) == 8
    with pytest.raises(Refused) as refused:
        api.call(
            "BatchCreateSessions", release_id=release.id, bookings=[booking("111114", access_code=row.access_code)]
        )
    assert refused.value.reason == "DUPLICATE_ACCESS_CODE"


def test_itemlogic_s_grades_genders_and_ethnicities_have_the_vendor_s_names_and_numbers(api):
    assert [GRADES[str(n)] for n in range(1, 13)] == [*range(1, 13)]
    people = [{"grade_level": grade} for grade in GRADES.values()]
    people += [{"gender": getattr(S, f"GENDER_{name}")} for name in ("MALE", "FEMALE", "OTHER")]
    people += [{"ethnicity": getattr(S, f"ETHNICITY_{name}")} for name in ETHNICITIES]
    rows = [as_booking({"candidate_id": f"c{n}", **person}) for n, person in enumerate(people)]
    booked = api.call("BatchCreateSessions", release_id=api.release().id, bookings=rows).sessions
    for row, person in zip(booked, people, strict=True):
        ((name, value),) = person.items()
        assert getattr(api.get(row).candidate, name) == value


# ExamSpark: exam-session.

CONFIG = "00722246-e417-475a-b1ae-994d65fd5cc2"
SESSION = "23a0c913-c61d-51fe-9b64-32096b7b84bf"
ITEMS = (
    ("b842bb5e-9957-403e-bc54-9a054b290158", "1CkpwzuRQSfg", 2),
    ("cdf02148-7888-4e4b-97ff-0003846baa4d", "5Vkl1ZQLt3Io", 1),
    ("993d673c-5c8d-43aa-99ea-8e417d1300dc", "oRrwhIkKBBH", 3),
)
"""Item, question, and the index that the sample answers with."""

SAVING = "92de756d-f455-595c-a2f6-18fb18c4461a"
OPTIONS = (
    ("wM7IvnjKcCCS", "skateboard"),
    ("6NiO4mi8zWln", "new jacket"),
    ("fZosNqHDUhiG", "cupcake"),
    ("X3RTxQQFe2E3", "bike"),
)
ALLOWANCE = "Cole earns $6.00 per week for his allowance. Which of the following items would he be able to buy"


@pytest.fixture
def district(server):
    """The workspace of the samples."""
    api = ApiClient(server.target, "focus1f8-district")
    yield api
    api.close()


def sample_exam(api):
    """The exam of the sample: three items of one question; what the sample cuts short is made up."""
    options = [test_form_pb2.Option(id=name, content=f"<p>{text}</p>") for name, text in OPTIONS]
    (first, question, _), *others = ITEMS
    questions = [
        test_form_pb2.Question(
            id=question,
            item_id=first,
            item_name=ALLOWANCE,
            item_version="item#v0",
            options=options,
            keys=["fZosNqHDUhiG"],
            objective_ids=[SAVING],
        ),
        *[
            test_form_pb2.Question(
                id=name, item_id=item, options=[test_form_pb2.Option() for _ in range(4)], keys=[str(right)]
            )
            for item, name, right in others
        ],
    ]
    saving = test_form_pb2.Objective(
        id=SAVING, text="explain that saving is an alternative to spending;", abbreviation="2.11.B"
    )
    form(api, *questions, reference="exam", objectives=[saving])
    release = api.call(
        "CreateRelease",
        release=catalog_pb2.Release(id=CONFIG, name="Exam", test_form="exam"),
        allow_duplicate_name=True,
    ).release
    person = S.Candidate(candidate_id="student", name_first="Kevin", name_last="Campbell")
    lti = {"lti.userId": "kevin@examspark.com"}
    row = S.Booking(session_id=SESSION, candidate=person, annotations=lti)
    return api.call("CreateSession", release_id=release.id, booking=row).session


def sample_answers():
    return [
        result_pb2.ItemResponse(
            item_id=item,
            questions=[
                result_pb2.QuestionResponse(
                    id=question, response=result_pb2.Response(options=[result_pb2.Choice(index=index)])
                )
            ],
        )
        for item, question, index in ITEMS
    ]


def as_examspark(score):
    """A score as ExamSpark writes it."""
    return {"actual": score.actual, "isScorable": score.is_scorable, "min": score.min, "max": score.max}


ONE = {"actual": "1", "isScorable": True, "min": "0", "max": "1"}
THREE = {"actual": "3", "isScorable": True, "min": "0", "max": "3"}
HUNDRED = {"actual": "100", "isScorable": True, "min": "0", "max": "100"}


def test_examspark_s_samples_answer_as_on_the_vendor_s_page(district):
    api = district
    session = walk(api, sample_exam(api), *STARTED)
    assert S.Maturity.Name(session.maturity) == "MATURITY_IN_PROGRESS"
    session = api.move("SetResponses", session, responses=sample_answers(), submit_for_scoring=True)
    listed = api.call(
        "ListSessions",
        filter={"release_ids": ["0007622b-b727-4d64-8454-4b3383ed9509", CONFIG]},
        show_results=True,
        show_responses=True,
        show_total_size=True,
        show_statistics=True,
    )
    assert listed.total_size == 1
    found = listed.statistics
    assert (found.min_score, found.average_score, found.max_score) == ("100", "100", "100")
    (item,) = listed.sessions
    basic = session_service_pb2.SESSION_VIEW_BASIC
    got = api.call("GetSession", session_id=SESSION, view=basic, show_results=True, show_responses=True).session
    assert got == item
    assert (got.id, got.workspace_id, got.release_id) == (SESSION, "focus1f8-district", CONFIG)
    assert S.Maturity.Name(got.maturity) == "MATURITY_COMPLETE"
    assert (got.candidate.name_first, got.candidate.name_last) == ("Kevin", "Campbell")
    assert as_examspark(got.score) == HUNDRED
    assert as_examspark(got.points) == THREE
    assert (got.test_form, got.form_revision) == ("exam", 1)
    assert got.annotations == {"lti.userId": "kevin@examspark.com"}
    assert {response.item_id for response in got.responses} == {item for item, _, _ in ITEMS}
    results = got.results
    assert [(item.id, as_examspark(item.score)) for item in results.items] == [(item, ONE) for item, _, _ in ITEMS]
    assert as_examspark(results.points) == THREE
    assert_results(api.call("GetSessionResults", session_id=SESSION).results)
    assert_reset_retaken_and_reopened(api, session)


def assert_results(results):
    """Get Exam Session Results, field by field."""
    item = results.items[0]
    assert (item.version, item.name, as_examspark(item.score), item.id, list(item.objective_ids)) == (
        "item#v0",
        ALLOWANCE,
        ONE,
        ITEMS[0][0],
        [SAVING],
    )
    (question,) = item.questions
    assert question.id == "1CkpwzuRQSfg"
    assert test_form_pb2.QuestionType.Name(question.type) == "QUESTION_TYPE_MCQ"
    assert [(key.value, key.index) for key in question.keys] == [("fZosNqHDUhiG", 2)]
    assert [(option.id, option.content, option.is_key, option.index) for option in question.options] == [
        ("wM7IvnjKcCCS", "<p>skateboard</p>", False, 0),
        ("6NiO4mi8zWln", "<p>new jacket</p>", False, 1),
        ("fZosNqHDUhiG", "<p>cupcake</p>", True, 2),
        ("X3RTxQQFe2E3", "<p>bike</p>", False, 3),
    ]
    (objective,) = results.objectives
    assert (objective.id, objective.text, objective.abbreviation, as_examspark(objective.score)) == (
        SAVING,
        "explain that saving is an alternative to spending;",
        "2.11.B",
        ONE,
    )
    assert [as_examspark(score) for score in objective.scores] == [ONE]
    assert as_examspark(results.points) == THREE


def assert_reset_retaken_and_reopened(api, session):
    """Retake, reopen and reset."""
    reopened = api.move("ReopenSession", session)
    assert S.Maturity.Name(reopened.maturity) == "MATURITY_IN_PROGRESS"
    assert api.call("GetSession", session_id=SESSION, show_responses=True).session.responses
    session = walk(api, reopened, "FinishSession", "RetakeSession")
    assert (session.attempt.number, as_examspark(session.score)) == (2, HUNDRED)
    session = walk(api, session, "EnterKeycode", "FinishSession")
    session = api.move("ClearResponses", session, all_attempts=True)
    assert (session.attempt.number, session.HasField("score"), session.HasField("points")) == (1, False, False)
    assert not api.call("GetSession", session_id=SESSION, show_responses=True).session.responses


# Surpass: TestSession API.


def test_surpass_s_reset_by_keycode_changes_the_form_if_it_is_the_one_named(api):
    for reference in ("F-1", "F-2"):
        form(api, mcq("1", "A"), reference=reference)
    session = api.book(api.release(test_form="F-1"), keycode="H76RBD8P")
    walk(api, session, *STARTED[:2])
    with pytest.raises(Refused) as refused:
        api.call("ResetSession", keycode="H76RBD8P", current_form="F-2", updated_form="F-1")
    assert (refused.value.reason, refused.value.metadata["test_form"]) == ("STALE_FORM", "F-1")
    reset = api.call("ResetSession", keycode="H76RBD8P", current_form="F-1", updated_form="F-2").session
    assert (reset.state, reset.test_form, reset.keycode, reset.form_revision) == (1, "F-2", "H76RBD8P", 1)


def test_surpass_s_states_are_updated_by_its_own_codes(api):
    session = walk(api, api.book(keycode="A1B2C3D4"), *STARTED[:2])
    with pytest.raises(Refused) as refused:
        api.call("PauseSession", keycode="A1B2C3D4")
    assert (session.state, refused.value.reason) == (4, "INVALID_TRANSITION")
    states = [walk(api, session, rpc).state for rpc in ("EnterKeycode", "PauseSession", "ResumeSession")]
    assert states == [6, 7, 6]
    voided = api.call("VoidSession", keycode="A1B2C3D4", reason=3, message="left the room").session
    assert (voided.state, S.VoidReason.Name(voided.void_reason)) == (10, "VOID_REASON_PARTIALLY_COMPLETED")
    assert voided.void_message == "left the room"
    change = api.history(voided)[-1]
    assert (change.to_state, change.from_state, change.actor) == (10, 6, "test")
    assert (change.reason, change.message) == ("PARTIALLY_COMPLETED", "left the room")
    assert {(c.field, c.HasField("old_value"), c.new_value) for c in change.changes if "reason" in c.field} == {
        ("void_reason", False, "VOID_REASON_PARTIALLY_COMPLETED")
    }


def test_surpass_s_item_marks_and_item_responses_of_a_paper(api):
    form(api, mcq("1", "A"), mcq("2", "BC", available_mark="2"), mcq("3", "D", available_mark="3"), mcq("4", "A"))
    session = api.book(api.release(test_form="form-1", **PAPER), keycode="PAPER001")
    assert session.state == 19
    completed = moment("2024-05-04T09:30:00+00:00")
    marks = [
        marking_service_pb2.ItemMark(question_number="3", mark="2"),
        marking_service_pb2.ItemMark(question_number="4", mark=None),
    ]
    session = api.call("AssignItemMarks", keycode="PAPER001", marks=marks, completion_time=completed).session
    assert (session.state, session.attempt.end_time) == (19, completed)
    answers = [
        marking_service_pb2.PaperResponse(question_number=number, options=[result_pb2.Choice(label=a) for a in said])
        for number, said in (("1", "A"), ("2", "bc"))
    ]
    session = api.call("AssignItemResponses", keycode="PAPER001", responses=answers).session
    assert (session.state, session.points.actual, session.points.max) == (11, "5", "7")
    found = api.call("GetSessionResults", keycode="PAPER001").results
    assert [(q.score.actual, q.not_attempted, q.marked_by_people) for i in found.items for q in i.questions] == [
        ("1", False, False),
        ("2", False, False),
        ("2", False, True),
        ("0", True, False),
    ]


def test_surpass_s_submit_marked_exam_takes_no_body(api):
    session = walk(api, api.book(keycode="MARKED01"), *FINISHED, "SendToMarking")
    assert session.state == 15
    assert api.call("SubmitMarkedSession", keycode="marked01").session.state == 11
    with pytest.raises(Refused) as refused:
        api.call("SubmitMarkedSession", keycode="MARKED01")
    assert refused.value.reason == "INVALID_TRANSITION"


# Learnosity: Template Submission.

MCQ, SHORT, ESSAY, GRID, MATRIX = (
    "91c92c18e3725773844d8acaf12303ae",
    "3f45ee6e3d2e4ca2b3a84df3c53c45a6",
    "811c7d8cd2f870eaa7ba922ba622e9",
    "7578fd3697ac4648babc0b0d37b69e69",
    "AC745C70FEC74331AA8A829D066BD06E",
)
USER, LEARNER_SESSION = "1f4b4e68-5986-4468-90da-50f9901cc7ae", "cb6ffc66-8fdb-4beb-a712-cffc31725e57"


def learnosity_form(api):
    kinds = test_form_pb2
    offered = [test_form_pb2.Option() for _ in range(3)]
    parts = ["one", "two", "three", "four"]
    questions = [
        test_form_pb2.Question(id=MCQ, options=offered, keys=["0", "1"]),
        test_form_pb2.Question(id=SHORT, type=kinds.QUESTION_TYPE_SHORTTEXT, keys=["Makka Pakka"]),
        test_form_pb2.Question(id=ESSAY, type=kinds.QUESTION_TYPE_LONGTEXTV2, available_mark="4"),
        test_form_pb2.Question(id=GRID, type=kinds.QUESTION_TYPE_GRIDDED, keys=["1234.560"]),
        test_form_pb2.Question(
            id=MATRIX,
            type=kinds.QUESTION_TYPE_CHOICEMATRIX,
            options=offered[:2],
            parts=parts,
            keys=["0,1", "0", "1", "0"],
        ),
    ]
    return form(api, *questions)


def test_learnosity_s_sample_submission_is_answered_with_a_job_and_makes_its_session(api):
    learnosity_form(api)
    work = OperationsApi(api)
    template = work.template(api.release(test_form="form-1", **PAPER))
    assert [question.id for question in template.questions] == [MCQ, SHORT, ESSAY, GRID, MATRIX]
    sample = handed(
        USER,
        picked(MCQ, "0", "1", type=ARRAY),
        written(SHORT, "makka+pakka", type=STRING, character_count=11),
        written(ESSAY, "upsy+daisy", type=STRING, word_count=2),
        written(GRID, "1234.56", type=STRING),
        gridded(MATRIX, [0, 1], [0], [1], [0], type=ARRAY),
    )
    sample.activity_id, sample.session_id = "example-paper-based-activity", LEARNER_SESSION
    job = work.submit(template, sample)
    assert job.name.startswith(f"workspaces/{api.workspace}/operations/")
    done = work.wait(job)
    record = metadata_of(done)
    assert (done.done, record.status, record.done_count, record.failed_count) == (True, COMPLETED, 1, 0)
    (row,) = result_of(done).rows
    assert (row.session_id, row.status.code, row.state) == (LEARNER_SESSION, 0, S.STATE_AWAITING_MARKING)
    session = api.call("GetSession", session_id=LEARNER_SESSION, show_responses=True).session
    assert (session.candidate.candidate_id, session.activity_id) == (USER, "example-paper-based-activity")
    assert (session.external_reference, name_of(session)) == ("", "AWAITING_MARKING")
    found = api.call("GetSessionResults", session_id=LEARNER_SESSION).results
    told = {q.id: (q.score.actual, q.score.is_scorable, q.response) for i in found.items for q in i.questions}
    places = [{"values": row} for row in ([0, 1], [0], [1], [0])]
    assert told == {
        MCQ: ("1", True, result_pb2.Response(options=[{"index": 0}, {"index": 1}])),
        SHORT: ("1", True, result_pb2.Response(text="makka pakka")),
        ESSAY: ("0", False, result_pb2.Response(text="upsy daisy")),
        GRID: ("1", True, result_pb2.Response(text="1234.56")),
        MATRIX: ("1", True, result_pb2.Response(matrix={"rows": places})),
    }
    assert (found.points.actual, found.points.max, found.provisional) == ("4", "8", True)
