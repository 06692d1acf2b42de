from exam_sessions_client.v1 import access_fields_pb2 as _access_fields_pb2
from exam_sessions_client.v1 import test_form_pb2 as _test_form_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResponseType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESPONSE_TYPE_UNSPECIFIED: _ClassVar[ResponseType]
    RESPONSE_TYPE_ARRAY: _ClassVar[ResponseType]
    RESPONSE_TYPE_STRING: _ClassVar[ResponseType]
RESPONSE_TYPE_UNSPECIFIED: ResponseType
RESPONSE_TYPE_ARRAY: ResponseType
RESPONSE_TYPE_STRING: ResponseType

class SessionTemplate(_message.Message):
    __slots__ = ("release_id", "test_form", "form_revision", "questions")
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    TEST_FORM_FIELD_NUMBER: _ClassVar[int]
    FORM_REVISION_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    release_id: str
    test_form: str
    form_revision: int
    questions: _containers.RepeatedCompositeFieldContainer[_test_form_pb2.Question]
    def __init__(self, release_id: _Optional[str] = ..., test_form: _Optional[str] = ..., form_revision: _Optional[int] = ..., questions: _Optional[_Iterable[_Union[_test_form_pb2.Question, _Mapping]]] = ...) -> None: ...

class StringList(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, values: _Optional[_Iterable[str]] = ...) -> None: ...

class StringMatrix(_message.Message):
    __slots__ = ("rows",)
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[StringList]
    def __init__(self, rows: _Optional[_Iterable[_Union[StringList, _Mapping]]] = ...) -> None: ...

class IntegerList(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, values: _Optional[_Iterable[int]] = ...) -> None: ...

class IntegerMatrix(_message.Message):
    __slots__ = ("rows",)
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[IntegerList]
    def __init__(self, rows: _Optional[_Iterable[_Union[IntegerList, _Mapping]]] = ...) -> None: ...

class TemplateResponse(_message.Message):
    __slots__ = ("question_id", "type", "strings", "matrix", "order", "formulas", "text", "responses", "character_count", "word_count", "revision")
    QUESTION_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    STRINGS_FIELD_NUMBER: _ClassVar[int]
    MATRIX_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    FORMULAS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_FIELD_NUMBER: _ClassVar[int]
    CHARACTER_COUNT_FIELD_NUMBER: _ClassVar[int]
    WORD_COUNT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    question_id: str
    type: ResponseType
    strings: StringList
    matrix: IntegerMatrix
    order: IntegerList
    formulas: StringMatrix
    text: str
    responses: StringMatrix
    character_count: int
    word_count: int
    revision: int
    def __init__(self, question_id: _Optional[str] = ..., type: _Optional[_Union[ResponseType, str]] = ..., strings: _Optional[_Union[StringList, _Mapping]] = ..., matrix: _Optional[_Union[IntegerMatrix, _Mapping]] = ..., order: _Optional[_Union[IntegerList, _Mapping]] = ..., formulas: _Optional[_Union[StringMatrix, _Mapping]] = ..., text: _Optional[str] = ..., responses: _Optional[_Union[StringMatrix, _Mapping]] = ..., character_count: _Optional[int] = ..., word_count: _Optional[int] = ..., revision: _Optional[int] = ...) -> None: ...

class TemplateSession(_message.Message):
    __slots__ = ("user_id", "activity_id", "session_id", "responses")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    activity_id: str
    session_id: str
    responses: _containers.RepeatedCompositeFieldContainer[TemplateResponse]
    def __init__(self, user_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., session_id: _Optional[str] = ..., responses: _Optional[_Iterable[_Union[TemplateResponse, _Mapping]]] = ...) -> None: ...
