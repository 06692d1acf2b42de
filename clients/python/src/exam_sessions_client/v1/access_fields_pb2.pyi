from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class PersonalData(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PERSONAL_DATA_UNSPECIFIED: _ClassVar[PersonalData]
    PERSONAL_DATA_CANDIDATE_ID: _ClassVar[PersonalData]
    PERSONAL_DATA_NAME: _ClassVar[PersonalData]
    PERSONAL_DATA_TRAIT: _ClassVar[PersonalData]
    PERSONAL_DATA_REFERENCE: _ClassVar[PersonalData]
    PERSONAL_DATA_ANNOTATION: _ClassVar[PersonalData]
    PERSONAL_DATA_FREE_TEXT: _ClassVar[PersonalData]
    PERSONAL_DATA_DEVICE: _ClassVar[PersonalData]
    PERSONAL_DATA_FIELD_VALUE: _ClassVar[PersonalData]
PERSONAL_DATA_UNSPECIFIED: PersonalData
PERSONAL_DATA_CANDIDATE_ID: PersonalData
PERSONAL_DATA_NAME: PersonalData
PERSONAL_DATA_TRAIT: PersonalData
PERSONAL_DATA_REFERENCE: PersonalData
PERSONAL_DATA_ANNOTATION: PersonalData
PERSONAL_DATA_FREE_TEXT: PersonalData
PERSONAL_DATA_DEVICE: PersonalData
PERSONAL_DATA_FIELD_VALUE: PersonalData
PERSONAL_FIELD_NUMBER: _ClassVar[int]
personal: _descriptor.FieldDescriptor
SECRET_FIELD_NUMBER: _ClassVar[int]
secret: _descriptor.FieldDescriptor
