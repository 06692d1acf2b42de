import datetime

from exam_sessions_client.v1 import access_pb2 as _access_pb2
from exam_sessions_client.v1 import access_fields_pb2 as _access_fields_pb2
from exam_sessions_client.v1 import session_pb2 as _session_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OperationKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPERATION_KIND_UNSPECIFIED: _ClassVar[OperationKind]
    OPERATION_KIND_TEMPLATE: _ClassVar[OperationKind]
    OPERATION_KIND_TRANSITION: _ClassVar[OperationKind]
    OPERATION_KIND_REGRADE: _ClassVar[OperationKind]
    OPERATION_KIND_ERASE: _ClassVar[OperationKind]
    OPERATION_KIND_RETENTION: _ClassVar[OperationKind]

class OperationStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPERATION_STATUS_UNSPECIFIED: _ClassVar[OperationStatus]
    OPERATION_STATUS_QUEUED: _ClassVar[OperationStatus]
    OPERATION_STATUS_RUNNING: _ClassVar[OperationStatus]
    OPERATION_STATUS_HALTED: _ClassVar[OperationStatus]
    OPERATION_STATUS_COMPLETED: _ClassVar[OperationStatus]
OPERATION_KIND_UNSPECIFIED: OperationKind
OPERATION_KIND_TEMPLATE: OperationKind
OPERATION_KIND_TRANSITION: OperationKind
OPERATION_KIND_REGRADE: OperationKind
OPERATION_KIND_ERASE: OperationKind
OPERATION_KIND_RETENTION: OperationKind
OPERATION_STATUS_UNSPECIFIED: OperationStatus
OPERATION_STATUS_QUEUED: OperationStatus
OPERATION_STATUS_RUNNING: OperationStatus
OPERATION_STATUS_HALTED: OperationStatus
OPERATION_STATUS_COMPLETED: OperationStatus

class OperationMetadata(_message.Message):
    __slots__ = ("kind", "status", "done_count", "total_count", "failed_count", "create_time", "update_time", "end_time", "cancel_requested", "actor", "action", "acting_for")
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DONE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    CANCEL_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    ACTING_FOR_FIELD_NUMBER: _ClassVar[int]
    kind: OperationKind
    status: OperationStatus
    done_count: int
    total_count: int
    failed_count: int
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    cancel_requested: bool
    actor: str
    action: _session_pb2.Action
    acting_for: str
    def __init__(self, kind: _Optional[_Union[OperationKind, str]] = ..., status: _Optional[_Union[OperationStatus, str]] = ..., done_count: _Optional[int] = ..., total_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cancel_requested: _Optional[bool] = ..., actor: _Optional[str] = ..., action: _Optional[_Union[_session_pb2.Action, str]] = ..., acting_for: _Optional[str] = ...) -> None: ...

class RowOutcome(_message.Message):
    __slots__ = ("index", "session_id", "status", "state", "deadline", "cut_by_window", "warning")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    CUT_BY_WINDOW_FIELD_NUMBER: _ClassVar[int]
    WARNING_FIELD_NUMBER: _ClassVar[int]
    index: int
    session_id: str
    status: _status_pb2.Status
    state: _session_pb2.State
    deadline: _timestamp_pb2.Timestamp
    cut_by_window: _duration_pb2.Duration
    warning: str
    def __init__(self, index: _Optional[int] = ..., session_id: _Optional[str] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., state: _Optional[_Union[_session_pb2.State, str]] = ..., deadline: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cut_by_window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., warning: _Optional[str] = ...) -> None: ...

class OperationResult(_message.Message):
    __slots__ = ("succeeded_count", "failed_count", "rows", "regrade", "erasure")
    SUCCEEDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    REGRADE_FIELD_NUMBER: _ClassVar[int]
    ERASURE_FIELD_NUMBER: _ClassVar[int]
    succeeded_count: int
    failed_count: int
    rows: _containers.RepeatedCompositeFieldContainer[RowOutcome]
    regrade: RegradeSummary
    erasure: ErasureSummary
    def __init__(self, succeeded_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., rows: _Optional[_Iterable[_Union[RowOutcome, _Mapping]]] = ..., regrade: _Optional[_Union[RegradeSummary, _Mapping]] = ..., erasure: _Optional[_Union[ErasureSummary, _Mapping]] = ...) -> None: ...

class ErasureSummary(_message.Message):
    __slots__ = ("session_count", "former_session_count", "event_count", "attempt_count", "operation_count", "request_count")
    SESSION_COUNT_FIELD_NUMBER: _ClassVar[int]
    FORMER_SESSION_COUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    OPERATION_COUNT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_COUNT_FIELD_NUMBER: _ClassVar[int]
    session_count: int
    former_session_count: int
    event_count: int
    attempt_count: int
    operation_count: int
    request_count: int
    def __init__(self, session_count: _Optional[int] = ..., former_session_count: _Optional[int] = ..., event_count: _Optional[int] = ..., attempt_count: _Optional[int] = ..., operation_count: _Optional[int] = ..., request_count: _Optional[int] = ...) -> None: ...

class RegradeSummary(_message.Message):
    __slots__ = ("test_form", "form_revision", "changed_count", "unchanged_count", "archived_count", "voided_count", "not_handed_in_count", "other_form_count", "changed_attempt_count", "before", "after", "bands", "largest_moves")
    TEST_FORM_FIELD_NUMBER: _ClassVar[int]
    FORM_REVISION_FIELD_NUMBER: _ClassVar[int]
    CHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_COUNT_FIELD_NUMBER: _ClassVar[int]
    VOIDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    NOT_HANDED_IN_COUNT_FIELD_NUMBER: _ClassVar[int]
    OTHER_FORM_COUNT_FIELD_NUMBER: _ClassVar[int]
    CHANGED_ATTEMPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    BANDS_FIELD_NUMBER: _ClassVar[int]
    LARGEST_MOVES_FIELD_NUMBER: _ClassVar[int]
    test_form: str
    form_revision: int
    changed_count: int
    unchanged_count: int
    archived_count: int
    voided_count: int
    not_handed_in_count: int
    other_form_count: int
    changed_attempt_count: int
    before: ScoreSpread
    after: ScoreSpread
    bands: _containers.RepeatedCompositeFieldContainer[ScoreBand]
    largest_moves: _containers.RepeatedCompositeFieldContainer[ScoreMove]
    def __init__(self, test_form: _Optional[str] = ..., form_revision: _Optional[int] = ..., changed_count: _Optional[int] = ..., unchanged_count: _Optional[int] = ..., archived_count: _Optional[int] = ..., voided_count: _Optional[int] = ..., not_handed_in_count: _Optional[int] = ..., other_form_count: _Optional[int] = ..., changed_attempt_count: _Optional[int] = ..., before: _Optional[_Union[ScoreSpread, _Mapping]] = ..., after: _Optional[_Union[ScoreSpread, _Mapping]] = ..., bands: _Optional[_Iterable[_Union[ScoreBand, _Mapping]]] = ..., largest_moves: _Optional[_Iterable[_Union[ScoreMove, _Mapping]]] = ...) -> None: ...

class ScoreSpread(_message.Message):
    __slots__ = ("scored_count", "min_score", "average_score", "max_score")
    SCORED_COUNT_FIELD_NUMBER: _ClassVar[int]
    MIN_SCORE_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_SCORE_FIELD_NUMBER: _ClassVar[int]
    MAX_SCORE_FIELD_NUMBER: _ClassVar[int]
    scored_count: int
    min_score: str
    average_score: str
    max_score: str
    def __init__(self, scored_count: _Optional[int] = ..., min_score: _Optional[str] = ..., average_score: _Optional[str] = ..., max_score: _Optional[str] = ...) -> None: ...

class ScoreBand(_message.Message):
    __slots__ = ("from_percent", "to_percent", "before_count", "after_count")
    FROM_PERCENT_FIELD_NUMBER: _ClassVar[int]
    TO_PERCENT_FIELD_NUMBER: _ClassVar[int]
    BEFORE_COUNT_FIELD_NUMBER: _ClassVar[int]
    AFTER_COUNT_FIELD_NUMBER: _ClassVar[int]
    from_percent: int
    to_percent: int
    before_count: int
    after_count: int
    def __init__(self, from_percent: _Optional[int] = ..., to_percent: _Optional[int] = ..., before_count: _Optional[int] = ..., after_count: _Optional[int] = ...) -> None: ...

class ScoreMove(_message.Message):
    __slots__ = ("session_id", "candidate_id", "score_before", "score_after", "points_before", "points_after")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    SCORE_AFTER_FIELD_NUMBER: _ClassVar[int]
    POINTS_BEFORE_FIELD_NUMBER: _ClassVar[int]
    POINTS_AFTER_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    candidate_id: str
    score_before: str
    score_after: str
    points_before: str
    points_after: str
    def __init__(self, session_id: _Optional[str] = ..., candidate_id: _Optional[str] = ..., score_before: _Optional[str] = ..., score_after: _Optional[str] = ..., points_before: _Optional[str] = ..., points_after: _Optional[str] = ...) -> None: ...
