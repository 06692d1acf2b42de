from exam_sessions_client.v1 import access_pb2 as _access_pb2
from exam_sessions_client.v1 import template_pb2 as _template_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.longrunning import operations_pb2 as _operations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetSessionTemplateRequest(_message.Message):
    __slots__ = ("workspace_id", "release_id")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    release_id: str
    def __init__(self, workspace_id: _Optional[str] = ..., release_id: _Optional[str] = ...) -> None: ...

class GetSessionTemplateResponse(_message.Message):
    __slots__ = ("template",)
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    template: _template_pb2.SessionTemplate
    def __init__(self, template: _Optional[_Union[_template_pb2.SessionTemplate, _Mapping]] = ...) -> None: ...

class SubmitFromTemplateRequest(_message.Message):
    __slots__ = ("workspace_id", "template", "data", "request_id", "ignore_response_revisions", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IGNORE_RESPONSE_REVISIONS_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    template: _template_pb2.SessionTemplate
    data: _containers.RepeatedCompositeFieldContainer[_template_pb2.TemplateSession]
    request_id: str
    ignore_response_revisions: bool
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., template: _Optional[_Union[_template_pb2.SessionTemplate, _Mapping]] = ..., data: _Optional[_Iterable[_Union[_template_pb2.TemplateSession, _Mapping]]] = ..., request_id: _Optional[str] = ..., ignore_response_revisions: _Optional[bool] = ..., validate_only: _Optional[bool] = ...) -> None: ...
