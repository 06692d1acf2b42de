"""Refusals of responses, marks and results."""

from __future__ import annotations

from dataclasses import dataclass

from exam_sessions.errors.refusal import Damaged, InvalidArgument, NotFound, Stale, WrongState
from exam_sessions.errors.sessions import InvalidTransition


@dataclass(eq=False)
class PaperResponseUploadRequired(InvalidTransition):
    """Marks and responses of a paper test are accepted in one state only (Surpass, TestSession API, ItemMarks)."""

    text = "{action} is legal in PAPER_RESPONSE_UPLOAD only, not in {state}; legal are: {allowed_actions}"


@dataclass(eq=False)
class AttemptsExhausted(WrongState):
    """The session has had all the attempts its release allows."""

    attempt: int
    max_attempts: int
    text = "this was attempt {attempt}, and the release allows {max_attempts}; raise its max_attempts first"


@dataclass(eq=False)
class StaleAttempt(Stale):
    """The attempt is not the current one."""

    attempt: int
    text = "the current attempt is {attempt}; read the session again"


@dataclass(eq=False)
class StaleResponses(Stale):
    """Newer responses are stored already."""

    revision: int
    text = "responses of revision {revision} are stored already, nothing was changed; read again, then count on"


@dataclass(eq=False)
class UnknownQuestion(InvalidArgument):
    """The test form has no such question."""

    question: str
    text = "the test form has no question '{question}'"


@dataclass(eq=False)
class UnknownOption(InvalidArgument):
    """The question has no such option."""

    question: str
    option: str
    text = "question {question} has no option '{option}'"


@dataclass(eq=False)
class QuestionRepeated(InvalidArgument):
    """The request names the question twice."""

    question: str
    text = "question {question} is named twice; send one response or mark for each"


@dataclass(eq=False)
class ResponseMismatch(InvalidArgument):
    """The response has another shape than the question's type; `takes` is what to send, in the caller's words."""

    question: str
    type: str
    item: str
    takes: str
    text = "question {question} of item {item} is of type {type}, which is answered with {takes}"


@dataclass(eq=False)
class MarkAboveAvailable(InvalidArgument):
    """The mark is not between 0 and the available mark."""

    question: str
    mark: str
    available_mark: str
    text = "question {question} can earn 0 to {available_mark}, not {mark}"


@dataclass(eq=False)
class MarkTooFine(InvalidArgument):
    """The mark has more decimals than the form allows."""

    question: str
    mark: str
    mark_decimals: int
    text = "the mark {mark} of question {question} is too fine; the form allows {mark_decimals} decimals"


@dataclass(eq=False)
class TestFormUnknown(WrongState):
    """The session was booked with a form the catalogue did not hold."""

    test_form: str
    text = "the catalogue held no test form '{test_form}' at the booking; create it, then reset or book anew"


@dataclass(eq=False)
class ResultsWithheld(WrongState):
    """The session is voided (Surpass, Voiding a test: responses are no longer viewable)."""

    session_id: str
    text = "session {session_id} is voided; its responses are no longer to be seen"


@dataclass(eq=False)
class AttemptNotFound(NotFound):
    """The session has had no such attempt, or none that is marked."""

    session_id: str
    attempt: int
    text = "session {session_id} has no such attempt ({attempt}), or none that is marked yet"


@dataclass(eq=False)
class SessionDamaged(Damaged):
    """What is stored of one session cannot be read."""

    session_id: str
    what: str
    text = (
        "the stored {what} of session {session_id} cannot be read; "
        "clear its responses, mark it by hand, or void it; all other sessions are served"
    )


@dataclass(eq=False)
class FormRevisionIncompatible(WrongState):
    """A revision cannot mark what was sat on another one."""

    test_form: str
    sat_revision: int
    form_revision: int
    question: str
    difference: str
    text = (
        "revision {form_revision} of test form '{test_form}' cannot mark what was sat on revision {sat_revision}: "
        "question {question} {difference}; make a revision with the same questions"
    )


@dataclass(eq=False)
class MarkOutsideRevision(WrongState):
    """A mark that a person gave lies outside of what the question can earn by a revision."""

    form_revision: int
    question: str
    mark: str
    available_mark: str
    text = (
        "a person gave question {question} the mark {mark}, and by revision {form_revision} of the test form "
        "it can earn {available_mark} at most; mark it again first"
    )
