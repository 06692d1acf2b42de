"""A stub for each service. Made by scripts/generate; never edited by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.longrunning.operations_pb2_grpc import OperationsStub
from grpc_health.v1.health_pb2_grpc import HealthStub

from exam_sessions_client.v1 import (
    access_service_pb2_grpc,
    candidate_service_pb2_grpc,
    catalog_service_pb2_grpc,
    lifecycle_service_pb2_grpc,
    lockout_service_pb2_grpc,
    marking_service_pb2_grpc,
    session_service_pb2_grpc,
    template_service_pb2_grpc,
    workspace_service_pb2_grpc,
)

if TYPE_CHECKING:
    from exam_sessions_client.v1.access_service_pb2_grpc import AccessServiceAsyncStub, AccessServiceStub
    from exam_sessions_client.v1.candidate_service_pb2_grpc import CandidateServiceAsyncStub, CandidateServiceStub
    from exam_sessions_client.v1.catalog_service_pb2_grpc import CatalogServiceAsyncStub, CatalogServiceStub
    from exam_sessions_client.v1.lifecycle_service_pb2_grpc import LifecycleServiceAsyncStub, LifecycleServiceStub
    from exam_sessions_client.v1.lockout_service_pb2_grpc import LockoutServiceAsyncStub, LockoutServiceStub
    from exam_sessions_client.v1.marking_service_pb2_grpc import MarkingServiceAsyncStub, MarkingServiceStub
    from exam_sessions_client.v1.session_service_pb2_grpc import SessionServiceAsyncStub, SessionServiceStub
    from exam_sessions_client.v1.template_service_pb2_grpc import TemplateServiceAsyncStub, TemplateServiceStub
    from exam_sessions_client.v1.workspace_service_pb2_grpc import WorkspaceServiceAsyncStub, WorkspaceServiceStub


class AsyncStubs:
    """The stubs for asyncio."""

    def __init__(self, channel: Any) -> None:
        self.calls = channel
        self.access: AccessServiceAsyncStub = access_service_pb2_grpc.AccessServiceStub(channel)
        self.candidates: CandidateServiceAsyncStub = candidate_service_pb2_grpc.CandidateServiceStub(channel)
        self.catalog: CatalogServiceAsyncStub = catalog_service_pb2_grpc.CatalogServiceStub(channel)
        self.lifecycle: LifecycleServiceAsyncStub = lifecycle_service_pb2_grpc.LifecycleServiceStub(channel)
        self.lockouts: LockoutServiceAsyncStub = lockout_service_pb2_grpc.LockoutServiceStub(channel)
        self.marking: MarkingServiceAsyncStub = marking_service_pb2_grpc.MarkingServiceStub(channel)
        self.sessions: SessionServiceAsyncStub = session_service_pb2_grpc.SessionServiceStub(channel)
        self.templates: TemplateServiceAsyncStub = template_service_pb2_grpc.TemplateServiceStub(channel)
        self.workspaces: WorkspaceServiceAsyncStub = workspace_service_pb2_grpc.WorkspaceServiceStub(channel)
        self.health: Any = HealthStub(channel)
        self.operations: Any = OperationsStub(channel)


class Stubs:
    """The stubs for blocking calls."""

    def __init__(self, channel: Any) -> None:
        self.calls = channel
        self.access: AccessServiceStub = access_service_pb2_grpc.AccessServiceStub(channel)
        self.candidates: CandidateServiceStub = candidate_service_pb2_grpc.CandidateServiceStub(channel)
        self.catalog: CatalogServiceStub = catalog_service_pb2_grpc.CatalogServiceStub(channel)
        self.lifecycle: LifecycleServiceStub = lifecycle_service_pb2_grpc.LifecycleServiceStub(channel)
        self.lockouts: LockoutServiceStub = lockout_service_pb2_grpc.LockoutServiceStub(channel)
        self.marking: MarkingServiceStub = marking_service_pb2_grpc.MarkingServiceStub(channel)
        self.sessions: SessionServiceStub = session_service_pb2_grpc.SessionServiceStub(channel)
        self.templates: TemplateServiceStub = template_service_pb2_grpc.TemplateServiceStub(channel)
        self.workspaces: WorkspaceServiceStub = workspace_service_pb2_grpc.WorkspaceServiceStub(channel)
        self.health: Any = HealthStub(channel)
        self.operations: Any = OperationsStub(channel)
