"""How to be refused with each reason of forms, responses, marks and results; entered when it is imported."""

from __future__ import annotations

from forms import PAPER, answer, enter_marks, essay, form, mcq, mixed, paper, results, sitting
from grpc import StatusCode as Code
from refusal_cases import refused_with
from regrading import corrected, regraded, sat, with_essay, wrong_key
from rows import write
from state_paths import FINISHED, bring_to, walk

from exam_sessions_client.v1 import test_form_pb2


@refused_with(Code.FAILED_PRECONDITION)
def paper_response_upload_required(stage):
    session = bring_to(stage.api, "LOCAL_SCAN_REQUESTED")
    facts = {"state": "LOCAL_SCAN_REQUESTED", "action": "assign_item_marks"}
    facts["allowed_actions"] = "void,receive_scan,fail,update"
    yield lambda: enter_marks(stage.api, session, {"1": "1"}), facts


@refused_with(Code.FAILED_PRECONDITION)
def attempts_exhausted(stage):
    session = bring_to(stage.api, "FINISHED", max_attempts=2)
    walk(stage.api, session, "RetakeSession", "EnterKeycode", "FinishSession")
    yield lambda: stage.api.move("RetakeSession", session), {"attempt": "2", "max_attempts": "2"}


@refused_with(Code.ABORTED)
def stale_attempt(stage):
    mixed(stage.api)
    session = sitting(stage.api)
    yield lambda: stage.api.move("SetResponses", session, attempt=2), {"attempt": "1"}


@refused_with(Code.ABORTED)
def stale_responses(stage):
    mixed(stage.api)
    session = stage.api.move("SetResponses", sitting(stage.api), responses=[answer("1", "A")], revision=5)
    yield lambda: stage.api.move("SetResponses", session, revision=5), {"revision": "5"}


@refused_with(Code.INVALID_ARGUMENT)
def unknown_question(stage):
    mixed(stage.api)
    session = sitting(stage.api)
    facts = {"question": "ninth", "bad_rows": "1", "index": "0"}
    yield lambda: stage.api.move("SetResponses", session, responses=[answer("ninth", "A")]), facts


@refused_with(Code.INVALID_ARGUMENT)
def unknown_option(stage):
    mixed(stage.api)
    session = sitting(stage.api)
    facts = {"question": "1", "option": "Z", "bad_rows": "1", "index": "0"}
    yield lambda: stage.api.move("SetResponses", session, responses=[answer("1", "Z")]), facts


@refused_with(Code.INVALID_ARGUMENT)
def question_repeated(stage):
    mixed(stage.api)
    session, twice = sitting(stage.api), [answer("1", "A"), answer("1", "B")]
    facts = {"question": "1", "bad_rows": "1", "index": "1"}
    yield lambda: stage.api.move("SetResponses", session, responses=twice), facts


@refused_with(Code.INVALID_ARGUMENT)
def response_mismatch(stage):
    mixed(stage.api)
    session = sitting(stage.api)
    facts = {"question": "3", "item": "3", "type": "LONGTEXT", "takes": "text", "bad_rows": "1", "index": "0"}
    yield lambda: stage.api.move("SetResponses", session, responses=[answer("3", "A")]), facts


@refused_with(Code.INVALID_ARGUMENT)
def mark_above_available(stage):
    mixed(stage.api)
    session = paper(stage.api)
    facts = {"question": "3", "mark": "5.5", "available_mark": "5", "bad_rows": "1", "index": "0"}
    yield lambda: enter_marks(stage.api, session, {"3": "5.5"}), facts


@refused_with(Code.INVALID_ARGUMENT)
def mark_too_fine(stage):
    mixed(stage.api)
    session = walk(stage.api, sitting(stage.api), "FinishSession")
    facts = {"question": "3", "mark": "2.25", "mark_decimals": "1"}
    yield lambda: stage.api.move("ScoreResponse", session, question_number="3", mark="2.25"), facts


@refused_with(Code.FAILED_PRECONDITION)
def test_form_unknown(stage):
    session = stage.api.book(stage.api.release(test_form="lost", **PAPER))
    yield lambda: enter_marks(stage.api, session, {"1": "1"}), {"test_form": "lost"}


@refused_with(Code.NOT_FOUND)
def test_form_not_found(stage):
    form(stage.api, mcq("1"))
    yield lambda: stage.api.call("GetTestForm", reference="form-1", revision=2), {"reference": "form-1"}


@refused_with(Code.ALREADY_EXISTS)
def duplicate_test_form(stage):
    form(stage.api, mcq("1"))
    yield lambda: form(stage.api, essay("1")), {"reference": "form-1"}


@refused_with(Code.ABORTED)
def stale_test_form(stage):
    old = form(stage.api, mcq("1"))
    new = test_form_pb2.TestForm(reference="form-1", questions=[essay("1")])
    etag = stage.api.call("UpdateTestForm", test_form=new).test_form.etag
    facts = {"reference": "form-1", "etag": etag}
    yield lambda: stage.api.call("UpdateTestForm", test_form=new, etag=old.etag), facts


@refused_with(Code.FAILED_PRECONDITION)
def release_not_finalized(stage):
    release = stage.api.release()
    yield lambda: stage.api.call("UnfinalizeRelease", release_id=release.id), {"release_id": release.id}


@refused_with(Code.FAILED_PRECONDITION)
def results_withheld(stage):
    mixed(stage.api)
    session = walk(stage.api, sitting(stage.api), "FinishSession", "VoidSession")
    yield lambda: results(stage.api, session), {"session_id": session.id}


@refused_with(Code.NOT_FOUND)
def attempt_not_found(stage):
    session = walk(stage.api, stage.api.book(), *FINISHED)
    facts = {"session_id": session.id, "attempt": "2"}
    yield lambda: results(stage.api, session, attempt=2), facts


@refused_with(Code.DATA_LOSS)
def session_damaged(stage):
    mixed(stage.api)
    session = stage.api.move("SetResponses", sitting(stage.api), responses=[answer("1", "A")])
    write(stage.server, "UPDATE scripts SET responses = '{' WHERE session_id = ?", session.id)
    facts = {"session_id": session.id, "what": "responses"}
    yield lambda: stage.api.move("SetResponses", session, responses=[answer("1", "B")]), facts


@refused_with(Code.FAILED_PRECONDITION)
def form_revision_incompatible(stage):
    wrong_key(stage.api)
    session = sat(stage.api, stage.api.release(test_form="form-1"), "A", "C")
    corrected(stage.api, mcq("1", "A"))
    facts = {"test_form": "form-1", "sat_revision": "1", "form_revision": "2"}
    yield lambda: regraded(stage.api, session), facts | {"question": "2", "difference": "is missing"}


@refused_with(Code.FAILED_PRECONDITION)
def mark_outside_revision(stage):
    with_essay(stage.api)
    session = sat(stage.api, stage.api.release(test_form="form-1"), "A", "B")
    stage.api.move("ScoreResponse", session, question_number="3", mark="4.5")
    corrected(stage.api, mcq("1", "A"), mcq("2", "C"), essay("3", "4"), mark_decimals=1)
    facts = {"form_revision": "2", "question": "3", "mark": "4.5", "available_mark": "4"}
    yield lambda: regraded(stage.api, session), facts
