"""Reflection: what clients can ask about the services themselves, with the comments of the protos.

Served as v1 and as v1alpha, which are the same on the wire. Everything it lists it can describe, and ErrorReason too,
which no message refers to. Fields have the JSON names protoc gives them: generated modules leave them out, and then
clients print other names than they do with the protos at hand.
"""

from __future__ import annotations

from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

from google.longrunning import operations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2 as pb

from exam_sessions.contract import validate_pb2
from exam_sessions.rpc.handlers import handlers_of
from exam_sessions.rpc.methods import BidiMethod, RefusedMessage
from exam_sessions_client.v1 import session_service_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

    from google.protobuf.descriptor import FileDescriptor

    from exam_sessions.rpc.call_policy import CallPolicy
    from exam_sessions.rpc.methods import Call
    from exam_sessions.rpc.transports.base import Transport

OTHERS = (operations_pb2, error_details_pb2, health_pb2, pb, validate_pb2, session_service_pb2)
"""Modules whose files, and what they import, are described; of our own, those that `documented.binpb` holds."""

NOT_FOUND, INVALID_ARGUMENT = 5, 3


def _as_v1(alpha: FileDescriptor) -> descriptor_pb2.FileDescriptorProto:
    """The file of v1, which no Python package holds."""
    file = descriptor_pb2.FileDescriptorProto()
    alpha.CopyToProto(file)

    def renamed(name: str) -> str:
        return name.replace(alpha.package, "grpc.reflection.v1")

    file.name, file.package = "grpc/reflection/v1/reflection.proto", renamed(file.package)
    for message in file.message_type:
        for field in message.field:
            if field.type_name:
                field.type_name = renamed(field.type_name)
    for method in file.service[0].method:
        method.input_type, method.output_type = renamed(method.input_type), renamed(method.output_type)
    return file


class _Files:
    """All files there are to describe, by their names and by what they define."""

    def __init__(self) -> None:
        self._serialized: dict[str, bytes] = {}
        self._pool = descriptor_pool.DescriptorPool()
        documented = (resources.files("exam_sessions.contract") / "documented.binpb").read_bytes()
        files = {file.name: file for file in descriptor_pb2.FileDescriptorSet.FromString(documented).file}
        for module in OTHERS:
            self._take(module.DESCRIPTOR, files)
        for file in files.values():
            self._add(file, files)
        self._add(_as_v1(pb.DESCRIPTOR), files)

    def _take(self, found: FileDescriptor, files: dict[str, descriptor_pb2.FileDescriptorProto]) -> None:
        """Adds a file and its imports to `files`, unless it is there with its comments."""
        if found.name not in files:
            files[found.name] = descriptor_pb2.FileDescriptorProto()
            found.CopyToProto(files[found.name])
        for needed in found.dependencies:
            self._take(needed, files)

    def _add(
        self, file: descriptor_pb2.FileDescriptorProto, files: dict[str, descriptor_pb2.FileDescriptorProto]
    ) -> None:
        """Enters a file behind those it imports."""
        if file.name in self._serialized:
            return
        for needed in file.dependency:
            self._add(files[needed], files)
        self._pool.AddSerializedFile(file.SerializeToString())
        plain = self._pool.FindFileByName(file.name)
        for message in file.message_type:
            _name_fields(message, plain.message_types_by_name[message.name])
        self._serialized[file.name] = file.SerializeToString()

    def with_imports(self, found: FileDescriptor) -> list[bytes]:
        """A file and all it needs to be understood."""
        files: dict[str, bytes] = {}

        def take(file: FileDescriptor) -> None:
            if file.name not in files:
                files[file.name] = self._serialized[file.name]
                for needed in file.dependencies:
                    take(needed)

        take(found)
        return list(files.values())

    def named(self, name: str) -> FileDescriptor:
        """The file of a name. Raises KeyError."""
        return self._pool.FindFileByName(name)

    def defining(self, symbol: str) -> FileDescriptor:
        """The file that defines a service, a method, a message, a field, an enum or a value. Raises KeyError."""
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            return self._pool.FindFileContainingSymbol(symbol.rpartition(".")[0])

    def extending(self, message: str, number: int) -> FileDescriptor:
        """The file that defines an extension. Raises KeyError."""
        return self.defining(
            self._pool.FindExtensionByNumber(self._pool.FindMessageTypeByName(message), number).full_name
        )

    def extensions(self, message: str) -> list[int]:
        """The numbers of a message's extensions. Raises KeyError."""
        found: Iterable[Any] = self._pool.FindAllExtensions(self._pool.FindMessageTypeByName(message))
        return sorted(extension.number for extension in found)


def _name_fields(message: descriptor_pb2.DescriptorProto, described: Any) -> None:
    for field in message.field:
        field.json_name = described.fields_by_name[field.name].json_name
    for nested in message.nested_type:
        _name_fields(nested, described.nested_types_by_name[nested.name])


class ReflectionServicer:
    """One method, for the RPC of both versions. `names` are the services there are."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = sorted(names)

    @cached_property
    def _files(self) -> _Files:
        """Made when they are asked for: few servers ever are."""
        return _Files()

    async def converse(self, requests: AsyncIterator[Any], _: Call, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Answers question after question. Raises the refusal of bytes that are none."""
        async for request in requests:
            if isinstance(request, RefusedMessage):
                raise request.refusal
            reply = pb.ServerReflectionResponse(valid_host=request.host)
            reply.original_request.MergeFromString(request.SerializeToString())
            try:
                self._answer(request, reply)
            except KeyError:
                _refuse(reply, NOT_FOUND, "there is no such file, symbol or extension")
            await send(reply.SerializeToString())

    def _answer(self, request: Any, reply: pb.ServerReflectionResponse) -> None:
        asked, files = request.WhichOneof("message_request"), self._files
        if asked == "list_services":
            reply.list_services_response.service.extend(pb.ServiceResponse(name=name) for name in self._names)
        elif asked == "file_by_filename":
            _show(reply, files.with_imports(files.named(request.file_by_filename)))
        elif asked == "file_containing_symbol":
            _show(reply, files.with_imports(files.defining(request.file_containing_symbol)))
        elif asked == "file_containing_extension":
            extension = request.file_containing_extension
            _show(reply, files.with_imports(files.extending(extension.containing_type, extension.extension_number)))
        elif asked == "all_extension_numbers_of_type":
            message = request.all_extension_numbers_of_type
            reply.all_extension_numbers_response.extension_number.extend(files.extensions(message))
            reply.all_extension_numbers_response.base_type_name = message
        else:
            _refuse(reply, INVALID_ARGUMENT, "the request asks for nothing")


def _show(reply: pb.ServerReflectionResponse, files: list[bytes]) -> None:
    reply.file_descriptor_response.file_descriptor_proto.extend(files)


def _refuse(reply: pb.ServerReflectionResponse, code: int, message: str) -> None:
    reply.error_response.error_code, reply.error_response.error_message = code, message


def add_reflection(transport: Transport, names: Sequence[str], limit: int, policy: CallPolicy) -> None:
    """Serves reflection under both its names, about `names` and itself. `limit` is the largest request in bytes."""
    alpha = pb.DESCRIPTOR.services_by_name["ServerReflection"]
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(_as_v1(pb.DESCRIPTOR).SerializeToString())
    v1 = pool.FindServiceByName(f"grpc.reflection.v1.{alpha.name}")
    servicer = ReflectionServicer([*names, alpha.full_name, v1.full_name])
    for service in (alpha, v1):
        transport.add(handlers_of(service, {"ServerReflectionInfo": BidiMethod(servicer.converse)}, limit, policy))
