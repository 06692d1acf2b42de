"""Calls about lock-outs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.client.channel import PAGE, Channel, new_request_id
from exam_sessions_client.v1 import lockout_service_pb2, lockout_service_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exam_sessions.client.security import Security

Lockout = lockout_service_pb2.Lockout


class LockoutCalls(Channel):
    """Calls about lock-outs."""

    def __init__(self, target: str, workspace: str, actor: str, security: Security) -> None:
        super().__init__(target, workspace, actor, security)
        self._lockouts = lockout_service_pb2_grpc.LockoutServiceStub(self._channel)

    def lockouts(
        self, *, in_force_only: bool = False, whole_deployment: bool = False, page: int = PAGE
    ) -> Iterator[Lockout]:
        """Lock-outs of the workspace or of the deployment, the newest first; read page by page."""
        request = lockout_service_pb2.ListLockoutsRequest(
            workspace_id=self.workspace,
            in_force_only=in_force_only,
            whole_deployment=whole_deployment,
            page_size=page,
        )
        for reply in self._pages(self._lockouts.ListLockouts, request):
            yield from reply.lockouts

    def lift_lockout(self, lockout_id: str, message: str = "", *, whole_deployment: bool = False) -> Lockout:
        """Lifts a lock-out; returns it as it is now."""
        request = lockout_service_pb2.LiftLockoutRequest(
            workspace_id=self.workspace,
            lockout_id=lockout_id,
            message=message,
            whole_deployment=whole_deployment,
            request_id=new_request_id(),
        )
        return self._call(self._lockouts.LiftLockout, request).lockout
