from exam_sessions_client.v1 import access_pb2 as _access_pb2
from exam_sessions_client.v1 import catalog_pb2 as _catalog_pb2
from exam_sessions_client.v1 import test_form_pb2 as _test_form_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateReleaseRequest(_message.Message):
    __slots__ = ("workspace_id", "release", "allow_missing_form", "allow_duplicate_name", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FORM_FIELD_NUMBER: _ClassVar[int]
    ALLOW_DUPLICATE_NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    release: _catalog_pb2.Release
    allow_missing_form: bool
    allow_duplicate_name: bool
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., release: _Optional[_Union[_catalog_pb2.Release, _Mapping]] = ..., allow_missing_form: _Optional[bool] = ..., allow_duplicate_name: _Optional[bool] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class CreateReleaseResponse(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: _catalog_pb2.Release
    def __init__(self, release: _Optional[_Union[_catalog_pb2.Release, _Mapping]] = ...) -> None: ...

class GetReleaseRequest(_message.Message):
    __slots__ = ("workspace_id", "release_id")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    release_id: str
    def __init__(self, workspace_id: _Optional[str] = ..., release_id: _Optional[str] = ...) -> None: ...

class GetReleaseResponse(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: _catalog_pb2.Release
    def __init__(self, release: _Optional[_Union[_catalog_pb2.Release, _Mapping]] = ...) -> None: ...

class ListReleasesRequest(_message.Message):
    __slots__ = ("workspace_id", "page_size", "page_token", "name")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    page_size: int
    page_token: str
    name: str
    def __init__(self, workspace_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class ListReleasesResponse(_message.Message):
    __slots__ = ("releases", "next_page_token")
    RELEASES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    releases: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Release]
    next_page_token: str
    def __init__(self, releases: _Optional[_Iterable[_Union[_catalog_pb2.Release, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateReleaseRequest(_message.Message):
    __slots__ = ("workspace_id", "release", "allow_missing_form", "allow_duplicate_name", "request_id", "etag", "validate_only", "update_mask")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FORM_FIELD_NUMBER: _ClassVar[int]
    ALLOW_DUPLICATE_NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    release: _catalog_pb2.Release
    allow_missing_form: bool
    allow_duplicate_name: bool
    request_id: str
    etag: str
    validate_only: bool
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, workspace_id: _Optional[str] = ..., release: _Optional[_Union[_catalog_pb2.Release, _Mapping]] = ..., allow_missing_form: _Optional[bool] = ..., allow_duplicate_name: _Optional[bool] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class UpdateReleaseResponse(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: _catalog_pb2.Release
    def __init__(self, release: _Optional[_Union[_catalog_pb2.Release, _Mapping]] = ...) -> None: ...

class FinalizeReleaseRequest(_message.Message):
    __slots__ = ("workspace_id", "release_id", "request_id", "etag", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    release_id: str
    request_id: str
    etag: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., release_id: _Optional[str] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class FinalizeReleaseResponse(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: _catalog_pb2.Release
    def __init__(self, release: _Optional[_Union[_catalog_pb2.Release, _Mapping]] = ...) -> None: ...

class UnfinalizeReleaseRequest(_message.Message):
    __slots__ = ("workspace_id", "release_id", "request_id", "etag", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    release_id: str
    request_id: str
    etag: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., release_id: _Optional[str] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class UnfinalizeReleaseResponse(_message.Message):
    __slots__ = ("release",)
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    release: _catalog_pb2.Release
    def __init__(self, release: _Optional[_Union[_catalog_pb2.Release, _Mapping]] = ...) -> None: ...

class CreateTestFormRequest(_message.Message):
    __slots__ = ("workspace_id", "test_form", "request_id", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    TEST_FORM_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    test_form: _test_form_pb2.TestForm
    request_id: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., test_form: _Optional[_Union[_test_form_pb2.TestForm, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class CreateTestFormResponse(_message.Message):
    __slots__ = ("test_form",)
    TEST_FORM_FIELD_NUMBER: _ClassVar[int]
    test_form: _test_form_pb2.TestForm
    def __init__(self, test_form: _Optional[_Union[_test_form_pb2.TestForm, _Mapping]] = ...) -> None: ...

class GetTestFormRequest(_message.Message):
    __slots__ = ("workspace_id", "reference", "revision")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    reference: str
    revision: int
    def __init__(self, workspace_id: _Optional[str] = ..., reference: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class GetTestFormResponse(_message.Message):
    __slots__ = ("test_form",)
    TEST_FORM_FIELD_NUMBER: _ClassVar[int]
    test_form: _test_form_pb2.TestForm
    def __init__(self, test_form: _Optional[_Union[_test_form_pb2.TestForm, _Mapping]] = ...) -> None: ...

class ListTestFormsRequest(_message.Message):
    __slots__ = ("workspace_id", "page_size", "page_token")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    page_size: int
    page_token: str
    def __init__(self, workspace_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListTestFormsResponse(_message.Message):
    __slots__ = ("test_forms", "next_page_token")
    TEST_FORMS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    test_forms: _containers.RepeatedCompositeFieldContainer[_test_form_pb2.TestForm]
    next_page_token: str
    def __init__(self, test_forms: _Optional[_Iterable[_Union[_test_form_pb2.TestForm, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateTestFormRequest(_message.Message):
    __slots__ = ("workspace_id", "test_form", "request_id", "etag", "validate_only")
    WORKSPACE_ID_FIELD_NUMBER: _ClassVar[int]
    TEST_FORM_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    workspace_id: str
    test_form: _test_form_pb2.TestForm
    request_id: str
    etag: str
    validate_only: bool
    def __init__(self, workspace_id: _Optional[str] = ..., test_form: _Optional[_Union[_test_form_pb2.TestForm, _Mapping]] = ..., request_id: _Optional[str] = ..., etag: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class UpdateTestFormResponse(_message.Message):
    __slots__ = ("test_form",)
    TEST_FORM_FIELD_NUMBER: _ClassVar[int]
    test_form: _test_form_pb2.TestForm
    def __init__(self, test_form: _Optional[_Union[_test_form_pb2.TestForm, _Mapping]] = ...) -> None: ...
