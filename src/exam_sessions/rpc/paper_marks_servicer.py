"""BatchAssignItemMarks: the marks of many papers, each a mutation of its own in the line that single calls stand in.

So a paper is refused, repeated and recorded as by AssignItemMarks, and papers share a transaction as single calls do.
A call puts a group of papers in line at a time, and the next when those are durable: calls of others go in between.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.batches import batches_of
from exam_sessions.commands.paper_marks import EnterPaperMarks, MarkedPaper
from exam_sessions.commands.session_changes import etag_of
from exam_sessions.domain.states import MATURITY, STATE_BY_CODE
from exam_sessions.rpc.access.masking import readable
from exam_sessions.rpc.convert.commands import item_marks_of
from exam_sessions.rpc.group_outcomes import GroupOutcomes
from exam_sessions.rpc.methods import target_of
from exam_sessions.rpc.status import rpc_status_of
from exam_sessions_client.v1 import marking_service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exam_sessions.execution.caller import Caller
    from exam_sessions.execution.queue_protocols import Outcome
    from exam_sessions.rpc.methods import Call
    from exam_sessions.service import Service

GROUP_AT_MOST = 32
"""Papers of one call that stand in line at a time: a few milliseconds of work."""

MARKS_AT_MOST = 1_000
"""Marks of them, unless a single paper has more."""

GROUPS_IN_LINE = 2
"""Groups of all calls together: calls of others wait for no more than these, and the line is never empty."""

CANNOT_ANSWER = errors.Unavailable | errors.Exhausted
"""Refusals that are of no paper, but of all that are sent now."""

ONE_PAPER = f"{pb.DESCRIPTOR.services_by_name['MarkingService'].full_name}/AssignItemMarks"
"""The RPC that a paper is a request of, so that one sent again by itself is known."""


class PaperMarksServicer:
    """One method, for one RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._in_line = asyncio.Semaphore(GROUPS_IN_LINE)

    async def assign(self, request: pb.BatchAssignItemMarksRequest, call: Call) -> pb.BatchAssignItemMarksResponse:
        """Enters the papers, group after group."""
        caller = call.in_workspace(call.workspace(request))
        caller = caller._replace(validate_only=request.validate_only)
        reply = pb.BatchAssignItemMarksResponse()
        for papers in _groups(request.papers):
            commands = [_command_of(paper, caller, call) for paper in papers]
            async with self._in_line:
                outcomes = await self._entered(commands)
            for outcome in outcomes:
                _fill(reply, outcome, call)
        return reply

    async def _entered(self, commands: Sequence[EnterPaperMarks | errors.Refusal]) -> list[Outcome]:
        """What becomes of each paper; a refusal stays one.

        Raises:
            errors.Refusal: the service cannot answer now; what is in line already is entered all the same.
        """
        group = GroupOutcomes(len(commands))
        refused: errors.Refusal | None = None
        for n, command in enumerate(commands):
            place = group.place(n)
            if isinstance(command, errors.Refusal):
                place.set_exception(command)
            elif refused:
                place.set_exception(refused)
            else:
                try:
                    self._service.queue_write(command, place)
                except errors.Refusal as refusal:
                    # The line takes no more now: what is in it is waited for, and the call fails.
                    refused = refusal
                    place.set_exception(refusal)
        outcomes = await group.complete
        for outcome in outcomes:
            is_of_paper = isinstance(outcome, MarkedPaper | errors.Refusal)
            if isinstance(outcome, BaseException) and (not is_of_paper or isinstance(outcome, CANNOT_ANSWER)):
                raise outcome
        return outcomes


def _groups(papers: Sequence[pb.PaperMarks]) -> Iterator[list[pb.PaperMarks]]:
    """The papers, as many at a time as may stand in line."""
    return batches_of(papers, lambda paper: len(paper.marks), rows_at_most=GROUP_AT_MOST, size_at_most=MARKS_AT_MOST)


def _command_of(paper: pb.PaperMarks, caller: Caller, call: Call) -> EnterPaperMarks | errors.Refusal:
    """The command of a paper, or why there is none."""
    try:
        command = item_marks_of(paper)
    except errors.Refusal as refusal:
        return refusal
    # What is only asked is not recorded, and is no repetition.
    if not caller.validate_only:
        digest = call.digest_of(_request_of(paper, caller.workspace), ONE_PAPER)
        caller = caller._replace(request_id=paper.request_id.lower(), fingerprint=digest)
    return EnterPaperMarks(caller, target_of(paper), command)


def _request_of(paper: pb.PaperMarks, workspace: str) -> pb.AssignItemMarksRequest:
    """A paper as the request that AssignItemMarks would take: it has the fields of one, under the same numbers."""
    request = pb.AssignItemMarksRequest.FromString(paper.SerializeToString())
    request.workspace_id = workspace
    return request


def _fill(reply: pb.BatchAssignItemMarksResponse, outcome: Outcome, call: Call) -> None:
    row = reply.papers.add()
    if isinstance(outcome, errors.Refusal):
        reply.refused_count += 1
        refusal = errors.RowRefused.of(readable(outcome, call.principal))
        row.refusal.CopyFrom(rpc_status_of(refusal))
        return
    reply.assigned_count += 1
    session = outcome.pair.session
    row.session_id, row.keycode, row.etag = session.id, session.keycode, etag_of(session.version)
    if state := STATE_BY_CODE.get(session.state):
        row.state = state  # type: ignore[assignment]
        row.maturity = MATURITY[state]  # type: ignore[assignment]
    row.changed_before = outcome.changed_before
