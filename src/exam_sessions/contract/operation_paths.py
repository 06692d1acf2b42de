"""The REST paths of operations, which are named `workspaces/{workspace}/operations/{id}` here.

Those in Google's file are of operations that belong to nothing, and waiting has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.api import annotations_pb2, http_pb2
from google.longrunning import operations_pb2

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

FILE = operations_pb2.DESCRIPTOR.name
SERVICE = operations_pb2.DESCRIPTOR.services_by_name["Operations"]
ONE = "/v1/{name=workspaces/*/operations/*}"

PATHS = {
    "ListOperations": http_pb2.HttpRule(get="/v1/{name=workspaces/*}/operations"),
    "GetOperation": http_pb2.HttpRule(get=ONE),
    "DeleteOperation": http_pb2.HttpRule(delete=ONE),
    "CancelOperation": http_pb2.HttpRule(post=f"{ONE}:cancel", body="*"),
    "WaitOperation": http_pb2.HttpRule(post=f"{ONE}:wait", body="*"),
}

DESCRIPTIONS = {
    "ListOperations": "Reads a page of a workspace's operations, newest first.",
    "GetOperation": "Reads one: its progress, and the outcome of each row once it has ended.",
    "DeleteOperation": "Deletes one that has ended.",
    "CancelOperation": "Asks one to end. What was done stays done.",
    "WaitOperation": "Returns when one has ended, or after `timeout`, at most a minute.",
}


def bind(file: FileDescriptorProto) -> None:
    """Gives the methods of Google's file our paths in place of its own."""
    for service in file.service:
        for method in service.method:
            method.options.Extensions[annotations_pb2.http].CopyFrom(PATHS[method.name])
