"""LifecycleService: one RPC per action (action_methods.py), one for many sessions, two that explain the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.domain.decide import explain
from exam_sessions.domain.diagram import mermaid
from exam_sessions.domain.states import EDITABLE_STATES, MATURITY, TERMINAL, Action, State
from exam_sessions.domain.transition_table import BEFORE_KEYCODE, sources_of, transitions_of_machine
from exam_sessions.rpc.access.masking import readable
from exam_sessions.rpc.access.requirements import PERMISSION_OF_ACTION
from exam_sessions.rpc.action_methods import action_methods
from exam_sessions.rpc.convert.session import BASIC, action_number, fill_session
from exam_sessions.rpc.transition_servicer import TransitionServicer
from exam_sessions.version import VERSION
from exam_sessions_client.v1 import lifecycle_service_pb2 as pb
from exam_sessions_client.v1 import session_pb2

if TYPE_CHECKING:
    from exam_sessions.domain.records import SessionWithRelease
    from exam_sessions.rpc.methods import Call, Method, QueuedMethod
    from exam_sessions.service import Service

A = Action


class LifecycleServicer:
    """One method per RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def methods(self) -> dict[str, Method | QueuedMethod]:
        """The methods by the names of their RPCs."""
        own: dict[str, Method | QueuedMethod] = {
            "GetStateMachine": self.machine,
            "ExplainSession": self.explain,
            "BatchTransitionSessions": TransitionServicer(self._service).transition,
        }
        return own | action_methods(self._service, pb.DESCRIPTOR.services_by_name["LifecycleService"])

    async def machine(self, _: pb.GetStateMachineRequest, __: Call) -> pb.GetStateMachineResponse:
        """Describes the machine from the machine itself."""
        reply = pb.GetStateMachineResponse(mermaid=mermaid(), server_version=VERSION)
        voidable = sources_of(A.VOID)
        for state in State:
            rules = reply.states.add()
            rules.state = state  # type: ignore[assignment]
            rules.maturity = MATURITY[state]  # type: ignore[assignment]
            rules.editable, rules.resettable = state in EDITABLE_STATES, state in BEFORE_KEYCODE
            rules.voidable, rules.terminal = state in voidable, state in TERMINAL
        for action, source, dest, condition in transitions_of_machine():
            row = reply.transitions.add()
            row.action, row.condition = action_number(action), condition
            row.from_state, row.to_state = source, dest  # type: ignore[assignment]
        return reply

    async def explain(self, request: pb.ExplainSessionRequest, call: Call) -> pb.ExplainSessionResponse:
        """Evaluates every action without applying it, for this caller."""
        pair: SessionWithRelease = await self._service.read(call.session_key(request))
        reply = pb.ExplainSessionResponse()
        fill_session(reply.session, pair, BASIC)
        another = await self._service.reads.has_open_session(pair.session)
        marking_context = await self._service.reads.marking_context(pair.session)
        outcomes = explain(*pair, self._service.now(), marking_context, another_open=another)
        for action, by_rules in outcomes.items():
            verdict = reply.verdicts.add()
            verdict.action = action_number(action)
            outcome = _denial(verdict.action, call) or by_rules
            if isinstance(outcome, errors.Refusal):
                outcome = readable(outcome, call.principal)
                verdict.reason, verdict.message = outcome.reason, str(outcome)
            else:
                verdict.allowed, verdict.to_state = True, outcome  # type: ignore[assignment]
                reply.allowed_actions.append(action_number(action))
        return reply


def _denial(action: int, call: Call) -> errors.PermissionDenied | None:
    """The refusal of an action to a caller who may not call its RPC; None where it may."""
    needed = PERMISSION_OF_ACTION.get(action)
    if needed is None or call.principal.may(needed):
        return None
    name = session_pb2.Action.Name(action).removeprefix("ACTION_").lower()
    return errors.PermissionDenied(needed.name, f"the action {name}")
