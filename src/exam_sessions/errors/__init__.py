"""Every refusal of the service, as a type that carries its facts. Nothing here knows gRPC, SQL or the clock.

    Refusal
    ├── InvalidArgument    the request itself is wrong            ─ fix it
    ├── NotFound           no such thing in the workspace
    ├── AlreadyExists      a unique value is taken
    ├── WrongState         legal in another state, or later       ─ do not retry until it changes
    ├── Stale              judged against an older version        ─ read again, then retry
    ├── OutOfRange         an event that cannot be told           ─ begin elsewhere
    ├── Denied             the secret is wrong
    ├── Exhausted          a limit is reached                     ─ retry later, or smaller
    └── Unavailable        the service cannot answer now          ─ retry the call

refusal.py holds the kinds; the reasons stand beside what gives them. The name of a class is its reason in
UPPER_SNAKE_CASE, documented in error_reason.proto with its metadata; the class above it decides the status code
(rpc/status.py). Fields of a class are the metadata keys.
"""

from __future__ import annotations

from exam_sessions.errors.catalog import (
    DuplicateReleaseId,
    DuplicateTestForm,
    ModerationRequired,
    ReleaseFinalized,
    ReleaseNotFinalized,
    ReleaseNotFound,
    ReleaseNotModerated,
    StaleRelease,
    StaleTestForm,
    TestFormNotFound,
)
from exam_sessions.errors.marking import (
    AttemptNotFound,
    AttemptsExhausted,
    MarkAboveAvailable,
    MarkTooFine,
    PaperResponseUploadRequired,
    QuestionRepeated,
    ResponseMismatch,
    ResultsWithheld,
    StaleAttempt,
    StaleResponses,
    TestFormUnknown,
    UnknownOption,
    UnknownQuestion,
)
from exam_sessions.errors.refusal import (
    AlreadyExists,
    BatchRefused,
    Denied,
    Exhausted,
    InvalidArgument,
    InvalidField,
    NotFound,
    OutOfRange,
    Refusal,
    RowRefusal,
    Stale,
    Unavailable,
    Violation,
    WrongState,
    as_text,
    invalid,
)
from exam_sessions.errors.requests import (
    InvalidPageToken,
    MalformedMessage,
    MessageTooLarge,
    RequestIdReused,
)
from exam_sessions.errors.service import (
    DatabaseUnavailable,
    Overloaded,
    RosterUnderWay,
    SequenceAhead,
    SequenceTooOld,
    ShuttingDown,
    SnapshotTooLarge,
    TooManyWatchers,
    WatcherTooSlow,
)
from exam_sessions.errors.sessions import (
    AttemptTimeExpired,
    CandidateHasOpenSession,
    DuplicateAccessCode,
    DuplicateCandidate,
    DuplicateKeycode,
    DuplicateSessionId,
    GracePeriodOver,
    HeldOffline,
    InvalidTransition,
    PinBlocked,
    SessionNotEditable,
    SessionNotFound,
    SessionNotResettable,
    SessionNotVoidable,
    StaleForm,
    StaleSession,
    VoidReasonMismatch,
    WindowClosed,
    WrongPin,
)

__all__ = [
    "AlreadyExists",
    "AttemptNotFound",
    "AttemptTimeExpired",
    "AttemptsExhausted",
    "BatchRefused",
    "CandidateHasOpenSession",
    "DatabaseUnavailable",
    "Denied",
    "DuplicateAccessCode",
    "DuplicateCandidate",
    "DuplicateKeycode",
    "DuplicateReleaseId",
    "DuplicateSessionId",
    "DuplicateTestForm",
    "Exhausted",
    "GracePeriodOver",
    "HeldOffline",
    "InvalidArgument",
    "InvalidField",
    "InvalidPageToken",
    "InvalidTransition",
    "MalformedMessage",
    "MarkAboveAvailable",
    "MarkTooFine",
    "MessageTooLarge",
    "ModerationRequired",
    "NotFound",
    "OutOfRange",
    "Overloaded",
    "PaperResponseUploadRequired",
    "PinBlocked",
    "QuestionRepeated",
    "Refusal",
    "ReleaseFinalized",
    "ReleaseNotFinalized",
    "ReleaseNotFound",
    "ReleaseNotModerated",
    "RequestIdReused",
    "ResponseMismatch",
    "ResultsWithheld",
    "RosterUnderWay",
    "RowRefusal",
    "SequenceAhead",
    "SequenceTooOld",
    "SessionNotEditable",
    "SessionNotFound",
    "SessionNotResettable",
    "SessionNotVoidable",
    "ShuttingDown",
    "SnapshotTooLarge",
    "Stale",
    "StaleAttempt",
    "StaleForm",
    "StaleRelease",
    "StaleResponses",
    "StaleSession",
    "StaleTestForm",
    "TestFormNotFound",
    "TestFormUnknown",
    "TooManyWatchers",
    "Unavailable",
    "UnknownOption",
    "UnknownQuestion",
    "Violation",
    "VoidReasonMismatch",
    "WatcherTooSlow",
    "WindowClosed",
    "WrongPin",
    "WrongState",
    "as_text",
    "invalid",
]
