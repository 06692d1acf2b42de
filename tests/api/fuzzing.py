"""Requests drawn from descriptors: fields of every kind, names of what there is, and of what there is not."""

from __future__ import annotations

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor
from messages import new_id

from serving import read_refusal

F = FieldDescriptor
DEEPEST = 6
SMALL = (0, 1, 2, 5)
NUMBERS = (0, 1, 2, 3, 7, 10, 100, 1000, -1, 2**31 - 1, -(2**31))
LARGE = (2**63 - 1, -(2**63), 253_402_300_800)
UNSIGNED = {F.TYPE_UINT32, F.TYPE_UINT64, F.TYPE_FIXED32, F.TYPE_FIXED64}
WIDE = {F.TYPE_INT64, F.TYPE_SINT64, F.TYPE_SFIXED64}
FRACTIONS = (0.0, 1.5, -1.0, float("inf"), float("nan"))
TEXTS = (
    "", " ", "a", "A1", "0", "1", "-1", "1.5", "***", "é", "\N{GRINNING FACE}", "a\0b", "\u202eabc", "x" * 200,
    "' OR 1=1 --", "%", "_", "../..", "NaN", "1e9", "system", "anonymous", "erased-00000000000000000000",
)  # fmt: skip
NAMING = {"workspace_id", "session_id", "release_id"}
KEPT_APART = {"validate_only": 0.15, "show_total_size": 0.5}
"""How often a flag is set, where not half of the time."""


class Drawing:
    """Draws requests. `names` holds values for texts by the names of their fields."""

    def __init__(self, chance, names):
        self._chance, self._names = chance, names

    def request(self, method):
        """A request of a method, drawn from nothing."""
        return self._message(message_factory.GetMessageClass(method.input_type)(), 0)

    def altered(self, request):
        """A request with some of its fields drawn anew, or cleared; sometimes with none."""
        fields = list(request.DESCRIPTOR.fields)
        for field in self._chance.choices(fields, k=self._chance.randrange(4)) if fields else ():
            request.ClearField(field.name)
            if self._chance.random() < 0.8:
                self._set(request, field, 0)
        return request

    def metadata(self):
        """What callers say about themselves besides their credential, as a rule nothing."""
        if self._chance.random() < 0.8:
            return ()
        pairs = (
            ("x-actor", self._chance.choice(("root", "system", "x" * 500, "a b"))),
            ("x-actor-bin", self._chance.choice((b"\xff\xfe", "Zoë".encode(), b"", b"system", b"a\0b"))),
            ("x-candidate-address", self._chance.choice(("192.0.2.7", "nowhere", "::1"))),
            ("authorization-bin", b"Bearer x"),
        )
        return tuple(self._chance.choices(pairs, k=self._chance.randrange(1, 4)))

    def _message(self, message, depth):
        kind = message.DESCRIPTOR
        if kind.full_name == "google.protobuf.FieldMask":
            message.paths.extend(self._chance.choices(self._names["paths"], k=self._chance.randrange(3)))
            return message
        often = self._chance.choice((0.05, 0.2, 0.5))
        for field in kind.fields:
            always = field.name in NAMING and self._chance.random() < 0.8
            if always or self._chance.random() < often:
                self._set(message, field, depth)
        return message

    def _set(self, message, field, depth):
        if field.message_type and field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is None:
                getattr(message, field.name)[self._text(field)] = self._text(field)
        elif field.message_type:
            if depth < DEEPEST:
                inner = getattr(message, field.name)
                for one in [inner.add() for _ in range(self._chance.randrange(3))] if field.is_repeated else [inner]:
                    one.SetInParent()
                    self._message(one, depth + 1)
        elif field.is_repeated:
            getattr(message, field.name).extend(self._scalar(field) for _ in range(self._chance.randrange(4)))
        else:
            setattr(message, field.name, self._scalar(field))

    def _scalar(self, field):
        chance = self._chance
        if field.type == F.TYPE_STRING:
            return self._text(field)
        if field.type == F.TYPE_BYTES:
            return chance.randbytes(chance.randrange(20))
        if field.type == F.TYPE_BOOL:
            return chance.random() < KEPT_APART.get(field.name, 0.5)
        if field.type == F.TYPE_ENUM:
            known = [value.number for value in field.enum_type.values]
            return chance.choice(known) if chance.random() < 0.95 else 250
        if field.type in {F.TYPE_DOUBLE, F.TYPE_FLOAT}:
            return chance.choice(FRACTIONS)
        number = chance.choice(SMALL if chance.random() < 0.7 else NUMBERS)
        if field.type in WIDE and chance.random() < 0.1:
            number = chance.choice(LARGE)
        return abs(number) if field.type in UNSIGNED else number

    def _text(self, field):
        known = self._names.get(field.name)
        return self._chance.choice(known) if known and self._chance.random() < 0.95 else self._chance.choice(TEXTS)


def answer_of(client, method, requests, more=()):
    """Everything that a call tells its caller, as bytes, and its code. A reply that does not come is empty."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    data = [request.SerializeToString() for request in requests]
    metadata, told, channel = (*client.metadata, *more), [], client.channel
    try:
        if method.client_streaming:
            told += list(channel.stream_stream(path)(iter(data), timeout=30, metadata=metadata))
        elif method.server_streaming:
            call = channel.unary_stream(path)(data[0], timeout=30, metadata=metadata)
            told.append(next(iter(call), b""))
            call.cancel()
        else:
            told.append(channel.unary_unary(path)(data[0], timeout=30, metadata=metadata))
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED and not error.trailing_metadata():
            return error.code(), b""
        read_refusal(error)  # every refusal is typed
        told += [str(error.details()).encode(), *(_bytes(value) for _, value in error.trailing_metadata() or ())]
        return error.code(), b"\0".join(told)
    return grpc.StatusCode.OK, b"\0".join(told)


def _bytes(value):
    return value if isinstance(value, bytes) else str(value).encode()


def pool(*held):
    """Values for texts by the names of their fields, from the names of things in several places."""
    names = {
        "paths": ["candidate", "centre_id", "external_reference", "name", "window_start", "state", "id", "x.y"],
        "request_id": [new_id(), "x"],
        "etag": ["v1", "v2", "v9"],
        "roles": ["admin", "reader", "root"],
        "option": ["A", "B"],
        "number": ["1", "2", "3"],
        "question_number": ["1", "2", "3"],
        "mark": ["0", "1", "2.5", "-1", "x"],
        "message": ["because", "x" * 1001],
        "reason": ["because", "x" * 1001],
    }
    for one in held:
        for field, value in one.items():
            names.setdefault(field, []).append(value)
    return names
