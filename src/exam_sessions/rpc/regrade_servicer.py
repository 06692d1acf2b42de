"""RegradeRelease: accepts the work of an operation, or computes its preview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exam_sessions import errors
from exam_sessions.commands.operations import AcceptOperation
from exam_sessions.commands.regrades import Regrade, check_some, cursor_from, cursor_text
from exam_sessions.commands.session_changes import check_release_etag
from exam_sessions.domain.commands import regrade
from exam_sessions.domain.regrade_summary import Summary
from exam_sessions.domain.states import OperationKind
from exam_sessions.domain.stored_records import OUTCOMES_AT_MOST, OutcomeRow
from exam_sessions.rpc.convert.operation import describe, fill_outcomes, operation_of
from exam_sessions.rpc.convert.regrade import fill_summary
from exam_sessions_client.v1 import marking_service_pb2 as pb

if TYPE_CHECKING:
    from exam_sessions.domain.records import MarkingContext, SessionWithRelease
    from exam_sessions.rpc.methods import Call
    from exam_sessions.service import Service

PREVIEWED_AT_ONCE = 200
"""Sessions of a preview that one read loads."""


class RegradeServicer:
    """One method, for one RPC."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def regrade(self, request: pb.RegradeReleaseRequest, call: Call) -> pb.RegradeReleaseResponse:
        """Accepts the regrade of a release, or previews it."""
        regrade(request.form_revision, request.message)
        # Before the request is made definite: a repetition says the same.
        caller, reads = call.caller(request), self._service.reads
        release = await reads.release(caller.workspace, request.release_id.lower())
        reference = request.test_form or release.test_form
        if not reference:
            raise errors.invalid("test_form", "is required: the release names no test form")
        form = (await reads.form(caller.workspace, reference, request.form_revision)).form
        definite = pb.RegradeReleaseRequest()
        definite.CopyFrom(request)
        definite.test_form, definite.form_revision = form.reference, form.revision
        task = regrade_of(definite)
        if request.validate_only:
            check_release_etag(release, request.etag)
            check_some(await reads.sat_forms(caller.workspace, task.release_id, reference), form)
            return await self._preview(caller.workspace, task)
        payload = definite.SerializeToString()
        row = await self._service.write(AcceptOperation(caller, OperationKind.REGRADE, task, payload))
        self._service.worker.wake()
        return pb.RegradeReleaseResponse(operation=operation_of(row), session_count=row.total)

    async def _preview(self, workspace: str, task: Regrade) -> pb.RegradeReleaseResponse:
        """The preview of the operation, from pages that are read one after the other."""
        summary, reply = Summary(task.test_form, task.form_revision), pb.RegradeReleaseResponse()
        refused: list[OutcomeRow] = []
        cursor, count, failed = "", 0, 0
        form = (task.test_form, task.form_revision)
        while page := await self._service.reads.regrade_page(
            workspace, task.criteria, form, cursor_from(cursor), PREVIEWED_AT_ONCE
        ):
            for pair, marking_context in page:
                refusal = self._judged(task, pair, marking_context, summary)
                if refusal and len(refused) < OUTCOMES_AT_MOST:
                    refused.append(OutcomeRow(workspace, "", count, pair.session.id, 0, describe(refusal)))
                failed += refusal is not None
                count += 1
            cursor = cursor_text(page[-1][0].session)
        reply.session_count, result = count, reply.preview
        result.succeeded_count, result.failed_count = count - failed, failed
        fill_summary(result.regrade, summary)
        fill_outcomes(result, refused)
        return reply

    def _judged(
        self, task: Regrade, pair: SessionWithRelease, marking_context: MarkingContext, summary: Summary
    ) -> errors.Refusal | None:
        """Takes a session into the summary; the refusal with which it would be set aside."""
        session, release = pair
        try:
            verdict = task.judge(session, release, marking_context, self._service.now())
            task.note(summary, session, marking_context, verdict)
        except errors.Refusal as refusal:
            return refusal
        except Exception as fault:  # noqa: BLE001 - as the operation sets a row aside that fails
            return errors.StepQuarantined(type(fault).__name__)
        return None


def regrade_of(request: pb.RegradeReleaseRequest) -> Regrade:
    """The work of an operation."""
    return Regrade(
        request.release_id.lower(),
        request.test_form,
        request.form_revision,
        request.message,
        request.etag,
        request.sessions_per_second,
    )


def read_regrade(payload: bytes) -> Regrade:
    """The task of an accepted request."""
    return regrade_of(pb.RegradeReleaseRequest.FromString(payload))
