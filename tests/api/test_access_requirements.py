"""What the protos say about callers, against expectations typed by hand."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from google.longrunning import operations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool

from exam_sessions.domain.access import Permission
from exam_sessions.rpc.access.requirements import (
    PERMISSION_OF_ACTION,
    MethodWithoutPermission,
    requirement_of,
)
from exam_sessions_client import v1
from exam_sessions_client.v1 import session_pb2

P = Permission


def services():
    """The services of all our protos."""
    names = [module.name for module in pkgutil.iter_modules(v1.__path__) if module.name.endswith("_service_pb2")]
    modules = [importlib.import_module(f"{v1.__name__}.{name}") for name in names]
    return [service for module in modules for service in module.DESCRIPTOR.services_by_name.values()]


def test_every_method_of_every_service_has_a_permission():
    for service in services():
        for method in service.methods:
            assert requirement_of(method).permission


def test_a_method_without_a_permission_does_not_start():
    file = descriptor_pb2.FileDescriptorProto(name="nobody.proto", package="nobody", syntax="proto3")
    file.message_type.add(name="Empty")
    file.service.add(name="Open").method.add(name="Do", input_type=".nobody.Empty", output_type=".nobody.Empty")
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    with pytest.raises(MethodWithoutPermission, match=r"Open\.Do"):
        requirement_of(pool.FindMethodByName("nobody.Open.Do"))


def test_operations_need_permissions_although_their_proto_is_not_ours():
    operations = operations_pb2.DESCRIPTOR.services_by_name["Operations"]
    found = {method.name: requirement_of(method).permission for method in operations.methods}
    assert found == {
        "GetOperation": P.READ_OPERATIONS,
        "ListOperations": P.READ_OPERATIONS,
        "WaitOperation": P.READ_OPERATIONS,
        "CancelOperation": P.MANAGE_OPERATIONS,
        "DeleteOperation": P.MANAGE_OPERATIONS,
    }


def test_every_action_with_an_rpc_has_the_permission_of_its_rpc():
    without = {"UNSPECIFIED", "SCHEDULE", "ROUTE", "TAKE_OVER", "ERASE"}
    names = {name.removeprefix("ACTION_"): number for name, number in session_pb2.Action.items()}
    assert set(PERMISSION_OF_ACTION) == {number for name, number in names.items() if name not in without}
    assert PERMISSION_OF_ACTION[names["VOID"]] == P.VOID_SESSIONS
    assert PERMISSION_OF_ACTION[names["SUBMIT_MARKED"]] == P.MARK_SESSIONS
