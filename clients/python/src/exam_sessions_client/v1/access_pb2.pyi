from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class Permission(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PERMISSION_UNSPECIFIED: _ClassVar[Permission]
    PERMISSION_NONE: _ClassVar[Permission]
    PERMISSION_OF_ACTION: _ClassVar[Permission]
    PERMISSION_READ_SESSION: _ClassVar[Permission]
    PERMISSION_LIST_SESSIONS: _ClassVar[Permission]
    PERMISSION_WATCH_SESSIONS: _ClassVar[Permission]
    PERMISSION_BOOK_SESSIONS: _ClassVar[Permission]
    PERMISSION_PREPARE_SESSIONS: _ClassVar[Permission]
    PERMISSION_DELIVER_SESSIONS: _ClassVar[Permission]
    PERMISSION_HAND_IN_SESSIONS: _ClassVar[Permission]
    PERMISSION_INVIGILATE_SESSIONS: _ClassVar[Permission]
    PERMISSION_VOID_SESSIONS: _ClassVar[Permission]
    PERMISSION_RESTORE_SESSIONS: _ClassVar[Permission]
    PERMISSION_RECOVER_SESSIONS: _ClassVar[Permission]
    PERMISSION_MARK_SESSIONS: _ClassVar[Permission]
    PERMISSION_MODERATE_SESSIONS: _ClassVar[Permission]
    PERMISSION_READ_RESPONSES: _ClassVar[Permission]
    PERMISSION_READ_RESULTS: _ClassVar[Permission]
    PERMISSION_READ_KEYS: _ClassVar[Permission]
    PERMISSION_READ_FORMS: _ClassVar[Permission]
    PERMISSION_MANAGE_FORMS: _ClassVar[Permission]
    PERMISSION_READ_RELEASES: _ClassVar[Permission]
    PERMISSION_MANAGE_RELEASES: _ClassVar[Permission]
    PERMISSION_FINALIZE_RELEASES: _ClassVar[Permission]
    PERMISSION_READ_OPERATIONS: _ClassVar[Permission]
    PERMISSION_MANAGE_OPERATIONS: _ClassVar[Permission]
    PERMISSION_READ_PERSONAL_DATA: _ClassVar[Permission]
    PERMISSION_MANAGE_PERSONAL_DATA: _ClassVar[Permission]
    PERMISSION_READ_CODES: _ClassVar[Permission]
    PERMISSION_MANAGE_ACCESS: _ClassVar[Permission]
    PERMISSION_MANAGE_WORKSPACES: _ClassVar[Permission]
    PERMISSION_READ_LOCKOUTS: _ClassVar[Permission]
    PERMISSION_LIFT_LOCKOUTS: _ClassVar[Permission]
    PERMISSION_ACT_FOR_OTHERS: _ClassVar[Permission]
PERMISSION_UNSPECIFIED: Permission
PERMISSION_NONE: Permission
PERMISSION_OF_ACTION: Permission
PERMISSION_READ_SESSION: Permission
PERMISSION_LIST_SESSIONS: Permission
PERMISSION_WATCH_SESSIONS: Permission
PERMISSION_BOOK_SESSIONS: Permission
PERMISSION_PREPARE_SESSIONS: Permission
PERMISSION_DELIVER_SESSIONS: Permission
PERMISSION_HAND_IN_SESSIONS: Permission
PERMISSION_INVIGILATE_SESSIONS: Permission
PERMISSION_VOID_SESSIONS: Permission
PERMISSION_RESTORE_SESSIONS: Permission
PERMISSION_RECOVER_SESSIONS: Permission
PERMISSION_MARK_SESSIONS: Permission
PERMISSION_MODERATE_SESSIONS: Permission
PERMISSION_READ_RESPONSES: Permission
PERMISSION_READ_RESULTS: Permission
PERMISSION_READ_KEYS: Permission
PERMISSION_READ_FORMS: Permission
PERMISSION_MANAGE_FORMS: Permission
PERMISSION_READ_RELEASES: Permission
PERMISSION_MANAGE_RELEASES: Permission
PERMISSION_FINALIZE_RELEASES: Permission
PERMISSION_READ_OPERATIONS: Permission
PERMISSION_MANAGE_OPERATIONS: Permission
PERMISSION_READ_PERSONAL_DATA: Permission
PERMISSION_MANAGE_PERSONAL_DATA: Permission
PERMISSION_READ_CODES: Permission
PERMISSION_MANAGE_ACCESS: Permission
PERMISSION_MANAGE_WORKSPACES: Permission
PERMISSION_READ_LOCKOUTS: Permission
PERMISSION_LIFT_LOCKOUTS: Permission
PERMISSION_ACT_FOR_OTHERS: Permission
PERMISSION_FIELD_NUMBER: _ClassVar[int]
permission: _descriptor.FieldDescriptor
WHOLE_WORKSPACE_FIELD_NUMBER: _ClassVar[int]
whole_workspace: _descriptor.FieldDescriptor
REQUIRED_PERMISSION_FIELD_NUMBER: _ClassVar[int]
required_permission: _descriptor.FieldDescriptor
