"""What applies to calls before and after their methods: authentication, limits, deadlines, observation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from exam_sessions.execution.known_workspaces import KnownWorkspaces
    from exam_sessions.rpc.access.code_guard import CodeGuard
    from exam_sessions.rpc.access.gate import Gate
    from exam_sessions.rpc.access.limits import Limits
    from exam_sessions.rpc.decoding.candidate_ids import CandidateIdHasher
    from exam_sessions.rpc.observation import Observer


class CallPolicy(NamedTuple):
    """What applies to the calls of a method."""

    gate: Gate | None = None
    """Authenticates and authorizes calls; None: callers are not authenticated and may do everything."""
    guard: CodeGuard | None = None
    """Counts wrong codes; None: they are not limited."""
    workspaces: KnownWorkspaces | None = None
    """Which workspaces requests may name; None where they name none."""
    limits: Limits | None = None
    """How many calls a principal or a workspace may make; None: any number."""
    default_deadline_s: float = 0.0
    """After how many seconds a call is ended that set no deadline; 0: never. Streams go on."""
    candidate_ids: CandidateIdHasher | None = None
    """Hashes the candidate ids of requests; None: they are stored as they are."""
    observer: Observer | None = None
    """Is called with the record of each call that has ended."""


OPEN = CallPolicy()
"""No policy: for calls that every caller may make, such as health checks."""
