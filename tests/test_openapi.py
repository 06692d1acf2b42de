"""The OpenAPI document is valid, complete, and true of the JSON that protobuf writes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from google.api import annotations_pb2
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from exam_sessions.contract import operation_paths
from exam_sessions.contract.openapi import openapi_document
from exam_sessions.contract.proto_tree import own_descriptors

DOCUMENT = openapi_document("0")
METHODS = [rpc for file in own_descriptors() for service in file.services_by_name.values() for rpc in service.methods]
SCHEMAS = DOCUMENT["components"]["schemas"]
MESSAGES = [
    message
    for file in own_descriptors()
    for message in file.message_types_by_name.values()
    if message.full_name in SCHEMAS
]
"""Requests that are told in path and query have no schema."""

DEEPEST = 6


def filled(descriptor, depth=0):
    """A message in which every field has a value; of a oneof the last."""
    message = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        inner = field.message_type
        if inner is not None and inner.GetOptions().map_entry:
            value = inner.fields_by_name["value"]
            if value.message_type is None:
                getattr(message, field.name)["a" if inner.fields_by_name["key"].type == field.TYPE_STRING else 1] = (
                    plain(value)
                )
        elif inner is not None:
            if depth < DEEPEST and inner.full_name != "google.protobuf.Any":
                value = filled(inner, depth + 1)
                target = getattr(message, field.name)
                target.add().CopyFrom(value) if field.is_repeated else target.CopyFrom(value)
        elif field.is_repeated:
            getattr(message, field.name).append(plain(field))
        else:
            setattr(message, field.name, plain(field))
    return message


def plain(field):
    """A value of a field that holds no message."""
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    return {field.CPPTYPE_STRING: b"a" if field.type == field.TYPE_BYTES else "a", field.CPPTYPE_BOOL: True}.get(
        field.cpp_type, 7
    )


def test_the_document_is_valid():
    validate(DOCUMENT)


def test_every_rpc_with_a_path_is_in_it_with_its_comment():
    described = {
        operation["operationId"]: (path, verb, operation)
        for path, verbs in DOCUMENT["paths"].items()
        for verb, operation in verbs.items()
    }
    bound = [rpc for rpc in METHODS if rpc.GetOptions().HasExtension(annotations_pb2.http)]
    assert set(described) == {rpc.name for rpc in bound} | set(operation_paths.PATHS)
    for rpc in bound:
        rule = rpc.GetOptions().Extensions[annotations_pb2.http]
        path, verb, operation = described[rpc.name]
        assert getattr(rule, verb) == path
        assert operation["description"]
        assert ("requestBody" in operation) == bool(rule.body)


def test_operations_have_the_paths_of_their_names():
    paths = {path: set(verbs) for path, verbs in DOCUMENT["paths"].items() if "/operations" in path}
    one = "/v1/workspaces/{workspace}/operations/{operation}"
    assert paths == {
        "/v1/workspaces/{workspace}/operations": {"get"},
        one: {"get", "delete"},
        f"{one}:cancel": {"post"},
        f"{one}:wait": {"post"},
    }
    named = [parameter["name"] for parameter in DOCUMENT["paths"][one]["get"]["parameters"]]
    assert named == ["workspace", "operation"]


@pytest.mark.parametrize("descriptor", MESSAGES, ids=lambda descriptor: descriptor.name)
def test_what_protobuf_writes_as_json_fits_the_schema_of_its_message(descriptor):
    written = json.loads(json_format.MessageToJson(filled(descriptor)))
    schema = {"$ref": f"#/components/schemas/{descriptor.full_name}", "components": DOCUMENT["components"]}
    OAS31Validator(schema).validate(written)
    assert set(written) <= set(SCHEMAS[descriptor.full_name]["properties"])


def test_the_command_writes_it(tmp_path):
    command = [sys.executable, "-m", "exam_sessions", "protos", "--openapi", tmp_path / "openapi.json"]
    subprocess.run(command, check=True, timeout=60)
    written = json.loads((tmp_path / "openapi.json").read_text())
    assert written["paths"] == DOCUMENT["paths"]
