"""Proto files written from their descriptors: what installed packages hold of them, for protoc of any language."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    ServiceDescriptorProto,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from google.protobuf.message import Message

    Path = tuple[int, ...]

WIDTH = 118
LARGEST = 536_870_912
"""One more than the largest number of a field, which protos call `max`."""


def source_of(file: FileDescriptorProto, left_out: str = "") -> str:
    """The text of a file, with the comments that its descriptor holds.

    Args:
        file: Its descriptor, parsed where the options it uses are known.
        left_out: The file of options that are written as comments, and that is not imported; none when empty.
    """
    return "\n".join(_FileWriter(file, left_out).lines()) + "\n"


def default_json_name(name: str) -> str:
    """The JSON name that a field has if its file does not give it another."""
    first, *others = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def declared_in(option: Any) -> str:
    """The file that declares an option."""
    return str(option.file.name)


class _FileWriter:
    def __init__(self, file: FileDescriptorProto, left_out: str) -> None:
        self._file, self._left_out = file, left_out
        self._comments = {tuple(at.path): at for at in file.source_code_info.location}
        self._proto3 = file.syntax == "proto3"

    def lines(self) -> list[str]:
        """The whole file."""
        file = self._file
        # Paths are made of the numbers of fields in FileDescriptorProto: 12 syntax, 2 package, 4 messages.
        found = [*self._above((12,)), f'syntax = "{file.syntax or "proto2"}";', ""]
        found += [*self._above((2,)), f"package {file.package};", ""]
        imports = sorted(name for name in file.dependency if name != self._left_out)
        found += [f'import "{name}";' for name in imports]
        found += [""] if imports else []
        options = [f"option {name} = {value};" for name, value in self._options(file.options)]
        found += [*options, ""] if options else []
        for n, service in enumerate(file.service):
            found += [*self._service(service, (6, n)), ""]
        for n, message in enumerate(file.message_type):
            found += [*self._message(message, (4, n)), ""]
        for n, enum in enumerate(file.enum_type):
            found += [*self._enum(enum, (5, n)), ""]
        found += self._extensions(file.extension, (7,))
        while not found[-1]:
            found.pop()
        return found

    def _above(self, path: Path) -> Iterator[str]:
        """The comment of what stands at a path."""
        if at := self._comments.get(path):
            text = at.leading_comments or at.trailing_comments
            yield from (f"//{line}".rstrip() for line in text.removesuffix("\n").split("\n"))

    def _options(self, options: Message) -> Iterator[tuple[str, str]]:
        """Names and values, as they are written; without those of the file that is left out."""
        for field, value in options.ListFields():
            if declared_in(field) == self._left_out:
                continue
            name = f"({field.full_name})" if field.is_extension else field.name
            for one in value if field.is_repeated else [value]:
                yield name, _value(field, one)

    def _rules(self, options: Message) -> Iterator[str]:
        """Comments in place of the options that are left out."""
        for field, value in options.ListFields():
            if declared_in(field) == self._left_out:
                yield from (f"// Rule: {line}" for line in _one_line(value).split("\n"))

    def _service(self, service: ServiceDescriptorProto, path: Path) -> Iterator[str]:
        yield from self._above(path)
        yield f"service {service.name} {{"
        yield from (f"  option {name} = {value};" for name, value in self._options(service.options))
        for n, method in enumerate(service.method):
            yield from _indented(self._above((*path, 2, n)))
            takes = ("stream " if method.client_streaming else "") + self._type(method.input_type)
            gives = ("stream " if method.server_streaming else "") + self._type(method.output_type)
            options = list(self._options(method.options))
            yield f"  rpc {method.name}({takes}) returns ({gives})" + (" {" if options else ";")
            yield from (f"    option {name} = {value};" for name, value in options)
            if options:
                yield "  }"
        yield "}"

    def _message(self, message: DescriptorProto, path: Path) -> Iterator[str]:
        yield from self._above(path)
        yield from self._rules(message.options)
        yield f"message {message.name} {{"
        yield from _indented(self._inside(message, path))
        yield "}"

    def _inside(self, message: DescriptorProto, path: Path) -> Iterator[str]:
        yield from (f"option {name} = {value};" for name, value in self._options(message.options))
        entries = {one.name: one for one in message.nested_type if one.options.map_entry}
        for n, nested in enumerate(message.nested_type):
            if nested.name not in entries:
                yield from self._message(nested, (*path, 3, n))
        for n, enum in enumerate(message.enum_type):
            yield from self._enum(enum, (*path, 4, n))
        yield from self._reserved(message.reserved_range, message.reserved_name, last_counts=False)
        for wide in message.extension_range:
            yield f"extensions {_span(wide.start, wide.end - 1, LARGEST - 1)};"
        yield from self._fields(message, path, entries)
        yield from self._extensions(message.extension, (*path, 6))

    def _fields(self, message: DescriptorProto, path: Path, entries: dict[str, DescriptorProto]) -> Iterator[str]:
        """The fields in their order; those of a oneof within it."""
        members: dict[int, list[int]] = defaultdict(list)
        for n, field in enumerate(message.field):
            if field.HasField("oneof_index") and not field.proto3_optional:
                members[field.oneof_index].append(n)
        for n, field in enumerate(message.field):
            group = members.get(field.oneof_index, []) if field.HasField("oneof_index") else []
            if n not in group:
                yield from self._field(field, (*path, 2, n), entries)
            elif n == group[0]:
                oneof, at = message.oneof_decl[field.oneof_index], (*path, 8, field.oneof_index)
                yield from self._above(at)
                yield from self._rules(oneof.options)
                yield f"oneof {oneof.name} {{"
                yield from (f"  option {name} = {value};" for name, value in self._options(oneof.options))
                for one in group:
                    yield from _indented(self._field(message.field[one], (*path, 2, one), entries))
                yield "}"

    def _field(self, field: FieldDescriptorProto, path: Path, entries: dict[str, DescriptorProto]) -> Iterator[str]:
        yield from self._above(path)
        yield from self._rules(field.options)
        options = list(self._options(field.options))
        if field.HasField("json_name") and field.json_name != default_json_name(field.name):
            options.insert(0, ("json_name", json.dumps(field.json_name)))
        if field.HasField("default_value"):
            is_text = field.type in (field.TYPE_STRING, field.TYPE_BYTES)
            options.insert(0, ("default", json.dumps(field.default_value) if is_text else field.default_value))
        written = ", ".join(f"{name} = {value}" for name, value in options)
        entry = entries.get(field.type_name.rpartition(".")[2])
        if entry is not None:
            key, value = (self._kind(one) for one in entry.field)
            kind = f"map<{key}, {value}>"
        else:
            kind = self._label(field) + self._kind(field)
        yield f"{kind} {field.name} = {field.number}" + (f" [{written}];" if written else ";")

    def _label(self, field: FieldDescriptorProto) -> str:
        if field.label == field.LABEL_REPEATED:
            return "repeated "
        if field.label == field.LABEL_REQUIRED:
            return "required "
        if self._proto3 and not field.proto3_optional:
            return ""
        return "" if field.HasField("oneof_index") and not field.proto3_optional else "optional "

    def _kind(self, field: FieldDescriptorProto) -> str:
        if field.type_name:
            return self._type(field.type_name)
        return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()

    def _type(self, name: str) -> str:
        return name.removeprefix(f".{self._file.package}.").removeprefix(".")

    def _enum(self, enum: EnumDescriptorProto, path: Path) -> Iterator[str]:
        yield from self._above(path)
        yield f"enum {enum.name} {{"
        yield from (f"  option {name} = {value};" for name, value in self._options(enum.options))
        yield from _indented(self._reserved(enum.reserved_range, enum.reserved_name, last_counts=True))
        for n, value in enumerate(enum.value):
            yield from _indented(self._above((*path, 2, n)))
            written = ", ".join(f"{name} = {text}" for name, text in self._options(value.options))
            yield f"  {value.name} = {value.number}" + (f" [{written}];" if written else ";")
        yield "}"

    @staticmethod
    def _reserved(ranges: Sequence[Any], names: Sequence[str], *, last_counts: bool) -> Iterator[str]:
        largest = 2**31 - 1 if last_counts else LARGEST - 1
        if ranges:
            spans = (_span(one.start, one.end if last_counts else one.end - 1, largest) for one in ranges)
            yield f"reserved {', '.join(spans)};"
        if names:
            yield f"reserved {', '.join(json.dumps(name) for name in names)};"

    def _extensions(self, fields: Sequence[FieldDescriptorProto], path: Path) -> Iterator[str]:
        for n, field in enumerate(fields):
            yield f"extend {self._type(field.extendee)} {{"
            yield from _indented(self._field(field, (*path, n), {}))
            yield "}"


def _span(first: int, last: int, largest: int) -> str:
    if first == last:
        return str(first)
    return f"{first} to {'max' if last == largest else last}"


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" if line else line for line in lines)


def _value(field: Any, value: Any) -> str:
    """A value of an option, as it is written."""
    if field.message_type is not None:
        return f"{{{_one_line(value)}}}"
    if field.enum_type is not None:
        return str(field.enum_type.values_by_number[value].name)
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, str) else str(value)


def _one_line(message: Message) -> str:
    return text_format.MessageToString(message, as_one_line=True, as_utf8=True).strip()
