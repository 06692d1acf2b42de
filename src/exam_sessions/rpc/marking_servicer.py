"""MarkingService: one RPC per action (action_methods.py), the results of an attempt, and what lists show of them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.attempts import (
    UNREADABLE,
    cause_of,
    current_attempt_of,
    damage_of,
    is_over,
    marking_revision_of,
)
from exam_sessions.domain.marking import MARKED_STATES
from exam_sessions.domain.scoring import deciding, deciding_attempt, marked_of, results_of
from exam_sessions.domain.states import AttemptStrategy, State
from exam_sessions.rpc.action_methods import action_methods
from exam_sessions.rpc.convert.reply_size import ELEMENT_AT_MOST, abridge_results, abridge_session, fitting
from exam_sessions.rpc.convert.result import fill_responses, fill_results
from exam_sessions.rpc.convert.session import BASIC, DAMAGE, fill_attempt, fill_earlier_attempt, fill_session
from exam_sessions.rpc.paper_marks_servicer import PaperMarksServicer
from exam_sessions.rpc.regrade_servicer import RegradeServicer
from exam_sessions_client.v1 import marking_service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.marks import Total
    from exam_sessions.domain.records import AttemptRecord, SessionWithRelease
    from exam_sessions.execution.session_reader import SessionWithAttempts
    from exam_sessions.rpc.methods import Call, Method, QueuedMethod
    from exam_sessions.service import Service
    from exam_sessions_client.v1 import session_pb2

log = logging.getLogger(__name__)

DECIDING = pb.ATTEMPT_SELECTION_DECIDING


class MarkingServicer:
    """One method per RPC, and what SessionService shows of responses and results."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def methods(self) -> dict[str, Method | QueuedMethod]:
        """The methods by the names of their RPCs."""
        regrades = RegradeServicer(self._service)
        own: dict[str, Method | QueuedMethod] = {
            "BatchAssignItemMarks": PaperMarksServicer(self._service).assign,
            "GetSessionResults": self.results,
            "RegradeRelease": regrades.regrade,
        }
        return own | action_methods(self._service, pb.DESCRIPTOR.services_by_name["MarkingService"])

    async def results(self, request: pb.GetSessionResultsRequest, call: Call) -> pb.GetSessionResultsResponse:
        """Reads what an attempt earned."""
        found: SessionWithAttempts = await self._service.read(call.session_key(request)._replace(with_attempts=True))
        session = found.pair.session
        if session.state == State.VOIDED:
            raise errors.ResultsWithheld(session.id)
        try:
            return self._results(request, *found)
        except (errors.TestFormUnknown, *UNREADABLE) as fault:
            raise cause_of(fault, session, found.attempts) from None

    @staticmethod
    def _results(
        request: pb.GetSessionResultsRequest,
        pair: SessionWithRelease,
        attempts: tuple[AttemptRecord, ...],
        forms: dict[tuple[str, int], Form],
    ) -> pb.GetSessionResultsResponse:
        wanted = request.selection == DECIDING and not request.attempt
        record, counted = _select(pair, attempts, request.attempt, deciding_one=wanted)
        form = forms.get((record.test_form, marking_revision_of(record)))
        if form is None:
            raise errors.TestFormUnknown(record.test_form)
        reply = pb.GetSessionResultsResponse()
        fill_session(reply.session, pair, BASIC)
        _fill_damage(reply.session, record, form)
        results = results_of(form, record, provisional=_is_provisional(pair, record))
        withheld = not request.show_keys and not is_over(*pair, record.attempt)
        fill_results(reply.results, results, counted, withheld=withheld)
        abridge_results(reply.results)
        if record.attempt == pair.session.attempt:
            fill_attempt(reply.attempt, pair)
        else:
            fill_earlier_attempt(reply.attempt, record)
        return reply

    async def add_attempts(
        self,
        messages: Sequence[session_pb2.Session],
        page: Sequence[SessionWithRelease],
        *,
        responses: bool,
        results: bool,
        keys: bool,
    ) -> int:
        """Adds responses, results or both to the sessions of a page; voided ones, and those without a form, stay.

        Keys and scores of attempts that have not ended are added with `keys` only.

        Returns how many sessions, from the first, fit into a reply; the others may have been left as they are.
        """
        asked = Asked(responses, results, keys)
        sessions, done = [pair.session for pair in page], 0
        while done < len(page):
            # As many as may be loaded at once.
            attempts, forms = await self._service.reads.attempts(sessions[0].workspace_id, sessions[done:])
            for message, pair in zip(messages[done:], page[done : done + len(attempts)], strict=False):
                if pair.session.state != State.VOIDED:
                    try:
                        _add(message, pair, attempts[pair.session.id], forms, asked)
                    except DAMAGE:
                        log.exception("what is stored of session %s is damaged", pair.session.id)
                        message.damage = message.damage or "numbers of its attempts cannot be read"
                    abridge_session(message)
            done += len(attempts)
            shown = fitting(messages[:done], ELEMENT_AT_MOST)
            if shown < done:
                return shown
        return done


def _fill_damage(message: session_pb2.Session, record: AttemptRecord, form: Form | None) -> None:
    if damage := damage_of(record):
        message.damage = f"its stored {damage} cannot be read"
    elif form is None and record.form_revision:
        message.damage = f"the test form has no revision {marking_revision_of(record)}"


class Asked(NamedTuple):
    """What is to be added to sessions."""

    responses: bool
    results: bool
    keys: bool


def _add(
    message: session_pb2.Session,
    pair: SessionWithRelease,
    attempts: tuple[AttemptRecord, ...],
    forms: dict[tuple[str, int], Form],
    asked: Asked,
) -> None:
    current = current_attempt_of(pair.session, attempts)
    form = forms.get((current.test_form, marking_revision_of(current)))
    _fill_damage(message, current, form)
    if form and asked.responses:
        fill_responses(message.responses, form, current)
    if asked.results:
        record, counted = current, None
        if marked_of(attempts):
            record, counted = _select(pair, attempts, 0, deciding_one=True)
        form = forms.get((record.test_form, marking_revision_of(record)))
        if form:
            withheld = not asked.keys and not is_over(*pair, record.attempt)
            results = results_of(form, record, provisional=_is_provisional(pair, record))
            fill_results(message.results, results, counted, withheld=withheld)


def _select(
    pair: SessionWithRelease, attempts: tuple[AttemptRecord, ...], attempt: int, *, deciding_one: bool
) -> tuple[AttemptRecord, Total | None]:
    """The attempt asked for, and what counts in its place where that is the mean of all. Raises AttemptNotFound."""
    session, strategy = pair.session, pair.release.attempt_strategy
    if deciding_one:
        marked = marked_of(attempts)
        if not marked:
            raise errors.AttemptNotFound(session.id, 0)
        mean = strategy == AttemptStrategy.AVERAGE
        return deciding_attempt(strategy, marked), deciding(strategy, marked) if mean else None
    if attempt in {0, session.attempt}:
        return current_attempt_of(session, attempts), None
    for record in attempts:
        if record.attempt == attempt:
            return record, None
    raise errors.AttemptNotFound(session.id, attempt)


def _is_provisional(pair: SessionWithRelease, record: AttemptRecord) -> bool:
    """Whether more marks may come: an attempt that another has followed is as it is."""
    session = pair.session
    return record.attempt == session.attempt and session.state not in MARKED_STATES
