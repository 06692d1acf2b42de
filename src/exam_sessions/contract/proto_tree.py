"""The contract as files: protos for protoc of any language, or one descriptor set, from installed packages alone."""

from __future__ import annotations

from functools import cache
from importlib import import_module, resources
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from google.api import annotations_pb2
from google.longrunning import operations_pb2
from google.protobuf import descriptor_pb2
from google.rpc import code_pb2, error_details_pb2
from grpc_health.v1 import health_pb2

from exam_sessions.contract import operation_paths, validate_pb2
from exam_sessions.contract.proto_source import declared_in, default_json_name, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from google.protobuf.descriptor import FileDescriptor

RULES = validate_pb2.DESCRIPTOR.name
OTHERS = (annotations_pb2, operations_pb2, code_pb2, error_details_pb2, health_pb2)
"""What our files import and what clients need besides: details of refusals, and health."""

WELL_KNOWN = "google/protobuf/"
"""What every protoc brings along."""


def proto_files(*, rules: bool = False) -> dict[str, str]:
    """The text of every proto file, by its path, for `protoc -I`.

    Args:
        rules: Whether the validation rules are options, as in the server; else they are comments, and no runtime of a
            client needs protovalidate.
    """
    left_out = "" if rules else RULES
    return {
        file.name: source_of(file, left_out) for file in _files(rules=rules) if not file.name.startswith(WELL_KNOWN)
    }


def descriptor_set(*, rules: bool = False) -> bytes:
    """The same files, with all that they import and their comments, as one serialized FileDescriptorSet."""
    made = descriptor_pb2.FileDescriptorSet(file=_files(rules=rules))
    if not rules:
        for file in made.file:
            _without_rules(file)
    return made.SerializeToString(deterministic=True)


def own_descriptors() -> list[FileDescriptor]:
    """Our own files, as their modules have them."""
    names = [file.name for file in _documented()]
    modules = (import_module(f"exam_sessions_client.v1.{PurePosixPath(name).stem}_pb2") for name in names)
    return [module.DESCRIPTOR for module in modules]


def comments_of() -> dict[str, str]:
    """The comment of everything in our own files that has one, by its full name, as one paragraph."""
    found: dict[str, str] = {}
    for file in _documented():
        for at in file.source_code_info.location:
            if text := at.leading_comments or at.trailing_comments:
                found[_name_at(file, at.path)] = " ".join(text.split())
    return found


def _name_at(file: Any, path: Sequence[int]) -> str:
    """The full name of what stands at a path: numbers of fields, each of a list followed by a position in it."""
    holder, name = file, [file.package]
    for number, position in zip(path[::2], path[1::2], strict=False):
        holder = getattr(holder, type(holder).DESCRIPTOR.fields_by_number[number].name)[position]
        name.append(holder.name)
    return ".".join(name)


@cache
def _documented() -> Sequence[descriptor_pb2.FileDescriptorProto]:
    """Our own files with their comments, which nobody changes; options are known whose files were imported."""
    data = (resources.files("exam_sessions.contract") / "documented.binpb").read_bytes()
    return descriptor_pb2.FileDescriptorSet.FromString(data).file


def _files(*, rules: bool) -> list[descriptor_pb2.FileDescriptorProto]:
    """Every file after those that it imports."""
    descriptors = own_descriptors()
    ours = {file.name: file for file in _documented()}
    found: dict[str, descriptor_pb2.FileDescriptorProto] = {}

    def take(file: FileDescriptor) -> None:
        if file.name in found:
            return
        for needed in file.dependencies:
            take(needed)
        found[file.name] = ours.get(file.name) or _copied(file)

    others = (*OTHERS, validate_pb2) if rules else OTHERS
    for file in (*(module.DESCRIPTOR for module in others), *descriptors):
        take(file)
    return list(found.values())


def _copied(file: FileDescriptor) -> descriptor_pb2.FileDescriptorProto:
    """A file of another package, with the JSON names that its module leaves out, and our REST paths of operations."""
    copied = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(copied)
    if copied.name == operation_paths.FILE:
        operation_paths.bind(copied)
    fields = list(copied.extension)
    for message in _messages(copied):
        fields += [*message.extension, *message.field]
    for field in fields:
        if not field.HasField("json_name"):
            field.json_name = default_json_name(field.name)
    return copied


def _messages(file: descriptor_pb2.FileDescriptorProto) -> Iterator[descriptor_pb2.DescriptorProto]:
    """Every message of a file, those within others too."""
    waiting = list(file.message_type)
    while waiting:
        message = waiting.pop()
        waiting += message.nested_type
        yield message


def _without_rules(file: descriptor_pb2.FileDescriptorProto) -> None:
    """Takes the validation rules out of a file."""
    if RULES in file.dependency:
        file.dependency.remove(RULES)
    for message in _messages(file):
        holders: list[Any] = [message, *message.field, *message.oneof_decl]
        for one in holders:
            for option, _ in one.options.ListFields():
                if declared_in(option) == RULES:
                    one.options.ClearExtension(option)
            if not one.options.ListFields():
                one.ClearField("options")
