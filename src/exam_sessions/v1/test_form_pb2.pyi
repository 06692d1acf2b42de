import datetime

from buf.validate import validate_pb2 as _validate_pb2
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
    __slots__ = ("number", "id", "item_id", "item_name", "type", "content", "options", "keys", "available_mark", "marking", "parts", "objective_ids", "item_version")
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
    objective_ids: _containers.RepeatedScalarFieldContainer[str]
    item_version: str
    def __init__(self, number: _Optional[str] = ..., id: _Optional[str] = ..., item_id: _Optional[str] = ..., item_name: _Optional[str] = ..., type: _Optional[_Union[QuestionType, str]] = ..., content: _Optional[str] = ..., options: _Optional[_Iterable[_Union[Option, _Mapping]]] = ..., keys: _Optional[_Iterable[str]] = ..., available_mark: _Optional[str] = ..., marking: _Optional[_Union[Marking, str]] = ..., parts: _Optional[_Iterable[str]] = ..., objective_ids: _Optional[_Iterable[str]] = ..., item_version: _Optional[str] = ...) -> None: ...

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
    __slots__ = ("workspace_id", "reference", "revision", "name", "mark_decimals", "questions", "objectives", "available_mark", "create_time", "etag")
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
    def __init__(self, workspace_id: _Optional[str] = ..., reference: _Optional[str] = ..., revision: _Optional[int] = ..., name: _Optional[str] = ..., mark_decimals: _Optional[int] = ..., questions: _Optional[_Iterable[_Union[Question, _Mapping]]] = ..., objectives: _Optional[_Iterable[_Union[Objective, _Mapping]]] = ..., available_mark: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...
