import datetime

from exam_sessions_client.v1 import access_pb2 as _access_pb2
from exam_sessions_client.v1 import access_fields_pb2 as _access_fields_pb2
from exam_sessions_client.v1 import operation_pb2 as _operation_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.longrunning import operations_pb2 as _operations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EraseCandidateRequest(_message.Message):
    __slots__ = ("workspace_id", "candidate_id", "request_id", "validate_only", "reason", "erase_free_text", "erase_responses", "include_live")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ERASE_FREE_TEXT_FIELD_NUMBER: _ClassVar[int]
    ERASE_RESPONSES_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_LIVE_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    candidate_id: str
    request_id: str
    validate_only: bool
    reason: str
    erase_free_text: bool
    erase_responses: bool
    include_live: bool
    def __init__(self, workspace_id: _Optional[str] = ..., candidate_id: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., reason: _Optional[str] = ..., erase_free_text: _Optional[bool] = ..., erase_responses: _Optional[bool] = ..., include_live: _Optional[bool] = ...) -> None: ...

class EraseCandidateResponse(_message.Message):
    __slots__ = ("operation", "preview")
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    operation: _operations_pb2.Operation
    preview: _operation_pb2.ErasureSummary
    def __init__(self, operation: _Optional[_Union[_operations_pb2.Operation, _Mapping]] = ..., preview: _Optional[_Union[_operation_pb2.ErasureSummary, _Mapping]] = ...) -> None: ...

class ApplyRetentionRequest(_message.Message):
    __slots__ = ("workspace_id", "request_id", "validate_only", "months", "reason", "release_ids", "erase_free_text", "erase_responses", "include_voided", "delete_sessions", "sessions_per_second")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    MONTHS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RELEASE_IDS_FIELD_NUMBER: _ClassVar[int]
    ERASE_FREE_TEXT_FIELD_NUMBER: _ClassVar[int]
    ERASE_RESPONSES_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_VOIDED_FIELD_NUMBER: _ClassVar[int]
    DELETE_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    request_id: str
    validate_only: bool
    months: int
    reason: str
    release_ids: _containers.RepeatedScalarFieldContainer[str]
    erase_free_text: bool
    erase_responses: bool
    include_voided: bool
    delete_sessions: bool
    sessions_per_second: int
    def __init__(self, workspace_id: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., months: _Optional[int] = ..., reason: _Optional[str] = ..., release_ids: _Optional[_Iterable[str]] = ..., erase_free_text: _Optional[bool] = ..., erase_responses: _Optional[bool] = ..., include_voided: _Optional[bool] = ..., delete_sessions: _Optional[bool] = ..., sessions_per_second: _Optional[int] = ...) -> None: ...

class ApplyRetentionResponse(_message.Message):
    __slots__ = ("operation", "session_count", "before")
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    SESSION_COUNT_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    operation: _operations_pb2.Operation
    session_count: int
    before: _timestamp_pb2.Timestamp
    def __init__(self, operation: _Optional[_Union[_operations_pb2.Operation, _Mapping]] = ..., session_count: _Optional[int] = ..., before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ExportCandidateRequest(_message.Message):
    __slots__ = ("workspace_id", "candidate_id")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_ID_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    candidate_id: str
    def __init__(self, workspace_id: _Optional[str] = ..., candidate_id: _Optional[str] = ...) -> None: ...

class ExportCandidateResponse(_message.Message):
    __slots__ = ("json",)
    JSON_FIELD_NUMBER: _ClassVar[int]
    json: str
    def __init__(self, json: _Optional[str] = ...) -> None: ...
