"""LifecycleService and MarkingService: one RPC per action (moves.py), and two that explain the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import message_factory

from exam_sessions import errors
from exam_sessions.commands.changes import ChangeSession, DisclosePin
from exam_sessions.commands.reads import Wanted
from exam_sessions.domain.decide import explain
from exam_sessions.domain.diagram import mermaid
from exam_sessions.domain.machine import BEFORE_KEYCODE, sources_of, transitions_of_machine
from exam_sessions.domain.states import EDITABLE, MATURITY, TERMINAL, Action, State
from exam_sessions.rpc.convert_session import BASIC, action_number, fill_session
from exam_sessions.rpc.handlers import InLine, workspace_of
from exam_sessions.rpc.moves import ADDED, DISCLOSING, MOVES, READ
from exam_sessions.rpc.session_servicer import target_of
from exam_sessions.rpc.transition_servicer import TransitionServicer
from exam_sessions.v1 import lifecycle_service_pb2 as pb
from exam_sessions.v1 import marking_service_pb2

if TYPE_CHECKING:
    from google.protobuf.descriptor import ServiceDescriptor

    from exam_sessions.commands.changes import PinDisclosure
    from exam_sessions.commands.service import Service
    from exam_sessions.domain.records import Standing
    from exam_sessions.rpc.handlers import Call, Method
    from exam_sessions.rpc.marking_servicer import MarkingServicer

A = Action


class LifecycleServicer:
    """The moves of LifecycleService and MarkingService, and what explains them."""

    def __init__(self, service: Service, marking: MarkingServicer) -> None:
        self._service, self._marking = service, marking

    def methods(self) -> dict[str, Method | InLine]:
        """The methods of LifecycleService by the names of their RPCs."""
        own: dict[str, Method | InLine] = {
            "GetStateMachine": self.machine,
            "ExplainSession": self.explain,
            "BatchTransitionSessions": TransitionServicer(self._service).transition,
        }
        return own | self._moves(pb.DESCRIPTOR.services_by_name["LifecycleService"])

    def marking_methods(self) -> dict[str, Method | InLine]:
        """The methods of MarkingService by the names of their RPCs."""
        own: dict[str, Method | InLine] = {"GetSessionResults": self._marking.results}
        return own | self._moves(marking_service_pb2.DESCRIPTOR.services_by_name["MarkingService"])

    def _moves(self, service: ServiceDescriptor) -> dict[str, Method | InLine]:
        return {
            method.name: self._move(method.name, message_factory.GetMessageClass(method.output_type))
            for method in service.methods
            if method.name in MOVES
        }

    def _move(self, rpc: str, response: type[Any]) -> InLine:
        command_of, add = MOVES[rpc], ADDED.get(rpc)
        batch: type[ChangeSession] = DisclosePin if rpc in DISCLOSING else ChangeSession

        def batch_of(request: Any, call: Call) -> ChangeSession:
            return batch(call.caller(request), target_of(request), command_of(request))

        def reply_of(_: Any, standing: Standing) -> Any:
            reply = response()
            fill_session(reply.session, standing)
            if add:
                add(reply, standing)
            return reply

        def disclosure_of(_: Any, disclosure: PinDisclosure) -> Any:
            reply = reply_of(_, disclosure.standing)
            reply.pin = disclosure.pin
            return reply

        return InLine(
            self._service.queue_write, batch_of, disclosure_of if rpc in DISCLOSING else reply_of, READ.get(rpc)
        )

    async def machine(self, _: pb.GetStateMachineRequest, __: Call) -> pb.GetStateMachineResponse:
        """Describes the machine from the machine itself."""
        reply = pb.GetStateMachineResponse(mermaid=mermaid())
        voidable = sources_of(A.VOID)
        for state in State:
            rules = reply.states.add()
            rules.state = state  # type: ignore[assignment]
            rules.maturity = MATURITY[state]  # type: ignore[assignment]
            rules.editable, rules.resettable = state in EDITABLE, state in BEFORE_KEYCODE
            rules.voidable, rules.terminal = state in voidable, state in TERMINAL
        for action, source, dest, condition in transitions_of_machine():
            row = reply.transitions.add()
            row.action, row.condition = action_number(action), condition
            row.from_state, row.to_state = source, dest  # type: ignore[assignment]
        return reply

    async def explain(self, request: pb.ExplainSessionRequest, _: Call) -> pb.ExplainSessionResponse:
        """Tries every action on a copy, in the mind."""
        target = target_of(request)
        wanted = Wanted(workspace_of(request), target.session_id, target.keycode)
        standing: Standing = await self._service.read(wanted)
        reply = pb.ExplainSessionResponse()
        fill_session(reply.session, standing, BASIC)
        another = await self._service.reads.has_open_session(standing.session)
        papers = await self._service.reads.papers(standing.session)
        outcomes = explain(*standing, self._service.now(), papers, another_open=another)
        for action, outcome in outcomes.items():
            verdict = reply.verdicts.add()
            verdict.action = action_number(action)
            if isinstance(outcome, errors.Refusal):
                verdict.reason, verdict.message = outcome.reason, str(outcome)
            else:
                verdict.allowed, verdict.to_state = True, outcome  # type: ignore[assignment]
                reply.allowed_actions.append(action_number(action))
        return reply
