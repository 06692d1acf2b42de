"""What a caller of each RPC must be allowed to do, read from the options in access.proto when the server starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from google.longrunning import operations_pb2

from exam_sessions import errors
from exam_sessions.domain.access import Permission, Principal
from exam_sessions_client.v1 import (
    access_pb2,
    lifecycle_service_pb2,
    marking_service_pb2,
    session_pb2,
    session_service_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor

P = Permission

FOREIGN = {
    **dict.fromkeys(("GetOperation", "ListOperations", "WaitOperation"), P.READ_OPERATIONS),
    **dict.fromkeys(("CancelOperation", "DeleteOperation"), P.MANAGE_OPERATIONS),
    "ServerReflectionInfo": P.NONE,
}
"""The same of RPCs whose protos are not ours and cannot carry the option."""

FOREIGN_SERVICES = (operations_pb2.DESCRIPTOR.package, "grpc.reflection.")


class MethodWithoutPermission(Exception):  # noqa: N818 - the server does not start
    """A method says nowhere what its callers must be allowed to do."""


class FieldRequirement(NamedTuple):
    """A field that only some callers may set, by its path."""

    path: tuple[str, ...]
    permission: Permission


class Requirement(NamedTuple):
    """What callers of one RPC must be allowed to do."""

    rpc: str
    permission: Permission
    whole_workspace: bool = False
    """Whether principals bound to centres are kept out."""
    fields: tuple[FieldRequirement, ...] = ()

    def check(self, principal: Principal) -> None:
        """Lets a principal call the RPC. Raises PermissionDenied."""
        if self.permission not in principal.permissions and self.permission > P.OF_ACTION:
            raise errors.PermissionDenied(self.permission.name, self.rpc)
        if self.whole_workspace and principal.centres is not None:
            raise errors.PermissionDenied("the whole workspace", self.rpc)

    def check_request(self, principal: Principal, request: Any) -> None:
        """Checks that a principal may make the request. Raises PermissionDenied."""
        for path, permission in self.fields:
            if permission not in principal.permissions and _is_set(request, path):
                raise errors.PermissionDenied(permission.name, f"{self.rpc} with {'.'.join(path)}")
        if self.permission is P.OF_ACTION:
            needed = PERMISSION_OF_ACTION.get(request.action)
            if needed and needed not in principal.permissions:
                name = session_pb2.Action.Name(request.action).removeprefix("ACTION_").lower()
                raise errors.PermissionDenied(needed.name, f"{self.rpc} with the action {name}")


def _is_set(message: Any, path: tuple[str, ...]) -> bool:
    for name in path[:-1]:
        message = getattr(message, name)
    return bool(getattr(message, path[-1]))


def requirement_of(method: MethodDescriptor) -> Requirement:
    """What callers of a method must be allowed to do.

    Raises:
        MethodWithoutPermission: the method has none.
    """
    name = f"{method.containing_service.name}.{method.name}"
    if method.containing_service.full_name.startswith(FOREIGN_SERVICES):
        if method.name not in FOREIGN:
            raise MethodWithoutPermission(name)
        return Requirement(method.name, FOREIGN[method.name])
    options: Any = method.GetOptions()
    number = options.Extensions[access_pb2.permission]
    if not number:
        raise MethodWithoutPermission(name)
    whole = options.Extensions[access_pb2.whole_workspace]
    fields = tuple(_fields_of(method.input_type))
    return Requirement(method.name, Permission(number), whole, fields)


def _fields_of(message: Any, path: tuple[str, ...] = ()) -> Iterator[FieldRequirement]:
    for field in message.fields:
        needed: Any = field.GetOptions()
        if number := needed.Extensions[access_pb2.required_permission]:
            yield FieldRequirement((*path, field.name), Permission(number))
        elif _holds_one(field) and field.message_type is not message:
            yield from _fields_of(field.message_type, (*path, field.name))


def _holds_one(field: FieldDescriptor) -> bool:
    """Whether it holds one message of ours."""
    return bool(
        field.message_type
        and not field.is_repeated
        and field.message_type.file.package == access_pb2.DESCRIPTOR.package
    )


def _by_action() -> dict[int, Permission]:
    """The permission of each action, by its number: that of the RPC which applies it to one session."""
    methods = [
        method
        for module, service in (
            (lifecycle_service_pb2, "LifecycleService"),
            (marking_service_pb2, "MarkingService"),
            (session_service_pb2, "SessionService"),
        )
        for method in module.DESCRIPTOR.services_by_name[service].methods
    ]
    by_name = {method.name.removesuffix("Session").lower(): method for method in methods}
    found = {}
    for name, number in session_pb2.Action.items():
        spelled = name.removeprefix("ACTION_").replace("_", "").lower()
        if method := by_name.get(spelled):
            found[number] = requirement_of(method).permission
    return found


PERMISSION_OF_ACTION = _by_action()
"""What an action needs where an RPC takes one of several; ExplainSession says it of each."""
