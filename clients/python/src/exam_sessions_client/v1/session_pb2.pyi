import datetime

from exam_sessions_client.v1 import access_pb2 as _access_pb2
from exam_sessions_client.v1 import access_fields_pb2 as _access_fields_pb2
from exam_sessions_client.v1 import result_pb2 as _result_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STATE_UNSPECIFIED: _ClassVar[State]
    STATE_SCHEDULED_BUT_NOT_CREATED: _ClassVar[State]
    STATE_SCHEDULED_BUT_NOT_DOWNLOADED: _ClassVar[State]
    STATE_SCHEDULED_BUT_LOCKED: _ClassVar[State]
    STATE_READY: _ClassVar[State]
    STATE_LOCKED_FOR_INVIGILATOR: _ClassVar[State]
    STATE_IN_PROGRESS: _ClassVar[State]
    STATE_PAUSED: _ClassVar[State]
    STATE_OFFLINE: _ClassVar[State]
    STATE_FINISHED: _ClassVar[State]
    STATE_VOIDED: _ClassVar[State]
    STATE_MARKED: _ClassVar[State]
    STATE_SCRIPT_VERIFIED: _ClassVar[State]
    STATE_ARCHIVED: _ClassVar[State]
    STATE_LOCKED_BY_PIN: _ClassVar[State]
    STATE_AWAITING_MARKING: _ClassVar[State]
    STATE_AWAITING_VERIFICATION: _ClassVar[State]
    STATE_AWAITING_UPLOAD: _ClassVar[State]
    STATE_PAPER_RESPONSE_UPLOAD: _ClassVar[State]
    STATE_LOCAL_SCAN_REQUESTED: _ClassVar[State]
    STATE_REQUIRES_CHECK_IN: _ClassVar[State]
    STATE_EXCEPTION: _ClassVar[State]

class Maturity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MATURITY_UNSPECIFIED: _ClassVar[Maturity]
    MATURITY_NOT_STARTED: _ClassVar[Maturity]
    MATURITY_IN_PROGRESS: _ClassVar[Maturity]
    MATURITY_COMPLETE: _ClassVar[Maturity]
    MATURITY_VOID: _ClassVar[Maturity]

class Action(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTION_UNSPECIFIED: _ClassVar[Action]
    ACTION_SCHEDULE: _ClassVar[Action]
    ACTION_CREATE_PACKAGE: _ClassVar[Action]
    ACTION_DOWNLOAD: _ClassVar[Action]
    ACTION_OPEN_WINDOW: _ClassVar[Action]
    ACTION_ENTER_KEYCODE: _ClassVar[Action]
    ACTION_CHECK_IN: _ClassVar[Action]
    ACTION_ENTER_PIN: _ClassVar[Action]
    ACTION_UNLOCK: _ClassVar[Action]
    ACTION_SET_PIN: _ClassVar[Action]
    ACTION_REMOVE_PIN: _ClassVar[Action]
    ACTION_PAUSE: _ClassVar[Action]
    ACTION_RESUME: _ClassVar[Action]
    ACTION_GO_OFFLINE: _ClassVar[Action]
    ACTION_RECONNECT: _ClassVar[Action]
    ACTION_FINISH_OFFLINE: _ClassVar[Action]
    ACTION_UPLOAD: _ClassVar[Action]
    ACTION_FINISH: _ClassVar[Action]
    ACTION_SEND_TO_MARKING: _ClassVar[Action]
    ACTION_SUBMIT_MARKED: _ClassVar[Action]
    ACTION_REQUEST_VERIFICATION: _ClassVar[Action]
    ACTION_VERIFY: _ClassVar[Action]
    ACTION_ARCHIVE: _ClassVar[Action]
    ACTION_VOID: _ClassVar[Action]
    ACTION_RESET: _ClassVar[Action]
    ACTION_ASSIGN_ITEM_MARKS: _ClassVar[Action]
    ACTION_ASSIGN_ITEM_RESPONSES: _ClassVar[Action]
    ACTION_REQUEST_SCAN: _ClassVar[Action]
    ACTION_RECEIVE_SCAN: _ClassVar[Action]
    ACTION_SET_RESPONSES: _ClassVar[Action]
    ACTION_CLEAR_RESPONSES: _ClassVar[Action]
    ACTION_REOPEN: _ClassVar[Action]
    ACTION_RETAKE: _ClassVar[Action]
    ACTION_FAIL: _ClassVar[Action]
    ACTION_RECOVER: _ClassVar[Action]
    ACTION_UPDATE: _ClassVar[Action]
    ACTION_DELETE: _ClassVar[Action]
    ACTION_ROUTE: _ClassVar[Action]
    ACTION_SCORE_RESPONSE: _ClassVar[Action]
    ACTION_UNSCORE_RESPONSE: _ClassVar[Action]
    ACTION_SET_EXTRA_TIME: _ClassVar[Action]
    ACTION_GET_PIN: _ClassVar[Action]
    ACTION_SET_ACCOMMODATION: _ClassVar[Action]
    ACTION_REGRADE: _ClassVar[Action]
    ACTION_ALLOW_TAKE_OVER: _ClassVar[Action]
    ACTION_TAKE_OVER: _ClassVar[Action]
    ACTION_ERASE: _ClassVar[Action]

class FinishReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINISH_REASON_UNSPECIFIED: _ClassVar[FinishReason]
    FINISH_REASON_CANDIDATE: _ClassVar[FinishReason]
    FINISH_REASON_INVIGILATOR: _ClassVar[FinishReason]
    FINISH_REASON_TIME_EXPIRED: _ClassVar[FinishReason]
    FINISH_REASON_RELEASE_FINALIZED: _ClassVar[FinishReason]

class VoidReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VOID_REASON_UNSPECIFIED: _ClassVar[VoidReason]
    VOID_REASON_ABSENT: _ClassVar[VoidReason]
    VOID_REASON_WITHDRAWN: _ClassVar[VoidReason]
    VOID_REASON_PARTIALLY_COMPLETED: _ClassVar[VoidReason]
    VOID_REASON_OTHER: _ClassVar[VoidReason]
    VOID_REASON_NOT_YET_STARTED: _ClassVar[VoidReason]
    VOID_REASON_AUTO: _ClassVar[VoidReason]

class Gender(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GENDER_UNSPECIFIED: _ClassVar[Gender]
    GENDER_MALE: _ClassVar[Gender]
    GENDER_FEMALE: _ClassVar[Gender]
    GENDER_OTHER: _ClassVar[Gender]

class GradeLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GRADE_LEVEL_UNSPECIFIED: _ClassVar[GradeLevel]
    GRADE_LEVEL_1: _ClassVar[GradeLevel]
    GRADE_LEVEL_2: _ClassVar[GradeLevel]
    GRADE_LEVEL_3: _ClassVar[GradeLevel]
    GRADE_LEVEL_4: _ClassVar[GradeLevel]
    GRADE_LEVEL_5: _ClassVar[GradeLevel]
    GRADE_LEVEL_6: _ClassVar[GradeLevel]
    GRADE_LEVEL_7: _ClassVar[GradeLevel]
    GRADE_LEVEL_8: _ClassVar[GradeLevel]
    GRADE_LEVEL_9: _ClassVar[GradeLevel]
    GRADE_LEVEL_10: _ClassVar[GradeLevel]
    GRADE_LEVEL_11: _ClassVar[GradeLevel]
    GRADE_LEVEL_12: _ClassVar[GradeLevel]
    GRADE_LEVEL_PK: _ClassVar[GradeLevel]
    GRADE_LEVEL_K: _ClassVar[GradeLevel]
    GRADE_LEVEL_AE: _ClassVar[GradeLevel]

class Ethnicity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ETHNICITY_UNSPECIFIED: _ClassVar[Ethnicity]
    ETHNICITY_BIRA: _ClassVar[Ethnicity]
    ETHNICITY_AMIN: _ClassVar[Ethnicity]
    ETHNICITY_ASIA: _ClassVar[Ethnicity]
    ETHNICITY_PAIS: _ClassVar[Ethnicity]
    ETHNICITY_FILP: _ClassVar[Ethnicity]
    ETHNICITY_HISP: _ClassVar[Ethnicity]
    ETHNICITY_AFAM: _ClassVar[Ethnicity]
    ETHNICITY_OTHR: _ClassVar[Ethnicity]
STATE_UNSPECIFIED: State
STATE_SCHEDULED_BUT_NOT_CREATED: State
STATE_SCHEDULED_BUT_NOT_DOWNLOADED: State
STATE_SCHEDULED_BUT_LOCKED: State
STATE_READY: State
STATE_LOCKED_FOR_INVIGILATOR: State
STATE_IN_PROGRESS: State
STATE_PAUSED: State
STATE_OFFLINE: State
STATE_FINISHED: State
STATE_VOIDED: State
STATE_MARKED: State
STATE_SCRIPT_VERIFIED: State
STATE_ARCHIVED: State
STATE_LOCKED_BY_PIN: State
STATE_AWAITING_MARKING: State
STATE_AWAITING_VERIFICATION: State
STATE_AWAITING_UPLOAD: State
STATE_PAPER_RESPONSE_UPLOAD: State
STATE_LOCAL_SCAN_REQUESTED: State
STATE_REQUIRES_CHECK_IN: State
STATE_EXCEPTION: State
MATURITY_UNSPECIFIED: Maturity
MATURITY_NOT_STARTED: Maturity
MATURITY_IN_PROGRESS: Maturity
MATURITY_COMPLETE: Maturity
MATURITY_VOID: Maturity
ACTION_UNSPECIFIED: Action
ACTION_SCHEDULE: Action
ACTION_CREATE_PACKAGE: Action
ACTION_DOWNLOAD: Action
ACTION_OPEN_WINDOW: Action
ACTION_ENTER_KEYCODE: Action
ACTION_CHECK_IN: Action
ACTION_ENTER_PIN: Action
ACTION_UNLOCK: Action
ACTION_SET_PIN: Action
ACTION_REMOVE_PIN: Action
ACTION_PAUSE: Action
ACTION_RESUME: Action
ACTION_GO_OFFLINE: Action
ACTION_RECONNECT: Action
ACTION_FINISH_OFFLINE: Action
ACTION_UPLOAD: Action
ACTION_FINISH: Action
ACTION_SEND_TO_MARKING: Action
ACTION_SUBMIT_MARKED: Action
ACTION_REQUEST_VERIFICATION: Action
ACTION_VERIFY: Action
ACTION_ARCHIVE: Action
ACTION_VOID: Action
ACTION_RESET: Action
ACTION_ASSIGN_ITEM_MARKS: Action
ACTION_ASSIGN_ITEM_RESPONSES: Action
ACTION_REQUEST_SCAN: Action
ACTION_RECEIVE_SCAN: Action
ACTION_SET_RESPONSES: Action
ACTION_CLEAR_RESPONSES: Action
ACTION_REOPEN: Action
ACTION_RETAKE: Action
ACTION_FAIL: Action
ACTION_RECOVER: Action
ACTION_UPDATE: Action
ACTION_DELETE: Action
ACTION_ROUTE: Action
ACTION_SCORE_RESPONSE: Action
ACTION_UNSCORE_RESPONSE: Action
ACTION_SET_EXTRA_TIME: Action
ACTION_GET_PIN: Action
ACTION_SET_ACCOMMODATION: Action
ACTION_REGRADE: Action
ACTION_ALLOW_TAKE_OVER: Action
ACTION_TAKE_OVER: Action
ACTION_ERASE: Action
FINISH_REASON_UNSPECIFIED: FinishReason
FINISH_REASON_CANDIDATE: FinishReason
FINISH_REASON_INVIGILATOR: FinishReason
FINISH_REASON_TIME_EXPIRED: FinishReason
FINISH_REASON_RELEASE_FINALIZED: FinishReason
VOID_REASON_UNSPECIFIED: VoidReason
VOID_REASON_ABSENT: VoidReason
VOID_REASON_WITHDRAWN: VoidReason
VOID_REASON_PARTIALLY_COMPLETED: VoidReason
VOID_REASON_OTHER: VoidReason
VOID_REASON_NOT_YET_STARTED: VoidReason
VOID_REASON_AUTO: VoidReason
GENDER_UNSPECIFIED: Gender
GENDER_MALE: Gender
GENDER_FEMALE: Gender
GENDER_OTHER: Gender
GRADE_LEVEL_UNSPECIFIED: GradeLevel
GRADE_LEVEL_1: GradeLevel
GRADE_LEVEL_2: GradeLevel
GRADE_LEVEL_3: GradeLevel
GRADE_LEVEL_4: GradeLevel
GRADE_LEVEL_5: GradeLevel
GRADE_LEVEL_6: GradeLevel
GRADE_LEVEL_7: GradeLevel
GRADE_LEVEL_8: GradeLevel
GRADE_LEVEL_9: GradeLevel
GRADE_LEVEL_10: GradeLevel
GRADE_LEVEL_11: GradeLevel
GRADE_LEVEL_12: GradeLevel
GRADE_LEVEL_PK: GradeLevel
GRADE_LEVEL_K: GradeLevel
GRADE_LEVEL_AE: GradeLevel
ETHNICITY_UNSPECIFIED: Ethnicity
ETHNICITY_BIRA: Ethnicity
ETHNICITY_AMIN: Ethnicity
ETHNICITY_ASIA: Ethnicity
ETHNICITY_PAIS: Ethnicity
ETHNICITY_FILP: Ethnicity
ETHNICITY_HISP: Ethnicity
ETHNICITY_AFAM: Ethnicity
ETHNICITY_OTHR: Ethnicity

class Candidate(_message.Message):
    __slots__ = ("candidate_id", "name_first", "name_middle", "name_last", "gender", "grade_level", "ethnicity", "school_id", "district_id")
    CANDIDATE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIRST_FIELD_NUMBER: _ClassVar[int]
    NAME_MIDDLE_FIELD_NUMBER: _ClassVar[int]
    NAME_LAST_FIELD_NUMBER: _ClassVar[int]
    GENDER_FIELD_NUMBER: _ClassVar[int]
    GRADE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    ETHNICITY_FIELD_NUMBER: _ClassVar[int]
    SCHOOL_ID_FIELD_NUMBER: _ClassVar[int]
    DISTRICT_ID_FIELD_NUMBER: _ClassVar[int]
    candidate_id: str
    name_first: str
    name_middle: str
    name_last: str
    gender: Gender
    grade_level: GradeLevel
    ethnicity: Ethnicity
    school_id: str
    district_id: str
    def __init__(self, candidate_id: _Optional[str] = ..., name_first: _Optional[str] = ..., name_middle: _Optional[str] = ..., name_last: _Optional[str] = ..., gender: _Optional[_Union[Gender, str]] = ..., grade_level: _Optional[_Union[GradeLevel, str]] = ..., ethnicity: _Optional[_Union[Ethnicity, str]] = ..., school_id: _Optional[str] = ..., district_id: _Optional[str] = ...) -> None: ...

class BookingAccommodation(_message.Message):
    __slots__ = ("time_limit", "no_time_limit", "extra_time", "extra_time_percent", "extra_time_reason")
    TIME_LIMIT_FIELD_NUMBER: _ClassVar[int]
    NO_TIME_LIMIT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_TIME_FIELD_NUMBER: _ClassVar[int]
    EXTRA_TIME_PERCENT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_TIME_REASON_FIELD_NUMBER: _ClassVar[int]
    time_limit: _duration_pb2.Duration
    no_time_limit: bool
    extra_time: _duration_pb2.Duration
    extra_time_percent: int
    extra_time_reason: str
    def __init__(self, time_limit: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., no_time_limit: _Optional[bool] = ..., extra_time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., extra_time_percent: _Optional[int] = ..., extra_time_reason: _Optional[str] = ...) -> None: ...

class Booking(_message.Message):
    __slots__ = ("session_id", "candidate", "access_code", "keycode", "pin", "external_reference", "centre_id", "test_form", "window_start", "window_end", "annotations", "accommodation")
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    PIN_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CENTRE_ID_FIELD_NUMBER: _ClassVar[int]
    TEST_FORM_FIELD_NUMBER: _ClassVar[int]
    WINDOW_START_FIELD_NUMBER: _ClassVar[int]
    WINDOW_END_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    ACCOMMODATION_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    candidate: Candidate
    access_code: str
    keycode: str
    pin: str
    external_reference: str
    centre_id: str
    test_form: str
    window_start: _timestamp_pb2.Timestamp
    window_end: _timestamp_pb2.Timestamp
    annotations: _containers.ScalarMap[str, str]
    accommodation: BookingAccommodation
    def __init__(self, session_id: _Optional[str] = ..., candidate: _Optional[_Union[Candidate, _Mapping]] = ..., access_code: _Optional[str] = ..., keycode: _Optional[str] = ..., pin: _Optional[str] = ..., external_reference: _Optional[str] = ..., centre_id: _Optional[str] = ..., test_form: _Optional[str] = ..., window_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., annotations: _Optional[_Mapping[str, str]] = ..., accommodation: _Optional[_Union[BookingAccommodation, _Mapping]] = ...) -> None: ...

class AccessCodeKey(_message.Message):
    __slots__ = ("release_id", "access_code")
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    release_id: str
    access_code: str
    def __init__(self, release_id: _Optional[str] = ..., access_code: _Optional[str] = ...) -> None: ...

class Attempt(_message.Message):
    __slots__ = ("number", "start_time", "end_time", "finish_reason", "paused_time", "pause_start_time", "deadline", "time_elapsed", "responses_revision", "accepted_until", "late_by")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    PAUSED_TIME_FIELD_NUMBER: _ClassVar[int]
    PAUSE_START_TIME_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    TIME_ELAPSED_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_REVISION_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_UNTIL_FIELD_NUMBER: _ClassVar[int]
    LATE_BY_FIELD_NUMBER: _ClassVar[int]
    number: int
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    finish_reason: FinishReason
    paused_time: _duration_pb2.Duration
    pause_start_time: _timestamp_pb2.Timestamp
    deadline: _timestamp_pb2.Timestamp
    time_elapsed: _duration_pb2.Duration
    responses_revision: int
    accepted_until: _timestamp_pb2.Timestamp
    late_by: _duration_pb2.Duration
    def __init__(self, number: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finish_reason: _Optional[_Union[FinishReason, str]] = ..., paused_time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., pause_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., deadline: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., time_elapsed: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., responses_revision: _Optional[int] = ..., accepted_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., late_by: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class DeliveryClient(_message.Message):
    __slots__ = ("os", "machine", "ip", "held_offline", "download_time")
    OS_FIELD_NUMBER: _ClassVar[int]
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    IP_FIELD_NUMBER: _ClassVar[int]
    HELD_OFFLINE_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_TIME_FIELD_NUMBER: _ClassVar[int]
    os: str
    machine: str
    ip: str
    held_offline: bool
    download_time: _timestamp_pb2.Timestamp
    def __init__(self, os: _Optional[str] = ..., machine: _Optional[str] = ..., ip: _Optional[str] = ..., held_offline: _Optional[bool] = ..., download_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SessionDevice(_message.Message):
    __slots__ = ("device_label", "enter_time", "take_over_allowed")
    DEVICE_LABEL_FIELD_NUMBER: _ClassVar[int]
    ENTER_TIME_FIELD_NUMBER: _ClassVar[int]
    TAKE_OVER_ALLOWED_FIELD_NUMBER: _ClassVar[int]
    device_label: str
    enter_time: _timestamp_pb2.Timestamp
    take_over_allowed: bool
    def __init__(self, device_label: _Optional[str] = ..., enter_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., take_over_allowed: _Optional[bool] = ...) -> None: ...

class Accommodation(_message.Message):
    __slots__ = ("time_limit", "no_time_limit", "release_time_limit", "window_start", "release_window_start", "window_end", "release_window_end")
    TIME_LIMIT_FIELD_NUMBER: _ClassVar[int]
    NO_TIME_LIMIT_FIELD_NUMBER: _ClassVar[int]
    RELEASE_TIME_LIMIT_FIELD_NUMBER: _ClassVar[int]
    WINDOW_START_FIELD_NUMBER: _ClassVar[int]
    RELEASE_WINDOW_START_FIELD_NUMBER: _ClassVar[int]
    WINDOW_END_FIELD_NUMBER: _ClassVar[int]
    RELEASE_WINDOW_END_FIELD_NUMBER: _ClassVar[int]
    time_limit: _duration_pb2.Duration
    no_time_limit: bool
    release_time_limit: bool
    window_start: _timestamp_pb2.Timestamp
    release_window_start: bool
    window_end: _timestamp_pb2.Timestamp
    release_window_end: bool
    def __init__(self, time_limit: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., no_time_limit: _Optional[bool] = ..., release_time_limit: _Optional[bool] = ..., window_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., release_window_start: _Optional[bool] = ..., window_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., release_window_end: _Optional[bool] = ...) -> None: ...

class Session(_message.Message):
    __slots__ = ("workspace_id", "id", "release_id", "state", "maturity", "keycode", "access_code", "candidate", "external_reference", "centre_id", "test_form", "window_start", "window_end", "attempt", "client", "void_reason", "void_message", "exception_message", "closed_by_release", "create_time", "update_time", "etag", "extra_time", "extra_time_percent", "extra_time_reason", "form_revision", "score", "points", "marking_progress", "responses", "results", "abridged", "damage", "activity_id", "annotations", "accommodation", "marking_revision", "device")
    class AnnotationsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    MATURITY_FIELD_NUMBER: _ClassVar[int]
    KEYCODE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_CODE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CENTRE_ID_FIELD_NUMBER: _ClassVar[int]
    TEST_FORM_FIELD_NUMBER: _ClassVar[int]
    WINDOW_START_FIELD_NUMBER: _ClassVar[int]
    WINDOW_END_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    VOID_REASON_FIELD_NUMBER: _ClassVar[int]
    VOID_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    EXCEPTION_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CLOSED_BY_RELEASE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    EXTRA_TIME_FIELD_NUMBER: _ClassVar[int]
    EXTRA_TIME_PERCENT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_TIME_REASON_FIELD_NUMBER: _ClassVar[int]
    FORM_REVISION_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    MARKING_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    ABRIDGED_FIELD_NUMBER: _ClassVar[int]
    DAMAGE_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    ACCOMMODATION_FIELD_NUMBER: _ClassVar[int]
    MARKING_REVISION_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    id: str
    release_id: str
    state: State
    maturity: Maturity
    keycode: str
    access_code: str
    candidate: Candidate
    external_reference: str
    centre_id: str
    test_form: str
    window_start: _timestamp_pb2.Timestamp
    window_end: _timestamp_pb2.Timestamp
    attempt: Attempt
    client: DeliveryClient
    void_reason: VoidReason
    void_message: str
    exception_message: str
    closed_by_release: bool
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    etag: str
    extra_time: _duration_pb2.Duration
    extra_time_percent: int
    extra_time_reason: str
    form_revision: int
    score: _result_pb2.Score
    points: _result_pb2.Score
    marking_progress: int
    responses: _containers.RepeatedCompositeFieldContainer[_result_pb2.ItemResponse]
    results: _result_pb2.Results
    abridged: bool
    damage: str
    activity_id: str
    annotations: _containers.ScalarMap[str, str]
    accommodation: Accommodation
    marking_revision: int
    device: SessionDevice
    def __init__(self, workspace_id: _Optional[str] = ..., id: _Optional[str] = ..., release_id: _Optional[str] = ..., state: _Optional[_Union[State, str]] = ..., maturity: _Optional[_Union[Maturity, str]] = ..., keycode: _Optional[str] = ..., access_code: _Optional[str] = ..., candidate: _Optional[_Union[Candidate, _Mapping]] = ..., external_reference: _Optional[str] = ..., centre_id: _Optional[str] = ..., test_form: _Optional[str] = ..., window_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., attempt: _Optional[_Union[Attempt, _Mapping]] = ..., client: _Optional[_Union[DeliveryClient, _Mapping]] = ..., void_reason: _Optional[_Union[VoidReason, str]] = ..., void_message: _Optional[str] = ..., exception_message: _Optional[str] = ..., closed_by_release: _Optional[bool] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., extra_time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., extra_time_percent: _Optional[int] = ..., extra_time_reason: _Optional[str] = ..., form_revision: _Optional[int] = ..., score: _Optional[_Union[_result_pb2.Score, _Mapping]] = ..., points: _Optional[_Union[_result_pb2.Score, _Mapping]] = ..., marking_progress: _Optional[int] = ..., responses: _Optional[_Iterable[_Union[_result_pb2.ItemResponse, _Mapping]]] = ..., results: _Optional[_Union[_result_pb2.Results, _Mapping]] = ..., abridged: _Optional[bool] = ..., damage: _Optional[str] = ..., activity_id: _Optional[str] = ..., annotations: _Optional[_Mapping[str, str]] = ..., accommodation: _Optional[_Union[Accommodation, _Mapping]] = ..., marking_revision: _Optional[int] = ..., device: _Optional[_Union[SessionDevice, _Mapping]] = ...) -> None: ...

class StateCount(_message.Message):
    __slots__ = ("state", "count")
    STATE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    state: State
    count: int
    def __init__(self, state: _Optional[_Union[State, str]] = ..., count: _Optional[int] = ...) -> None: ...

class MaturityCount(_message.Message):
    __slots__ = ("maturity", "count")
    MATURITY_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    maturity: Maturity
    count: int
    def __init__(self, maturity: _Optional[_Union[Maturity, str]] = ..., count: _Optional[int] = ...) -> None: ...

class SessionStatistics(_message.Message):
    __slots__ = ("session_count", "states", "maturities", "scored_count", "min_score", "average_score", "max_score")
    SESSION_COUNT_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    MATURITIES_FIELD_NUMBER: _ClassVar[int]
    SCORED_COUNT_FIELD_NUMBER: _ClassVar[int]
    MIN_SCORE_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_SCORE_FIELD_NUMBER: _ClassVar[int]
    MAX_SCORE_FIELD_NUMBER: _ClassVar[int]
    session_count: int
    states: _containers.RepeatedCompositeFieldContainer[StateCount]
    maturities: _containers.RepeatedCompositeFieldContainer[MaturityCount]
    scored_count: int
    min_score: str
    average_score: str
    max_score: str
    def __init__(self, session_count: _Optional[int] = ..., states: _Optional[_Iterable[_Union[StateCount, _Mapping]]] = ..., maturities: _Optional[_Iterable[_Union[MaturityCount, _Mapping]]] = ..., scored_count: _Optional[int] = ..., min_score: _Optional[str] = ..., average_score: _Optional[str] = ..., max_score: _Optional[str] = ...) -> None: ...

class ReleaseStatistics(_message.Message):
    __slots__ = ("release_id", "statistics")
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    STATISTICS_FIELD_NUMBER: _ClassVar[int]
    release_id: str
    statistics: SessionStatistics
    def __init__(self, release_id: _Optional[str] = ..., statistics: _Optional[_Union[SessionStatistics, _Mapping]] = ...) -> None: ...

class FieldChange(_message.Message):
    __slots__ = ("field", "old_value", "new_value", "abridged")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    OLD_VALUE_FIELD_NUMBER: _ClassVar[int]
    NEW_VALUE_FIELD_NUMBER: _ClassVar[int]
    ABRIDGED_FIELD_NUMBER: _ClassVar[int]
    field: str
    old_value: str
    new_value: str
    abridged: bool
    def __init__(self, field: _Optional[str] = ..., old_value: _Optional[str] = ..., new_value: _Optional[str] = ..., abridged: _Optional[bool] = ...) -> None: ...

class SessionEvent(_message.Message):
    __slots__ = ("sequence", "session_id", "release_id", "action", "from_state", "to_state", "actor", "reason", "message", "request_id", "time", "changes", "acting_for")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    FROM_STATE_FIELD_NUMBER: _ClassVar[int]
    TO_STATE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    ACTING_FOR_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    session_id: str
    release_id: str
    action: Action
    from_state: State
    to_state: State
    actor: str
    reason: str
    message: str
    request_id: str
    time: _timestamp_pb2.Timestamp
    changes: _containers.RepeatedCompositeFieldContainer[FieldChange]
    acting_for: str
    def __init__(self, sequence: _Optional[int] = ..., session_id: _Optional[str] = ..., release_id: _Optional[str] = ..., action: _Optional[_Union[Action, str]] = ..., from_state: _Optional[_Union[State, str]] = ..., to_state: _Optional[_Union[State, str]] = ..., actor: _Optional[str] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., request_id: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., changes: _Optional[_Iterable[_Union[FieldChange, _Mapping]]] = ..., acting_for: _Optional[str] = ...) -> None: ...
