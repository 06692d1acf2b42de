"""The client for asyncio. client.py, the blocking one, is made of this file by scripts/generate."""

from __future__ import annotations

import time
from collections import deque
from contextlib import aclosing
from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

import grpc
from google.longrunning.operations_pb2 import Operation, WaitOperationRequest
from google.protobuf.message import Message

from exam_sessions_client import aio as io
from exam_sessions_client import requests
from exam_sessions_client.failures import CallFailed, NoAnswer, failure_of
from exam_sessions_client.security import Security
from exam_sessions_client.stubs import AsyncStubs
from exam_sessions_client.v1 import session_service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Sequence

    from exam_sessions_client.security import Pem, Token
    from exam_sessions_client.v1.session_pb2 import Booking, Session

    Resume = Callable[[pb.WatchSessionsRequest, int, CallFailed], float]


class AsyncClient(AsyncStubs):
    """A stub for each service; every call through one has a deadline, says who calls, and fails as CallFailed.

    A request that changes something gets a request id, so that a retry does not do it twice. The client connects with
    its first call. It may be used by any number of callers at a time.

    Args:
        target: the server, such as `exams.example.org:443` or `unix:/run/exam-sessions.sock`.
        workspace: requests.filled into requests that name none; empty means `default`.
        actor: recorded in the history of what is changed, where the server lets this caller say for whom it acts.
        tls: whether to use TLS; when it is not said, TLS is used where a file below is given.
        ca: the CAs of the server, as a path or as PEM in bytes; without it those that gRPC comes with.
        cert: the client's certificate, in the same way.
        key: its key, in the same way.
        token: an API key or a token, or what returns the present one, which is asked before each call.
        insecure_token: whether to send the token to another machine although there is no TLS.
        wait: whether calls wait for a connection and are tried again; a tool for people rather says at once that
            nothing answers.
        silence: seconds after which a watch that brings nothing is begun again; three times that for imports.
        security: in place of the six arguments about TLS and the token.
        options: of the channel, in place of the client's own or besides them.
        pause_after: called when an import or waiting was interrupted, with how often in a row before, and why;
            returns the seconds to wait, or raises.

    Raises:
        ValueError: what is given does not belong together, or the token would go to another machine in plain text.
    """

    def __init__(
        self,
        target: str,
        *,
        workspace: str = "",
        actor: str = "",
        tls: bool | None = None,
        ca: Pem | None = None,
        cert: Pem | None = None,
        key: Pem | None = None,
        token: Token | None = None,
        insecure_token: bool = False,
        wait: bool = True,
        silence: float = 20.0,
        security: Security | None = None,
        options: Sequence[tuple[str, Any]] = (),
        pause_after: Callable[[int, CallFailed], float] = requests.pause_after,
    ) -> None:
        self.target, self.workspace, self.silence, self.pause_after = target, workspace, silence, pause_after
        self._security = security or Security(tls, ca, cert, key, token, insecure_token)
        who = ("x-actor", actor) if actor.isascii() else ("x-actor-bin", actor.encode())
        self._actor = (who,) if actor else ()
        options = requests.channel_options(target, options, wait=wait)
        self._channel = self._security.open_channel(io.channels, target, options)
        super().__init__(AsyncCalls(self))

    async def __aenter__(self) -> Self:
        """Gives the client for the length of a block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends the connection."""
        await self.close()

    async def close(self) -> None:
        """Ends the connection; calls under way fail."""
        await self._channel.close()

    async def pages(self, method: Any, request: Message) -> AsyncGenerator[Any, None]:
        """Yields the replies of a list, page by page, such as those of `client.catalog.ListReleases`."""
        asked: Any = deepcopy(request)
        while True:
            reply = await method(asked)
            yield reply
            if not reply.next_page_token:
                return
            asked.page_token = reply.next_page_token

    async def list_sessions(self, request: pb.ListSessionsRequest) -> AsyncGenerator[Session, None]:
        """Yields the sessions that a request matches, read page by page."""
        async for page in self.pages(self.sessions.ListSessions, request):
            for session in page.sessions:
                yield session

    async def watch(
        self, request: pb.WatchSessionsRequest, resume: Resume = requests.resume
    ) -> AsyncGenerator[pb.WatchSessionsResponse, None]:
        """Yields what happens, and goes on by itself after an interruption: behind the last piece that was taken.

        With a new snapshot while the first was not complete, and where the service no longer reaches back so far. A
        consumer goes on behind what it has acknowledged. Ends with the loop around it; close it to end it at once.

        Args:
            request: what is watched, and where it begins.
            resume: called when the watch broke off, with the request that goes on, which it may change, how often
                that failed in a row before, and why; it returns the seconds to wait, or raises.

        Raises:
            CallFailed: a refusal that does not pass, or nothing came in several tries.
        """
        following, failures = deepcopy(request), 0
        if not following.HasField("heartbeat_interval"):
            following.heartbeat_interval.FromMilliseconds(max(100, int(self.silence * 250)))
        while True:
            stream: Any = self.sessions.WatchSessions(following)
            try:
                async for piece in stream:
                    failures = 0
                    yield piece
                    requests.go_on_after(following, piece)
                raise NoAnswer("UNAVAILABLE", "the watch ended")
            except CallFailed as failure:
                pause = resume(following, failures, failure)
            finally:
                io.end(stream)
            await io.sleep(pause)
            failures += 1

    async def import_sessions(
        self,
        release_id: str,
        chunks: Iterable[Sequence[Booking]],
        *,
        import_id: str = "",
        allow_missing_form: bool = False,
        numbers: Iterable[int] = range(2**31),
        ahead: int = requests.CHUNKS_AT_ONCE,
    ) -> AsyncGenerator[pb.ImportSessionsResponse, None]:
        """Books a roster of any length, and yields what became of each chunk, which is one transaction.

        After an interruption the import is begun again with the same id, and what was not answered is sent again:
        nothing is booked twice. A refused chunk has its refusal in the answer (`refusal_in`), and the import goes on.

        Args:
            release_id: the release.
            chunks: the bookings, up to 10,000 a chunk.
            import_id: a UUID, the same where an earlier import of the same chunks is done again.
            allow_missing_form: whether bookings may name test forms that the catalogue does not hold.
            numbers: those of the chunks, by which a chunk done again is known; without it they are counted from 0.
            ahead: how many chunks are sent before the first of them is answered.

        Raises:
            CallFailed: the import is refused, or nothing came in several tries.
        """
        import_id = import_id or requests.new_id()
        every: dict[str, Any] = {"release_id": release_id, "allow_missing_form": allow_missing_form}
        messages = (
            pb.ImportSessionsRequest(import_id=import_id, chunk=number, bookings=bookings, **every)
            for number, bookings in zip(numbers, chunks, strict=False)
        )
        waiting: deque[pb.ImportSessionsRequest] = deque()
        failures = 0
        while True:
            stream = self._import(waiting, messages, ahead)
            try:
                async with aclosing(stream) as answers:
                    async for answer in answers:
                        failures = 0
                        yield answer
                return  # noqa: TRY300 - nothing of the loop is left to do
            except CallFailed as failure:
                pause = self.pause_after(failures, failure)
            await io.sleep(pause)
            failures += 1

    async def _import(self, waiting: Any, messages: Any, ahead: int) -> Any:
        """One stream: sends what waits for an answer, then further ones, a few ahead of the answers."""
        stream = io.DuplexCall(self.sessions.ImportSessions)
        try:
            for message in waiting:
                await stream.send(requests.filled(message, self.workspace))
            while True:
                while len(waiting) < ahead and (message := next(messages, None)):
                    waiting.append(message)
                    await stream.send(requests.filled(message, self.workspace))
                if not waiting:
                    await stream.end()
                answer = await io.read(stream.call, requests.SILENCES["ImportSessions"] * self.silence)
                if answer is None:
                    if waiting:
                        raise NoAnswer("UNAVAILABLE", "the import ended before it was answered")
                    return
                waiting.popleft()
                yield answer
        finally:
            io.end(stream.call)

    async def wait(
        self,
        operation: Operation,
        timeout: float | None = None,  # noqa: ASYNC109 - gRPC's word
        *,
        every: float = 30.0,
        seen: Callable[[Operation], object] | None = None,
    ) -> Operation:
        """Returns an operation once it has ended; whether it succeeded, it says itself.

        Args:
            operation: the operation, as it was when it was last seen.
            timeout: seconds; without it there is no limit.
            every: seconds after which it is looked at again, at most a minute.
            seen: is called with the operation at each look, such as to show how far it is.

        Raises:
            TimeoutError: it goes on after so many seconds.
            CallFailed: a refusal that does not pass, or nothing came in several tries.
        """
        end, failures = None if timeout is None else time.monotonic() + timeout, 0
        while not operation.done:
            left = every if end is None else min(every, end - time.monotonic())
            if left <= 0:
                raise TimeoutError(f"{operation.name} goes on")
            request = WaitOperationRequest(name=operation.name, timeout=timedelta(seconds=max(0.001, left)))
            try:
                operation, failures = await self.operations.WaitOperation(request), 0
            except CallFailed as failure:
                await io.sleep(self.pause_after(failures, failure))
                failures += 1
            if seen:
                seen(operation)
        return operation

    def metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        """What goes with a call that is made now."""
        return (*self._actor, *self._security.metadata())


class AsyncCalls:
    """Stands for the channel of stubs: fills requests in, gives deadlines, and reads failures."""

    def __init__(self, client: AsyncClient) -> None:
        self._client, self._channel = client, client._channel  # noqa: SLF001 - its own

    def unary_unary(self, path: str, **kinds: Any) -> Any:
        """A method with one request and one reply."""
        begin = self._begin(self._channel.unary_unary(path, **kinds), path)

        async def call(*request: Any, **arguments: Any) -> Any:
            try:
                return await begin(*request, **arguments)
            except grpc.RpcError as error:
                raise failure_of(error) from None

        return call

    def unary_stream(self, path: str, **kinds: Any) -> Any:
        """A method with many replies."""
        begin = self._begin(self._channel.unary_stream(path, **kinds), path)
        times = requests.SILENCES.get(path.rpartition("/")[2])
        silence = times and times * self._client.silence
        return lambda *request, **arguments: AsyncReplies(begin(*request, **arguments), silence)

    def stream_stream(self, path: str, **kinds: Any) -> Any:
        """A method with a stream both ways; its requests are sent as they are."""
        return self._begin(self._channel.stream_stream(path, **kinds), path)

    def _begin(self, method: Any, path: str) -> Any:
        """Calls a method, with what the caller leaves out."""
        default, client = requests.timeout_of(path), self._client

        def begin(
            request: Any = None, timeout: float | None = default, *, metadata: Any = (), **arguments: Any
        ) -> Any:
            if isinstance(request, Message):
                request = requests.filled(request, client.workspace)
            return method(request, timeout=timeout, metadata=(*metadata, *client.metadata()), **arguments)

        return begin


class AsyncReplies:
    """The replies of a call, in order."""

    def __init__(self, call: Any, silence: float | None) -> None:
        self._call, self._silence = call, silence

    def __aiter__(self) -> Self:
        """It is its own iterator."""
        return self

    async def __anext__(self) -> Any:
        """The next reply. Raises CallFailed."""
        message = await io.read(self._call, self._silence)
        if message is None:
            raise StopAsyncIteration
        return message

    def cancel(self) -> None:
        """Ends the call; reading it then raises CallFailed with the code CANCELLED."""
        self._call.cancel()
