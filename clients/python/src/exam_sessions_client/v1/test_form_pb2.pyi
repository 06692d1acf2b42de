import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class QuestionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUESTION_TYPE_UNSPECIFIED: _ClassVar[QuestionType]
    QUESTION_TYPE_ASSOCIATION: _ClassVar[QuestionType]
    QUESTION_TYPE_CHOICEMATRIX: _ClassVar[QuestionType]
    QUESTION_TYPE_CLOZEFORMULA: _ClassVar[QuestionType]
    QUESTION_TYPE_CLOZEINLINETEXT: _ClassVar[QuestionType]
    QUESTION_TYPE_CLOZETEXT: _ClassVar[QuestionType]
    QUESTION_TYPE_FORMULAV2: _ClassVar[QuestionType]
    QUESTION_TYPE_GRIDDED: _ClassVar[QuestionType]
    QUESTION_TYPE_LONGTEXT: _ClassVar[QuestionType]
    QUESTION_TYPE_LONGTEXTV2: _ClassVar[QuestionType]
    QUESTION_TYPE_MCQ: _ClassVar[QuestionType]
    QUESTION_TYPE_ORDERLIST: _ClassVar[QuestionType]
    QUESTION_TYPE_PLAINTEXT: _ClassVar[QuestionType]
    QUESTION_TYPE_SHORTTEXT: _ClassVar[QuestionType]

class Marking(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MARKING_UNSPECIFIED: _ClassVar[Marking]
    MARKING_MACHINE: _ClassVar[Marking]
    MARKING_HUMAN: _ClassVar[Marking]

class GapOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GAP_ORDER_UNSPECIFIED: _ClassVar[GapOrder]
    GAP_ORDER_ANY: _ClassVar[GapOrder]
    GAP_ORDER_UNORDERED_PAIRS: _ClassVar[GapOrder]
QUESTION_TYPE_UNSPECIFIED: QuestionType
QUESTION_TYPE_ASSOCIATION: QuestionType
QUESTION_TYPE_CHOICEMATRIX: QuestionType
QUESTION_TYPE_CLOZEFORMULA: QuestionType
QUESTION_TYPE_CLOZEINLINETEXT: QuestionType
QUESTION_TYPE_CLOZETEXT: QuestionType
QUESTION_TYPE_FORMULAV2: QuestionType
QUESTION_TYPE_GRIDDED: QuestionType
QUESTION_TYPE_LONGTEXT: QuestionType
QUESTION_TYPE_LONGTEXTV2: QuestionType
QUESTION_TYPE_MCQ: QuestionType
QUESTION_TYPE_ORDERLIST: QuestionType
QUESTION_TYPE_PLAINTEXT: QuestionType
QUESTION_TYPE_SHORTTEXT: QuestionType
MARKING_UNSPECIFIED: Marking
MARKING_MACHINE: Marking
MARKING_HUMAN: Marking
GAP_ORDER_UNSPECIFIED: GapOrder
GAP_ORDER_ANY: GapOrder
GAP_ORDER_UNORDERED_PAIRS: GapOrder

class KeyMark(_message.Message):
    __slots__ = ("key", "part", "mark")
    KEY_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    key: str
    part: int
    mark: str
    def __init__(self, key: _Optional[str] = ..., part: _Optional[int] = ..., mark: _Optional[str] = ...) -> None: ...

class PartialCredit(_message.Message):
    __slots__ = ("marks", "lower_bound", "upper_bound")
    MARKS_FIELD_NUMBER: _ClassVar[int]
    LOWER_BOUND_FIELD_NUMBER: _ClassVar[int]
    UPPER_BOUND_FIELD_NUMBER: _ClassVar[int]
    marks: _containers.RepeatedCompositeFieldContainer[KeyMark]
    lower_bound: str
    upper_bound: str
    def __init__(self, marks: _Optional[_Iterable[_Union[KeyMark, _Mapping]]] = ..., lower_bound: _Optional[str] = ..., upper_bound: _Optional[str] = ...) -> None: ...

class Option(_message.Message):
    __slots__ = ("id", "label", "content")
    ID_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    id: str
    label: str
    content: str
    def __init__(self, id: _Optional[str] = ..., label: _Optional[str] = ..., content: _Optional[str] = ...) -> None: ...

class Question(_message.Message):
    __slots__ = ("number", "id", "item_id", "item_name", "type", "content", "options", "keys", "available_mark", "marking", "parts", "case_sensitive", "numeric", "decimal_comma", "gap_order", "partial_credit", "objective_ids", "item_version")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_MARK_FIELD_NUMBER: _ClassVar[int]
    MARKING_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    CASE_SENSITIVE_FIELD_NUMBER: _ClassVar[int]
    NUMERIC_FIELD_NUMBER: _ClassVar[int]
    DECIMAL_COMMA_FIELD_NUMBER: _ClassVar[int]
    GAP_ORDER_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_CREDIT_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_IDS_FIELD_NUMBER: _ClassVar[int]
    ITEM_VERSION_FIELD_NUMBER: _ClassVar[int]
    number: str
    id: str
    item_id: str
    item_name: str
    type: QuestionType
    content: str
    options: _containers.RepeatedCompositeFieldContainer[Option]
    keys: _containers.RepeatedScalarFieldContainer[str]
    available_mark: str
    marking: Marking
    parts: _containers.RepeatedScalarFieldContainer[str]
    case_sensitive: bool
    numeric: bool
    decimal_comma: bool
    gap_order: GapOrder
    partial_credit: PartialCredit
    objective_ids: _containers.RepeatedScalarFieldContainer[str]
    item_version: str
    def __init__(self, number: _Optional[str] = ..., id: _Optional[str] = ..., item_id: _Optional[str] = ..., item_name: _Optional[str] = ..., type: _Optional[_Union[QuestionType, str]] = ..., content: _Optional[str] = ..., options: _Optional[_Iterable[_Union[Option, _Mapping]]] = ..., keys: _Optional[_Iterable[str]] = ..., available_mark: _Optional[str] = ..., marking: _Optional[_Union[Marking, str]] = ..., parts: _Optional[_Iterable[str]] = ..., case_sensitive: _Optional[bool] = ..., numeric: _Optional[bool] = ..., decimal_comma: _Optional[bool] = ..., gap_order: _Optional[_Union[GapOrder, str]] = ..., partial_credit: _Optional[_Union[PartialCredit, _Mapping]] = ..., objective_ids: _Optional[_Iterable[str]] = ..., item_version: _Optional[str] = ...) -> None: ...

class Objective(_message.Message):
    __slots__ = ("id", "text", "abbreviation")
    ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ABBREVIATION_FIELD_NUMBER: _ClassVar[int]
    id: str
    text: str
    abbreviation: str
    def __init__(self, id: _Optional[str] = ..., text: _Optional[str] = ..., abbreviation: _Optional[str] = ...) -> None: ...

class TestForm(_message.Message):
    __slots__ = ("workspace_id", "reference", "revision", "name", "mark_decimals", "questions", "objectives", "available_mark", "create_time", "etag", "negative_marks")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MARK_DECIMALS_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVES_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_MARK_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_MARKS_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    reference: str
    revision: int
    name: str
    mark_decimals: int
    questions: _containers.RepeatedCompositeFieldContainer[Question]
    objectives: _containers.RepeatedCompositeFieldContainer[Objective]
    available_mark: str
    create_time: _timestamp_pb2.Timestamp
    etag: str
    negative_marks: bool
    def __init__(self, workspace_id: _Optional[str] = ..., reference: _Optional[str] = ..., revision: _Optional[int] = ..., name: _Optional[str] = ..., mark_decimals: _Optional[int] = ..., questions: _Optional[_Iterable[_Union[Question, _Mapping]]] = ..., objectives: _Optional[_Iterable[_Union[Objective, _Mapping]]] = ..., available_mark: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., negative_marks: _Optional[bool] = ...) -> None: ...
