import datetime

from exam_sessions_client.v1 import access_pb2 as _access_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LockoutGuarded(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOCKOUT_GUARDED_UNSPECIFIED: _ClassVar[LockoutGuarded]
    LOCKOUT_GUARDED_CODES: _ClassVar[LockoutGuarded]
    LOCKOUT_GUARDED_CREDENTIALS: _ClassVar[LockoutGuarded]

class LockoutSubject(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOCKOUT_SUBJECT_UNSPECIFIED: _ClassVar[LockoutSubject]
    LOCKOUT_SUBJECT_ADDRESS: _ClassVar[LockoutSubject]
    LOCKOUT_SUBJECT_PRINCIPAL: _ClassVar[LockoutSubject]
LOCKOUT_GUARDED_UNSPECIFIED: LockoutGuarded
LOCKOUT_GUARDED_CODES: LockoutGuarded
LOCKOUT_GUARDED_CREDENTIALS: LockoutGuarded
LOCKOUT_SUBJECT_UNSPECIFIED: LockoutSubject
LOCKOUT_SUBJECT_ADDRESS: LockoutSubject
LOCKOUT_SUBJECT_PRINCIPAL: LockoutSubject

class Lockout(_message.Message):
    __slots__ = ("id", "guarded", "subject", "value", "wrong_count", "begin_time", "end_time", "lift_time", "lifted_by", "message", "in_force", "whole_deployment")
    ID_FIELD_NUMBER: _ClassVar[int]
    GUARDED_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    WRONG_COUNT_FIELD_NUMBER: _ClassVar[int]
    BEGIN_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    LIFT_TIME_FIELD_NUMBER: _ClassVar[int]
    LIFTED_BY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    WHOLE_DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    id: str
    guarded: LockoutGuarded
    subject: LockoutSubject
    value: str
    wrong_count: int
    begin_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    lift_time: _timestamp_pb2.Timestamp
    lifted_by: str
    message: str
    in_force: bool
    whole_deployment: bool
    def __init__(self, id: _Optional[str] = ..., guarded: _Optional[_Union[LockoutGuarded, str]] = ..., subject: _Optional[_Union[LockoutSubject, str]] = ..., value: _Optional[str] = ..., wrong_count: _Optional[int] = ..., begin_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lift_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lifted_by: _Optional[str] = ..., message: _Optional[str] = ..., in_force: _Optional[bool] = ..., whole_deployment: _Optional[bool] = ...) -> None: ...

class ListLockoutsRequest(_message.Message):
    __slots__ = ("workspace_id", "whole_deployment", "in_force_only", "page_size", "page_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    WHOLE_DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_ONLY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    whole_deployment: bool
    in_force_only: bool
    page_size: int
    page_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., whole_deployment: _Optional[bool] = ..., in_force_only: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListLockoutsResponse(_message.Message):
    __slots__ = ("lockouts", "next_page_token")
    LOCKOUTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    lockouts: _containers.RepeatedCompositeFieldContainer[Lockout]
    next_page_token: str
    def __init__(self, lockouts: _Optional[_Iterable[_Union[Lockout, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class LiftLockoutRequest(_message.Message):
    __slots__ = ("workspace_id", "whole_deployment", "lockout_id", "message", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    WHOLE_DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    LOCKOUT_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    whole_deployment: bool
    lockout_id: str
    message: str
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., whole_deployment: _Optional[bool] = ..., lockout_id: _Optional[str] = ..., message: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class LiftLockoutResponse(_message.Message):
    __slots__ = ("lockout",)
    LOCKOUT_FIELD_NUMBER: _ClassVar[int]
    lockout: Lockout
    def __init__(self, lockout: _Optional[_Union[Lockout, _Mapping]] = ...) -> None: ...
