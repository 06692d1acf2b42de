"""What a server's reflection says of its services, read as a client reads it."""

from __future__ import annotations

from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_reflection.v1alpha import reflection_pb2

LIST = reflection_pb2.ServerReflectionRequest(list_services="")


def ask(api, *requests, version="v1"):
    """The answers to requests, each as it came."""
    call = api.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    return list(call(iter(requests), timeout=30))


def names_of(api):
    """The services a server lists."""
    (listed,) = ask(api, LIST)
    return [service.name for service in listed.list_services_response.service]


def files_of(api, *symbols, files=()):
    """Files by name, and those that define symbols, with their imports; by name and behind those they import."""
    requests = [reflection_pb2.ServerReflectionRequest(file_containing_symbol=symbol) for symbol in symbols]
    requests += [reflection_pb2.ServerReflectionRequest(file_by_filename=name) for name in files]
    found = {}
    for reply in ask(api, *requests):
        assert not reply.HasField("error_response"), reply
        for data in reply.file_descriptor_response.file_descriptor_proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(data)
            found[file.name] = file
    ordered = {}

    def add(file):
        for needed in file.dependency:
            add(found[needed])
        ordered[file.name] = file

    for file in found.values():
        add(file)
    return ordered


def methods_of(api):
    """The descriptor of every method of every service a server lists."""
    pool, names = descriptor_pool.DescriptorPool(), names_of(api)
    for file in files_of(api, *names).values():
        pool.AddSerializedFile(file.SerializeToString())
    return [method for name in names for method in pool.FindServiceByName(name).methods]
