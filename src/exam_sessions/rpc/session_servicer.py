"""SessionService: booking, reading, editing and deleting sessions. Converts, submits, converts; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.bookings import BookingReceipt, BookSession
from exam_sessions.commands.chunked_booking import book
from exam_sessions.commands.session_batches import EditSessions
from exam_sessions.commands.session_changes import ChangeSession, Target
from exam_sessions.domain.commands import Command
from exam_sessions.domain.session_filter import ORDERS, PageCursor
from exam_sessions.domain.states import Action
from exam_sessions.domain.statistics import statistics_of
from exam_sessions.rpc import pages
from exam_sessions.rpc.consumer_servicer import ConsumerServicer
from exam_sessions.rpc.convert.booking import booking_of, bookings_of, edit_of, edited_fields
from exam_sessions.rpc.convert.reply_size import (
    AT_MOST_FOR_A_CHARACTER,
    EVENT_AT_MOST,
    SESSION_AT_MOST,
    check_booked,
    check_reply,
    fitting,
)
from exam_sessions.rpc.convert.request import check_filter, criteria_of, each_once
from exam_sessions.rpc.convert.result import fill_statistics
from exam_sessions.rpc.convert.session import BASIC, FULL, fill_event, fill_session, keep_only, kept_paths
from exam_sessions.rpc.decoding.request_decoder import ALONE_ROWS, aside
from exam_sessions.rpc.methods import BidiMethod, Otherwise, QueuedMethod, ServerStreamMethod, target_of
from exam_sessions_client.v1 import session_service_pb2 as pb

if TYPE_CHECKING:
    from exam_sessions.domain.records import Booking, SessionWithRelease
    from exam_sessions.domain.statistics import Aggregate
    from exam_sessions.execution.session_reader import SessionKey
    from exam_sessions.rpc.import_servicer import ImportServicer
    from exam_sessions.rpc.marking_servicer import MarkingServicer
    from exam_sessions.rpc.methods import Call, Method
    from exam_sessions.rpc.watch_servicer import WatchServicer
    from exam_sessions.service import Service

WITH_RESPONSES_AT_MOST = 100
"""Rows of a page that carry responses or results: a thousand would not fit into a message of 4 MiB."""

MANY = 200
"""Rows from which conversion leaves the event loop to others."""


class SessionServicer:
    """One method per RPC."""

    def __init__(
        self, service: Service, watchers: WatchServicer, marking: MarkingServicer, imports: ImportServicer
    ) -> None:
        self._service, self._watchers, self._marking, self._imports = service, watchers, marking, imports
        self._consumers = ConsumerServicer(service)

    def methods(self) -> dict[str, Method | QueuedMethod | ServerStreamMethod | BidiMethod]:
        """The methods by the names of their RPCs."""
        return {
            "CreateSession": self.create,
            "BatchCreateSessions": self.batch_create,
            "ImportSessions": BidiMethod(self._imports.converse, ends_itself=True),
            "GetSession": self.get(),
            "BatchGetSessions": self.batch_get,
            "ListSessions": self.list,
            "AggregateSessions": self.aggregate,
            "UpdateSession": self.update,
            "BatchUpdateSessions": self.batch_update,
            "DeleteSession": self.delete,
            "ListSessionEvents": self.events,
            "WatchSessions": ServerStreamMethod(self._watchers.watch),
            "AcknowledgeEvents": self._consumers.acknowledge,
            "ListEventConsumers": self._consumers.consumers,
        }

    async def create(self, request: pb.CreateSessionRequest, call: Call) -> pb.CreateSessionResponse:
        """Books one session."""
        mutation = BookSession(
            call.caller(request),
            request.release_id.lower(),
            [booking_of(request.booking)],
            allow_missing_form=request.allow_missing_form,
        )
        reply = pb.CreateSessionResponse()
        fill_session(reply.session, await self._service.write(mutation))
        return reply

    async def batch_create(
        self, request: pb.BatchCreateSessionsRequest, call: Call
    ) -> pb.BatchCreateSessionsResponse:
        """Books many sessions; converts them on another thread, so that others need not wait."""
        caller, rows = call.caller(request), len(request.bookings)
        many, alone = rows >= MANY, rows >= ALONE_ROWS
        bookings = await aside(_bookings, request, alone=alone) if many else _bookings(request)
        allow = request.allow_missing_form
        booked = await self._service.write(
            book(caller, request.release_id.lower(), bookings, allow_missing_form=allow)
        )
        return await aside(_booked, booked, alone=alone) if many else _booked(booked)

    def get(self) -> QueuedMethod:
        """Reads one session, in one group with other reads."""

        def wanted_of(request: pb.GetSessionRequest, call: Call) -> SessionKey:
            return call.session_key(request)

        def reply_of(request: pb.GetSessionRequest, pair: SessionWithRelease) -> pb.GetSessionResponse:
            reply = pb.GetSessionResponse()
            fill_session(reply.session, pair, request.view or FULL)
            return reply

        with_responses = Otherwise(_may_ask_for_responses, self._get_with_responses)
        return QueuedMethod(self._service.queue_read, wanted_of, reply_of, otherwise=with_responses)

    async def _get_with_responses(self, request: pb.GetSessionRequest, call: Call) -> pb.GetSessionResponse:
        """Reads one session with its responses, its results or both."""
        reply = pb.GetSessionResponse()
        pair = await self._service.read(call.session_key(request))
        fill_session(reply.session, pair, request.view or FULL)
        if request.show_responses or request.show_results:
            await self._marking.add_attempts([reply.session], [pair], **_asked(request))
        return reply

    async def batch_get(self, request: pb.BatchGetSessionsRequest, call: Call) -> pb.BatchGetSessionsResponse:
        """Reads several sessions."""
        ids = list(each_once(request.session_ids))
        reply = pb.BatchGetSessionsResponse()
        for pair in await self._service.reads.sessions(call.workspace(request), ids, call.principal.centres):
            fill_session(reply.sessions.add(), pair, request.view or FULL)
        check_reply(reply, reply.sessions)
        return reply

    async def list(self, request: pb.ListSessionsRequest, call: Call) -> pb.ListSessionsResponse:
        """Reads a page: one row more than asked shows whether there is another."""
        kept = kept_paths(request.read_mask)
        check_filter(request.filter)
        most, found = pages.size(request.page_size), pages.cursor(request, request.page_token)
        if request.show_responses or request.show_results:
            most = min(most, WITH_RESPONSES_AT_MOST)
        criteria = criteria_of(request.filter).within(call.principal.centres)
        order = ORDERS[max(request.order - 1, 0)]
        page, total, aggregates = await self._service.reads.page(
            call.workspace(request), criteria, order, PageCursor(*found) if found else None, most + 1,
            count=request.show_total_size, sum_up=request.show_statistics,
        )  # fmt: skip
        reply, view = pb.ListSessionsResponse(), request.view or BASIC
        if request.show_total_size:
            reply.total_size = total
        if request.show_statistics:
            fill_statistics(reply.statistics, statistics_of(aggregates))
        for pair in page[:most]:
            fill_session(reply.sessions.add(), pair, view)
        if request.show_responses or request.show_results:
            shown = await self._marking.add_attempts(reply.sessions, page[:most], **_asked(request))
        else:
            # A pair has more characters beside its texts in JSON than it has bytes beside them in the message.
            longest = max((len(pair.session.annotations) for pair in page), default=0)
            shown = fitting(reply.sessions, SESSION_AT_MOST[view] + AT_MOST_FOR_A_CHARACTER * longest)
        del reply.sessions[shown:]
        if len(page) > shown:
            last = page[shown - 1].session
            reply.next_page_token = pages.token(request, last.create_time, last.id)
        if kept:
            keep_only(reply.sessions, kept)
        return reply

    async def aggregate(self, request: pb.AggregateSessionsRequest, call: Call) -> pb.AggregateSessionsResponse:
        """Counts sessions and sums up their scores."""
        check_filter(request.filter)
        asked = list(each_once(request.release_ids))
        criteria = criteria_of(request.filter).within(call.principal.centres)
        if asked:
            both = [i for i in asked if i in criteria.release_ids] if criteria.release_ids else asked
            # No release is in both: of an id that is none, nothing matches.
            criteria = criteria._replace(release_ids=tuple(both or ("",)))
        aggregates = await self._service.reads.aggregates(call.workspace(request), asked, criteria)
        by_release: dict[str, list[Aggregate]] = {release_id: [] for release_id in asked}
        for aggregate in aggregates:
            by_release.setdefault(aggregate.release_id, []).append(aggregate)
        reply = pb.AggregateSessionsResponse()
        fill_statistics(reply.total, statistics_of(aggregates))
        for release_id in asked or sorted(by_release):
            row = reply.releases.add()
            row.release_id = release_id
            fill_statistics(row.statistics, statistics_of(by_release[release_id]))
        check_reply(reply, reply.releases)
        return reply

    async def update(self, request: pb.UpdateSessionRequest, call: Call) -> pb.UpdateSessionResponse:
        """Edits one booking."""
        command = edit_of(
            request.booking,
            edited_fields(request.update_mask.paths),
            allow_missing_form=request.allow_missing_form,
        )
        reply = pb.UpdateSessionResponse()
        pair = await self._service.write(ChangeSession(call.caller(request), target_of(request), command))
        fill_session(reply.session, pair)
        return reply

    async def batch_update(
        self, request: pb.BatchUpdateSessionsRequest, call: Call
    ) -> pb.BatchUpdateSessionsResponse:
        """Edits many bookings."""
        caller, columns = call.caller(request), edited_fields(request.update_mask.paths)
        edits = await aside(_edits, request, columns)
        return pb.BatchUpdateSessionsResponse(updated_count=await self._service.write(EditSessions(caller, edits)))

    async def delete(self, request: pb.DeleteSessionRequest, call: Call) -> pb.DeleteSessionResponse:
        """Deletes one booking."""
        await self._service.write(ChangeSession(call.caller(request), target_of(request), Command(Action.DELETE)))
        return pb.DeleteSessionResponse()

    async def events(self, request: pb.ListSessionEventsRequest, call: Call) -> pb.ListSessionEventsResponse:
        """Reads a page of history."""
        most, found = pages.size(request.page_size), pages.cursor(request, request.page_token)
        session_id, page, more = await self._service.reads.history(
            call.session_key(request), found[0] if found else 0, most
        )
        reply = pb.ListSessionEventsResponse()
        for row in page:
            fill_event(reply.events.add(), row)
        longest = max((len(row.changes) for row in page), default=0)
        shown = fitting(reply.events, EVENT_AT_MOST + AT_MOST_FOR_A_CHARACTER * longest)
        del reply.events[shown:]
        if more or len(page) > shown:
            reply.next_page_token = pages.token(request, page[shown - 1].sequence, session_id)
        return reply


def _asked(request: pb.GetSessionRequest | pb.ListSessionsRequest) -> dict[str, bool]:
    return {"responses": request.show_responses, "results": request.show_results, "keys": request.show_keys}


SHOW_RESPONSES, SHOW_RESULTS = b"\x80\x01", b"\x88\x01"
"""The tags of GetSessionRequest's fields 16 and 17, which no text in it can hold."""


def _may_ask_for_responses(data: bytes) -> bool:
    """Whether the bytes of a GetSessionRequest hold the tag of a field that asks for responses or results.

    To look for two tags takes 0.1 us; to read each request before it is queued would take it out of its group.
    """
    return SHOW_RESPONSES in data or SHOW_RESULTS in data


def _bookings(request: pb.BatchCreateSessionsRequest) -> list[Booking]:
    bookings = bookings_of(request.bookings)
    check_booked(bookings)
    return bookings


def _booked(rows: list[BookingReceipt]) -> pb.BatchCreateSessionsResponse:
    reply = pb.BatchCreateSessionsResponse()
    add = reply.sessions.add
    for row in rows:
        message = add()
        message.id, message.keycode, message.access_code, message.candidate_id = row
    return reply


def _edits(request: pb.BatchUpdateSessionsRequest, columns: tuple[str, ...]) -> list[tuple[Target, Command]]:
    seen: dict[str, int] = {}
    edits = []
    for n, edit in enumerate(request.edits):
        target = Target(edit.session_id.lower(), "", edit.etag)
        earlier = seen.setdefault(target.session_id, n)
        if earlier != n:
            raise errors.invalid(f"edits[{n}].session_id", f"names the session of edits[{earlier}] again")
        command = edit_of(edit.booking, columns, f"edits[{n}].booking", allow_missing_form=request.allow_missing_form)
        edits.append((target, command))
    return edits
