"""The REST side of the contract as an OpenAPI document, made from the paths and comments of the protos.

It describes what gateways serve that go by `google.api.http`, such as Envoy: JSON as protobuf defines it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from google.api import annotations_pb2
from google.protobuf.descriptor import FieldDescriptor

from exam_sessions.contract import operation_paths
from exam_sessions.contract.proto_tree import comments_of, own_descriptors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import Descriptor, EnumDescriptor, MethodDescriptor, ServiceDescriptor

    Json = dict[str, Any]

VARIABLE = re.compile(r"\{([^}=]+)(?:=([^}]+))?\}")
"""A variable of a path, and the segments it stands for where it is more than one."""

SEGMENT = re.compile(r"(\w+)s/\*")
DEEPEST_QUERY = 3
"""How many levels of nested messages a query may hold; deeper ones are of lists, which no query can hold."""

TEXT = {"type": "string"}
WELL_KNOWN: dict[str, Json] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?\d+(\.\d{1,9})?s$"},
    "google.protobuf.FieldMask": {"type": "string", "description": "Names of fields in lowerCamelCase, with commas."},
    "google.protobuf.Empty": {"type": "object"},
    "google.protobuf.Any": {
        "type": "object",
        "properties": {"@type": {"type": "string"}},
        "additionalProperties": True,
    },
}
INT32, INT64 = {"type": "integer", "format": "int32"}, {"type": "string", "format": "int64"}
NUMBER, BYTES = {"type": "number"}, {"type": "string", "format": "byte"}
SCALARS: dict[int, Json] = {
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_STRING: TEXT,
    FieldDescriptor.TYPE_BYTES: BYTES,
    FieldDescriptor.TYPE_DOUBLE: NUMBER,
    FieldDescriptor.TYPE_FLOAT: NUMBER,
    FieldDescriptor.TYPE_INT32: INT32,
    FieldDescriptor.TYPE_SINT32: INT32,
    FieldDescriptor.TYPE_UINT32: INT32,
    FieldDescriptor.TYPE_INT64: INT64,
    FieldDescriptor.TYPE_SINT64: INT64,
    FieldDescriptor.TYPE_UINT64: INT64,
}
"""Protobuf writes numbers of 64 bits as texts."""


def openapi_document(version: str) -> Json:
    """The document, of OpenAPI 3.1.

    Args:
        version: The version of the service that it describes.
    """
    return _Document(version).whole()


class _Document:
    def __init__(self, version: str) -> None:
        self._version = version
        named = operation_paths.DESCRIPTIONS.items()
        operations = {f"{operation_paths.SERVICE.full_name}.{name}": text for name, text in named}
        self._comments = comments_of() | operations
        self._schemas: dict[str, Json] = {}

    def whole(self) -> Json:
        """Every RPC that has a path, and the messages they use."""
        paths: dict[str, Json] = {}
        services = [service for file in own_descriptors() for service in file.services_by_name.values()]
        services.append(operation_paths.SERVICE)
        for service in services:
            for rpc in service.methods:
                if rule := _rule_of(rpc):
                    verb = rule.WhichOneof("pattern")
                    path = _templated(getattr(rule, verb))
                    paths.setdefault(path, {})[verb] = self._operation(service, rpc, rule, verb)
        return {
            "openapi": "3.1.0",
            "info": {"title": "Exam Sessions", "version": self._version},
            "security": [{"bearer": []}],
            "tags": [{"name": one.name, "description": self._comments.get(one.full_name, "")} for one in services],
            "paths": dict(sorted(paths.items())),
            "components": {
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
                "schemas": dict(sorted(self._schemas.items())),
            },
        }

    def _operation(self, service: ServiceDescriptor, rpc: MethodDescriptor, rule: Any, verb: str) -> Json:
        found_in_path = VARIABLE.findall(getattr(rule, verb))
        variables = [name for name, _ in found_in_path]
        parameters = [
            parameter
            for (name, field), (_, segments) in zip(
                self._named(rpc.input_type, variables), found_in_path, strict=True
            )
            for parameter in (
                [_segment(one) for one in SEGMENT.findall(segments)]
                if segments
                else [self._parameter(name, field, "path")]
            )
        ]
        found: Json = {
            "tags": [service.name],
            "operationId": rpc.name,
            "description": self._comments.get(rpc.full_name, ""),
            "parameters": parameters,
        }
        if rule.body:
            content = {"application/json": {"schema": self._ref(rpc.input_type)}}
            found["requestBody"] = {"required": True, "content": content}
        else:
            found["parameters"] += [
                self._parameter(name, field, "query")
                for name, field in self._leaves(rpc.input_type)
                if name not in variables
            ]
        found["responses"] = {"200": self._reply(rpc), "default": self._refusal()}
        return found

    def _reply(self, rpc: MethodDescriptor) -> Json:
        schema, told = self._ref(rpc.output_type), "What it answers."
        if rpc.server_streaming:
            schema, told = {"type": "array", "items": schema}, "Messages as they come, as elements of one array."
        return {"description": told, "content": {"application/json": {"schema": schema}}}

    def _refusal(self) -> Json:
        status = {
            "type": "object",
            "properties": {
                "code": INT32,
                "message": TEXT,
                "details": {"type": "array", "items": WELL_KNOWN["google.protobuf.Any"]},
            },
        }
        self._schemas.setdefault("google.rpc.Status", status)
        told = "A refusal: the code of gRPC, and in the details the error reason with its facts."
        return {"description": told, "content": {"application/json": {"schema": _reference("google.rpc.Status")}}}

    def _named(self, message: Descriptor, names: list[str]) -> Iterator[tuple[str, FieldDescriptor]]:
        """The fields that are called so within a message, through others where there are dots."""
        for name in names:
            *parents, last = name.split(".")
            holder: Any = message
            for parent in parents:
                holder = holder.fields_by_name[parent].message_type
            yield name, holder.fields_by_name[last]

    def _leaves(self, message: Descriptor, above: str = "", depth: int = 1) -> Iterator[tuple[str, FieldDescriptor]]:
        """What a query may say of a message: plain fields, and those of messages within it."""
        for field in message.fields:
            inner = field.message_type
            if inner is None or inner.full_name in WELL_KNOWN:
                yield above + field.name, field
            elif not field.is_repeated and depth < DEEPEST_QUERY:
                yield from self._leaves(inner, f"{above}{field.name}.", depth + 1)

    def _parameter(self, name: str, field: FieldDescriptor, where: str) -> Json:
        return {
            "name": name,
            "in": where,
            "required": where == "path",
            "description": self._comments.get(field.full_name, ""),
            "schema": self._schema(field),
        }

    def _schema(self, field: FieldDescriptor) -> Json:
        inner = field.message_type
        if inner is not None and inner.GetOptions().map_entry:
            return {"type": "object", "additionalProperties": self._single(inner.fields_by_name["value"])}
        return {"type": "array", "items": self._single(field)} if field.is_repeated else self._single(field)

    def _single(self, field: FieldDescriptor) -> Json:
        if field.message_type is not None:
            return self._ref(field.message_type)
        if field.enum_type is not None:
            return self._enum(field.enum_type)
        return SCALARS[field.type]

    def _enum(self, enum: EnumDescriptor) -> Json:
        names = [value.name for value in enum.values]
        found = {"type": "string", "enum": names, "description": self._comments.get(enum.full_name, "")}
        self._schemas.setdefault(enum.full_name, found)
        return _reference(enum.full_name)

    def _ref(self, message: Descriptor) -> Json:
        """A reference to the schema of a message, which is added where it is new."""
        name = message.full_name
        if name in WELL_KNOWN:
            return WELL_KNOWN[name]
        if name not in self._schemas:
            found = self._schemas[name] = {"type": "object", "description": self._comments.get(name, "")}
            found["properties"] = {
                field.json_name: _with_description(self._schema(field), self._comments.get(field.full_name, ""))
                for field in message.fields
            }
        return _reference(name)


def _rule_of(rpc: MethodDescriptor) -> Any:
    """The path of an RPC, or nothing."""
    if rpc.containing_service.full_name == operation_paths.SERVICE.full_name:
        return operation_paths.PATHS[rpc.name]
    options = rpc.GetOptions()
    return options.Extensions[annotations_pb2.http] if options.HasExtension(annotations_pb2.http) else None


def _templated(path: str) -> str:
    """A path as OpenAPI writes it: each of several segments that a variable stands for is a variable of its own."""
    return VARIABLE.sub(lambda found: SEGMENT.sub(r"\1s/{\1}", found[2]) if found[2] else found[0], path)


def _segment(name: str) -> Json:
    """The parameter of one of several segments."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": f"The {name}'s id, which its name ends with.",
        "schema": TEXT,
    }


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _with_description(schema: Json, text: str) -> Json:
    return {**schema, "description": text} if text else schema
