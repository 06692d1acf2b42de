"""Calls about lock-outs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.client.channel import PAGE, Channel
from exam_sessions_client.v1 import lockout_service_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator


Lockout = lockout_service_pb2.Lockout


class LockoutCalls(Channel):
    """Calls about lock-outs."""

    def lockouts(
        self, *, in_force_only: bool = False, whole_deployment: bool = False, page: int = PAGE
    ) -> Iterator[Lockout]:
        """Lock-outs of the workspace or of the deployment, the newest first; read page by page."""
        request = lockout_service_pb2.ListLockoutsRequest(
            in_force_only=in_force_only,
            whole_deployment=whole_deployment,
            page_size=page,
        )
        for reply in self._pages(self._rpc.lockouts.ListLockouts, request):
            yield from reply.lockouts

    def lift_lockout(self, lockout_id: str, message: str = "", *, whole_deployment: bool = False) -> Lockout:
        """Lifts a lock-out; returns it as it is now."""
        request = lockout_service_pb2.LiftLockoutRequest(
            lockout_id=lockout_id,
            message=message,
            whole_deployment=whole_deployment,
        )
        return self._call(self._rpc.lockouts.LiftLockout, request).lockout
