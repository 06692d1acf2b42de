"""Work that outlasts a call: what starts it, awaits it, and reads what became of it."""

from __future__ import annotations

from collections import Counter

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from messages import bookings, new_id
from rows import read

from exam_sessions_client.v1 import (
    lifecycle_service_pb2,
    lifecycle_service_pb2_grpc,
    operation_pb2,
    session_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
    template_pb2,
    template_service_pb2,
    template_service_pb2_grpc,
)
from processes import was_cut_off
from serving import read_refusal

ARRAY, STRING = template_pb2.RESPONSE_TYPE_ARRAY, template_pb2.RESPONSE_TYPE_STRING
QUEUED, RUNNING, HALTED, COMPLETED = (
    operation_pb2.OPERATION_STATUS_QUEUED,
    operation_pb2.OPERATION_STATUS_RUNNING,
    operation_pb2.OPERATION_STATUS_HALTED,
    operation_pb2.OPERATION_STATUS_COMPLETED,
)
ACTIONS = session_pb2.Action


class CutOff(Exception):
    """The server was gone before it answered."""


class OperationsApi:
    """A client's second hand, for what lasts: templates, operations, imports and one action on many sessions."""

    def __init__(self, api):
        self.api, channel = api, api.channel
        self._templates = template_service_pb2_grpc.TemplateServiceStub(channel)
        self._operations = operations_pb2_grpc.OperationsStub(channel)
        self._lifecycle = lifecycle_service_pb2_grpc.LifecycleServiceStub(channel)
        self._sessions = session_service_pb2_grpc.SessionServiceStub(channel)

    def _call(self, rpc, request, timeout=60):
        try:
            return rpc(request, timeout=timeout, metadata=self.api.metadata)
        except grpc.RpcError as error:
            if was_cut_off(error) and rpc_status.from_call(error) is None:
                raise CutOff from None
            raise read_refusal(error) from None

    def template(self, release):
        """A release as a template."""
        request = template_service_pb2.GetSessionTemplateRequest(
            workspace_id=self.api.workspace, release_id=release.id
        )
        return self._call(self._templates.GetSessionTemplate, request).template

    def submit(self, template, *data, **fields):
        """Submits sessions with a template; the operation."""
        request = template_service_pb2.SubmitFromTemplateRequest(
            workspace_id=self.api.workspace, template=template, data=data, **fields
        )
        return self._call(self._templates.SubmitFromTemplate, request)

    def submitted(self, template, *data, **fields):
        """The same, and waits for its end: the outcomes of the rows."""
        return rows_of(self.wait(self.submit(template, *data, **fields)))

    def transition(self, action, sessions=None, **fields):
        """One action on many sessions, by ids when sessions are given, else by the filter among the fields."""
        if sessions is not None:
            fields["ids"] = lifecycle_service_pb2.SessionIds(session_ids=[session.id for session in sessions])
        number = ACTIONS.Value(f"ACTION_{action}") if isinstance(action, str) else action
        request = lifecycle_service_pb2.BatchTransitionSessionsRequest(
            workspace_id=self.api.workspace, action=number, **fields
        )
        return self._call(self._lifecycle.BatchTransitionSessions, request)

    def of_release(self, action, release, **fields):
        """One action on all sessions of a release; the operation."""
        return self.transition(action, filter=only(release), **fields).operation

    def get(self, operation, **name):
        """An operation as it is now."""
        return self._call(self._operations.GetOperation, named(operations_pb2.GetOperationRequest, operation, **name))

    def list(self, **fields):
        """A page of the workspace's operations."""
        request = operations_pb2.ListOperationsRequest(**({"name": f"workspaces/{self.api.workspace}"} | fields))
        return self._call(self._operations.ListOperations, request)

    def wait(self, operation, seconds=60.0):
        """Waits for the end of an operation, or as long as that."""
        whole = int(seconds // 1)
        timeout = Duration(seconds=whole, nanos=int((seconds - whole) * 1e9))
        request = operations_pb2.WaitOperationRequest(name=operation.name, timeout=timeout)
        return self._call(self._operations.WaitOperation, request, timeout=90)

    def waiting(self, operation):
        """The call that waits for the end of an operation, as long as it may."""
        return self._operations.WaitOperation.future(operations_pb2.WaitOperationRequest(name=operation.name))

    def cancel(self, operation, **name):
        """Asks an operation to end."""
        self._call(self._operations.CancelOperation, named(operations_pb2.CancelOperationRequest, operation, **name))

    def delete(self, operation, **name):
        """Forgets an operation."""
        self._call(self._operations.DeleteOperation, named(operations_pb2.DeleteOperationRequest, operation, **name))

    def importing(self, chunks, timeout=60):
        """The call of an import: its answers one by one, as gRPC gives them."""
        return self._sessions.ImportSessions(iter(chunks), timeout=timeout, metadata=self.api.metadata)

    def imported(self, chunks):
        """Every answer to an import."""
        try:
            return list(self.importing(chunks))
        except grpc.RpcError as error:
            raise read_refusal(error) from None


def named(kind, operation, name=None):
    """A request that names an operation."""
    return kind(name=operation.name if name is None else name)


def only(*releases, **fields):
    """The filter of the sessions of some releases."""
    return session_service_pb2.SessionFilter(release_ids=[release.id for release in releases], **fields)


def metadata_of(operation):
    """How far an operation has come."""
    metadata = operation_pb2.OperationMetadata()
    assert operation.metadata.Unpack(metadata)
    return metadata


def status_of(operation):
    """Its status."""
    return metadata_of(operation).status


def counts_of(operation):
    """Rows tried, rows there are, and rows that failed."""
    metadata = metadata_of(operation)
    return metadata.done_count, metadata.total_count, metadata.failed_count


def result_of(operation):
    """The result of an operation that was completed."""
    assert operation.done, operation
    assert operation.WhichOneof("result") == "response", operation.error
    result = operation_pb2.OperationResult()
    assert operation.response.Unpack(result)
    return result


def rows_of(operation):
    """The outcomes of its rows."""
    return list(result_of(operation).rows)


def info_of(status):
    """The one ErrorInfo of a status."""
    (info,) = [detail for detail in status.details if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR)]
    found = error_details_pb2.ErrorInfo()
    info.Unpack(found)
    assert found.domain == "exam-sessions"
    return found


def fields_of(status):
    """The fields at fault that a status names."""
    found = error_details_pb2.BadRequest()
    for detail in status.details:
        if detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            detail.Unpack(found)
    return [violation.field for violation in found.field_violations]


def told(row):
    """What became of a row, in short: its state by name, or the code and the reason of its refusal."""
    if not row.status.code:
        return session_pb2.State.Name(row.state).removeprefix("STATE_")
    code = next(code.name for code in grpc.StatusCode if code.value[0] == row.status.code)
    return code, info_of(row.status).reason


def handed(user_id, *responses, **fields):
    """A session to be made from a template."""
    return template_pb2.TemplateSession(user_id=user_id, responses=responses, **fields)


def picked(question_id, *options, **fields):
    """A response of options."""
    return template_pb2.TemplateResponse(
        question_id=question_id, strings=template_pb2.StringList(values=options), **fields
    )


def written(question_id, text, **fields):
    """A response of text."""
    return template_pb2.TemplateResponse(question_id=question_id, text=text, **fields)


def gridded(question_id, *rows, **fields):
    """A response of rows of numbers."""
    lists = [template_pb2.IntegerList(values=row) for row in rows]
    return template_pb2.TemplateResponse(
        question_id=question_id, matrix=template_pb2.IntegerMatrix(rows=lists), **fields
    )


def null(question_id, **fields):
    """A response that says that a question was not attempted."""
    return template_pb2.TemplateResponse(question_id=question_id, **fields)


def chunks_of(api, release, *rosters, import_id=None, first=0):
    """The messages of an import, a roster each."""
    import_id = import_id or new_id()
    for number, roster in enumerate(rosters, first):
        yield session_service_pb2.ImportSessionsRequest(
            workspace_id=api.workspace,
            release_id=release.id,
            import_id=import_id,
            chunk=number,
            bookings=roster,
        )


def filled(api, count, prefix="c", **fields):
    """A release with so many sessions."""
    release = api.release(**fields)
    if count:
        api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(count, prefix))
    return release


def long_lasting(work, release, per_second=10, **fields):
    """An operation that takes its time: it takes the PIN away from every session of a release, and may again.

    What is done twice can be seen in the history, for the action is legal as often as one likes.
    """
    return work.of_release("REMOVE_PIN", release, sessions_per_second=per_second, **fields)


def done_of(work, operation):
    """Rows tried by now."""
    return metadata_of(work.get(operation)).done_count


def times_done(server, release, action="remove_pin"):
    """How often an action was done on the sessions of a release: how many there are by their number of events."""
    rows = read(
        server,
        "SELECT session_id, count(*) FROM events WHERE release_id = ? AND action = ? GROUP BY session_id",
        release.id,
        action,
    )
    return Counter(times for _, times in rows)
