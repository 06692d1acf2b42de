"""LockoutService: who is locked out, and lifting that. Wrong codes are counted in code_guard.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.lockouts import LiftLockout
from exam_sessions.domain.lockout import subject_of
from exam_sessions.rpc import pages
from exam_sessions.rpc.convert.reply_size import fitting
from exam_sessions.rpc.convert.times import put
from exam_sessions_client.v1 import lockout_service_pb2 as pb

if TYPE_CHECKING:
    from exam_sessions.domain.stored_records import LockoutRow
    from exam_sessions.rpc.methods import Call, Method
    from exam_sessions.service import Service

LOCKOUT_AT_MOST = 6_000
"""Bytes of a lock-out: why it was lifted has up to 1,000 characters."""

NEWEST = "z"
"""Greater than every id."""


class LockoutServicer:
    """One method per RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def methods(self) -> dict[str, Method]:
        """The methods by the names of their RPCs."""
        return {"ListLockouts": self.list, "LiftLockout": self.lift}

    async def list(self, request: pb.ListLockoutsRequest, call: Call) -> pb.ListLockoutsResponse:
        """Reads a page, the newest first."""
        most, after = pages.size(request.page_size), pages.cursor(request, request.page_token)
        now = self._service.now()
        page = await self._service.reads.lockouts.page(
            _workspace_of(request, call),
            after[1] if after else NEWEST,
            most + 1,
            now if request.in_force_only else None,
        )
        reply = pb.ListLockoutsResponse()
        for row in page[:most]:
            _fill(reply.lockouts.add(), row, now)
        shown = fitting(reply.lockouts, LOCKOUT_AT_MOST)
        del reply.lockouts[shown:]
        if len(page) > shown:
            reply.next_page_token = pages.token(request, 0, page[shown - 1].id)
        return reply

    async def lift(self, request: pb.LiftLockoutRequest, call: Call) -> pb.LiftLockoutResponse:
        """Lifts one; this server lets its subject in at once, the others within a second."""
        of = _workspace_of(request, call)
        row: LockoutRow = await self._service.write(
            LiftLockout(call.caller(request), of, request.lockout_id.lower(), request.message)
        )
        if row.lift_time and not request.validate_only:
            self._service.lockouts.lifted(subject_of(of, row.subject))
        reply = pb.LiftLockoutResponse()
        _fill(reply.lockout, row, self._service.now())
        return reply


def _workspace_of(request: pb.ListLockoutsRequest | pb.LiftLockoutRequest, call: Call) -> str:
    """The workspace of the lock-outs that are meant; empty for the deployment.

    Raises:
        errors.WorkspaceNotFound: the caller may not enter the workspace.
        errors.PermissionDenied: the caller is bound to workspaces, and the lock-outs hold in all.
    """
    workspace = call.workspace(request)
    if not request.whole_deployment:
        return workspace
    if call.principal.workspaces is not None:
        raise errors.PermissionDenied("all workspaces", "lock-outs of the whole deployment")
    return ""


def _fill(message: pb.Lockout, row: LockoutRow, now: int) -> None:
    subject = subject_of(row.workspace_id, row.subject)
    message.id, message.value, message.wrong_count = row.id, subject.value, row.wrong
    message.guarded, message.subject = int(subject.guarded), int(subject.kind)  # type: ignore[assignment]
    put(message.begin_time, row.begin_time)
    put(message.end_time, row.end_time)
    if row.lift_time:
        put(message.lift_time, row.lift_time)
    message.lifted_by, message.message = row.lifted_by, row.message
    message.in_force, message.whole_deployment = row.is_in_force(now), not row.workspace_id
