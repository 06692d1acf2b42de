"""Why the service refuses. Made by scripts/generate; never edited by hand."""

from enum import StrEnum


class Reason(StrEnum):
    """The reasons of ErrorReason, with what each means, its facts and what to do about it."""

    INVALID_FIELD = "INVALID_FIELD"
    """INVALID_ARGUMENT. Fields break their rules; BadRequest names each. Counts come before elements. Metadata:
    violations (their number; from 100 on there may be more, which are not looked for). Remedy: change the request."""

    MALFORMED_MESSAGE = "MALFORMED_MESSAGE"
    """INVALID_ARGUMENT. The bytes are not the message they should be, or a text is not UTF-8. Of a chunk of an import
    BadRequest names the row. Remedy: change the request."""

    MESSAGE_TOO_LARGE = "MESSAGE_TOO_LARGE"
    """RESOURCE_EXHAUSTED. The message is larger than the server takes. Metadata: size, limit (bytes). What is packed
    by gzip counts as it is unpacked. Beyond four times the limit, or 16 MiB above it, the transport itself refuses,
    without a reason. Remedy: change the request, and send its elements in several calls."""

    INVALID_PAGE_TOKEN = "INVALID_PAGE_TOKEN"
    """INVALID_ARGUMENT. The page token is damaged or belongs to another query. Remedy: change the request, and list
    from the start without a token."""

    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    """INVALID_ARGUMENT. The request id was used before with other content. Metadata: request_id. Remedy: change the
    request, with a new UUID for a new request."""

    SESSION_NOT_FOUND = "SESSION_NOT_FOUND"
    """NOT_FOUND. No such session in the workspace. Metadata: session (the id or keycode asked for; an access code as
    "CODE of release ID"). Remedy: change the request."""

    RELEASE_NOT_FOUND = "RELEASE_NOT_FOUND"
    """NOT_FOUND. No such release in the workspace. Metadata: release_id. Remedy: change the request."""

    DUPLICATE_CANDIDATE = "DUPLICATE_CANDIDATE"
    """ALREADY_EXISTS. The release has a session of this candidate, or the batch names the candidate twice; then the
    sentence says which earlier row has it (so with all duplicates). Metadata: candidate_id. Remedy: change the
    request, or use the session that there is."""

    DUPLICATE_ACCESS_CODE = "DUPLICATE_ACCESS_CODE"
    """ALREADY_EXISTS. The release has a session with this access code, or the batch repeats it. Metadata:
    access_code. Remedy: change the request, or leave the code empty to have one generated."""

    DUPLICATE_KEYCODE = "DUPLICATE_KEYCODE"
    """ALREADY_EXISTS. The workspace has a session with this keycode, or the batch repeats it. Metadata: keycode.
    Remedy: change the request, or leave the keycode empty to have one generated."""

    DUPLICATE_SESSION_ID = "DUPLICATE_SESSION_ID"
    """ALREADY_EXISTS. The workspace has a session with this id, or the batch repeats it. Metadata: session_id.
    Remedy: change the request, or leave the id empty to have one generated."""

    DUPLICATE_RELEASE_ID = "DUPLICATE_RELEASE_ID"
    """ALREADY_EXISTS. The workspace has a release with this id. Metadata: release_id. Remedy: change the request, or
    leave the id empty to have one generated."""

    INVALID_TRANSITION = "INVALID_TRANSITION"
    """FAILED_PRECONDITION. The action is not legal in this state. Metadata: state, action, allowed_actions (the
    actions that are legal in the state; whether their other conditions hold is not judged, see ExplainSession). So
    wherever allowed_actions stand here. Remedy: read again, then choose one of allowed_actions."""

    SESSION_NOT_RESETTABLE = "SESSION_NOT_RESETTABLE"
    """FAILED_PRECONDITION. Only a booking that was not opened can be reset. Metadata: state, action, allowed_actions.
    Remedy: read again; ClearResponses begins an opened session anew."""

    SESSION_NOT_EDITABLE = "SESSION_NOT_EDITABLE"
    """FAILED_PRECONDITION. The schedule can be edited or deleted in two states only. Metadata: state, action,
    allowed_actions. Remedy: read again; a session that must go is voided, or reset before it is opened."""

    SESSION_NOT_VOIDABLE = "SESSION_NOT_VOIDABLE"
    """FAILED_PRECONDITION. A voided or archived session cannot be voided. Metadata: state, action, allowed_actions.
    Remedy: nothing, the session is final."""

    RELEASE_FINALIZED = "RELEASE_FINALIZED"
    """FAILED_PRECONDITION. The release is finalized. Metadata: release_id. Remedy: ask a person (an exam officer),
    who opens the release again with UnfinalizeRelease."""

    WINDOW_CLOSED = "WINDOW_CLOSED"
    """FAILED_PRECONDITION. The window is not open. Metadata: window_start, window_end (RFC 3339; empty without one),
    now. Remedy: ask a person (an exam officer), who moves the window; before window_start waiting is enough."""

    HELD_OFFLINE = "HELD_OFFLINE"
    """FAILED_PRECONDITION. A client holds the session offline. Metadata: machine. Remedy: ask a person (an
    invigilator), who resets the booking, or voids with `force`."""

    ATTEMPT_TIME_EXPIRED = "ATTEMPT_TIME_EXPIRED"
    """FAILED_PRECONDITION. The attempt has no time left. Metadata: deadline. Remedy: change the request, and finish
    the attempt."""

    GRACE_PERIOD_OVER = "GRACE_PERIOD_OVER"
    """FAILED_PRECONDITION. The offline attempt came back too late. Metadata: end_time, accepted_until. Remedy: ask a
    person (an exam officer), who lengthens the release's grace period."""

    WRONG_PIN = "WRONG_PIN"
    """PERMISSION_DENIED. The PIN is not the session's. Metadata: tries_left. Remedy: ask a person (the invigilator),
    who reads the PIN out."""

    PIN_BLOCKED = "PIN_BLOCKED"
    """RESOURCE_EXHAUSTED. Too many wrong PINs. Metadata: tries (how many were wrong). Remedy: ask a person (the
    invigilator), who sets a new PIN or removes it."""

    CANDIDATE_HAS_OPEN_SESSION = "CANDIDATE_HAS_OPEN_SESSION"
    """FAILED_PRECONDITION. The candidate has another session open in the workspace. Metadata: candidate_id. Remedy:
    ask a person (an invigilator), who finishes or voids the other session."""

    VOID_REASON_MISMATCH = "VOID_REASON_MISMATCH"
    """FAILED_PRECONDITION. The void reason does not fit: NOT_YET_STARTED after the attempt started, or
    PARTIALLY_COMPLETED before. Metadata: void_reason. Remedy: change the request, with another reason."""

    RELEASE_NOT_MODERATED = "RELEASE_NOT_MODERATED"
    """FAILED_PRECONDITION. The release is not moderated, so there is nothing to verify. Metadata: release_id. Remedy:
    change the request, and call ArchiveSession."""

    MODERATION_REQUIRED = "MODERATION_REQUIRED"
    """FAILED_PRECONDITION. The release is moderated. Metadata: release_id. Remedy: change the request, and call
    RequestVerification and VerifySession first."""

    STALE_SESSION = "STALE_SESSION"
    """ABORTED. The etag is not the session's any more. Metadata: session_id, etag (today's). Remedy: read again, then
    retry."""

    STALE_RELEASE = "STALE_RELEASE"
    """ABORTED. The etag is not the release's any more. Metadata: release_id, etag (today's). Remedy: read again, then
    retry."""

    STALE_FORM = "STALE_FORM"
    """ABORTED. current_form is not the session's test form. Metadata: test_form (today's). Remedy: read again, then
    retry."""

    DATABASE_UNAVAILABLE = "DATABASE_UNAVAILABLE"
    """UNAVAILABLE. The database does not answer. Remedy: retry after the pause that RetryInfo names."""

    OVERLOADED = "OVERLOADED"
    """RESOURCE_EXHAUSTED. More calls wait, or more bytes of requests are in flight, than the server can answer soon;
    nothing was done. Remedy: retry after the pause that RetryInfo names."""

    SHUTTING_DOWN = "SHUTTING_DOWN"
    """UNAVAILABLE. The server is going away. Remedy: retry after the pause that RetryInfo names, on another server
    where there is one."""

    ROSTER_UNDER_WAY = "ROSTER_UNDER_WAY"
    """UNAVAILABLE. Another server of the same SQLite file is writing a roster that may hold these rows, or has died
    over it and its rows are being removed. Remedy: retry after the pause that RetryInfo names."""

    SEQUENCE_TOO_OLD = "SEQUENCE_TOO_OLD"
    """OUT_OF_RANGE. The event asked for is further back than a watch may begin. Metadata: oldest_sequence. Remedy:
    read again, beginning with a snapshot."""

    SEQUENCE_AHEAD = "SEQUENCE_AHEAD"
    """OUT_OF_RANGE. The event asked for has not happened, or was lost when the database was restored from a backup.
    Metadata: last_sequence (of the last event before it). Remedy: read again, beginning with a snapshot."""

    SNAPSHOT_TOO_LARGE = "SNAPSHOT_TOO_LARGE"
    """RESOURCE_EXHAUSTED. The filter lets too many sessions into one snapshot. Metadata: sessions, limit. Remedy:
    change the request, with a narrower filter."""

    WATCHER_TOO_SLOW = "WATCHER_TOO_SLOW"
    """RESOURCE_EXHAUSTED. The watcher did not take what was sent in time, or took longest when all watchers together
    left too much unread. Metadata: start_sequence (0 when the snapshot was not complete: begin again). Remedy: retry
    from start_sequence."""

    TOO_MANY_WATCHERS = "TOO_MANY_WATCHERS"
    """RESOURCE_EXHAUSTED. More watches are open than the server holds. Metadata: limit. Remedy: retry on another
    server, or later."""

    PAPER_RESPONSE_UPLOAD_REQUIRED = "PAPER_RESPONSE_UPLOAD_REQUIRED"
    """FAILED_PRECONDITION. Item marks and item responses are accepted in PAPER_RESPONSE_UPLOAD only. Metadata: state,
    action, allowed_actions. Remedy: read again, then choose one of allowed_actions."""

    ATTEMPTS_EXHAUSTED = "ATTEMPTS_EXHAUSTED"
    """FAILED_PRECONDITION. The session has had all the attempts the release allows. Metadata: attempt, max_attempts.
    Remedy: ask a person (an exam officer), who may allow more attempts."""

    STALE_ATTEMPT = "STALE_ATTEMPT"
    """ABORTED. The attempt is not the current one. Metadata: attempt (the current one). Remedy: read again, then
    decide whether what is sent belongs to the current attempt."""

    STALE_RESPONSES = "STALE_RESPONSES"
    """ABORTED. Newer responses are stored already; nothing was changed. Metadata: revision (the stored one). Remedy:
    read again; what is stored is newer."""

    UNKNOWN_QUESTION = "UNKNOWN_QUESTION"
    """INVALID_ARGUMENT. The test form has no such question. Metadata: question. Remedy: change the request."""

    UNKNOWN_OPTION = "UNKNOWN_OPTION"
    """INVALID_ARGUMENT. The question has no such option. Metadata: question, option. Remedy: change the request."""

    QUESTION_REPEATED = "QUESTION_REPEATED"
    """INVALID_ARGUMENT. The request names the question twice. Metadata: question. Remedy: change the request."""

    RESPONSE_MISMATCH = "RESPONSE_MISMATCH"
    """INVALID_ARGUMENT. The response has another shape than the question's type is answered with. Metadata: question
    (its number), item, type, takes (the field of the request that is to be set). Remedy: change the request, and set
    the field that `takes` names."""

    MARK_ABOVE_AVAILABLE = "MARK_ABOVE_AVAILABLE"
    """INVALID_ARGUMENT. The mark is below 0 or above the available mark. Metadata: question, mark, available_mark.
    Remedy: change the request."""

    MARK_TOO_FINE = "MARK_TOO_FINE"
    """INVALID_ARGUMENT. The mark has more decimals than the form allows. Metadata: question, mark, mark_decimals.
    Remedy: change the request."""

    TEST_FORM_UNKNOWN = "TEST_FORM_UNKNOWN"
    """FAILED_PRECONDITION. The session was booked with a form the catalogue did not hold. Metadata: test_form.
    Remedy: ask a person (an exam officer), who imports the form and resets the booking."""

    TEST_FORM_NOT_FOUND = "TEST_FORM_NOT_FOUND"
    """NOT_FOUND. No such test form, or revision, in the workspace. Metadata: reference. Remedy: change the
    request."""

    DUPLICATE_TEST_FORM = "DUPLICATE_TEST_FORM"
    """ALREADY_EXISTS. The workspace has a test form with this reference. Metadata: reference. Remedy: change the
    request; UpdateTestForm makes the next revision."""

    STALE_TEST_FORM = "STALE_TEST_FORM"
    """ABORTED. The etag is not the form's any more. Metadata: reference, etag (today's). Remedy: read again, then
    retry."""

    RELEASE_NOT_FINALIZED = "RELEASE_NOT_FINALIZED"
    """FAILED_PRECONDITION. The release is open already. Metadata: release_id. Remedy: nothing, the release is
    open."""

    RESULTS_WITHHELD = "RESULTS_WITHHELD"
    """FAILED_PRECONDITION. The session is voided; its responses are no longer to be seen. Metadata: session_id.
    Remedy: nothing, a voided session shows no results."""

    ATTEMPT_NOT_FOUND = "ATTEMPT_NOT_FOUND"
    """NOT_FOUND. The session has had no such attempt, or, asked for the deciding one, none that is marked. Metadata:
    session_id, attempt. Remedy: change the request; GetSession lists the attempts."""

    RELEASE_NOT_ON_PAPER = "RELEASE_NOT_ON_PAPER"
    """FAILED_PRECONDITION. Templates are for releases delivered on paper. Metadata: release_id. Remedy: change the
    request."""

    OPERATION_NOT_FOUND = "OPERATION_NOT_FOUND"
    """NOT_FOUND. No such operation in the workspace. Metadata: name. Remedy: change the request."""

    OPERATION_UNDER_WAY = "OPERATION_UNDER_WAY"
    """FAILED_PRECONDITION. An operation that has not ended cannot be deleted. Metadata: name. Remedy: change the
    request, and cancel the operation first."""

    OPERATION_CANCELLED = "OPERATION_CANCELLED"
    """CANCELLED. In an operation: it was cancelled before its end. Metadata: name. Remedy: nothing; begin a new
    operation where the rest is still wanted."""

    STEP_QUARANTINED = "STEP_QUARANTINED"
    """INTERNAL. In the outcome of a row: it failed again and again and was set aside. Metadata: fault (a class, no
    text). Remedy: ask a person (an operator), who finds the fault in the log."""

    PIN_NOT_SET = "PIN_NOT_SET"
    """FAILED_PRECONDITION. The session has no PIN to show. No metadata. Remedy: ask a person (the invigilator), who
    sets one with SetPin."""

    DATABASE_FULL = "DATABASE_FULL"
    """RESOURCE_EXHAUSTED. The database has no room left; nothing was written. Reads are served. Retrying does not
    help until an operator has made room; then writes are served again without a restart. No metadata. Remedy: ask a
    person (an operator)."""

    DATABASE_DAMAGED = "DATABASE_DAMAGED"
    """DATA_LOSS. What is stored cannot be read as it was written. An operator must restore a backup. No metadata.
    Remedy: ask a person (an operator)."""

    DATABASE_REPLACED = "DATABASE_REPLACED"
    """UNAVAILABLE. A file of the database was removed, replaced or cut short while it was served; the change was not
    acknowledged, and must be asked for again. Retrying does not help until an operator has restored the file and
    restarted the server. No metadata. Remedy: ask a person (an operator), then retry."""

    REPLY_TOO_LARGE = "REPLY_TOO_LARGE"
    """OUT_OF_RANGE. The reply would be larger than 3.5 MB, which a client with gRPC's own limit of 4 MiB could not
    read; nothing was done. Metadata: size, limit (bytes), fitting (how many elements, from the first, one reply
    holds). Remedy: change the request, with at most `fitting` elements."""

    UNKNOWN_HEALTH_NAME = "UNKNOWN_HEALTH_NAME"
    """NOT_FOUND. Health has no service of this name. Metadata: service (the name). Remedy: change the request."""

    NO_WORKING_TIME = "NO_WORKING_TIME"
    """FAILED_PRECONDITION. Extra time in percent needs a working time, and none is set. Metadata: release_id. Remedy:
    change the request, with extra time in minutes, or give the release a duration."""

    DUPLICATE_RELEASE_NAME = "DUPLICATE_RELEASE_NAME"
    """ALREADY_EXISTS. The workspace has a release of this name. Metadata: name, release_id (the oldest that has it).
    Remedy: change the request, or set `allow_duplicate_name`."""

    SESSION_DAMAGED = "SESSION_DAMAGED"
    """DATA_LOSS. What is stored of one session cannot be read; all others are served. Metadata: session_id, what
    (responses, marks, the session's row, or the number of an attempt). Remedy: ask a person (an exam officer), who
    clears its responses, marks it by hand, or voids it."""

    FORM_REVISION_INCOMPATIBLE = "FORM_REVISION_INCOMPATIBLE"
    """FAILED_PRECONDITION. The revision cannot mark what was sat on another one: a question is missing, is new, or
    has another id, type or options. Metadata: test_form, sat_revision, form_revision, question (its number),
    difference. Remedy: ask a person (the form's author), who makes a revision with the same questions."""

    MARK_OUTSIDE_REVISION = "MARK_OUTSIDE_REVISION"
    """FAILED_PRECONDITION. A mark that a person gave lies outside of what the question can earn by the revision.
    Metadata: form_revision, question (its number), mark, available_mark. Remedy: ask a person (a marker), who marks
    the question again."""

    API_KEY_NOT_FOUND = "API_KEY_NOT_FOUND"
    """NOT_FOUND. There is no API key of this id, or none that the caller may manage. Metadata: api_key_id. Remedy:
    change the request; ListApiKeys shows the ids."""

    API_KEY_ENDED = "API_KEY_ENDED"
    """FAILED_PRECONDITION. The API key is revoked, has expired, or was rotated already. Metadata: api_key_id. Remedy:
    change the request; CreateApiKey makes a new one."""

    GRANT_EXCEEDS_CALLER = "GRANT_EXCEEDS_CALLER"
    """PERMISSION_DENIED. An API key was to be given what the caller itself does not have. Metadata: kind (permission,
    workspace or centre), value (its name; `all` for every one). Remedy: ask a person (an administrator), who has what
    is to be given."""

    CREDENTIAL_MISSING = "CREDENTIAL_MISSING"
    """UNAUTHENTICATED. The RPC needs a credential and the call carries none: no `authorization: Bearer ...` in its
    metadata, no client certificate. No metadata. Remedy: change the request, with a credential."""

    CREDENTIAL_INVALID = "CREDENTIAL_INVALID"
    """UNAUTHENTICATED. The credential is none this service accepts: it is damaged, unknown, forged, or was issued by
    another or for another service. Which of these is not said. No metadata. Remedy: ask a person (an administrator)
    for another credential."""

    CREDENTIAL_EXPIRED = "CREDENTIAL_EXPIRED"
    """UNAUTHENTICATED. The credential was valid and has expired. Ends open streams too. No metadata. Remedy: change
    the request, with a new token."""

    CREDENTIAL_REVOKED = "CREDENTIAL_REVOKED"
    """UNAUTHENTICATED. The credential was revoked, or rotated and its overlap has ended. Ends open streams too. No
    metadata. Remedy: ask a person (an administrator) for another credential."""

    PERMISSION_DENIED = "PERMISSION_DENIED"
    """PERMISSION_DENIED. The credential is valid, but its principal lacks the permission that the RPC needs.
    Metadata: permission (its name without `PERMISSION_`), rpc (the name of the method). Remedy: ask a person (an
    administrator) for the permission."""

    CREDENTIAL_NOT_YET_VALID = "CREDENTIAL_NOT_YET_VALID"
    """UNAUTHENTICATED. The credential is valid from a time that has not come. No metadata. Remedy: retry when its
    time has come; where it should have come, a clock is wrong."""

    WORKSPACE_NOT_FOUND = "WORKSPACE_NOT_FOUND"
    """NOT_FOUND. There is no such workspace, or none that the caller may use. Metadata: workspace. Remedy: change the
    request."""

    WORKSPACE_CLOSED = "WORKSPACE_CLOSED"
    """FAILED_PRECONDITION. The workspace is closed: it can be read, and nothing in it can be changed. Metadata:
    workspace. Remedy: ask a person (an administrator), who opens it with ReopenWorkspace."""

    DUPLICATE_WORKSPACE = "DUPLICATE_WORKSPACE"
    """ALREADY_EXISTS. There is a workspace of this name. Metadata: workspace. Remedy: change the request, with
    another name."""

    WORKSPACE_NOT_CLOSED = "WORKSPACE_NOT_CLOSED"
    """FAILED_PRECONDITION. The workspace is open, and so cannot be reopened. Metadata: workspace. Remedy: nothing,
    the workspace is open."""

    STALE_ATTEMPT_TOKEN = "STALE_ATTEMPT_TOKEN"
    """ABORTED. The attempt token is not that of the device that holds the session: another one took it over, or a new
    attempt began. What the device has not sent yet is not taken. Metadata: device (its label), since (when it
    entered). Remedy: ask a person (an invigilator), who decides which device goes on; this one stops saving."""

    SESSION_HELD = "SESSION_HELD"
    """FAILED_PRECONDITION. Another device holds the session. Metadata: device (its label), since (when it entered).
    Remedy: ask a person (an invigilator), who allows the take-over with AllowTakeOver."""

    ATTEMPT_TOKEN_REQUIRED = "ATTEMPT_TOKEN_REQUIRED"
    """FAILED_PRECONDITION. A device holds the session, and the call carries no attempt token. Metadata: device (its
    label), since (when it entered). Remedy: change the request, with the attempt_token of EnterKeycode's reply."""

    SESSION_NOT_HELD = "SESSION_NOT_HELD"
    """FAILED_PRECONDITION. No device holds the session, so there is nothing to take over: the release does not ask
    for one device, or did not when the keycode was entered. No metadata. Remedy: nothing, any device may go on."""

    TOO_MANY_WRONG_CODES = "TOO_MANY_WRONG_CODES"
    """RESOURCE_EXHAUSTED. Too many wrong keycodes, access codes or PINs, or wrong credentials, came from the caller's
    address or from its principal. Until the lock-out ends or is lifted, calls that name a code are refused before it
    is looked up, also when it is right; of credentials those that this server has not accepted before. Calls that
    name a session by its id go on. RetryInfo says when it ends. Metadata: guarded (codes or credentials), limited
    (address or principal), end_time. Remedy: retry after the pause that RetryInfo names, or ask a person to lift the
    lock-out."""

    RATE_LIMITED = "RATE_LIMITED"
    """RESOURCE_EXHAUSTED. More calls came from the principal, or for the workspace, than the server's configuration
    lets through. RetryInfo says when the next may. Metadata: limited (principal or workspace), limit (in words).
    Remedy: retry after the pause that RetryInfo names."""

    DEFAULT_DEADLINE_EXCEEDED = "DEFAULT_DEADLINE_EXCEEDED"
    """DEADLINE_EXCEEDED. The call set no deadline, and took longer than the one that the server gives such calls. A
    change that it asked for may still be made. Metadata: seconds. Remedy: retry with the same request_id and a
    deadline."""

    LOCKOUT_NOT_FOUND = "LOCKOUT_NOT_FOUND"
    """NOT_FOUND. There is no such lock-out in the workspace. Metadata: lockout_id. Remedy: read again; it has ended,
    or was lifted."""

    INTERNAL = "INTERNAL"
    """INTERNAL. A fault of the service, always a bug. Metadata: request_id. Remedy: ask a person (an operator), and
    quote the request_id; retry only with the same request_id."""

    CANDIDATE_HAS_LIVE_SESSIONS = "CANDIDATE_HAS_LIVE_SESSIONS"
    """FAILED_PRECONDITION. The candidate has sessions that are neither voided nor archived. Metadata: session_ids
    (the first ten), count. Remedy: change the request, with `include_live`, or end the sessions first."""

    CANDIDATE_IN_OPERATION = "CANDIDATE_IN_OPERATION"
    """FAILED_PRECONDITION. An operation under way names the candidate. Metadata: name. Remedy: retry when the
    operation has ended (WaitOperation)."""
