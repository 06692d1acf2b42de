"""ImportSessions: a roster of any length, chunk by chunk; each is a batch that is booked once, however often sent.

While one chunk is being written the next is read; no more of the roster is ever held. A refused chunk, also
one refused for its bytes, is answered with its refusal, and the import goes on; refusals name chunk and row.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.commands.chunked_booking import book
from exam_sessions.rpc.convert.booking import bookings_of
from exam_sessions.rpc.convert.reply_size import check_booked
from exam_sessions.rpc.convert.request import DEFAULT_WORKSPACE
from exam_sessions.rpc.decoding.chunk_envelope import Chunk, chunk_in
from exam_sessions.rpc.decoding.identifiers import spell_all
from exam_sessions.rpc.decoding.rules import check
from exam_sessions.rpc.methods import RefusedMessage
from exam_sessions.rpc.status import rpc_status_of
from exam_sessions_client.v1 import session_service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from exam_sessions.commands.bookings import BookingReceipt, BookSessions
    from exam_sessions.execution.caller import Caller
    from exam_sessions.rpc.methods import Call
    from exam_sessions.service import Service


class ImportServicer:
    """One method, for one RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def converse(
        self,
        requests: AsyncIterator[pb.ImportSessionsRequest | RefusedMessage],
        call: Call,
        send: Callable[[bytes], Awaitable[None]],
    ) -> None:
        """Books chunk after chunk, in the order in which they come, and answers each."""
        head: _Head | None = None
        answers = _Answers(send)
        try:
            while (request := await self._next(requests, answers)) is not None:
                chunk = await asyncio.to_thread(_read, request)
                if head is None:
                    head = await self._begun(chunk.head, call)
                mutation: BookSessions | errors.Refusal | None = chunk.refusal
                if chunk.bookings:
                    mutation = await asyncio.to_thread(_mutation, head, chunk)
                await answers.given()
                if isinstance(mutation, errors.Refusal):
                    answers.refuse(chunk.head.chunk, mutation)
                elif mutation:
                    answers.give(chunk.head.chunk, self._service.write(mutation))
            await answers.given()
        finally:
            answers.cancel()

    async def _next(
        self, requests: AsyncIterator[pb.ImportSessionsRequest | RefusedMessage], answers: _Answers
    ) -> pb.ImportSessionsRequest | RefusedMessage | None:
        """The next message; None at the end.

        An answer does not wait for it: the caller may be waiting for the answer before sending more. Raises
        ShuttingDown when the server is about to stop, once what was begun is answered.
        """
        reading = asyncio.ensure_future(anext(requests, None))
        leaving = asyncio.ensure_future(self._service.leaving.wait())
        try:
            while True:
                await asyncio.wait(
                    {reading, leaving} | ({answers.task} if answers.task else set()),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if leaving.done():
                    await answers.given()
                    raise errors.ShuttingDown
                if reading.done():
                    return reading.result()
                await answers.given()
        finally:
            reading.cancel()
            leaving.cancel()

    async def _begun(self, first: pb.ImportSessionsRequest, call: Call) -> _Head:
        """What the first message says of all. Raises InvalidField, ReleaseNotFound, ReleaseFinalized."""
        said = pb.ImportSessionsRequest(
            workspace_id=first.workspace_id, release_id=first.release_id, import_id=first.import_id
        )
        check(said)
        for field in ("release_id", "import_id"):
            if not getattr(first, field):
                raise errors.invalid(field, "must be in the first message of an import")
        await call.find(first.workspace_id or DEFAULT_WORKSPACE)
        caller = call.in_workspace(first.workspace_id or DEFAULT_WORKSPACE)
        release = await self._service.reads.release(caller.workspace, first.release_id.lower())
        if release.finalized:
            raise errors.ReleaseFinalized(release.id)
        return _Head(caller, release.id, uuid.UUID(first.import_id), first.allow_missing_form)


class _Head(NamedTuple):
    """What the first message says of all chunks."""

    caller: Caller
    release_id: str
    import_id: uuid.UUID
    allow_missing_form: bool


def _read(request: pb.ImportSessionsRequest | RefusedMessage) -> Chunk:
    """The chunk a message holds. Raises the refusal of one of which not even the number can be read."""
    if isinstance(request, RefusedMessage):
        return chunk_in(request.data, request.refusal)
    return Chunk(request, request.bookings, None)


def _mutation(head: _Head, chunk: Chunk) -> BookSessions | errors.Refusal:
    """The chunk as a batch whose request id is its own, so that it is booked once; or why it is none."""
    path = f"chunks[{chunk.head.chunk}]"
    try:
        bookings = bookings_of(chunk.bookings)
        check_booked(bookings)
    except errors.InvalidField as refusal:
        return refusal.under(path)
    except errors.ReplyTooLarge as refusal:
        return refusal
    spell_all(chunk.bookings)
    digest = hashlib.blake2b(head.release_id.encode(), digest_size=16)
    for booking in chunk.bookings:
        digest.update(booking.SerializeToString(deterministic=True))
    request_id = str(uuid.uuid5(head.import_id, str(chunk.head.chunk)))
    caller = head.caller._replace(request_id=request_id, fingerprint=digest.digest())
    return book(caller, head.release_id, bookings, f"{path}.bookings", allow_missing_form=head.allow_missing_form)


class _Answers:
    """The replies to chunks, in their order, each with how many sessions the import has by then."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        self._send, self._count = send, 0
        self.task: asyncio.Task[None] | None = None

    def give(self, chunk: int, booking: asyncio.Future[list[BookingReceipt]]) -> None:
        """Answers a chunk once it is booked, or refused."""
        self.task = asyncio.create_task(self._answer(chunk, booking))

    def refuse(self, chunk: int, refusal: errors.Refusal) -> None:
        """Answers a chunk that was never tried."""
        reply = pb.ImportSessionsResponse(chunk=chunk, refusal=rpc_status_of(refusal), booked_count=self._count)
        self.task = asyncio.create_task(self._send_reply(reply))

    async def given(self) -> None:
        """Waits until the last answer is on its way. Raises what ends the import."""
        if self.task:
            await self.task
            self.task = None

    def cancel(self) -> None:
        """Answers no more."""
        if self.task:
            self.task.cancel()

    async def _answer(self, chunk: int, booking: asyncio.Future[list[BookingReceipt]]) -> None:
        reply = pb.ImportSessionsResponse(chunk=chunk)
        try:
            booked = await booking
        except errors.Unavailable:
            raise
        except errors.Refusal as refusal:
            reply.refusal.CopyFrom(rpc_status_of(refusal))
        else:
            self._count += len(booked)
            await asyncio.to_thread(_fill, reply, booked)
        reply.booked_count = self._count
        await self._send_reply(reply)

    async def _send_reply(self, reply: pb.ImportSessionsResponse) -> None:
        await self._send(reply.SerializeToString())


def _fill(reply: pb.ImportSessionsResponse, booked: list[BookingReceipt]) -> None:
    add = reply.sessions.add
    for row in booked:
        message = add()
        message.id, message.keycode, message.access_code, message.candidate_id = row
