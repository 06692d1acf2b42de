"""Transports carry calls between the network and handlers.py. They are exchangeable; which one is used is a setting.

    grpcio   the default: gRPC's own server (here)
    native   pygrpc-native, an extra: HTTP/2 outside the interpreter's lock, at a fraction of the cost (native.py)

Each also has a grpc.aio server, which carries the streams that take many messages.
"""

from __future__ import annotations

import asyncio
import os
import sys
from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc

from exam_sessions import errors
from exam_sessions.rpc.drain import Drain
from exam_sessions.rpc.handlers import Call, CallerGone, Conversed, Streamed
from exam_sessions.settings import TRANSPORTS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from exam_sessions.rpc.handlers import Queued, Single

ROOM_ABOVE_LIMIT = 4
"""The transport takes messages this many times the limit, so that the refusal is ours, with a reason."""


class CannotServe(Exception):  # noqa: N818 - a condition the command line explains
    """A transport that cannot be used, or not with these settings. `way_out` says what would help."""

    def __init__(self, what: str, way_out: str) -> None:
        super().__init__(what)
        self.way_out = way_out


class CannotListen(CannotServe):
    """A place nobody can listen at, or at which somebody does already."""

    def __init__(self, listen: str, why: str) -> None:
        super().__init__(f"nobody can listen at {listen}: {why}", "choose another place with --listen HOST:PORT")


class Transport(ABC):
    """A server on one port. `limit` is the largest request in bytes."""

    port: int
    """The port it listens on; the one the system gave when 0 was asked for."""

    aio: grpc.aio.Server
    """For what no transport of another kind carries."""

    drain: Drain
    """The calls under way."""

    @abstractmethod
    def __init__(self, listen: str, limit: int, *, share_port: bool) -> None: ...

    @abstractmethod
    def add(self, handlers: Sequence[Queued | Single | Streamed | Conversed]) -> None:
        """Takes the handlers of one service; before it starts."""

    @abstractmethod
    async def start(self) -> None:
        """Takes calls from now on; their handlers run on this event loop."""

    @abstractmethod
    async def stop(self, grace: float) -> None:
        """Refuses new calls, ends streams, finishes what is under way within `grace` seconds, and stops."""


def transport_named(name: str) -> type[Transport]:
    """The transport of a name.

    Raises:
        CannotServe: there is none, or it is not installed.
    """
    if name == "grpcio":
        return Grpcio
    if name != "native":
        raise CannotServe(f"{name!r} is no transport", f"choose one of {', '.join(TRANSPORTS)}")
    try:
        from exam_sessions.rpc.native import Native  # noqa: PLC0415 - an extra, which need not be there
    except ImportError as error:
        way_out = "pip install 'exam-sessions[native]', or serve with --transport grpcio"
        raise CannotServe(f"the transport 'native' is not installed: {error}", way_out) from error
    return Native


@contextmanager
def giving_way() -> Iterator[None]:
    """Has threads that are started meanwhile wait for a core that is at work, rather than interrupt it.

    gRPC tells the event loop of every step of every call from threads of its own. Where they share its core, each
    step interrupted the loop to hand over one event, and a quarter of a call's cost was going to and fro; now they
    gather until the loop has nothing to do. On a core of their own they run as ever. Linux only.
    """
    plain = sys.platform == "linux" and os.sched_getscheduler(0) == os.SCHED_OTHER
    if not plain:  # Somebody has chosen how it is to run.
        yield
        return
    _schedule("SCHED_BATCH")
    try:
        yield
    finally:
        _schedule("SCHED_OTHER")


def _schedule(policy: str) -> None:
    """How this thread is scheduled, and those it starts from now on; as it was where that may not be said."""
    with suppress(OSError):
        os.sched_setscheduler(0, getattr(os, policy), os.sched_param(0))


def aio_server(limit: int, *, share_port: bool = False) -> grpc.aio.Server:
    """A grpc.aio server that leaves it to our door to refuse what is too large."""
    with giving_way():
        return grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", limit * ROOM_ABOVE_LIMIT),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", int(share_port)),
            ]
        )


class Grpcio(Transport):
    """gRPC's own server."""

    def __init__(self, listen: str, limit: int, *, share_port: bool) -> None:
        self.aio = aio_server(limit, share_port=share_port)
        try:
            self.port = self.aio.add_insecure_port(listen)
        except RuntimeError as error:
            # gRPC does not say why; who asked before knew of nothing that stands in the way.
            raise CannotListen(listen, "another program has begun to listen there") from error
        self.drain = Drain()

    def add(self, handlers: Sequence[Queued | Single | Streamed | Conversed]) -> None:
        """See Transport. Wrapped once per method: gRPC's own interceptors cost more than the whole door."""
        wrapped = {handler.method: wrap(handler, self.drain) for handler in handlers}
        self.aio.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(handlers[0].service, wrapped)])

    async def start(self) -> None:
        """See Transport."""
        await self.aio.start()

    async def stop(self, grace: float) -> None:
        """See Transport."""
        await self.drain.run(self.aio.stop, self.port, grace)


class _Call(Call):
    __slots__ = ("_context",)

    def __init__(self, method: str, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        super().__init__(method)
        self._context = context

    def named(self) -> str | bytes | None:
        return next((value for key, value in self._context.invocation_metadata() or () if key == "x-actor"), None)


def wrap(handler: Queued | Single | Streamed | Conversed, drain: Drain) -> grpc.RpcMethodHandler[Any, Any]:
    """A handler as a grpc.aio server takes it."""
    if isinstance(handler, Conversed):
        return _conversation(handler, drain)
    return _stream(handler, drain) if isinstance(handler, Streamed) else _unary(handler, drain)


def _task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


def _unary(handler: Queued | Single, drain: Drain) -> grpc.RpcMethodHandler[Any, Any]:
    calls = drain.calls

    async def serve(data: bytes, context: Any) -> bytes:
        task = _task()
        calls[task] = context
        try:
            if drain.stopping:
                await drain.refuse()
            return await handler.answer(data, _Call(handler.name, context))
        except Exception as fault:  # noqa: BLE001 - the caller is told
            await context.abort_with_status(handler.status_of(fault))
        except asyncio.CancelledError:
            if not drain.ends(task):
                raise
            await context.abort_with_status(handler.status_of(errors.ShuttingDown()))
        finally:
            del calls[task]
        raise AssertionError  # abort does not return

    return grpc.unary_unary_rpc_method_handler(serve)


async def _send(context: Any, message: bytes) -> None:
    """Sends one message of many. Raises CallerGone."""
    try:
        await context.write(message)
    except Exception as fault:
        raise CallerGone from fault


async def _tell(
    handler: Streamed | Conversed,
    context: Any,
    drain: Drain,
    tell: Callable[[Callable[[bytes], Awaitable[None]]], Awaitable[None]],
) -> None:
    """Sends what `tell` gives to its argument, and the status of what ended it."""
    task = _task()
    tasks = drain.calls if isinstance(handler, Conversed) and handler.ends_itself else drain.streams
    tasks[task] = context
    try:
        if drain.stopping:
            await drain.refuse()
        # Now, for a status cannot be sent while the headers wait behind a message nobody takes, nor headers twice.
        await context.send_initial_metadata(())
        await tell(partial(_send, context))
    except CallerGone:
        return
    except Exception as fault:  # noqa: BLE001 - the caller is told
        await context.abort_with_status(handler.status_of(fault))
    except asyncio.CancelledError:
        if not drain.ends(task):
            raise
        await context.abort_with_status(handler.status_of(errors.ShuttingDown()))
    finally:
        del tasks[task]


def _stream(handler: Streamed, drain: Drain) -> grpc.RpcMethodHandler[Any, Any]:
    async def serve(data: bytes, context: Any) -> None:
        await _tell(handler, context, drain, partial(handler.tell, data))

    return grpc.unary_stream_rpc_method_handler(serve)


def _conversation(handler: Conversed, drain: Drain) -> grpc.RpcMethodHandler[Any, Any]:
    async def serve(messages: Any, context: Any) -> None:
        await _tell(handler, context, drain, partial(handler.converse, messages, _Call(handler.name, context)))

    return grpc.stream_stream_rpc_method_handler(serve)
