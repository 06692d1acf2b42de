"""The RPCs that apply one action to one session, in every service; each is a line in convert/commands.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import message_factory

from exam_sessions.commands.device_entry import DeviceAdmission, EnterKeycode
from exam_sessions.commands.session_changes import ChangeSession, DisclosePin, PinDisclosure
from exam_sessions.domain.commands import Command
from exam_sessions.rpc.convert.commands import COMMAND_FOR_RPC, CUSTOM_PARSERS, DISCLOSING, ENTRY, REPLY_EXTRAS
from exam_sessions.rpc.convert.session import fill_session
from exam_sessions.rpc.methods import Call, Method, QueuedMethod, target_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import ServiceDescriptor

    from exam_sessions.domain.records import SessionWithRelease
    from exam_sessions.service import Service


def action_methods(service: Service, descriptor: ServiceDescriptor) -> dict[str, Method | QueuedMethod]:
    """The methods of the RPCs of a service that apply an action to a session, by the names of their RPCs."""
    return {
        method.name: _action_method(service, method.name, message_factory.GetMessageClass(method.output_type))
        for method in descriptor.methods
        if method.name in COMMAND_FOR_RPC
    }


def _action_method(service: Service, rpc: str, response: type[Any]) -> QueuedMethod:
    command_of, add = COMMAND_FOR_RPC[rpc], REPLY_EXTRAS.get(rpc)
    mutation: type[ChangeSession] = ChangeSession
    if rpc in DISCLOSING:
        mutation = DisclosePin
    elif rpc == ENTRY:
        mutation = EnterKeycode

    def mutation_of(request: Any, call: Call) -> ChangeSession:
        command = command_of if isinstance(command_of, Command) else command_of(request)
        target = target_of(request)
        return mutation(call.caller(request), target, command)

    def reply_of(_: Any, pair: SessionWithRelease) -> Any:
        reply = response()
        fill_session(reply.session, pair)
        if add:
            add(reply, pair)
        return reply

    def disclosure_of(_: Any, disclosure: PinDisclosure) -> Any:
        reply = reply_of(_, disclosure.pair)
        reply.pin = disclosure.pin
        return reply

    def admission_of(request: Any, admission: DeviceAdmission) -> Any:
        reply = reply_of(request, admission.pair)
        reply.attempt_token = request.attempt_token if admission.keeps_token else admission.token
        return reply

    replies: dict[type[ChangeSession], Callable[[Any, Any], Any]] = {
        DisclosePin: disclosure_of,
        EnterKeycode: admission_of,
    }
    return QueuedMethod(service.queue_write, mutation_of, replies.get(mutation, reply_of), CUSTOM_PARSERS.get(rpc))
