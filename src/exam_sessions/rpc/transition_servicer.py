"""BatchTransitionSessions: one action on many sessions, by their ids at once, by a filter as an operation."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.bulk_transition import BulkTransition
from exam_sessions.commands.operations import AcceptOperation
from exam_sessions.commands.session_batches import AccommodateSessions, EditSessions
from exam_sessions.commands.session_changes import Target
from exam_sessions.commands.transition_preview import TransitionPreview
from exam_sessions.domain.commands import Command, fail, reset, void
from exam_sessions.domain.states import Action, FinishReason, OperationKind, VoidReason
from exam_sessions.domain.transition_table import ACTIONS, TABLE
from exam_sessions.rpc.convert.accommodation import accommodation_of, fill_accommodated
from exam_sessions.rpc.convert.operation import operation_of
from exam_sessions.rpc.convert.request import check_filter, criteria_of
from exam_sessions.rpc.convert.times import micros
from exam_sessions.rpc.convert.transition_preview import fill_preview
from exam_sessions_client.v1 import lifecycle_service_pb2 as pb
from exam_sessions_client.v1 import session_pb2

if TYPE_CHECKING:
    from exam_sessions.rpc.methods import Call
    from exam_sessions.service import Service

FOR_MANY = frozenset(row.action for row in TABLE if row.for_many)


class TransitionServicer:
    """One method, for one RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def transition(
        self, request: pb.BatchTransitionSessionsRequest, call: Call
    ) -> pb.BatchTransitionSessionsResponse:
        """Moves them now, or accepts to."""
        command = command_of(request)
        if request.WhichOneof("sessions") == "ids":
            return await self._at_once(request, call, command)
        check_filter(request.filter)
        payload, task = request.SerializeToString(), transition_of(request)
        task = replace(task, criteria=task.criteria.within(call.principal.centres))
        accept = AcceptOperation(call.caller(request), OperationKind.TRANSITION, task, payload, command.action.value)
        row = await self._service.write(accept)
        reply = pb.BatchTransitionSessionsResponse(session_count=row.total)
        if not request.validate_only:
            self._service.worker.wake()
            reply.operation.CopyFrom(operation_of(row))
        elif request.show_preview:
            fill_preview(reply.preview, await self._preview(row.workspace_id, task))
        return reply

    async def _preview(self, workspace: str, task: BulkTransition) -> TransitionPreview:
        """The preview of the operation, from pages that are read one after the other."""
        preview = TransitionPreview()
        reads, now = self._service.reads, self._service.now
        after, is_first = "", True
        while after or is_first:
            after = await reads.in_unit(partial(preview.read_page, workspace=workspace, task=task, after=after), now)
            is_first = False
        return preview

    async def _at_once(
        self, request: pb.BatchTransitionSessionsRequest, call: Call, command: Command
    ) -> pb.BatchTransitionSessionsResponse:
        kind = AccommodateSessions if ACTIONS[command.action].reports_deadline else EditSessions
        found = await self._service.write(kind(call.caller(request), _targets(request, command), "ids.session_ids"))
        if kind is EditSessions:
            return pb.BatchTransitionSessionsResponse(session_count=found)
        reply = pb.BatchTransitionSessionsResponse(session_count=len(found))
        fill_accommodated(reply, found)
        return reply


def _targets(request: pb.BatchTransitionSessionsRequest, command: Command) -> list[tuple[Target, Command]]:
    """Each session once. Raises InvalidField."""
    ids = [session_id.lower() for session_id in request.ids.session_ids]
    if len(set(ids)) < len(ids):
        first: dict[str, int] = {}
        index = next(n for n, i in enumerate(ids) if first.setdefault(i, n) != n)
        earlier = f"ids.session_ids[{first[ids[index]]}]"
        raise errors.invalid(f"ids.session_ids[{index}]", f"names the session of {earlier} again")
    return [(Target(session_id), command) for session_id in ids]


def command_of(request: pb.BatchTransitionSessionsRequest) -> Command:
    """What each session is asked to do. Raises InvalidField."""
    name = session_pb2.Action.Name(request.action).removeprefix("ACTION_").lower()
    if name not in FOR_MANY:
        raise errors.invalid("action", f"is not for many at once; these are: {', '.join(sorted(FOR_MANY))}")
    action = Action(name)
    if action is Action.VOID:
        return void(VoidReason(request.void_reason or VoidReason.AUTO), request.message, force=request.force)
    if action is Action.RESET:
        return reset("", request.updated_form, allow_missing_form=request.allow_missing_form)
    if ACTIONS[action].reports_deadline:
        return _accommodation_in(request, action)
    if action is Action.FAIL:
        return fail(request.message)
    return Command(
        action,
        finish_reason=FinishReason(request.finish_reason or FinishReason.CANDIDATE),
        message=request.message,
        all_attempts=request.all_attempts,
        updated_form=request.updated_form,
        deferred_clock=request.deferred_clock,
        deadline=micros(request, "deadline", "deadline"),
        time_from_now=micros(request, "time_from_now", "time_from_now"),
        no_limit=request.no_limit,
    )


def _accommodation_in(request: pb.BatchTransitionSessionsRequest, action: Action) -> Command:
    """As SetExtraTime and SetAccommodation take it. Raises InvalidField."""
    if not request.message.strip():
        raise errors.invalid("message", f"is required for {action}: why the candidates need it")
    if action is Action.SET_ACCOMMODATION:
        return Command(action, fields=accommodation_of(request.accommodation), message=request.message)
    if request.WhichOneof("extra") is None:
        raise errors.invalid("extra", "is needed for set_extra_time: set one of extra_time, extra_time_percent")
    extra = micros(request, "extra_time", "extra_time", zero=0)
    return Command(
        Action.SET_EXTRA_TIME,
        extra_time=extra,
        extra_percent=request.extra_time_percent,
        message=request.message,
    )


def transition_of(request: pb.BatchTransitionSessionsRequest) -> BulkTransition:
    """The work of an operation."""
    return BulkTransition(command_of(request), criteria_of(request.filter), request.sessions_per_second)


def read_transition(payload: bytes) -> BulkTransition:
    """The task of an accepted request."""
    return transition_of(pb.BatchTransitionSessionsRequest.FromString(payload))
