"""Short ways to write the messages of requests, and to send bytes that are no message at all."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import grpc
from google.protobuf import message_factory
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from exam_sessions_client.v1 import (
    access_service_pb2,
    candidate_service_pb2,
    catalog_service_pb2,
    lifecycle_service_pb2,
    lockout_service_pb2,
    marking_service_pb2,
    session_pb2,
    session_service_pb2,
    template_service_pb2,
    workspace_service_pb2,
)
from serving import read_refusal

MODULES = (
    session_service_pb2,
    lifecycle_service_pb2,
    marking_service_pb2,
    catalog_service_pb2,
    template_service_pb2,
    access_service_pb2,
    lockout_service_pb2,
    candidate_service_pb2,
    workspace_service_pb2,
)
METHOD = {
    method.name: method
    for module in MODULES
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
"""The descriptor of each RPC, by its name."""

SERVICE = {name: method.containing_service.full_name for name, method in METHOD.items()}
"""The service of each RPC, by the RPC's name."""

ACTION_RPCS = tuple(
    name
    for name, service in SERVICE.items()
    if service.endswith(("LifecycleService", "MarkingService"))
    and name not in {
        "GetStateMachine", "ExplainSession", "GetSessionResults", "BatchTransitionSessions", "BatchAssignItemMarks",
        "RegradeRelease",
    }
)  # fmt: skip
"""The RPCs that move one session."""


def new_id():
    """A UUID nobody has."""
    return str(uuid.uuid4())


def booking(candidate_id="", **fields):
    """A booking of a candidate."""
    candidate = fields.pop("candidate", session_pb2.Candidate(candidate_id=candidate_id))
    return session_pb2.Booking(candidate=candidate, **fields)


def bookings(count, prefix="c"):
    """Bookings of as many candidates."""
    return [booking(f"{prefix}{n}") for n in range(count)]


def mask(*paths):
    """A field mask."""
    return FieldMask(paths=paths)


def at(micros):
    """A moment, given in microseconds since 1970."""
    return Timestamp(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1000)


def micros(timestamp):
    """A moment in microseconds since 1970."""
    return timestamp.seconds * 1_000_000 + timestamp.nanos // 1000


def moment(text):
    """A moment, given as ISO 8601 in UTC."""
    found = Timestamp()
    found.FromDatetime(datetime.fromisoformat(text).astimezone(UTC))
    return found


def lasting(seconds):
    """A duration."""
    return Duration(seconds=seconds)


def request_of(rpc, **fields):
    """The request message of an RPC."""
    module = next(module for module in MODULES if hasattr(module, f"{rpc}Request"))
    return getattr(module, f"{rpc}Request")(**fields)


def send(api, rpc, **fields):
    """Starts a call without waiting for its answer; calls of one desk reach grpcio in the order sent."""
    request = request_of(rpc, workspace_id=api.workspace, **fields)
    reply = message_factory.GetMessageClass(METHOD[rpc].output_type)
    call = api.channel.unary_unary(
        f"/{SERVICE[rpc]}/{rpc}",
        request_serializer=type(request).SerializeToString,
        response_deserializer=reply.FromString,
    )
    return call.future(request, timeout=60, metadata=api.metadata)


def outcome_of(sent):
    """What a call that was sent came to: its reply, or a Refused."""
    try:
        return sent.result()
    except grpc.RpcError as error:
        return read_refusal(error)


def send_bytes(api, rpc, data):
    """Sends bytes as they are to an RPC; gives the bytes of the reply, or raises Refused."""
    call = api.channel.unary_unary(f"/{SERVICE[rpc]}/{rpc}")
    try:
        return call(data, timeout=60, metadata=api.metadata)
    except grpc.RpcError as error:
        raise read_refusal(error) from None


def changes_of(event):
    """The changes of an event, None where a value is unset."""
    return {
        change.field: tuple(
            getattr(change, name) if change.HasField(name) else None for name in ("old_value", "new_value")
        )
        for change in event.changes
    }
