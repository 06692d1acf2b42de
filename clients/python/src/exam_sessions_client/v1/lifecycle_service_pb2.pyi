import datetime

from exam_sessions_client.v1 import access_pb2 as _access_pb2
from exam_sessions_client.v1 import access_fields_pb2 as _access_fields_pb2
from exam_sessions_client.v1 import result_pb2 as _result_pb2
from exam_sessions_client.v1 import session_pb2 as _session_pb2
from exam_sessions_client.v1 import session_service_pb2 as _session_service_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.longrunning import operations_pb2 as _operations_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreatePackageRequest(_message.Message):
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

class CreatePackageResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class DownloadSessionRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "client")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    client: _session_pb2.DeliveryClient
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., client: _Optional[_Union[_session_pb2.DeliveryClient, _Mapping]] = ...) -> None: ...

class DownloadSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class OpenWindowRequest(_message.Message):
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

class OpenWindowResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class EnterKeycodeRequest(_message.Message):
    __slots__ = ("workspace_id", "keycode", "access_code", "request_id", "etag", "validate_only", "attempt_token", "device_label")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DEVICE_LABEL_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    attempt_token: str
    device_label: str
    def __init__(self, workspace_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., attempt_token: _Optional[str] = ..., device_label: _Optional[str] = ...) -> None: ...

class EnterKeycodeResponse(_message.Message):
    __slots__ = ("session", "attempt_token")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    attempt_token: str
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ..., attempt_token: _Optional[str] = ...) -> None: ...

class CheckInSessionRequest(_message.Message):
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

class CheckInSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class EnterPinRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "pin", "attempt_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    PIN_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    pin: str
    attempt_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., pin: _Optional[str] = ..., attempt_token: _Optional[str] = ...) -> None: ...

class EnterPinResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class UnlockSessionRequest(_message.Message):
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

class UnlockSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class AllowTakeOverRequest(_message.Message):
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

class AllowTakeOverResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class SetPinRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "pin")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    PIN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    pin: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., pin: _Optional[str] = ...) -> None: ...

class SetPinResponse(_message.Message):
    __slots__ = ("session", "pin")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    PIN_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    pin: str
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ..., pin: _Optional[str] = ...) -> None: ...

class RemovePinRequest(_message.Message):
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

class RemovePinResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class GetPinRequest(_message.Message):
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

class GetPinResponse(_message.Message):
    __slots__ = ("session", "pin")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    PIN_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    pin: str
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ..., pin: _Optional[str] = ...) -> None: ...

class PauseSessionRequest(_message.Message):
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

class PauseSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class ResumeSessionRequest(_message.Message):
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

class ResumeSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class GoOfflineRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "attempt_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    attempt_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., attempt_token: _Optional[str] = ...) -> None: ...

class GoOfflineResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class ReconnectSessionRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "attempt_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    attempt_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., attempt_token: _Optional[str] = ...) -> None: ...

class ReconnectSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class FinishOfflineRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "attempt_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    attempt_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., attempt_token: _Optional[str] = ...) -> None: ...

class FinishOfflineResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class UploadSessionRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "responses", "attempt_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    responses: _containers.RepeatedCompositeFieldContainer[_result_pb2.ItemResponse]
    attempt_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., responses: _Optional[_Iterable[_Union[_result_pb2.ItemResponse, _Mapping]]] = ..., attempt_token: _Optional[str] = ...) -> None: ...

class UploadSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class FinishSessionRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "reason", "attempt_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    reason: _session_pb2.FinishReason
    attempt_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., reason: _Optional[_Union[_session_pb2.FinishReason, str]] = ..., attempt_token: _Optional[str] = ...) -> None: ...

class FinishSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class SendToMarkingRequest(_message.Message):
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

class SendToMarkingResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class RequestVerificationRequest(_message.Message):
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

class RequestVerificationResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class VerifySessionRequest(_message.Message):
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

class VerifySessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class ArchiveSessionRequest(_message.Message):
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

class ArchiveSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class VoidSessionRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "reason", "message", "force")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    reason: _session_pb2.VoidReason
    message: str
    force: bool
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., reason: _Optional[_Union[_session_pb2.VoidReason, str]] = ..., message: _Optional[str] = ..., force: _Optional[bool] = ...) -> None: ...

class VoidSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class ResetSessionRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "current_form", "updated_form", "allow_missing_form")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FORM_FIELD_NUMBER: _ClassVar[int]
    UPDATED_FORM_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FORM_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    current_form: str
    updated_form: str
    allow_missing_form: bool
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., current_form: _Optional[str] = ..., updated_form: _Optional[str] = ..., allow_missing_form: _Optional[bool] = ...) -> None: ...

class ResetSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class RequestScanRequest(_message.Message):
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

class RequestScanResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class ReceiveScanRequest(_message.Message):
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

class ReceiveScanResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class FailSessionRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "message")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    message: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., message: _Optional[str] = ...) -> None: ...

class FailSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class RecoverSessionRequest(_message.Message):
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

class RecoverSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class ReopenSessionRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "deferred_clock", "deadline", "time_from_now", "no_limit", "message")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    DEFERRED_CLOCK_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    TIME_FROM_NOW_FIELD_NUMBER: _ClassVar[int]
    NO_LIMIT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    deferred_clock: bool
    deadline: _timestamp_pb2.Timestamp
    time_from_now: _duration_pb2.Duration
    no_limit: bool
    message: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., deferred_clock: _Optional[bool] = ..., deadline: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., time_from_now: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., no_limit: _Optional[bool] = ..., message: _Optional[str] = ...) -> None: ...

class ReopenSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class RetakeSessionRequest(_message.Message):
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

class RetakeSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class SetExtraTimeRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "extra_time", "extra_time_percent", "reason")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    EXTRA_TIME_FIELD_NUMBER: _ClassVar[int]
    EXTRA_TIME_PERCENT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    extra_time: _duration_pb2.Duration
    extra_time_percent: int
    reason: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., extra_time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., extra_time_percent: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class SetExtraTimeResponse(_message.Message):
    __slots__ = ("session", "cut_by_window", "warning")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    CUT_BY_WINDOW_FIELD_NUMBER: _ClassVar[int]
    WARNING_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    cut_by_window: _duration_pb2.Duration
    warning: str
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ..., cut_by_window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., warning: _Optional[str] = ...) -> None: ...

class SetAccommodationRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "accommodation", "reason")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    ACCOMMODATION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    accommodation: _session_pb2.Accommodation
    reason: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., accommodation: _Optional[_Union[_session_pb2.Accommodation, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class SetAccommodationResponse(_message.Message):
    __slots__ = ("session", "cut_by_window", "warning")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    CUT_BY_WINDOW_FIELD_NUMBER: _ClassVar[int]
    WARNING_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    cut_by_window: _duration_pb2.Duration
    warning: str
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ..., cut_by_window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., warning: _Optional[str] = ...) -> None: ...

class SessionIds(_message.Message):
    __slots__ = ("session_ids",)
    SESSION_IDS_FIELD_NUMBER: _ClassVar[int]
    session_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, session_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchTransitionSessionsRequest(_message.Message):
    __slots__ = ("workspace_id", "action", "request_id", "validate_only", "ids", "filter", "finish_reason", "void_reason", "message", "force", "updated_form", "allow_missing_form", "deferred_clock", "deadline", "time_from_now", "no_limit", "accommodation", "extra_time", "extra_time_percent", "sessions_per_second", "all_attempts", "show_preview")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    VOID_REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    UPDATED_FORM_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FORM_FIELD_NUMBER: _ClassVar[int]
    DEFERRED_CLOCK_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    TIME_FROM_NOW_FIELD_NUMBER: _ClassVar[int]
    NO_LIMIT_FIELD_NUMBER: _ClassVar[int]
    ACCOMMODATION_FIELD_NUMBER: _ClassVar[int]
    EXTRA_TIME_FIELD_NUMBER: _ClassVar[int]
    EXTRA_TIME_PERCENT_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    ALL_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    SHOW_PREVIEW_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    action: _session_pb2.Action
    request_id: str
    validate_only: bool
    ids: SessionIds
    filter: _session_service_pb2.SessionFilter
    finish_reason: _session_pb2.FinishReason
    void_reason: _session_pb2.VoidReason
    message: str
    force: bool
    updated_form: str
    allow_missing_form: bool
    deferred_clock: bool
    deadline: _timestamp_pb2.Timestamp
    time_from_now: _duration_pb2.Duration
    no_limit: bool
    accommodation: _session_pb2.Accommodation
    extra_time: _duration_pb2.Duration
    extra_time_percent: int
    sessions_per_second: int
    all_attempts: bool
    show_preview: bool
    def __init__(self, workspace_id: _Optional[str] = ..., action: _Optional[_Union[_session_pb2.Action, str]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., ids: _Optional[_Union[SessionIds, _Mapping]] = ..., filter: _Optional[_Union[_session_service_pb2.SessionFilter, _Mapping]] = ..., finish_reason: _Optional[_Union[_session_pb2.FinishReason, str]] = ..., void_reason: _Optional[_Union[_session_pb2.VoidReason, str]] = ..., message: _Optional[str] = ..., force: _Optional[bool] = ..., updated_form: _Optional[str] = ..., allow_missing_form: _Optional[bool] = ..., deferred_clock: _Optional[bool] = ..., deadline: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., time_from_now: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., no_limit: _Optional[bool] = ..., accommodation: _Optional[_Union[_session_pb2.Accommodation, _Mapping]] = ..., extra_time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., extra_time_percent: _Optional[int] = ..., sessions_per_second: _Optional[int] = ..., all_attempts: _Optional[bool] = ..., show_preview: _Optional[bool] = ...) -> None: ...

class PreviewedMove(_message.Message):
    __slots__ = ("from_state", "to_state", "session_count")
    FROM_STATE_FIELD_NUMBER: _ClassVar[int]
    TO_STATE_FIELD_NUMBER: _ClassVar[int]
    SESSION_COUNT_FIELD_NUMBER: _ClassVar[int]
    from_state: _session_pb2.State
    to_state: _session_pb2.State
    session_count: int
    def __init__(self, from_state: _Optional[_Union[_session_pb2.State, str]] = ..., to_state: _Optional[_Union[_session_pb2.State, str]] = ..., session_count: _Optional[int] = ...) -> None: ...

class PreviewedRefusal(_message.Message):
    __slots__ = ("from_state", "reason", "session_count", "first", "session_ids")
    FROM_STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SESSION_COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    SESSION_IDS_FIELD_NUMBER: _ClassVar[int]
    from_state: _session_pb2.State
    reason: str
    session_count: int
    first: _status_pb2.Status
    session_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, from_state: _Optional[_Union[_session_pb2.State, str]] = ..., reason: _Optional[str] = ..., session_count: _Optional[int] = ..., first: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., session_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class TransitionPreview(_message.Message):
    __slots__ = ("succeeded_count", "failed_count", "moves", "refusals")
    SUCCEEDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    MOVES_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    succeeded_count: int
    failed_count: int
    moves: _containers.RepeatedCompositeFieldContainer[PreviewedMove]
    refusals: _containers.RepeatedCompositeFieldContainer[PreviewedRefusal]
    def __init__(self, succeeded_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., moves: _Optional[_Iterable[_Union[PreviewedMove, _Mapping]]] = ..., refusals: _Optional[_Iterable[_Union[PreviewedRefusal, _Mapping]]] = ...) -> None: ...

class BatchTransitionSessionsResponse(_message.Message):
    __slots__ = ("session_count", "operation", "sessions", "preview")
    SESSION_COUNT_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    session_count: int
    operation: _operations_pb2.Operation
    sessions: _containers.RepeatedCompositeFieldContainer[AccommodatedSession]
    preview: TransitionPreview
    def __init__(self, session_count: _Optional[int] = ..., operation: _Optional[_Union[_operations_pb2.Operation, _Mapping]] = ..., sessions: _Optional[_Iterable[_Union[AccommodatedSession, _Mapping]]] = ..., preview: _Optional[_Union[TransitionPreview, _Mapping]] = ...) -> None: ...

class AccommodatedSession(_message.Message):
    __slots__ = ("session_id", "deadline", "cut_by_window", "warning")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    CUT_BY_WINDOW_FIELD_NUMBER: _ClassVar[int]
    WARNING_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    deadline: _timestamp_pb2.Timestamp
    cut_by_window: _duration_pb2.Duration
    warning: str
    def __init__(self, session_id: _Optional[str] = ..., deadline: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cut_by_window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., warning: _Optional[str] = ...) -> None: ...

class GetStateMachineRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StateRules(_message.Message):
    __slots__ = ("state", "maturity", "editable", "resettable", "voidable", "terminal")
    STATE_FIELD_NUMBER: _ClassVar[int]
    MATURITY_FIELD_NUMBER: _ClassVar[int]
    EDITABLE_FIELD_NUMBER: _ClassVar[int]
    RESETTABLE_FIELD_NUMBER: _ClassVar[int]
    VOIDABLE_FIELD_NUMBER: _ClassVar[int]
    TERMINAL_FIELD_NUMBER: _ClassVar[int]
    state: _session_pb2.State
    maturity: _session_pb2.Maturity
    editable: bool
    resettable: bool
    voidable: bool
    terminal: bool
    def __init__(self, state: _Optional[_Union[_session_pb2.State, str]] = ..., maturity: _Optional[_Union[_session_pb2.Maturity, str]] = ..., editable: _Optional[bool] = ..., resettable: _Optional[bool] = ..., voidable: _Optional[bool] = ..., terminal: _Optional[bool] = ...) -> None: ...

class Transition(_message.Message):
    __slots__ = ("action", "from_state", "to_state", "condition")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    FROM_STATE_FIELD_NUMBER: _ClassVar[int]
    TO_STATE_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    action: _session_pb2.Action
    from_state: _session_pb2.State
    to_state: _session_pb2.State
    condition: str
    def __init__(self, action: _Optional[_Union[_session_pb2.Action, str]] = ..., from_state: _Optional[_Union[_session_pb2.State, str]] = ..., to_state: _Optional[_Union[_session_pb2.State, str]] = ..., condition: _Optional[str] = ...) -> None: ...

class GetStateMachineResponse(_message.Message):
    __slots__ = ("states", "transitions", "mermaid", "server_version")
    STATES_FIELD_NUMBER: _ClassVar[int]
    TRANSITIONS_FIELD_NUMBER: _ClassVar[int]
    MERMAID_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    states: _containers.RepeatedCompositeFieldContainer[StateRules]
    transitions: _containers.RepeatedCompositeFieldContainer[Transition]
    mermaid: str
    server_version: str
    def __init__(self, states: _Optional[_Iterable[_Union[StateRules, _Mapping]]] = ..., transitions: _Optional[_Iterable[_Union[Transition, _Mapping]]] = ..., mermaid: _Optional[str] = ..., server_version: _Optional[str] = ...) -> None: ...

class ExplainSessionRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ...) -> None: ...

class ActionVerdict(_message.Message):
    __slots__ = ("action", "allowed", "to_state", "reason", "message")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    TO_STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    action: _session_pb2.Action
    allowed: bool
    to_state: _session_pb2.State
    reason: str
    message: str
    def __init__(self, action: _Optional[_Union[_session_pb2.Action, str]] = ..., allowed: _Optional[bool] = ..., to_state: _Optional[_Union[_session_pb2.State, str]] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class ExplainSessionResponse(_message.Message):
    __slots__ = ("session", "allowed_actions", "verdicts")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    allowed_actions: _containers.RepeatedScalarFieldContainer[_session_pb2.Action]
    verdicts: _containers.RepeatedCompositeFieldContainer[ActionVerdict]
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ..., allowed_actions: _Optional[_Iterable[_Union[_session_pb2.Action, str]]] = ..., verdicts: _Optional[_Iterable[_Union[ActionVerdict, _Mapping]]] = ...) -> None: ...
