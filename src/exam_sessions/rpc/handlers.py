"""The door every call goes through: size, parsing, validation, the caller's name, and what becomes of refusals.

Handlers take and give raw bytes, so that a malformed or oversized message gets a typed refusal like any other. They
know nothing of how the bytes travel: that is the transport's (transport.py), which asks each for a status as well.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from abc import ABC, abstractmethod
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import protovalidate
from google.protobuf import message_factory
from google.protobuf.message import DecodeError

from exam_sessions import errors
from exam_sessions.commands.batch import SYSTEM, Caller
from exam_sessions.commands.codes import new_ids
from exam_sessions.rpc.status import internal, status_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    import grpc
    from google.protobuf.descriptor import Descriptor, MethodDescriptor, ServiceDescriptor
    from google.protobuf.message import Message

    from exam_sessions.commands.lane import Order, Waiter

    Method = Callable[[Any, "Call"], Awaitable[Message]]

log = logging.getLogger(__name__)

DEFAULT_WORKSPACE = "default"
ACTOR = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,127}")
LONG = 128 * 1024
"""Bytes from which a request is parsed and validated on another thread, so that others need not wait."""

VIOLATIONS_AT_MOST = 100
"""Bad fields named; more would not fit into a reply's metadata."""

_validator = protovalidate.Validator()


class Call(ABC):
    """What a method may ask about the call it serves. `method` is the service's name and its own."""

    __slots__ = ("_method",)

    def __init__(self, method: str) -> None:
        self._method = method

    @abstractmethod
    def named(self) -> str | bytes | None:
        """The metadata x-actor as it came; None when there is none."""

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

    def in_workspace(self, workspace: str) -> Caller:
        """Who asks, of a request that names its workspace in its own way and carries no request id."""
        return Caller(workspace, self._actor())

    def _actor(self) -> str:
        """The caller's name, until callers are authenticated: x-actor, else anonymous."""
        name = self.named()
        if name is None:
            return "anonymous"
        if not isinstance(name, str) or not ACTOR.fullmatch(name) or name == SYSTEM:
            raise errors.invalid("x-actor", f"must be 1 to 128 printable ASCII characters, and not {SYSTEM}")
        return name


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


@cache
def _texts_of(kind: Descriptor) -> tuple[str, ...] | None:
    """The names of a message's texts; None when there may be others deeper in it, or many in one field."""
    for field in kind.fields:
        if field.message_type or (field.is_repeated and field.type == field.TYPE_STRING):
            return None
    return tuple(field.name for field in kind.fields if field.type == field.TYPE_STRING)


def _texts_in(message: Message, path: str) -> Iterator[tuple[str, str]]:
    """Every text of a message, behind the path of its field."""
    names = _texts_of(message.DESCRIPTOR)
    if names is not None:
        for name in names:
            yield path + name, getattr(message, name)
        return
    for field, value in message.ListFields():
        for n, item in enumerate(value if field.is_repeated else (value,)):
            place = path + field.name + (f"[{n}]" if field.is_repeated else "")
            if isinstance(item, str):
                yield place, item
            elif field.message_type:
                yield from _texts_in(item, f"{place}.")


def _refuse_nul(message: Message) -> None:
    """Refuses a text with a NUL: neither database can keep one. Raises InvalidField."""
    for path, text in _texts_in(message, ""):
        if "\0" in text:
            raise errors.invalid(path, "must not contain a NUL character")


def read_with(read: Callable[[bytes], Any], data: bytes) -> Any:
    """A message. Raises MalformedMessage."""
    try:
        return read(data)
    except DecodeError:
        raise errors.MalformedMessage from None


class InLine(NamedTuple):
    """A method that does nothing but stand in a lane: read and answered in its group, not call by call."""

    queue: Callable[[Order, Waiter], None]
    """Puts an order into the lane."""
    open: Callable[[Any, Call], Any]
    """From the request to what the lane works on."""
    reply: Callable[[Any, Any], Message]
    """From the request and the result to the reply."""
    read: Callable[[bytes], Any] | None = None
    """From bytes to the request, where that is not its message's own doing. Raises DecodeError."""


class CallerGone(Exception):  # noqa: N818 - nobody is left to whom it would be an error
    """What was to be sent cannot be, because its caller has gone away."""


class Telling(NamedTuple):
    """A method that goes on telling until its caller goes away."""

    tell: Callable[[Any, Callable[[bytes], Awaitable[None]]], Awaitable[None]]
    """Takes the request, and what sends one message and returns once there is room for the next."""


class RefusedMessage(NamedTuple):
    """A message of a conversation that its door refuses. The method decides whether the conversation goes on."""

    data: bytes
    refusal: errors.Refusal


class Conversing(NamedTuple):
    """A method that takes message after message, and answers each."""

    converse: Callable[[AsyncIterator[Any], Call, Callable[[bytes], Awaitable[None]]], Awaitable[None]]
    """Takes the requests as they come, RefusedMessages among them, the call, and what sends one message."""


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

    def __init__(self, method: MethodDescriptor, limit: int, read: Callable[[bytes], Any] | None = None) -> None:
        self._parse = read or message_factory.GetMessageClass(method.input_type).FromString
        self._limit = limit

    def admit(self, data: bytes) -> Any:
        """The request.

        Raises:
            errors.MessageTooLarge, errors.MalformedMessage, errors.InvalidField: it does not pass.
        """
        if len(data) > self._limit:
            raise errors.MessageTooLarge(len(data), self._limit)
        request = read_with(self._parse, data)
        if _validator.collect_violations(request, fail_fast=True):
            check(request)
        if b"\0" in data:
            _refuse_nul(request)
        return request


class Handler:
    """A method as every transport serves it; one of the three below."""

    def __init__(self, method: MethodDescriptor, limit: int, read: Callable[[bytes], Any] | None = None) -> None:
        self.service, self.method = method.containing_service.full_name, method.name
        self.name = f"{self.service}/{self.method}"
        self._door = Door(method, limit, read)

    def status_of(self, fault: BaseException) -> grpc.Status:
        """What the caller is told; what is no refusal is a bug, and goes to the log."""
        if isinstance(fault, errors.Refusal):
            return status_of(fault)
        call_id = new_ids(1)[0]
        log.error("call %s of %s failed", call_id, self.name, exc_info=fault)
        return internal(call_id)


class Queued(Handler):
    """A method whose calls stand in a lane."""

    def __init__(self, method: MethodDescriptor, function: InLine, limit: int) -> None:
        super().__init__(method, limit, function.read)
        self._function = function

    def queue(self, data: bytes, call: Call, waiter: Waiter) -> None:
        """Puts a call in line; its waiter is given the reply. Raises what keeps it out of the line."""
        self._function.queue(RawOrder(data, call, self._door, self._function), waiter)

    def answer(self, data: bytes, call: Call) -> Awaitable[bytes]:
        """The reply, as `Single` gives it."""
        waiter: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.queue(data, call, waiter)
        return waiter


class Single(Handler):
    """A method that works on each call by itself."""

    def __init__(self, method: MethodDescriptor, function: Method, limit: int) -> None:
        super().__init__(method, limit)
        self._function = function

    async def answer(self, data: bytes, call: Call) -> bytes:
        """The reply. Raises what stood in the way."""
        door = self._door
        request = door.admit(data) if len(data) < LONG else await asyncio.to_thread(door.admit, data)
        return (await self._function(request, call)).SerializeToString()


class Streamed(Handler):
    """A method that answers with many messages."""

    def __init__(self, method: MethodDescriptor, function: Telling, limit: int) -> None:
        super().__init__(method, limit)
        self._function = function

    async def tell(self, data: bytes, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Sends message after message. Raises what ended it."""
        await self._function.tell(self._door.admit(data), send)


class Conversed(Handler):
    """A method that takes many messages and answers with as many."""

    def __init__(self, method: MethodDescriptor, function: Conversing, limit: int) -> None:
        super().__init__(method, limit)
        self._function = function

    async def converse(
        self, messages: AsyncIterator[bytes], call: Call, send: Callable[[bytes], Awaitable[None]]
    ) -> None:
        """Answers message after message. Raises what ended it."""

        async def requests() -> AsyncIterator[Any]:
            async for data in messages:
                # On a thread, for these are long as a rule.
                yield await asyncio.to_thread(self._admit, data)

        await self._function.converse(requests(), call, send)

    def _admit(self, data: bytes) -> Any:
        """The request, or that it is refused."""
        try:
            return self._door.admit(data)
        except errors.Refusal as refusal:
            return RefusedMessage(data, refusal)


def handlers_of(
    service: ServiceDescriptor, methods: dict[str, Method | InLine | Telling | Conversing], limit: int
) -> list[Queued | Single | Streamed | Conversed]:
    """The handlers of a service; every method of the proto must be there. `limit` is the largest request in bytes."""
    return [_handler(method, methods[method.name], limit) for method in service.methods]


def _handler(
    method: MethodDescriptor, function: Method | InLine | Telling | Conversing, limit: int
) -> Queued | Single | Streamed | Conversed:
    if isinstance(function, InLine):
        return Queued(method, function, limit)
    if isinstance(function, Telling):
        return Streamed(method, function, limit)
    if isinstance(function, Conversing):
        return Conversed(method, function, limit)
    return Single(method, function, limit)
