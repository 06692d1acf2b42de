"""The protos as the reference pages need them: descriptors, their comments, and their rules in words."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2

import exam_sessions
from exam_sessions.contract import validate_pb2
from exam_sessions.rpc import server
from exam_sessions.rpc.decoding.maxima import longest_text, most_elements
from exam_sessions.rpc.decoding.pattern_sentences import SENTENCES
from exam_sessions_client.v1 import (
    error_reason_pb2,
    operation_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, ServiceDescriptor

PACKAGE = "exam_sessions.v1"
DOCUMENTED = Path(exam_sessions.__file__).parent / "contract" / "documented.binpb"
SERVICE_FILES = tuple(module for module in server.SERVICE_FILES if module.DESCRIPTOR.package == PACKAGE)

MESSAGES, ENUMS, SERVICES = 4, 5, 6
"""Numbers of these fields in a FileDescriptorProto; paths of comments begin with them."""
FIELDS, NESTED, NESTED_ENUMS, ONEOFS = 2, 3, 4, 8
"""The same in a DescriptorProto."""
VALUES = 2
"""The same of EnumDescriptorProto and of ServiceDescriptorProto (methods)."""


@cache
def files() -> list[descriptor_pb2.FileDescriptorProto]:
    """The files of the package with their comments."""
    return list(descriptor_pb2.FileDescriptorSet.FromString(DOCUMENTED.read_bytes()).file)


@cache
def comments() -> dict[str, str]:
    """The comment of every service, method, message, field, enum and value, by full name, on one line.

    The name of an enum value has its enum in it, which its full name in protobuf has not.
    """
    found: dict[str, str] = {}
    for file in files():
        for place in file.source_code_info.location:
            if name := _name_at(file, tuple(place.path)):
                found[name] = _one_line(place.leading_comments)
    return found


def _name_at(file: descriptor_pb2.FileDescriptorProto, path: tuple[int, ...]) -> str:
    """The full name of what a path leads to; empty where that has none of its own."""
    at: Any = file
    name = file.package
    parts = {
        "FileDescriptorProto": {MESSAGES: "message_type", ENUMS: "enum_type", SERVICES: "service"},
        "DescriptorProto": {FIELDS: "field", NESTED: "nested_type", NESTED_ENUMS: "enum_type", ONEOFS: "oneof_decl"},
        "EnumDescriptorProto": {VALUES: "value"},
        "ServiceDescriptorProto": {VALUES: "method"},
    }
    for number, index in zip(path[::2], path[1::2], strict=False):
        field = parts.get(type(at).__name__, {}).get(number)
        if field is None:
            return ""
        at = getattr(at, field)[index]
        name += f".{at.name}"
    return name if len(path) % 2 == 0 and path else ""


def _one_line(comment: str) -> str:
    lines = [line.strip() for line in comment.splitlines() if not line.strip().startswith("buf:lint:")]
    return " ".join(line for line in lines if line)


def comment_of(name: str) -> str:
    """The comment of something by its full name."""
    return comments().get(name, "")


def services() -> Iterator[ServiceDescriptor]:
    """Our services, in the order of the reference."""
    for module in SERVICE_FILES:
        yield from module.DESCRIPTOR.services_by_name.values()


def messages_and_enums() -> tuple[list[Descriptor], list[EnumDescriptor]]:
    """Every message and enum of the package that stands at the top of its file."""
    # A file that no service imports is in the pool once its module is imported.
    assert error_reason_pb2.DESCRIPTOR.pool is operation_pb2.DESCRIPTOR.pool
    found = [operation_pb2.DESCRIPTOR.pool.FindFileByName(file.name) for file in files()]
    return (
        [message for file in found for message in file.message_types_by_name.values()],
        [enum for file in found for enum in file.enum_types_by_name.values()],
    )


def type_of(field: FieldDescriptor, page: str = "") -> str:
    """The type of a field; messages and enums of ours as a link to `page`."""
    if field.message_type and field.message_type.GetOptions().map_entry:
        key, value = (field.message_type.fields_by_name[name] for name in ("key", "value"))
        return f"map of {type_of(key)} to {type_of(value)}"
    kind = field.message_type or field.enum_type
    name = _linked(kind.full_name, page) if kind else _scalar(field)
    return f"list of {name}" if field.is_repeated else name


def _linked(name: str, page: str) -> str:
    if name.startswith(f"{PACKAGE}."):
        short = name.removeprefix(f"{PACKAGE}.")
        return f"[{short}]({page}#{short.lower().replace('.', '')})"
    return f"`{name}`"


def _scalar(field: FieldDescriptor) -> str:
    names = {
        field.TYPE_STRING: "string",
        field.TYPE_BYTES: "bytes",
        field.TYPE_BOOL: "bool",
        field.TYPE_INT32: "int32",
        field.TYPE_INT64: "int64",
        field.TYPE_UINT32: "uint32",
        field.TYPE_UINT64: "uint64",
        field.TYPE_DOUBLE: "double",
        field.TYPE_FLOAT: "float",
    }
    return names[field.type]


def rules_of(field: FieldDescriptor) -> Any:
    """The rules of a field (buf.validate)."""
    extension: Any = validate_pb2.field
    return field.GetOptions().Extensions[extension]


def in_words(field: FieldDescriptor) -> str:
    """The rules of a field in words; empty where it has none."""
    rules = rules_of(field)
    words = ["required"] if rules.required else []
    if field.is_repeated:
        words += _of_list(field, rules)
        if not (field.message_type and field.message_type.GetOptions().map_entry):
            words += [f"each {word}" for word in _of_value(field, rules.repeated.items)]
    else:
        words += _of_value(field, rules)
    return "; ".join(words)


def _of_list(field: FieldDescriptor, rules: Any) -> list[str]:
    most, least = most_elements(field), rules.repeated.min_items
    words = [f"{least:,} to {most:,} elements" if least else f"at most {most:,} elements"] if most else []
    if rules.map.max_pairs:
        keys, values = rules.map.keys.string.max_len, rules.map.values.string.max_len
        words.append(f"keys of at most {keys:,} characters, values of at most {values:,}")
    return words + (["no element twice"] if rules.repeated.unique else [])


def _of_value(field: FieldDescriptor, rules: Any) -> list[str]:
    kind = rules.WhichOneof("type") if hasattr(rules, "WhichOneof") else None
    words = [rule.message or rule.id for rule in rules.cel]
    if kind == "string":
        words = [*_of_text(field, rules.string), *words]
    elif kind in {"int32", "int64", "uint32", "uint64"}:
        words = [*_of_number(getattr(rules, kind)), *words]
    elif kind in {"duration", "timestamp"}:
        words = [*_of_time(getattr(rules, kind)), *words]
    elif kind == "enum" and 0 in rules.enum.not_in:
        words = ["not unspecified", *words]
    return words


def _of_text(field: FieldDescriptor, text: Any) -> list[str]:
    if text.uuid:
        return ["UUID"]
    if text.ip:
        return ["IP address"]
    most = longest_text(field)
    if text.min_len and text.min_len == text.max_len:
        words = [f"{most:,} characters"]
    elif text.min_len > 1:
        words = [f"{text.min_len:,} to {most:,} characters"]
    else:
        words = [f"at most {most:,} characters"] if most else []
    if text.min_len == 1:
        words.append("not empty")
    if text.pattern:
        words.append(SENTENCES.get(text.pattern, f"matches `{text.pattern}`"))
    if getattr(text, "in"):
        words.append("one of " + ", ".join(f"`{value}`" for value in getattr(text, "in")))
    return words


def _of_number(number: Any) -> list[str]:
    least, most = (getattr(number, name) if number.HasField(name) else None for name in ("gte", "lte"))
    if least is not None and most is not None:
        return [f"{least:,} to {most:,}"]
    return [f"{least:,} or more"] if least is not None else [f"at most {most:,}"] if most is not None else []


def _of_time(time: Any) -> list[str]:
    words = []
    for name, word in (("gte", "at least"), ("gt", "more than"), ("lte", "at most"), ("lt", "less than")):
        if time.HasField(name):
            words.append(f"{word} {_shown(getattr(time, name))}")
    return words


def _shown(moment: Any) -> str:
    """A duration or timestamp as JSON writes it."""
    return f"`{moment.ToJsonString()}`"


def sentence_end(text: str) -> int:
    """Where the first sentence of a comment ends."""
    found = re.search(r"(?<!\bno)\.(?= [A-Z`]|$)", text)
    return found.end() if found else len(text)


def cell(text: str) -> str:
    """A text as the cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table; empty where there are no rows."""
    if not rows:
        return ""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
