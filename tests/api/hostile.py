"""Requests as nobody means them: many tiny elements, wherever a request has room for them, as its descriptor says."""

from __future__ import annotations

from typing import NamedTuple

import grpc
from google.longrunning import operations_pb2
from messages import METHOD

from serving import read_refusal

METHODS = [
    *METHOD.values(),
    *operations_pb2.DESCRIPTOR.services_by_name["Operations"].methods,
]
"""Every RPC that takes its requests through our door."""

VARINT, LENGTH = 0, 2

FILLER = b"\xa2\x7f\x80\x40" + b"x" * 8192
"""A field that nobody knows, which makes a request long enough to be counted and to be read on another thread."""


class Spot(NamedTuple):
    """A field somewhere in a request, and the way to it."""

    method: object
    way: tuple
    """The fields that lead to it, itself last."""

    @property
    def field(self):
        return self.way[-1]

    @property
    def name(self):
        return f"{self.method.name} {'.'.join(field.name for field in self.way)}"

    def filled(self, count, element=b""):
        """The bytes of a request with so many elements there, each the only one of its kind on the way."""
        data = elements_of(self.field, count, element)
        for field in reversed(self.way[:-1]):
            data = record(field, data)
        return data


def varint(number):
    """A number as it travels."""
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def record(field, payload):
    """A field that holds bytes."""
    return varint(field.number << 3 | LENGTH) + varint(len(payload)) + payload


def elements_of(field, count, element=b""):
    """So many elements of a repeated field: empty submessages and texts, or zeros."""
    if field.message_type or field.type in {field.TYPE_STRING, field.TYPE_BYTES}:
        return record(field, element) * count
    return (varint(field.number << 3 | VARINT) + b"\0") * count


def spots(method, wanted):
    """Every field of a method's request that is wanted, at any depth."""

    def walk(descriptor, way):
        for field in descriptor.fields:
            if wanted(field):
                yield Spot(method, (*way, field))
            if field.message_type and field.message_type not in [f.message_type for f in way]:
                yield from walk(field.message_type, (*way, field))

    return list(walk(method.input_type, ()))


def ask(api, method, data):
    """Sends bytes to a method of any kind; raises Refused, or gives the first reply."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    channel = api.channel
    try:
        if method.client_streaming:
            return next(channel.stream_stream(path)(iter([data]), timeout=60, metadata=api.metadata), b"")
        if method.server_streaming:
            stream = channel.unary_stream(path)(data, timeout=60, metadata=api.metadata)
            reply = next(stream, b"")
            stream.cancel()
            return reply
        return channel.unary_unary(path)(data, timeout=60, metadata=api.metadata)
    except grpc.RpcError as error:
        raise read_refusal(error) from None
