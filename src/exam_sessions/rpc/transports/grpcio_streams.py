"""How streams of grpc.aio are served: those that answer with many messages, and those that take many, too."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc
from google.rpc import code_pb2

from exam_sessions import errors
from exam_sessions.rpc.handlers import BidiStreamHandler, ServerStreamHandler
from exam_sessions.rpc.methods import CallerGone
from exam_sessions.rpc.transports.admission import Admission, Reading, unpacked
from exam_sessions.rpc.transports.grpcio_calls import GrpcioCall, current_task, enter, refuse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from exam_sessions.rpc.transports.drain import Drain


async def _send(context: Any, message: bytes) -> None:
    """Sends one message of many. Raises CallerGone."""
    try:
        await context.write(message)
    except Exception as fault:
        raise CallerGone from fault


async def _begin(context: Any) -> None:
    """Sends the headers. Raises CallerGone."""
    try:
        await context.send_initial_metadata(())
    except grpc.aio.InternalError as fault:
        raise CallerGone from fault


async def _serve_stream(
    handler: ServerStreamHandler | BidiStreamHandler,
    context: Any,
    drain: Drain,
    stream: Callable[[GrpcioCall, Callable[[bytes], Awaitable[None]]], Awaitable[None]],
) -> None:
    """Has a call pass the gate, sends what `stream` gives to its argument, and the status of what ended it."""
    task, call = current_task(), GrpcioCall(handler.name, context)
    tasks = drain.calls if isinstance(handler, BidiStreamHandler) and handler.ends_itself else drain.streams
    tasks[task] = context
    try:
        try:
            if drain.stopping:
                await drain.refuse(context)
            # Now, for a status cannot be sent while the headers wait behind a message that is not taken, nor headers
            # twice.
            await _begin(context)
            await enter(handler, call, drain, context)
            await stream(call, partial(_send, context))
        except CallerGone:
            return
        except Exception as fault:  # noqa: BLE001 - the caller gets it
            status = handler.status_of(fault, call)
        except asyncio.CancelledError:
            if not drain.ends(task):
                raise
            status = handler.status_of(errors.ShuttingDown(), call)
        else:
            call.code = code_pb2.OK
            return
        del stream  # An aborted call keeps this frame, in a cycle, and this the last message.
        await refuse(context, status)  # not in the block that handles the fault, as in unary
    finally:
        del tasks[task]
        handler.leave(call)


def server_stream(
    handler: ServerStreamHandler, drain: Drain, admission: Admission, reading: Reading
) -> grpc.RpcMethodHandler[Any, Any]:
    """A handler that answers with many messages as a grpc.aio server takes it."""

    async def serve(_: Any, context: Any) -> None:
        async def stream(call: GrpcioCall, send: Callable[[bytes], Awaitable[None]]) -> None:
            size, length, data = 0, 0, b""
            try:
                data = await reading.read(current_task(), context)
                length = len(data)
                size = admission.take(data)
                await handler.stream(await unpacked(data, size), call, send)
            finally:
                data = b""
                admission.give(size)
                await reading.space(length)

        await _serve_stream(handler, context, drain, stream)

    return grpc.stream_stream_rpc_method_handler(serve)


def bidi_stream(
    handler: BidiStreamHandler, drain: Drain, admission: Admission, reading: Reading
) -> grpc.RpcMethodHandler[Any, Any]:
    """A handler that takes many messages as a grpc.aio server takes it."""

    async def requests(messages: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        source: Any = aiter(messages)
        try:
            async for data in source:
                size, length = 0, len(data)
                try:
                    size = admission.take(data)
                    yield await unpacked(data, size)
                finally:
                    del data
                    await reading.space(length)
                    admission.give(size)
        finally:
            await source.aclose()  # It holds its last message, in a cycle, as long as it is not closed.

    async def serve(messages: Any, context: Any) -> None:
        # Held by nothing here once it is begun, as in unary: it holds its last message.
        received = [requests(messages)]
        del messages

        async def stream(call: GrpcioCall, send: Callable[[bytes], Awaitable[None]]) -> None:
            await handler.converse(received.pop(), call, send)

        await _serve_stream(handler, context, drain, stream)

    return grpc.stream_stream_rpc_method_handler(serve)
