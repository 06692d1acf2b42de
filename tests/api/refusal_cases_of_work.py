"""How to be refused long work with each reason there is; entered with the others when it is imported."""

from __future__ import annotations

from contextlib import contextmanager

import grpc
from google.longrunning import operations_pb2
from grpc import StatusCode as Code
from grpc_health.v1 import health_pb2, health_pb2_grpc
from messages import new_id
from operations import OperationsApi
from refusal_cases import refused_with

from serving import ApiClient, read_refusal, serving


@refused_with(Code.FAILED_PRECONDITION)
def release_not_on_paper(stage):
    release = stage.api.release(test_form="form-1")
    yield lambda: stage.api.call("GetSessionTemplate", release_id=release.id), {"release_id": release.id}


@refused_with(Code.NOT_FOUND)
def operation_not_found(stage):
    name = f"workspaces/{stage.api.workspace}/operations/{new_id()}"
    yield lambda: OperationsApi(stage.api).get(operations_pb2.Operation(name=name)), {"name": name}


@refused_with(Code.FAILED_PRECONDITION)
def operation_under_way(stage):
    work, release = OperationsApi(stage.api), stage.api.release()
    for _ in range(5):
        stage.api.book(release)
    operation = work.of_release("CREATE_PACKAGE", release, sessions_per_second=1)
    yield lambda: work.delete(operation), {"name": operation.name}
    work.cancel(operation)


@refused_with(Code.NOT_FOUND)
def unknown_health_name(stage):
    def ask():
        try:
            health_pb2_grpc.HealthStub(stage.api.channel).Check(health_pb2.HealthCheckRequest(service="nobody"))
        except grpc.RpcError as error:
            raise read_refusal(error) from None

    yield ask, {"service": "nobody"}


@contextmanager
def walled(stage):
    """A client in a workspace that nobody has created, of a server that takes registered ones only."""
    with stage.new_database() as database, serving(database, open_workspaces=0, tick_ms=3_600_000) as server:
        api = ApiClient(server.target, "north")
        yield api
        api.close()


@refused_with(Code.NOT_FOUND)
def workspace_not_found(stage):
    with walled(stage) as api:
        yield lambda: api.call("ListSessions"), {"workspace": "north"}


@refused_with(Code.FAILED_PRECONDITION)
def workspace_closed(stage):
    stage.api.release()
    stage.api.call("CloseWorkspace")
    yield stage.api.release, {"workspace": stage.api.workspace}


@refused_with(Code.ALREADY_EXISTS)
def duplicate_workspace(stage):
    stage.api.call("CreateWorkspace")
    yield lambda: stage.api.call("CreateWorkspace"), {"workspace": stage.api.workspace}


@refused_with(Code.FAILED_PRECONDITION)
def workspace_not_closed(stage):
    stage.api.call("CreateWorkspace")
    yield lambda: stage.api.call("ReopenWorkspace"), {"workspace": stage.api.workspace}
