"""google.longrunning.Operations: reading, awaiting, cancelling and deleting operations, on any server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from google.longrunning import operations_pb2 as pb
from google.protobuf import empty_pb2

from exam_sessions import errors
from exam_sessions.commands.operations import CancelOperation, DeleteOperation
from exam_sessions.domain.states import OperationKind, OperationStatus
from exam_sessions.domain.texts import fold_code
from exam_sessions.rpc import pages
from exam_sessions.rpc.convert.operation import operation_key, operation_of, workspace_in

if TYPE_CHECKING:
    from exam_sessions.rpc.methods import Call, Method, QueuedMethod
    from exam_sessions.service import Service

NEWEST = "z"
"""Greater than every id."""

LOOK_EVERY_S = (0.02, 0.5)
"""Seconds between two reads of an operation that a caller waits for: at first, and at most. There is no such pause
where this server ends it."""

WAIT_AT_MOST_S = 60.0


class OperationsServicer:
    """One method per RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def methods(self) -> dict[str, Method | QueuedMethod]:
        """The methods by the names of their RPCs."""
        return {
            "GetOperation": self.get,
            "ListOperations": self.list,
            "WaitOperation": self.wait,
            "CancelOperation": self.cancel,
            "DeleteOperation": self.delete,
        }

    async def get(self, request: pb.GetOperationRequest, call: Call) -> pb.Operation:
        """Reads one; with its result when it has ended."""
        return operation_of(*await self._service.reads.operation(*_key(request, call), outcomes=True))

    async def list(self, request: pb.ListOperationsRequest, call: Call) -> pb.ListOperationsResponse:
        """Reads a page, the newest first, without results."""
        if request.page_size < 0:
            raise errors.invalid("page_size", "must not be negative")
        workspace, wanted = call.enter(workspace_in(request.name)), _filter_of(request.filter)
        most, found = pages.size(request.page_size), pages.cursor(request, request.page_token)
        before, centres = found[1] if found else NEWEST, call.principal.centres
        page = await self._service.reads.operations(workspace, before, most + 1, wanted, centres)
        reply = pb.ListOperationsResponse(operations=[operation_of(row) for row in page[:most]])
        if len(page) > most:
            reply.next_page_token = pages.token(request, 0, page[most - 1].id)
        return reply

    async def wait(self, request: pb.WaitOperationRequest, call: Call) -> pb.Operation:
        """Waits until it has ended, or for the time given; then reads it."""
        key, loop = _key(request, call), asyncio.get_running_loop()
        asked = (
            request.timeout.seconds + request.timeout.nanos / 1e9 if request.HasField("timeout") else WAIT_AT_MOST_S
        )
        until, pause = loop.time() + min(max(0.0, asked), WAIT_AT_MOST_S), LOOK_EVERY_S[0]
        leaving = asyncio.ensure_future(self._service.leaving.wait())
        try:
            with self._service.worker.waiters.end_of(key[1]) as ended:
                waited_for: set[asyncio.Future[Any]] = {leaving, ended}
                while True:
                    row, outcomes = await self._service.reads.operation(*key, outcomes=True)
                    left = until - loop.time()
                    if row.end_time or left <= 0:
                        return operation_of(row, outcomes)
                    # Another server may carry it out.
                    done, waited_for = await asyncio.wait(
                        waited_for, timeout=min(pause, left), return_when=asyncio.FIRST_COMPLETED
                    )
                    if leaving in done:
                        raise errors.ShuttingDown
                    pause = min(2 * pause, LOOK_EVERY_S[1])
        finally:
            leaving.cancel()

    async def cancel(self, request: pb.CancelOperationRequest, call: Call) -> empty_pb2.Empty:
        """Asks it to end."""
        workspace, operation_id = operation_key(request.name)
        await self._service.write(CancelOperation(call.in_workspace(workspace), operation_id))
        self._service.worker.wake()
        return empty_pb2.Empty()

    async def delete(self, request: pb.DeleteOperationRequest, call: Call) -> empty_pb2.Empty:
        """Deletes one that has ended."""
        workspace, operation_id = operation_key(request.name)
        await self._service.write(DeleteOperation(call.in_workspace(workspace), operation_id))
        return empty_pb2.Empty()


def _key(
    request: pb.GetOperationRequest | pb.WaitOperationRequest, call: Call
) -> tuple[str, str, frozenset[str] | None]:
    """Workspace and id of the operation a request names, and the caller's centres.

    Raises:
        errors.OperationNotFound, errors.WorkspaceNotFound
    """
    workspace, operation_id = operation_key(request.name)
    return call.enter(workspace), operation_id, call.principal.centres


WORDS = {"status": OperationStatus, "kind": OperationKind}


def _filter_of(text: str) -> dict[str, int]:
    """The filter: `status=running AND kind=template`, either or both. Raises InvalidField."""
    wanted: dict[str, int] = {}
    for part in text.replace(" AND ", " ").split():
        name, _, word = part.partition("=")
        if name in wanted:
            raise errors.invalid("filter", f"names {name} twice; an operation has one {name}")
        try:
            wanted[name] = WORDS[name][fold_code(word)]
        except KeyError:
            legal = "; ".join(f"{name}={{{'|'.join(w.name.lower() for w in kind)}}}" for name, kind in WORDS.items())
            raise errors.invalid("filter", f"{part!r} is not understood; these are: {legal}") from None
    return wanted
