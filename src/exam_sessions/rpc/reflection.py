"""Reflection: what clients can ask about the services themselves, with the comments of the protos."""

from __future__ import annotations

from functools import cached_property
from importlib import resources
from typing import Any

import grpc
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import _async as reflection_aio
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

REFLECTION_V1 = "grpc.reflection.v1.ServerReflection"


class _Reflection(reflection_aio.ReflectionServicer):  # type: ignore[misc] # it has no types
    """grpcio's reflection, which also knows methods by name, so that `grpcurl describe Service.Method` works.

    And our comments, which are not in the generated modules it reads.
    """

    @cached_property
    def _documented(self) -> dict[str, bytes]:
        """Our files by their names; few servers are ever asked for them."""
        kept = (resources.files("exam_sessions.v1") / "documented.binpb").read_bytes()
        files = descriptor_pb2.FileDescriptorSet.FromString(kept).file
        return {file.name: file.SerializeToString() for file in files}

    def _file_by_filename(self, request: Any, filename: str) -> Any:
        return self._with_comments(super()._file_by_filename(request, filename))

    def _file_containing_symbol(self, request: Any, symbol: str) -> Any:
        answer = super()._file_containing_symbol(request, symbol)
        if answer.HasField("error_response"):
            service, _, _ = symbol.rpartition(".")
            answer = super()._file_containing_symbol(request, service)
        return self._with_comments(answer)

    def _with_comments(self, answer: Any) -> Any:
        files = answer.file_descriptor_response.file_descriptor_proto
        for place, file in enumerate(files):
            name = descriptor_pb2.FileDescriptorProto.FromString(file).name
            files[place] = self._documented.get(name, file)
        return answer


def add_reflection(server: Any, names: list[str]) -> None:
    """Reflection under both its names: grpcio ships v1alpha only, and v1 is the same on the wire."""
    names = [*names, reflection.SERVICE_NAME, REFLECTION_V1]
    servicer = _Reflection(names)
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(REFLECTION_V1, {"ServerReflectionInfo": handler})]
    )
