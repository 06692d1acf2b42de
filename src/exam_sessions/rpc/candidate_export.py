"""Everything that is stored about a candidate, as one JSON document in pieces."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from google.rpc import status_pb2

from exam_sessions.domain.attempts import attempts_for_history
from exam_sessions.domain.erasure import history_of
from exam_sessions.domain.records import SessionWithRelease
from exam_sessions.execution.read_set import ReadSet
from exam_sessions.rpc.convert.candidate_payloads import mentions, part_of
from exam_sessions.rpc.convert.history import KINDS
from exam_sessions.rpc.convert.session import FULL, fill_event, fill_session
from exam_sessions_client.v1 import session_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from exam_sessions.domain.stored_records import EventRow
    from exam_sessions.execution.unit_of_work import UnitOfWork
    from exam_sessions.rpc.marking_servicer import MarkingServicer
    from exam_sessions.service import Service

OPERATIONS_AT_ONCE = 50
"""Operations that one read looks through."""


class CandidateExporter:
    """Reads a candidate's data part by part, so that no part is larger than one session with its history."""

    def __init__(self, service: Service, marking: MarkingServicer) -> None:
        self._service, self._marking = service, marking

    async def pieces(self, workspace: str, candidate_id: str) -> AsyncIterator[str]:
        """Texts that make one JSON object: candidate_id, sessions, former_sessions, operations."""
        reads, now = self._service.reads, self._service.now

        def names(uow: UnitOfWork) -> tuple[list[str], list[str]]:
            data = uow.personal_data
            own = data.session_ids(workspace, candidate_id)
            last = uow.history.last_sequence(workspace)
            return own, sorted(set(data.sessions_of_events(workspace, candidate_id, 0, last)) - set(own))

        own, former = await reads.in_unit(names, now)
        yield f'{{"workspace_id":{_json(workspace)},"candidate_id":{_json(candidate_id)},"sessions":['
        separator = ""
        for session_id in own:
            if found := await self._session(workspace, session_id, candidate_id):
                yield separator + _json(found)
                separator = ","
        yield '],"former_sessions":['
        separator = ""
        for session_id in former:
            events = history_of(await self._history(workspace, session_id), "", candidate_id)
            yield separator + _json({"session_id": session_id, "events": _shown(events)})
            separator = ","
        yield '],"operations":['
        separator, after = "", ""
        while True:
            page, last = await self._operations(workspace, candidate_id, after)
            for operation in page:
                yield separator + _json(operation)
                separator = ","
            if not last:
                break
            after = last
        yield "]}\n"

    async def _session(self, workspace: str, session_id: str, candidate_id: str) -> dict[str, Any] | None:
        """A session with its attempts and its history; None when it is gone, or another's, by now."""

        def read(uow: UnitOfWork) -> SessionWithRelease | None:
            reads = ReadSet()
            reads.session(workspace, session_id, "")
            uow.load(reads)
            session = uow.sessions.known.get((workspace, session_id))
            if session is None or session.candidate_id != candidate_id:
                return None
            return SessionWithRelease(session, uow.releases.load(workspace, session.release_id))

        pair = await self._service.reads.in_unit(read, self._service.now)
        if pair is None:
            return None
        message = session_pb2.Session()
        fill_session(message, pair, FULL)
        await self._marking.add_attempts([message], [pair], responses=True, results=True, keys=False)
        attempts = (await self._service.reads.attempts(workspace, [pair.session]))[0][session_id]
        events = history_of(await self._history(workspace, session_id), candidate_id, candidate_id)
        shown = json.loads(KINDS["scripts"](attempts_for_history(attempts)) or "[]")
        return {"session": _dict(message), "attempts": shown, "events": _shown(events)}

    async def _history(self, workspace: str, session_id: str) -> list[EventRow]:
        return await self._service.reads.in_unit(
            lambda uow: uow.personal_data.history(workspace, session_id), self._service.now
        )

    async def _operations(self, workspace: str, candidate_id: str, after: str) -> tuple[list[dict[str, Any]], str]:
        """Operations of a page that name the candidate, and the id behind which the next page begins."""

        def read(uow: UnitOfWork) -> tuple[list[dict[str, Any]], str]:
            data, found = uow.personal_data, []
            page = data.operations(workspace, after, OPERATIONS_AT_ONCE)
            for row in page:
                payload = data.payload(workspace, row.id)
                own = part_of(row.kind, payload, candidate_id) if mentions(row.kind, payload, candidate_id) else {}
                refusals = [
                    {"index": one.position, "status": MessageToDict(status_pb2.Status.FromString(one.refusal))}
                    for one in data.refusals(workspace, row.id)
                    if candidate_id.encode() in one.refusal
                ]
                if own or refusals:
                    found.append({"operation_id": row.id, **own, "refusals": refusals})
            return found, page[-1].id if len(page) == OPERATIONS_AT_ONCE else ""

        return await self._service.reads.in_unit(read, self._service.now)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _dict(message: Any) -> dict[str, Any]:
    return MessageToDict(message, preserving_proto_field_name=True)


def _shown(rows: list[EventRow]) -> list[dict[str, Any]]:
    found = []
    for row in rows:
        message = session_pb2.SessionEvent()
        fill_event(message, row)
        found.append(_dict(message))
    return found
