"""The door every call goes through: size, parsing, validation, the caller's name, and what becomes of refusals.

Handlers take and give raw bytes, so that a malformed or oversized message gets a typed refusal like any other, and
are wrapped once per method: grpc's own interceptors cost more than the rest of the door together.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc
import protovalidate
from google.protobuf import message_factory
from google.protobuf.message import DecodeError

from exam_sessions import errors
from exam_sessions.commands.batch import SYSTEM, Caller
from exam_sessions.commands.codes import new_ids
from exam_sessions.rpc.status import internal, status_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
    from google.protobuf.message import Message

    from exam_sessions.commands.lane import Order

    Method = Callable[[Any, "Call"], Awaitable[Message]]

log = logging.getLogger(__name__)

DEFAULT_WORKSPACE = "default"
ACTOR = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,127}")
LONG = 128 * 1024
"""Bytes from which a request is parsed and validated on another thread, so that others need not wait."""

VIOLATIONS_AT_MOST = 100
"""Bad fields named; more would not fit into a reply's metadata."""

_validator = protovalidate.Validator()


class Call:
    """What a method may ask about the call it serves."""

    __slots__ = ("_context", "_method")

    def __init__(self, context: grpc.aio.ServicerContext[Any, Any], method: str) -> None:
        self._context, self._method = context, method

    def caller(self, request: Any) -> Caller:
        """Who asks, and the digest that tells a repetition of this mutation from another request.

        Raises:
            errors.InvalidField: x-actor is not a short printable text.
        """
        workspace = request.workspace_id or DEFAULT_WORKSPACE
        request_id = request.request_id.lower()
        digest = b""
        if request_id:
            request.request_id = request_id
            content = self._method.encode() + b"\0" + request.SerializeToString(deterministic=True)
            digest = hashlib.blake2b(content, digest_size=16).digest()
        return Caller(workspace, self._actor(), request_id, digest, request.validate_only)

    def _actor(self) -> str:
        """The caller's name, until callers are authenticated: x-actor, else anonymous."""
        for key, value in self._context.invocation_metadata() or ():
            if key == "x-actor":
                if not isinstance(value, str) or not ACTOR.fullmatch(value) or value == SYSTEM:
                    raise errors.invalid("x-actor", f"must be 1 to 128 printable ASCII characters, and not {SYSTEM}")
                return value
        return "anonymous"


def workspace_of(request: Any) -> str:
    """The tenant a request speaks of."""
    return request.workspace_id or DEFAULT_WORKSPACE


def check(message: Message) -> None:
    """Refuses a message that breaks the rules written in the protos. Raises InvalidField, every bad field named."""
    found = _validator.collect_violations(message)
    if found:
        raise errors.InvalidField(tuple(_violation(v.proto) for v in found[:VIOLATIONS_AT_MOST]), len(found))


def _violation(found: Any) -> errors.Violation:
    path = ""
    for element in found.field.elements if found.field else ():
        path += ("." if path else "") + element.field_name
        subscript = element.subscript
        if subscript is not None:
            path += f"[{subscript.value}]"
    return errors.Violation(path, found.message)


def _refuse_nul(message: Message, path: str) -> None:
    """Refuses a text with a NUL: neither database can keep one. Raises InvalidField."""
    for field, value in message.ListFields():
        for n, item in enumerate(value if field.is_repeated else (value,)):
            place = path + field.name + (f"[{n}]" if field.is_repeated else "")
            if isinstance(item, str) and "\0" in item:
                raise errors.invalid(place, "must not contain a NUL character")
            if field.message_type:
                _refuse_nul(item, f"{place}.")


class InLine(NamedTuple):
    """A method that does nothing but stand in a lane: read and answered in its group, not call by call."""

    submit: Callable[[Order], Awaitable[Any]]
    """Puts an order into the lane."""
    open: Callable[[Any, Call], Any]
    """From the request to what the lane works on."""
    reply: Callable[[Any, Any], Message]
    """From the request and the result to the reply."""


class RawOrder:
    """A call in line as it came: bytes until its group is opened, bytes again when it is rendered."""

    __slots__ = ("_call", "_data", "_door", "_method", "_request")

    weight = 1

    def __init__(self, data: bytes, call: Call, door: Door, method: InLine) -> None:
        self._data, self._call, self._door, self._method = data, call, door, method

    def open(self) -> Any:
        """Reads and checks the request; what the lane works on."""
        self._request = self._door.admit(self._data)
        return self._method.open(self._request, self._call)

    def render(self, result: Any) -> bytes:
        """The reply, serialized."""
        return self._method.reply(self._request, result).SerializeToString()


class Door:
    """What every request of a method passes: its size, its bytes, its rules."""

    def __init__(self, method: MethodDescriptor, limit: int) -> None:
        self._parse = message_factory.GetMessageClass(method.input_type).FromString
        self._limit = limit

    def admit(self, data: bytes) -> Any:
        """The request.

        Raises:
            errors.MessageTooLarge, errors.MalformedMessage, errors.InvalidField: it does not pass.
        """
        if len(data) > self._limit:
            raise errors.MessageTooLarge(len(data), self._limit)
        try:
            request = self._parse(data)
        except DecodeError:
            raise errors.MalformedMessage from None
        if _validator.collect_violations(request, fail_fast=True):
            check(request)
        if b"\0" in data:
            _refuse_nul(request, "")
        return request


def handlers(
    service: ServiceDescriptor, methods: dict[str, Method | InLine], limit: int
) -> grpc.GenericRpcHandler[Any, Any]:
    """The handlers of a service; every method of the proto must be there. `limit` is the largest request in bytes."""
    wrapped = {method.name: _unary(method, methods[method.name], limit) for method in service.methods}
    return grpc.method_handlers_generic_handler(service.full_name, wrapped)


def _unary(method: MethodDescriptor, function: Method | InLine, limit: int) -> grpc.RpcMethodHandler[Any, Any]:
    name = f"{method.containing_service.full_name}/{method.name}"
    door = Door(method, limit)

    def in_line(data: bytes, call: Call) -> Awaitable[bytes]:
        assert isinstance(function, InLine)
        return function.submit(RawOrder(data, call, door, function))

    async def by_itself(data: bytes, call: Call) -> bytes:
        assert not isinstance(function, InLine)
        request = door.admit(data) if len(data) < LONG else await asyncio.to_thread(door.admit, data)
        return (await function(request, call)).SerializeToString()

    answer: Callable[[bytes, Call], Awaitable[bytes]] = in_line if isinstance(function, InLine) else by_itself

    async def serve(data: bytes, context: Any) -> bytes:
        try:
            return await answer(data, Call(context, name))
        except errors.Refusal as refusal:
            status = status_of(refusal)
        except asyncio.CancelledError:
            raise
        except Exception:
            call_id = new_ids(1)[0]
            log.exception("call %s of %s failed", call_id, name)
            status = internal(call_id)
        await context.abort_with_status(status)
        raise AssertionError  # abort does not return

    return grpc.unary_unary_rpc_method_handler(serve)
