import datetime

from exam_sessions_client.v1 import access_pb2 as _access_pb2
from exam_sessions_client.v1 import access_fields_pb2 as _access_fields_pb2
from exam_sessions_client.v1 import operation_pb2 as _operation_pb2
from exam_sessions_client.v1 import result_pb2 as _result_pb2
from exam_sessions_client.v1 import session_pb2 as _session_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.longrunning import operations_pb2 as _operations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AttemptSelection(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ATTEMPT_SELECTION_UNSPECIFIED: _ClassVar[AttemptSelection]
    ATTEMPT_SELECTION_CURRENT: _ClassVar[AttemptSelection]
    ATTEMPT_SELECTION_DECIDING: _ClassVar[AttemptSelection]
ATTEMPT_SELECTION_UNSPECIFIED: AttemptSelection
ATTEMPT_SELECTION_CURRENT: AttemptSelection
ATTEMPT_SELECTION_DECIDING: AttemptSelection

class RegradeSessionRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "form_revision", "message")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    FORM_REVISION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    form_revision: int
    message: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., form_revision: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...

class RegradeSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class RegradeReleaseRequest(_message.Message):
    __slots__ = ("workspace_id", "release_id", "request_id", "etag", "validate_only", "test_form", "form_revision", "message", "sessions_per_second")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    TEST_FORM_FIELD_NUMBER: _ClassVar[int]
    FORM_REVISION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    release_id: str
    request_id: str
    etag: str
    validate_only: bool
    test_form: str
    form_revision: int
    message: str
    sessions_per_second: int
    def __init__(self, workspace_id: _Optional[str] = ..., release_id: _Optional[str] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., test_form: _Optional[str] = ..., form_revision: _Optional[int] = ..., message: _Optional[str] = ..., sessions_per_second: _Optional[int] = ...) -> None: ...

class RegradeReleaseResponse(_message.Message):
    __slots__ = ("operation", "session_count", "preview")
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    SESSION_COUNT_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    operation: _operations_pb2.Operation
    session_count: int
    preview: _operation_pb2.OperationResult
    def __init__(self, operation: _Optional[_Union[_operations_pb2.Operation, _Mapping]] = ..., session_count: _Optional[int] = ..., preview: _Optional[_Union[_operation_pb2.OperationResult, _Mapping]] = ...) -> None: ...

class SubmitMarkedSessionRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class SubmitMarkedSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class SetResponsesRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "responses", "submit_for_scoring", "attempt", "revision", "attempt_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_FIELD_NUMBER: _ClassVar[int]
    SUBMIT_FOR_SCORING_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    responses: _containers.RepeatedCompositeFieldContainer[_result_pb2.ItemResponse]
    submit_for_scoring: bool
    attempt: int
    revision: int
    attempt_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., responses: _Optional[_Iterable[_Union[_result_pb2.ItemResponse, _Mapping]]] = ..., submit_for_scoring: _Optional[bool] = ..., attempt: _Optional[int] = ..., revision: _Optional[int] = ..., attempt_token: _Optional[str] = ...) -> None: ...

class SetResponsesResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class ItemMark(_message.Message):
    __slots__ = ("question_number", "mark")
    QUESTION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    question_number: str
    mark: str
    def __init__(self, question_number: _Optional[str] = ..., mark: _Optional[str] = ...) -> None: ...

class AssignItemMarksRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "marks", "completion_time")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    MARKS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TIME_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    marks: _containers.RepeatedCompositeFieldContainer[ItemMark]
    completion_time: _timestamp_pb2.Timestamp
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., marks: _Optional[_Iterable[_Union[ItemMark, _Mapping]]] = ..., completion_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AssignItemMarksResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class PaperMarks(_message.Message):
    __slots__ = ("session_id", "keycode", "access_code", "request_id", "etag", "marks", "completion_time")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    MARKS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TIME_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    marks: _containers.RepeatedCompositeFieldContainer[ItemMark]
    completion_time: _timestamp_pb2.Timestamp
    def __init__(self, session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., marks: _Optional[_Iterable[_Union[ItemMark, _Mapping]]] = ..., completion_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class BatchAssignItemMarksRequest(_message.Message):
    __slots__ = ("workspace_id", "validate_only", "papers")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    PAPERS_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    validate_only: bool
    papers: _containers.RepeatedCompositeFieldContainer[PaperMarks]
    def __init__(self, workspace_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., papers: _Optional[_Iterable[_Union[PaperMarks, _Mapping]]] = ...) -> None: ...

class PaperOutcome(_message.Message):
    __slots__ = ("session_id", "keycode", "state", "maturity", "etag", "changed_before", "refusal")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    MATURITY_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CHANGED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    keycode: str
    state: _session_pb2.State
    maturity: _session_pb2.Maturity
    etag: str
    changed_before: bool
    refusal: _status_pb2.Status
    def __init__(self, session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., state: _Optional[_Union[_session_pb2.State, str]] = ..., maturity: _Optional[_Union[_session_pb2.Maturity, str]] = ..., etag: _Optional[str] = ..., changed_before: _Optional[bool] = ..., refusal: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class BatchAssignItemMarksResponse(_message.Message):
    __slots__ = ("papers", "assigned_count", "refused_count")
    PAPERS_FIELD_NUMBER: _ClassVar[int]
    ASSIGNED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REFUSED_COUNT_FIELD_NUMBER: _ClassVar[int]
    papers: _containers.RepeatedCompositeFieldContainer[PaperOutcome]
    assigned_count: int
    refused_count: int
    def __init__(self, papers: _Optional[_Iterable[_Union[PaperOutcome, _Mapping]]] = ..., assigned_count: _Optional[int] = ..., refused_count: _Optional[int] = ...) -> None: ...

class PaperResponse(_message.Message):
    __slots__ = ("question_number", "options", "response")
    QUESTION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    question_number: str
    options: _containers.RepeatedCompositeFieldContainer[_result_pb2.Choice]
    response: _result_pb2.Response
    def __init__(self, question_number: _Optional[str] = ..., options: _Optional[_Iterable[_Union[_result_pb2.Choice, _Mapping]]] = ..., response: _Optional[_Union[_result_pb2.Response, _Mapping]] = ...) -> None: ...

class AssignItemResponsesRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "responses", "completion_time")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TIME_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    responses: _containers.RepeatedCompositeFieldContainer[PaperResponse]
    completion_time: _timestamp_pb2.Timestamp
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., responses: _Optional[_Iterable[_Union[PaperResponse, _Mapping]]] = ..., completion_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AssignItemResponsesResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class ClearResponsesRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "message", "all_attempts")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ALL_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    message: str
    all_attempts: bool
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., message: _Optional[str] = ..., all_attempts: _Optional[bool] = ...) -> None: ...

class ClearResponsesResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class ScoreResponseRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "question_number", "mark", "message")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    QUESTION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    question_number: str
    mark: str
    message: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., question_number: _Optional[str] = ..., mark: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class ScoreResponseResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class UnscoreResponseRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "question_number", "message")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    QUESTION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    question_number: str
    message: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., question_number: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class UnscoreResponseResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class GetSessionResultsRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "selection", "attempt", "show_keys")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    SELECTION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    SHOW_KEYS_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    selection: AttemptSelection
    attempt: int
    show_keys: bool
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., selection: _Optional[_Union[AttemptSelection, str]] = ..., attempt: _Optional[int] = ..., show_keys: _Optional[bool] = ...) -> None: ...

class GetSessionResultsResponse(_message.Message):
    __slots__ = ("session", "results", "attempt")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    results: _result_pb2.Results
    attempt: _session_pb2.Attempt
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ..., results: _Optional[_Union[_result_pb2.Results, _Mapping]] = ..., attempt: _Optional[_Union[_session_pb2.Attempt, _Mapping]] = ...) -> None: ...
