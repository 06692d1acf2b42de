import datetime

from exam_sessions_client.v1 import session_pb2 as _session_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Delivery(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DELIVERY_UNSPECIFIED: _ClassVar[Delivery]
    DELIVERY_ONLINE: _ClassVar[Delivery]
    DELIVERY_PAPER: _ClassVar[Delivery]

class AttemptStrategy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ATTEMPT_STRATEGY_UNSPECIFIED: _ClassVar[AttemptStrategy]
    ATTEMPT_STRATEGY_HIGHEST: _ClassVar[AttemptStrategy]
    ATTEMPT_STRATEGY_LATEST: _ClassVar[AttemptStrategy]
    ATTEMPT_STRATEGY_FIRST: _ClassVar[AttemptStrategy]
    ATTEMPT_STRATEGY_AVERAGE: _ClassVar[AttemptStrategy]

class DevicePolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEVICE_POLICY_UNSPECIFIED: _ClassVar[DevicePolicy]
    DEVICE_POLICY_ANY: _ClassVar[DevicePolicy]
    DEVICE_POLICY_ONE_DEVICE: _ClassVar[DevicePolicy]
    DEVICE_POLICY_LAST_DEVICE: _ClassVar[DevicePolicy]
DELIVERY_UNSPECIFIED: Delivery
DELIVERY_ONLINE: Delivery
DELIVERY_PAPER: Delivery
ATTEMPT_STRATEGY_UNSPECIFIED: AttemptStrategy
ATTEMPT_STRATEGY_HIGHEST: AttemptStrategy
ATTEMPT_STRATEGY_LATEST: AttemptStrategy
ATTEMPT_STRATEGY_FIRST: AttemptStrategy
ATTEMPT_STRATEGY_AVERAGE: AttemptStrategy
DEVICE_POLICY_UNSPECIFIED: DevicePolicy
DEVICE_POLICY_ANY: DevicePolicy
DEVICE_POLICY_ONE_DEVICE: DevicePolicy
DEVICE_POLICY_LAST_DEVICE: DevicePolicy

class Release(_message.Message):
    __slots__ = ("workspace_id", "id", "name", "test_form", "window_start", "window_end", "duration", "delivery", "invigilated", "requires_check_in", "auto_create_pin", "moderated", "max_attempts", "attempt_strategy", "grace_period", "allow_multiple_open_sessions", "finalized", "create_time", "update_time", "etag", "statistics", "online_grace_period", "device_policy")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TEST_FORM_FIELD_NUMBER: _ClassVar[int]
    WINDOW_START_FIELD_NUMBER: _ClassVar[int]
    WINDOW_END_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    INVIGILATED_FIELD_NUMBER: _ClassVar[int]
    REQUIRES_CHECK_IN_FIELD_NUMBER: _ClassVar[int]
    AUTO_CREATE_PIN_FIELD_NUMBER: _ClassVar[int]
    MODERATED_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_STRATEGY_FIELD_NUMBER: _ClassVar[int]
    GRACE_PERIOD_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MULTIPLE_OPEN_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    FINALIZED_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    STATISTICS_FIELD_NUMBER: _ClassVar[int]
    ONLINE_GRACE_PERIOD_FIELD_NUMBER: _ClassVar[int]
    DEVICE_POLICY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    id: str
    name: str
    test_form: str
    window_start: _timestamp_pb2.Timestamp
    window_end: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    delivery: Delivery
    invigilated: bool
    requires_check_in: bool
    auto_create_pin: bool
    moderated: bool
    max_attempts: int
    attempt_strategy: AttemptStrategy
    grace_period: _duration_pb2.Duration
    allow_multiple_open_sessions: bool
    finalized: bool
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    etag: str
    statistics: _session_pb2.SessionStatistics
    online_grace_period: _duration_pb2.Duration
    device_policy: DevicePolicy
    def __init__(self, workspace_id: _Optional[str] = ..., id: _Optional[str] = ..., name: _Optional[str] = ..., test_form: _Optional[str] = ..., window_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., delivery: _Optional[_Union[Delivery, str]] = ..., invigilated: _Optional[bool] = ..., requires_check_in: _Optional[bool] = ..., auto_create_pin: _Optional[bool] = ..., moderated: _Optional[bool] = ..., max_attempts: _Optional[int] = ..., attempt_strategy: _Optional[_Union[AttemptStrategy, str]] = ..., grace_period: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., allow_multiple_open_sessions: _Optional[bool] = ..., finalized: _Optional[bool] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., statistics: _Optional[_Union[_session_pb2.SessionStatistics, _Mapping]] = ..., online_grace_period: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., device_policy: _Optional[_Union[DevicePolicy, str]] = ...) -> None: ...
