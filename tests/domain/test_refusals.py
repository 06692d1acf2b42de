"""Refusals as values: their reason, their family, their facts, and the sentence they say."""

import re
from dataclasses import FrozenInstanceError

import pytest

from documents import ROOT, section
from exam_sessions import errors
from exam_sessions.errors import BatchRefused, InvalidField, RowRefusal, RowRefused, Violation, as_text, invalid
from exam_sessions.errors.sessions import Duplicate
from exam_sessions_client.v1.error_reason_pb2 import ErrorReason

AT = "2026-03-02T09:00:00.000Z"
UNTIL = "2026-03-02T13:00:00.000Z"
IN_READY = ("READY", "pause", ("void", "reset"))
OF_THE_MOVE = {"state": "READY", "action": "pause", "allowed_actions": "void,reset"}

# A refusal, its family (which decides the status code), its reason, and its facts.
REFUSALS = [
    (invalid("name", "is blank"), errors.InvalidArgument, "INVALID_FIELD", {"violations": "1"}),
    (errors.MalformedMessage(), errors.InvalidArgument, "MALFORMED_MESSAGE", {}),
    (errors.MessageTooLarge(9, 4), errors.Exhausted, "MESSAGE_TOO_LARGE", {"size": "9", "limit": "4"}),
    (
        errors.ReplyTooLarge(9, 4, 2),
        errors.OutOfRange,
        "REPLY_TOO_LARGE",
        {"size": "9", "limit": "4", "fitting": "2"},
    ),
    (errors.InvalidPageToken(), errors.InvalidArgument, "INVALID_PAGE_TOKEN", {}),
    (errors.RequestIdReused("r-1"), errors.InvalidArgument, "REQUEST_ID_REUSED", {"request_id": "r-1"}),
    (errors.SessionNotFound("s-1"), errors.NotFound, "SESSION_NOT_FOUND", {"session": "s-1"}),
    (errors.UnknownHealthName("x"), errors.NotFound, "UNKNOWN_HEALTH_NAME", {"service": "x"}),
    (errors.ReleaseNotFound("r-1"), errors.NotFound, "RELEASE_NOT_FOUND", {"release_id": "r-1"}),
    (errors.DuplicateCandidate("c-1"), errors.AlreadyExists, "DUPLICATE_CANDIDATE", {"candidate_id": "c-1"}),
    (errors.DuplicateAccessCode("AB"), errors.AlreadyExists, "DUPLICATE_ACCESS_CODE", {"access_code": "AB"}),
    (errors.DuplicateKeycode("KEY"), errors.AlreadyExists, "DUPLICATE_KEYCODE", {"keycode": "KEY"}),
    (errors.DuplicateSessionId("s-1"), errors.AlreadyExists, "DUPLICATE_SESSION_ID", {"session_id": "s-1"}),
    (
        errors.DuplicateReleaseName("Maths", "r-1"),
        errors.AlreadyExists,
        "DUPLICATE_RELEASE_NAME",
        {"name": "Maths", "release_id": "r-1"},
    ),
    (errors.DuplicateReleaseId("r-1"), errors.AlreadyExists, "DUPLICATE_RELEASE_ID", {"release_id": "r-1"}),
    (errors.InvalidTransition(*IN_READY), errors.WrongState, "INVALID_TRANSITION", OF_THE_MOVE),
    (errors.SessionNotResettable(*IN_READY), errors.WrongState, "SESSION_NOT_RESETTABLE", OF_THE_MOVE),
    (errors.SessionNotEditable(*IN_READY), errors.WrongState, "SESSION_NOT_EDITABLE", OF_THE_MOVE),
    (errors.SessionNotVoidable(*IN_READY), errors.WrongState, "SESSION_NOT_VOIDABLE", OF_THE_MOVE),
    (errors.ReleaseFinalized("r-1"), errors.WrongState, "RELEASE_FINALIZED", {"release_id": "r-1"}),
    (
        errors.WindowClosed(AT, "", UNTIL),
        errors.WrongState,
        "WINDOW_CLOSED",
        {"window_start": AT, "window_end": "", "now": UNTIL},
    ),
    (errors.SequenceTooOld(7), errors.OutOfRange, "SEQUENCE_TOO_OLD", {"oldest_sequence": "7"}),
    (errors.SequenceAhead(3), errors.OutOfRange, "SEQUENCE_AHEAD", {"last_sequence": "3"}),
    (errors.SnapshotTooLarge(3, 2), errors.Exhausted, "SNAPSHOT_TOO_LARGE", {"sessions": "3", "limit": "2"}),
    (errors.WatcherTooSlow(8), errors.Exhausted, "WATCHER_TOO_SLOW", {"start_sequence": "8"}),
    (
        errors.TooManyWrongCodes("codes", "address", UNTIL, 60.0),
        errors.Exhausted,
        "TOO_MANY_WRONG_CODES",
        {"guarded": "codes", "limited": "address", "end_time": UNTIL},
    ),
    (
        errors.RateLimited("principal", "3 at once", 0.5),
        errors.Exhausted,
        "RATE_LIMITED",
        {"limited": "principal", "limit": "3 at once"},
    ),
    (errors.DefaultDeadlineExceeded(2.5), errors.TimedOut, "DEFAULT_DEADLINE_EXCEEDED", {"seconds": "2.5"}),
    (errors.LockoutNotFound("l-1"), errors.NotFound, "LOCKOUT_NOT_FOUND", {"lockout_id": "l-1"}),
    (errors.TooManyWatchers(5), errors.Exhausted, "TOO_MANY_WATCHERS", {"limit": "5"}),
    (errors.HeldOffline("LAB-07"), errors.WrongState, "HELD_OFFLINE", {"machine": "LAB-07"}),
    (errors.AttemptTimeExpired(AT), errors.WrongState, "ATTEMPT_TIME_EXPIRED", {"deadline": AT}),
    (errors.NoWorkingTime("r-1"), errors.WrongState, "NO_WORKING_TIME", {"release_id": "r-1"}),
    (
        errors.GracePeriodOver(AT, UNTIL),
        errors.WrongState,
        "GRACE_PERIOD_OVER",
        {"end_time": AT, "accepted_until": UNTIL},
    ),
    (errors.WrongPin(3), errors.Denied, "WRONG_PIN", {"tries_left": "3"}),
    (errors.PinNotSet(), errors.WrongState, "PIN_NOT_SET", {}),
    (errors.PinBlocked(5), errors.Exhausted, "PIN_BLOCKED", {"tries": "5"}),
    (
        errors.CandidateHasLiveSessions(("s-1", "s-2"), 2),
        errors.WrongState,
        "CANDIDATE_HAS_LIVE_SESSIONS",
        {"session_ids": "s-1,s-2", "count": "2"},
    ),
    (errors.CandidateInOperation("op-1"), errors.WrongState, "CANDIDATE_IN_OPERATION", {"name": "op-1"}),
    (
        errors.CandidateHasOpenSession("c-1"),
        errors.WrongState,
        "CANDIDATE_HAS_OPEN_SESSION",
        {"candidate_id": "c-1"},
    ),
    (
        errors.VoidReasonMismatch("NOT_YET_STARTED"),
        errors.WrongState,
        "VOID_REASON_MISMATCH",
        {"void_reason": "NOT_YET_STARTED"},
    ),
    (errors.ReleaseNotModerated("r-1"), errors.WrongState, "RELEASE_NOT_MODERATED", {"release_id": "r-1"}),
    (errors.ModerationRequired("r-1"), errors.WrongState, "MODERATION_REQUIRED", {"release_id": "r-1"}),
    (errors.StaleSession("s-1", "e-2"), errors.Stale, "STALE_SESSION", {"session_id": "s-1", "etag": "e-2"}),
    (errors.ReleaseNotOnPaper("r-1"), errors.WrongState, "RELEASE_NOT_ON_PAPER", {"release_id": "r-1"}),
    (errors.OperationNotFound("o-1"), errors.NotFound, "OPERATION_NOT_FOUND", {"name": "o-1"}),
    (errors.OperationUnderWay("o-1"), errors.WrongState, "OPERATION_UNDER_WAY", {"name": "o-1"}),
    (errors.OperationCancelled("o-1"), errors.Cancelled, "OPERATION_CANCELLED", {"name": "o-1"}),
    (
        errors.FormRevisionIncompatible("form-1", 1, 2, "3", "is of another type"),
        errors.WrongState,
        "FORM_REVISION_INCOMPATIBLE",
        {
            "test_form": "form-1",
            "sat_revision": "1",
            "form_revision": "2",
            "question": "3",
            "difference": "is of another type",
        },
    ),
    (
        errors.MarkOutsideRevision(2, "3", "4", "2"),
        errors.WrongState,
        "MARK_OUTSIDE_REVISION",
        {"form_revision": "2", "question": "3", "mark": "4", "available_mark": "2"},
    ),
    (errors.StepQuarantined("KeyError"), errors.Faulty, "STEP_QUARANTINED", {"fault": "KeyError"}),
    (errors.StaleRelease("r-1", "e-2"), errors.Stale, "STALE_RELEASE", {"release_id": "r-1", "etag": "e-2"}),
    (
        errors.AttemptTokenRequired("Laptop 3", AT),
        errors.WrongState,
        "ATTEMPT_TOKEN_REQUIRED",
        {"device": "Laptop 3", "since": AT},
    ),
    (errors.SessionHeld("Laptop 3", AT), errors.WrongState, "SESSION_HELD", {"device": "Laptop 3", "since": AT}),
    (errors.SessionNotHeld(), errors.WrongState, "SESSION_NOT_HELD", {}),
    (
        errors.StaleAttemptToken("", AT),
        errors.Stale,
        "STALE_ATTEMPT_TOKEN",
        {"device": "", "since": AT},
    ),
    (errors.StaleForm("form-b"), errors.Stale, "STALE_FORM", {"test_form": "form-b"}),
    (errors.ReleaseNotFinalized("r-1"), errors.WrongState, "RELEASE_NOT_FINALIZED", {"release_id": "r-1"}),
    (errors.TestFormNotFound("f-1"), errors.NotFound, "TEST_FORM_NOT_FOUND", {"reference": "f-1"}),
    (errors.DuplicateTestForm("f-1"), errors.AlreadyExists, "DUPLICATE_TEST_FORM", {"reference": "f-1"}),
    (
        errors.StaleTestForm("f-1", "e-2"),
        errors.Stale,
        "STALE_TEST_FORM",
        {"reference": "f-1", "etag": "e-2"},
    ),
    (
        errors.PaperResponseUploadRequired(*IN_READY),
        errors.WrongState,
        "PAPER_RESPONSE_UPLOAD_REQUIRED",
        OF_THE_MOVE,
    ),
    (
        errors.AttemptsExhausted(3, 3),
        errors.WrongState,
        "ATTEMPTS_EXHAUSTED",
        {"attempt": "3", "max_attempts": "3"},
    ),
    (errors.StaleAttempt(2), errors.Stale, "STALE_ATTEMPT", {"attempt": "2"}),
    (errors.StaleResponses(7), errors.Stale, "STALE_RESPONSES", {"revision": "7"}),
    (errors.UnknownQuestion("7"), errors.InvalidArgument, "UNKNOWN_QUESTION", {"question": "7"}),
    (errors.UnknownOption("7", "E"), errors.InvalidArgument, "UNKNOWN_OPTION", {"question": "7", "option": "E"}),
    (errors.QuestionRepeated("7"), errors.InvalidArgument, "QUESTION_REPEATED", {"question": "7"}),
    (
        errors.ResponseMismatch("7", "LONGTEXT", "sea", "text"),
        errors.InvalidArgument,
        "RESPONSE_MISMATCH",
        {"question": "7", "type": "LONGTEXT", "item": "sea", "takes": "text"},
    ),
    (
        errors.SessionDamaged("s-1", "marks"),
        errors.Damaged,
        "SESSION_DAMAGED",
        {"session_id": "s-1", "what": "marks"},
    ),
    (
        errors.MarkAboveAvailable("7", "6", "5"),
        errors.InvalidArgument,
        "MARK_ABOVE_AVAILABLE",
        {"question": "7", "mark": "6", "available_mark": "5"},
    ),
    (
        errors.MarkTooFine("7", "1.25", 1),
        errors.InvalidArgument,
        "MARK_TOO_FINE",
        {"question": "7", "mark": "1.25", "mark_decimals": "1"},
    ),
    (errors.TestFormUnknown("f-1"), errors.WrongState, "TEST_FORM_UNKNOWN", {"test_form": "f-1"}),
    (errors.ResultsWithheld("s-1"), errors.WrongState, "RESULTS_WITHHELD", {"session_id": "s-1"}),
    (
        errors.AttemptNotFound("s-1", 4),
        errors.NotFound,
        "ATTEMPT_NOT_FOUND",
        {"session_id": "s-1", "attempt": "4"},
    ),
    (errors.DatabaseUnavailable(), errors.Unavailable, "DATABASE_UNAVAILABLE", {}),
    (errors.DatabaseReplaced(), errors.Unavailable, "DATABASE_REPLACED", {}),
    (errors.DatabaseFull(), errors.Exhausted, "DATABASE_FULL", {}),
    (errors.DatabaseDamaged(), errors.Damaged, "DATABASE_DAMAGED", {}),
    (errors.Overloaded(), errors.Exhausted, "OVERLOADED", {}),
    (errors.RosterUnderWay(), errors.Unavailable, "ROSTER_UNDER_WAY", {}),
    (errors.ShuttingDown(), errors.Unavailable, "SHUTTING_DOWN", {}),
    (errors.WorkspaceNotFound("north"), errors.NotFound, "WORKSPACE_NOT_FOUND", {"workspace": "north"}),
    (errors.WorkspaceClosed("north"), errors.WrongState, "WORKSPACE_CLOSED", {"workspace": "north"}),
    (errors.DuplicateWorkspace("north"), errors.AlreadyExists, "DUPLICATE_WORKSPACE", {"workspace": "north"}),
    (errors.WorkspaceNotClosed("north"), errors.WrongState, "WORKSPACE_NOT_CLOSED", {"workspace": "north"}),
    (errors.CredentialMissing(), errors.Unauthenticated, "CREDENTIAL_MISSING", {}),
    (errors.CredentialInvalid(), errors.Unauthenticated, "CREDENTIAL_INVALID", {}),
    (errors.CredentialExpired(), errors.Unauthenticated, "CREDENTIAL_EXPIRED", {}),
    (errors.CredentialRevoked(), errors.Unauthenticated, "CREDENTIAL_REVOKED", {}),
    (errors.CredentialNotYetValid(), errors.Unauthenticated, "CREDENTIAL_NOT_YET_VALID", {}),
    (
        errors.PermissionDenied("VOID_SESSIONS", "VoidSession"),
        errors.Denied,
        "PERMISSION_DENIED",
        {"permission": "VOID_SESSIONS", "rpc": "VoidSession"},
    ),
    (
        errors.GrantExceedsCaller("role", "admin"),
        errors.Denied,
        "GRANT_EXCEEDS_CALLER",
        {"kind": "role", "value": "admin"},
    ),
    (errors.ApiKeyNotFound("k"), errors.NotFound, "API_KEY_NOT_FOUND", {"api_key_id": "k"}),
    (errors.ApiKeyEnded("k"), errors.WrongState, "API_KEY_ENDED", {"api_key_id": "k"}),
]
FAMILIES = (
    errors.InvalidArgument,
    errors.NotFound,
    errors.AlreadyExists,
    errors.WrongState,
    errors.Stale,
    errors.OutOfRange,
    errors.Unauthenticated,
    errors.Denied,
    errors.Exhausted,
    errors.Unavailable,
    errors.Damaged,
    errors.Cancelled,
    errors.TimedOut,
    errors.Faulty,
)
NAMES = [reason for _, _, reason, _ in REFUSALS]


@pytest.mark.parametrize(("refusal", "family", "reason", "facts"), REFUSALS, ids=NAMES)
def test_a_refusal_has_a_reason_a_family_and_its_facts(refusal, family, reason, facts):
    assert refusal.reason == reason
    assert [kind for kind in FAMILIES if isinstance(refusal, kind)] == [family]
    assert refusal.metadata() == facts


def test_a_refusal_is_a_sentence_without_holes():
    for refusal, *_ in REFUSALS:
        sentence = str(refusal)
        assert len(sentence) > 10
        assert not {"{", "}", "\n"} & set(sentence), sentence


def test_a_refusal_can_be_raised_and_caught_as_what_it_is():
    for refusal, *_ in REFUSALS:
        with pytest.raises(errors.Refusal) as caught:
            raise refusal
        assert caught.value is refusal


def kinds_below(kind):
    return {lower for below in kind.__subclasses__() for lower in {below} | kinds_below(below)}


REMEDIES = {"retry", "read again", "change the request", "ask a person", "nothing"}


def documented_reasons():
    """The rows of the table of reasons: code, remedy and the keys of the metadata, by reason."""
    page = section((ROOT / "docs/reference/errors.md").read_text(), "What to do, by reason")
    rows = re.findall(r"^\| \[(\w+)\]\(#\w+\) \| (\w+) \| ([a-z ]+) \| (.*) \|$", page, re.MULTILINE)
    return {reason: (code, remedy, set(re.findall(r"`(\w+)`", keys))) for reason, code, remedy, keys in rows}


def test_the_page_of_errors_names_every_reason_with_a_remedy():
    reasons = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.DESCRIPTOR.values_by_name} - {"UNSPECIFIED"}
    found = documented_reasons()
    assert set(found) == reasons
    assert {remedy for _, remedy, _ in found.values()} == REMEDIES


def test_the_page_of_errors_names_the_facts_that_a_refusal_has():
    documented = documented_reasons()
    for refusal, _, reason, facts in REFUSALS:
        _, remedy, keys = documented[reason]
        assert keys == set(facts), reason
        if refusal.retry_after:
            assert remedy == "retry"


def test_no_refusal_is_forgotten_here():
    of_this_house = {
        kind for kind in kinds_below(errors.Refusal) if kind.__module__.startswith("exam_sessions.errors.")
    }
    assert of_this_house - set(FAMILIES) - {BatchRefused, RowRefused, Duplicate} == {
        type(refusal) for refusal, *_ in REFUSALS
    }


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (errors.InvalidTransition(*IN_READY), "pause is not legal in state READY; legal are: void, reset"),
        (errors.SessionNotFound("s-1"), "there is no session s-1 in this workspace"),
        (errors.WrongPin(0), "the PIN is wrong; tries left: 0"),
        (errors.StaleForm(""), "current_form is not the session's test form, which is '' now"),
        (errors.AttemptsExhausted(2, 2), "this was attempt 2, and the release allows 2; raise its max_attempts"),
        (errors.StaleResponses(7), "responses of revision 7 are stored already, nothing was changed"),
        (errors.MarkAboveAvailable("7", "6", "5"), "question 7 can earn 0 to 5, not 6"),
        (errors.MarkTooFine("7", "1.25", 1), "the mark 1.25 of question 7 is too fine; the form allows 1 decimals"),
        (
            errors.PaperResponseUploadRequired("READY", "assign_item_marks", ()),
            "assign_item_marks is legal in PAPER_RESPONSE_UPLOAD only, not in READY; legal are: none",
        ),
        (
            errors.ResponseMismatch("7", "LONGTEXT", "sea", "text"),
            "question 7 of item sea is of type LONGTEXT, which is answered with text",
        ),
        (errors.DuplicateKeycode("{0} {now}"), "keycode {0} {now} is already taken in this workspace"),
    ],
    ids=[
        *("a wrong move", "a lost session", "a wrong PIN", "an empty form", "no attempt left", "a late response"),
        *("a mark too high", "a mark too fine", "no paper", "an essay ticked", "braces in what the caller wrote"),
    ],
)
def test_a_refusal_says_what_is_wrong(refusal, sentence):
    assert str(refusal).startswith(sentence)


@pytest.mark.parametrize(
    ("fact", "text"),
    [(("a", "b"), "a,b"), (["a"], "a"), ((), ""), (True, "true"), (False, "false"), (3, "3"), ("Yes", "Yes")],
)
def test_a_fact_is_told_as_text(fact, text):
    assert as_text(fact) == text


def test_only_a_refusal_of_fields_names_fields():
    assert errors.ReleaseFinalized("r-1").violations() == ()
    assert invalid("name", "is blank").violations() == (Violation("name", "is blank", "INVALID_FIELD"),)


def test_a_refusal_of_several_fields_says_the_first_and_counts_the_others():
    refusal = InvalidField((Violation("name", "is blank"), Violation("window_end", "is early"), Violation("x", "y")))
    assert str(refusal) == "name: is blank (and 2 more)"
    assert refusal.metadata() == {"violations": "3"}
    assert str(invalid("name", "is blank")) == "name: is blank"


def test_a_violation_cannot_be_rewritten():
    with pytest.raises(FrozenInstanceError):
        Violation("name", "is blank").field = "other"


def a_refused_batch():
    rows = [
        RowRefusal(2, "candidate.candidate_id", errors.DuplicateCandidate("c-1")),
        RowRefusal(5, "", invalid("access_code", "cannot be emptied")),
        RowRefusal(7, "", errors.ReleaseFinalized("r-1")),
    ]
    return BatchRefused("requests", rows, 10)


def test_a_refused_batch_says_how_much_of_it_is_at_fault():
    first = "candidate c-1 already has a session in this release"
    assert str(a_refused_batch()) == f"3 of 10 rows are refused, nothing was written; the first: {first}"


def test_a_refused_batch_speaks_for_its_first_bad_row():
    assert isinstance(a_refused_batch().first, errors.DuplicateCandidate)
    assert a_refused_batch().metadata() == {"candidate_id": "c-1", "index": "2", "bad_rows": "3"}


def test_a_refused_batch_names_every_bad_row_by_its_place():
    sentence = "release r-1 is finalized; open it again before changing its sessions"
    assert a_refused_batch().violations() == (
        Violation(
            "requests[2].candidate.candidate_id",
            "candidate c-1 already has a session in this release",
            "DUPLICATE_CANDIDATE",
        ),
        Violation("requests[5].access_code", "cannot be emptied", "INVALID_FIELD"),
        Violation("requests[7]", sentence, "RELEASE_FINALIZED"),
    )


def test_a_batch_of_one_speaks_as_if_it_were_no_batch():
    finalized = errors.ReleaseFinalized("r-1")
    assert BatchRefused("requests", [RowRefusal(0, "", finalized)], 1).alone("session") is finalized
    emptied = invalid("access_code", "cannot be emptied")
    alone = BatchRefused("requests", [RowRefusal(0, "", emptied)], 1).alone("session")
    assert alone.violations() == (Violation("session.access_code", "cannot be emptied", "INVALID_FIELD"),)
