from exam_sessions_client.v1 import access_pb2 as _access_pb2
from exam_sessions_client.v1 import template_pb2 as _template_pb2
from exam_sessions_client.v1 import test_form_pb2 as _test_form_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Choice(_message.Message):
    __slots__ = ("index", "id", "label")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    index: int
    id: str
    label: str
    def __init__(self, index: _Optional[int] = ..., id: _Optional[str] = ..., label: _Optional[str] = ...) -> None: ...

class Response(_message.Message):
    __slots__ = ("options", "text", "strings", "matrix", "order", "formulas", "boxes")
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    STRINGS_FIELD_NUMBER: _ClassVar[int]
    MATRIX_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    FORMULAS_FIELD_NUMBER: _ClassVar[int]
    BOXES_FIELD_NUMBER: _ClassVar[int]
    options: _containers.RepeatedCompositeFieldContainer[Choice]
    text: str
    strings: _template_pb2.StringList
    matrix: _template_pb2.IntegerMatrix
    order: _template_pb2.IntegerList
    formulas: _template_pb2.StringMatrix
    boxes: _template_pb2.StringMatrix
    def __init__(self, options: _Optional[_Iterable[_Union[Choice, _Mapping]]] = ..., text: _Optional[str] = ..., strings: _Optional[_Union[_template_pb2.StringList, _Mapping]] = ..., matrix: _Optional[_Union[_template_pb2.IntegerMatrix, _Mapping]] = ..., order: _Optional[_Union[_template_pb2.IntegerList, _Mapping]] = ..., formulas: _Optional[_Union[_template_pb2.StringMatrix, _Mapping]] = ..., boxes: _Optional[_Union[_template_pb2.StringMatrix, _Mapping]] = ...) -> None: ...

class QuestionResponse(_message.Message):
    __slots__ = ("id", "response")
    ID_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    id: str
    response: Response
    def __init__(self, id: _Optional[str] = ..., response: _Optional[_Union[Response, _Mapping]] = ...) -> None: ...

class ItemResponse(_message.Message):
    __slots__ = ("item_id", "questions")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    questions: _containers.RepeatedCompositeFieldContainer[QuestionResponse]
    def __init__(self, item_id: _Optional[str] = ..., questions: _Optional[_Iterable[_Union[QuestionResponse, _Mapping]]] = ...) -> None: ...

class Score(_message.Message):
    __slots__ = ("actual", "is_scorable", "min", "max")
    ACTUAL_FIELD_NUMBER: _ClassVar[int]
    IS_SCORABLE_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    actual: str
    is_scorable: bool
    min: str
    max: str
    def __init__(self, actual: _Optional[str] = ..., is_scorable: _Optional[bool] = ..., min: _Optional[str] = ..., max: _Optional[str] = ...) -> None: ...

class Key(_message.Message):
    __slots__ = ("value", "index", "part")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    value: str
    index: int
    part: int
    def __init__(self, value: _Optional[str] = ..., index: _Optional[int] = ..., part: _Optional[int] = ...) -> None: ...

class OptionResult(_message.Message):
    __slots__ = ("id", "content", "is_key", "index", "label", "is_chosen")
    ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    IS_KEY_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    IS_CHOSEN_FIELD_NUMBER: _ClassVar[int]
    id: str
    content: str
    is_key: bool
    index: int
    label: str
    is_chosen: bool
    def __init__(self, id: _Optional[str] = ..., content: _Optional[str] = ..., is_key: _Optional[bool] = ..., index: _Optional[int] = ..., label: _Optional[str] = ..., is_chosen: _Optional[bool] = ...) -> None: ...

class QuestionResult(_message.Message):
    __slots__ = ("number", "id", "type", "marking", "keys", "options", "response", "not_attempted", "score", "marked_by_people", "position")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    MARKING_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    NOT_ATTEMPTED_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    MARKED_BY_PEOPLE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    number: str
    id: str
    type: _test_form_pb2.QuestionType
    marking: _test_form_pb2.Marking
    keys: _containers.RepeatedCompositeFieldContainer[Key]
    options: _containers.RepeatedCompositeFieldContainer[OptionResult]
    response: Response
    not_attempted: bool
    score: Score
    marked_by_people: bool
    position: int
    def __init__(self, number: _Optional[str] = ..., id: _Optional[str] = ..., type: _Optional[_Union[_test_form_pb2.QuestionType, str]] = ..., marking: _Optional[_Union[_test_form_pb2.Marking, str]] = ..., keys: _Optional[_Iterable[_Union[Key, _Mapping]]] = ..., options: _Optional[_Iterable[_Union[OptionResult, _Mapping]]] = ..., response: _Optional[_Union[Response, _Mapping]] = ..., not_attempted: _Optional[bool] = ..., score: _Optional[_Union[Score, _Mapping]] = ..., marked_by_people: _Optional[bool] = ..., position: _Optional[int] = ...) -> None: ...

class ItemResult(_message.Message):
    __slots__ = ("id", "name", "score", "objective_ids", "questions", "version")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_IDS_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    score: Score
    objective_ids: _containers.RepeatedScalarFieldContainer[str]
    questions: _containers.RepeatedCompositeFieldContainer[QuestionResult]
    version: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., score: _Optional[_Union[Score, _Mapping]] = ..., objective_ids: _Optional[_Iterable[str]] = ..., questions: _Optional[_Iterable[_Union[QuestionResult, _Mapping]]] = ..., version: _Optional[str] = ...) -> None: ...

class ObjectiveResult(_message.Message):
    __slots__ = ("id", "text", "abbreviation", "score", "scores")
    ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ABBREVIATION_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    id: str
    text: str
    abbreviation: str
    score: Score
    scores: _containers.RepeatedCompositeFieldContainer[Score]
    def __init__(self, id: _Optional[str] = ..., text: _Optional[str] = ..., abbreviation: _Optional[str] = ..., score: _Optional[_Union[Score, _Mapping]] = ..., scores: _Optional[_Iterable[_Union[Score, _Mapping]]] = ...) -> None: ...

class Results(_message.Message):
    __slots__ = ("attempt", "test_form", "form_revision", "items", "objectives", "points", "percent", "provisional", "marking_progress", "abridged", "withheld", "marking_revision")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    TEST_FORM_FIELD_NUMBER: _ClassVar[int]
    FORM_REVISION_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVES_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    PROVISIONAL_FIELD_NUMBER: _ClassVar[int]
    MARKING_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    ABRIDGED_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    MARKING_REVISION_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    test_form: str
    form_revision: int
    items: _containers.RepeatedCompositeFieldContainer[ItemResult]
    objectives: _containers.RepeatedCompositeFieldContainer[ObjectiveResult]
    points: Score
    percent: Score
    provisional: bool
    marking_progress: int
    abridged: bool
    withheld: bool
    marking_revision: int
    def __init__(self, attempt: _Optional[int] = ..., test_form: _Optional[str] = ..., form_revision: _Optional[int] = ..., items: _Optional[_Iterable[_Union[ItemResult, _Mapping]]] = ..., objectives: _Optional[_Iterable[_Union[ObjectiveResult, _Mapping]]] = ..., points: _Optional[_Union[Score, _Mapping]] = ..., percent: _Optional[_Union[Score, _Mapping]] = ..., provisional: _Optional[bool] = ..., marking_progress: _Optional[int] = ..., abridged: _Optional[bool] = ..., withheld: _Optional[bool] = ..., marking_revision: _Optional[int] = ...) -> None: ...
