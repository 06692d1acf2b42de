import datetime

from exam_sessions_client.v1 import access_pb2 as _access_pb2
from exam_sessions_client.v1 import access_fields_pb2 as _access_fields_pb2
from exam_sessions_client.v1 import session_pb2 as _session_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SessionView(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SESSION_VIEW_UNSPECIFIED: _ClassVar[SessionView]
    SESSION_VIEW_BASIC: _ClassVar[SessionView]
    SESSION_VIEW_FULL: _ClassVar[SessionView]

class SessionOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SESSION_ORDER_UNSPECIFIED: _ClassVar[SessionOrder]
    SESSION_ORDER_CREATE_TIME: _ClassVar[SessionOrder]
    SESSION_ORDER_CREATE_TIME_DESC: _ClassVar[SessionOrder]
    SESSION_ORDER_ID: _ClassVar[SessionOrder]
SESSION_VIEW_UNSPECIFIED: SessionView
SESSION_VIEW_BASIC: SessionView
SESSION_VIEW_FULL: SessionView
SESSION_ORDER_UNSPECIFIED: SessionOrder
SESSION_ORDER_CREATE_TIME: SessionOrder
SESSION_ORDER_CREATE_TIME_DESC: SessionOrder
SESSION_ORDER_ID: SessionOrder

class CreateSessionRequest(_message.Message):
    __slots__ = ("workspace_id", "release_id", "booking", "request_id", "validate_only", "allow_missing_form")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    BOOKING_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FORM_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    release_id: str
    booking: _session_pb2.Booking
    request_id: str
    validate_only: bool
    allow_missing_form: bool
    def __init__(self, workspace_id: _Optional[str] = ..., release_id: _Optional[str] = ..., booking: _Optional[_Union[_session_pb2.Booking, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., allow_missing_form: _Optional[bool] = ...) -> None: ...

class CreateSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class BatchCreateSessionsRequest(_message.Message):
    __slots__ = ("workspace_id", "release_id", "bookings", "request_id", "validate_only", "allow_missing_form")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    BOOKINGS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FORM_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    release_id: str
    bookings: _containers.RepeatedCompositeFieldContainer[_session_pb2.Booking]
    request_id: str
    validate_only: bool
    allow_missing_form: bool
    def __init__(self, workspace_id: _Optional[str] = ..., release_id: _Optional[str] = ..., bookings: _Optional[_Iterable[_Union[_session_pb2.Booking, _Mapping]]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., allow_missing_form: _Optional[bool] = ...) -> None: ...

class BookedSession(_message.Message):
    __slots__ = ("id", "keycode", "access_code", "candidate_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    keycode: str
    access_code: str
    candidate_id: str
    def __init__(self, id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[str] = ..., candidate_id: _Optional[str] = ...) -> None: ...

class BatchCreateSessionsResponse(_message.Message):
    __slots__ = ("sessions",)
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[BookedSession]
    def __init__(self, sessions: _Optional[_Iterable[_Union[BookedSession, _Mapping]]] = ...) -> None: ...

class ImportSessionsRequest(_message.Message):
    __slots__ = ("workspace_id", "release_id", "import_id", "chunk", "bookings", "allow_missing_form")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    IMPORT_ID_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    BOOKINGS_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FORM_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    release_id: str
    import_id: str
    chunk: int
    bookings: _containers.RepeatedCompositeFieldContainer[_session_pb2.Booking]
    allow_missing_form: bool
    def __init__(self, workspace_id: _Optional[str] = ..., release_id: _Optional[str] = ..., import_id: _Optional[str] = ..., chunk: _Optional[int] = ..., bookings: _Optional[_Iterable[_Union[_session_pb2.Booking, _Mapping]]] = ..., allow_missing_form: _Optional[bool] = ...) -> None: ...

class ImportSessionsResponse(_message.Message):
    __slots__ = ("chunk", "sessions", "booked_count", "refusal")
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    BOOKED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    chunk: int
    sessions: _containers.RepeatedCompositeFieldContainer[BookedSession]
    booked_count: int
    refusal: _status_pb2.Status
    def __init__(self, chunk: _Optional[int] = ..., sessions: _Optional[_Iterable[_Union[BookedSession, _Mapping]]] = ..., booked_count: _Optional[int] = ..., refusal: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class GetSessionRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "view", "show_responses", "show_results", "show_keys")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    SHOW_RESPONSES_FIELD_NUMBER: _ClassVar[int]
    SHOW_RESULTS_FIELD_NUMBER: _ClassVar[int]
    SHOW_KEYS_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    view: SessionView
    show_responses: bool
    show_results: bool
    show_keys: bool
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., view: _Optional[_Union[SessionView, str]] = ..., show_responses: _Optional[bool] = ..., show_results: _Optional[bool] = ..., show_keys: _Optional[bool] = ...) -> None: ...

class GetSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class BatchGetSessionsRequest(_message.Message):
    __slots__ = ("workspace_id", "session_ids", "view")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_IDS_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_ids: _containers.RepeatedScalarFieldContainer[str]
    view: SessionView
    def __init__(self, workspace_id: _Optional[str] = ..., session_ids: _Optional[_Iterable[str]] = ..., view: _Optional[_Union[SessionView, str]] = ...) -> None: ...

class BatchGetSessionsResponse(_message.Message):
    __slots__ = ("sessions",)
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[_session_pb2.Session]
    def __init__(self, sessions: _Optional[_Iterable[_Union[_session_pb2.Session, _Mapping]]] = ...) -> None: ...

class TimeRange(_message.Message):
    __slots__ = ("start_time", "end_time")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SessionFilter(_message.Message):
    __slots__ = ("release_ids", "states", "maturities", "candidate_ids", "school_id", "district_id", "centre_id", "create_time", "update_time", "test_forms", "external_reference", "name", "finish_reasons", "deadline", "attempt", "exception", "accommodated", "late")
    RELEASE_IDS_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    MATURITIES_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_IDS_FIELD_NUMBER: _ClassVar[int]
    SCHOOL_ID_FIELD_NUMBER: _ClassVar[int]
    DISTRICT_ID_FIELD_NUMBER: _ClassVar[int]
    CENTRE_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    TEST_FORMS_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASONS_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    EXCEPTION_FIELD_NUMBER: _ClassVar[int]
    ACCOMMODATED_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    release_ids: _containers.RepeatedScalarFieldContainer[str]
    states: _containers.RepeatedScalarFieldContainer[_session_pb2.State]
    maturities: _containers.RepeatedScalarFieldContainer[_session_pb2.Maturity]
    candidate_ids: _containers.RepeatedScalarFieldContainer[str]
    school_id: str
    district_id: str
    centre_id: str
    create_time: TimeRange
    update_time: TimeRange
    test_forms: _containers.RepeatedScalarFieldContainer[str]
    external_reference: str
    name: str
    finish_reasons: _containers.RepeatedScalarFieldContainer[_session_pb2.FinishReason]
    deadline: TimeRange
    attempt: int
    exception: bool
    accommodated: bool
    late: bool
    def __init__(self, release_ids: _Optional[_Iterable[str]] = ..., states: _Optional[_Iterable[_Union[_session_pb2.State, str]]] = ..., maturities: _Optional[_Iterable[_Union[_session_pb2.Maturity, str]]] = ..., candidate_ids: _Optional[_Iterable[str]] = ..., school_id: _Optional[str] = ..., district_id: _Optional[str] = ..., centre_id: _Optional[str] = ..., create_time: _Optional[_Union[TimeRange, _Mapping]] = ..., update_time: _Optional[_Union[TimeRange, _Mapping]] = ..., test_forms: _Optional[_Iterable[str]] = ..., external_reference: _Optional[str] = ..., name: _Optional[str] = ..., finish_reasons: _Optional[_Iterable[_Union[_session_pb2.FinishReason, str]]] = ..., deadline: _Optional[_Union[TimeRange, _Mapping]] = ..., attempt: _Optional[int] = ..., exception: _Optional[bool] = ..., accommodated: _Optional[bool] = ..., late: _Optional[bool] = ...) -> None: ...

class ListSessionsRequest(_message.Message):
    __slots__ = ("workspace_id", "page_size", "page_token", "filter", "order", "view", "read_mask", "show_total_size", "show_responses", "show_results", "show_keys", "show_statistics")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    SHOW_TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    SHOW_RESPONSES_FIELD_NUMBER: _ClassVar[int]
    SHOW_RESULTS_FIELD_NUMBER: _ClassVar[int]
    SHOW_KEYS_FIELD_NUMBER: _ClassVar[int]
    SHOW_STATISTICS_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    page_size: int
    page_token: str
    filter: SessionFilter
    order: SessionOrder
    view: SessionView
    read_mask: _field_mask_pb2.FieldMask
    show_total_size: bool
    show_responses: bool
    show_results: bool
    show_keys: bool
    show_statistics: bool
    def __init__(self, workspace_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[_Union[SessionFilter, _Mapping]] = ..., order: _Optional[_Union[SessionOrder, str]] = ..., view: _Optional[_Union[SessionView, str]] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., show_total_size: _Optional[bool] = ..., show_responses: _Optional[bool] = ..., show_results: _Optional[bool] = ..., show_keys: _Optional[bool] = ..., show_statistics: _Optional[bool] = ...) -> None: ...

class ListSessionsResponse(_message.Message):
    __slots__ = ("sessions", "next_page_token", "total_size", "statistics")
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    STATISTICS_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[_session_pb2.Session]
    next_page_token: str
    total_size: int
    statistics: _session_pb2.SessionStatistics
    def __init__(self, sessions: _Optional[_Iterable[_Union[_session_pb2.Session, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ..., statistics: _Optional[_Union[_session_pb2.SessionStatistics, _Mapping]] = ...) -> None: ...

class AggregateSessionsRequest(_message.Message):
    __slots__ = ("workspace_id", "release_ids", "filter")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_IDS_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    release_ids: _containers.RepeatedScalarFieldContainer[str]
    filter: SessionFilter
    def __init__(self, workspace_id: _Optional[str] = ..., release_ids: _Optional[_Iterable[str]] = ..., filter: _Optional[_Union[SessionFilter, _Mapping]] = ...) -> None: ...

class AggregateSessionsResponse(_message.Message):
    __slots__ = ("total", "releases")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    RELEASES_FIELD_NUMBER: _ClassVar[int]
    total: _session_pb2.SessionStatistics
    releases: _containers.RepeatedCompositeFieldContainer[_session_pb2.ReleaseStatistics]
    def __init__(self, total: _Optional[_Union[_session_pb2.SessionStatistics, _Mapping]] = ..., releases: _Optional[_Iterable[_Union[_session_pb2.ReleaseStatistics, _Mapping]]] = ...) -> None: ...

class UpdateSessionRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "request_id", "etag", "validate_only", "booking", "update_mask", "allow_missing_form")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    BOOKING_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FORM_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    request_id: str
    etag: str
    validate_only: bool
    booking: _session_pb2.Booking
    update_mask: _field_mask_pb2.FieldMask
    allow_missing_form: bool
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., booking: _Optional[_Union[_session_pb2.Booking, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., allow_missing_form: _Optional[bool] = ...) -> None: ...

class UpdateSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ...) -> None: ...

class SessionEdit(_message.Message):
    __slots__ = ("session_id", "booking", "etag")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    BOOKING_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    booking: _session_pb2.Booking
    etag: str
    def __init__(self, session_id: _Optional[str] = ..., booking: _Optional[_Union[_session_pb2.Booking, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class BatchUpdateSessionsRequest(_message.Message):
    __slots__ = ("workspace_id", "edits", "update_mask", "request_id", "validate_only", "allow_missing_form")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    EDITS_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FORM_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    edits: _containers.RepeatedCompositeFieldContainer[SessionEdit]
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    validate_only: bool
    allow_missing_form: bool
    def __init__(self, workspace_id: _Optional[str] = ..., edits: _Optional[_Iterable[_Union[SessionEdit, _Mapping]]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ..., allow_missing_form: _Optional[bool] = ...) -> None: ...

class BatchUpdateSessionsResponse(_message.Message):
    __slots__ = ("updated_count",)
    UPDATED_COUNT_FIELD_NUMBER: _ClassVar[int]
    updated_count: int
    def __init__(self, updated_count: _Optional[int] = ...) -> None: ...

class DeleteSessionRequest(_message.Message):
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

class DeleteSessionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListSessionEventsRequest(_message.Message):
    __slots__ = ("workspace_id", "session_id", "keycode", "access_code", "page_size", "page_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    session_id: str
    keycode: str
    access_code: _session_pb2.AccessCodeKey
    page_size: int
    page_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., session_id: _Optional[str] = ..., keycode: _Optional[str] = ..., access_code: _Optional[_Union[_session_pb2.AccessCodeKey, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSessionEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_session_pb2.SessionEvent]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[_session_pb2.SessionEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchFilter(_message.Message):
    __slots__ = ("release_ids", "session_ids", "states", "actions", "centre_ids", "school_ids", "district_ids")
    RELEASE_IDS_FIELD_NUMBER: _ClassVar[int]
    SESSION_IDS_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    CENTRE_IDS_FIELD_NUMBER: _ClassVar[int]
    SCHOOL_IDS_FIELD_NUMBER: _ClassVar[int]
    DISTRICT_IDS_FIELD_NUMBER: _ClassVar[int]
    release_ids: _containers.RepeatedScalarFieldContainer[str]
    session_ids: _containers.RepeatedScalarFieldContainer[str]
    states: _containers.RepeatedScalarFieldContainer[_session_pb2.State]
    actions: _containers.RepeatedScalarFieldContainer[_session_pb2.Action]
    centre_ids: _containers.RepeatedScalarFieldContainer[str]
    school_ids: _containers.RepeatedScalarFieldContainer[str]
    district_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, release_ids: _Optional[_Iterable[str]] = ..., session_ids: _Optional[_Iterable[str]] = ..., states: _Optional[_Iterable[_Union[_session_pb2.State, str]]] = ..., actions: _Optional[_Iterable[_Union[_session_pb2.Action, str]]] = ..., centre_ids: _Optional[_Iterable[str]] = ..., school_ids: _Optional[_Iterable[str]] = ..., district_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class WatchSessionsRequest(_message.Message):
    __slots__ = ("workspace_id", "start_sequence", "consumer", "now", "filter", "heartbeat_interval", "view")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    START_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CONSUMER_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    start_sequence: int
    consumer: str
    now: bool
    filter: WatchFilter
    heartbeat_interval: _duration_pb2.Duration
    view: SessionView
    def __init__(self, workspace_id: _Optional[str] = ..., start_sequence: _Optional[int] = ..., consumer: _Optional[str] = ..., now: _Optional[bool] = ..., filter: _Optional[_Union[WatchFilter, _Mapping]] = ..., heartbeat_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., view: _Optional[_Union[SessionView, str]] = ...) -> None: ...

class WatchSessionsResponse(_message.Message):
    __slots__ = ("sequence", "sessions", "events", "snapshot_complete")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    sessions: _containers.RepeatedCompositeFieldContainer[_session_pb2.Session]
    events: _containers.RepeatedCompositeFieldContainer[_session_pb2.SessionEvent]
    snapshot_complete: bool
    def __init__(self, sequence: _Optional[int] = ..., sessions: _Optional[_Iterable[_Union[_session_pb2.Session, _Mapping]]] = ..., events: _Optional[_Iterable[_Union[_session_pb2.SessionEvent, _Mapping]]] = ..., snapshot_complete: _Optional[bool] = ...) -> None: ...

class AcknowledgeEventsRequest(_message.Message):
    __slots__ = ("workspace_id", "consumer", "sequence", "rewind", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    CONSUMER_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    REWIND_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    consumer: str
    sequence: int
    rewind: bool
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., consumer: _Optional[str] = ..., sequence: _Optional[int] = ..., rewind: _Optional[bool] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class AcknowledgeEventsResponse(_message.Message):
    __slots__ = ("consumer",)
    CONSUMER_FIELD_NUMBER: _ClassVar[int]
    consumer: EventConsumer
    def __init__(self, consumer: _Optional[_Union[EventConsumer, _Mapping]] = ...) -> None: ...

class EventConsumer(_message.Message):
    __slots__ = ("name", "sequence", "behind", "update_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    BEHIND_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    sequence: int
    behind: int
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., sequence: _Optional[int] = ..., behind: _Optional[int] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListEventConsumersRequest(_message.Message):
    __slots__ = ("workspace_id", "page_size", "page_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    page_size: int
    page_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListEventConsumersResponse(_message.Message):
    __slots__ = ("consumers", "next_page_token")
    CONSUMERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    consumers: _containers.RepeatedCompositeFieldContainer[EventConsumer]
    next_page_token: str
    def __init__(self, consumers: _Optional[_Iterable[_Union[EventConsumer, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
