"""The consumers of the events: how far each has come. The events themselves are sent by watch_servicer.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions.commands.consumers import Acknowledge
from exam_sessions.rpc import pages
from exam_sessions.rpc.convert.times import put
from exam_sessions_client.v1 import session_service_pb2 as pb

if TYPE_CHECKING:
    from exam_sessions.domain.stored_records import ConsumerRow
    from exam_sessions.rpc.methods import Call
    from exam_sessions.service import Service


class ConsumerServicer:
    """One method per RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def acknowledge(self, request: pb.AcknowledgeEventsRequest, call: Call) -> pb.AcknowledgeEventsResponse:
        """Stores how far a consumer has come."""
        mutation = Acknowledge(call.caller(request), request.consumer, request.sequence, rewind=request.rewind)
        consumer: ConsumerRow = await self._service.write(mutation)
        reply = pb.AcknowledgeEventsResponse()
        fill_consumer(reply.consumer, consumer, await self._service.reads.behind(consumer))
        return reply

    async def consumers(self, request: pb.ListEventConsumersRequest, call: Call) -> pb.ListEventConsumersResponse:
        """A page of the workspace's consumers: one more than asked shows whether there is another page."""
        most, last_shown = pages.size(request.page_size, pages.AT_MOST), pages.cursor(request, request.page_token)
        after = last_shown[1] if last_shown else ""
        found = await self._service.reads.consumers(call.workspace(request), after, most + 1)
        reply = pb.ListEventConsumersResponse()
        for consumer, behind in found[:most]:
            fill_consumer(reply.consumers.add(), consumer, behind)
        if len(found) > most:
            reply.next_page_token = pages.token(request, 0, found[most - 1][0].name)
        return reply


def fill_consumer(message: pb.EventConsumer, consumer: ConsumerRow, behind: int) -> None:
    """Writes a consumer into a message; `behind` is how many events it has not acknowledged."""
    message.name, message.sequence = consumer.name, consumer.sequence
    message.behind = behind
    put(message.update_time, consumer.update_time)
