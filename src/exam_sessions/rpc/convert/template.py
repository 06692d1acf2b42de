"""Templates and what is submitted with them, between messages and records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from exam_sessions.commands.templates import Submission, TemplateSession
from exam_sessions.domain.question_types import FORMULAS, MATRIX, ORDER, STRINGS, TEXT
from exam_sessions.domain.submitted_responses import TemplateResponse
from exam_sessions.rpc.convert.form import fill_question
from exam_sessions_client.v1 import template_pb2, template_service_pb2

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.domain.forms import Form

TYPES = {template_pb2.RESPONSE_TYPE_ARRAY: "array", template_pb2.RESPONSE_TYPE_STRING: "string"}


def fill_template(message: template_pb2.SessionTemplate, release_id: str, form: Form) -> None:
    """Writes a form as a template; what is right is not the template's business."""
    message.release_id, message.test_form, message.form_revision = release_id, form.reference, form.revision
    for question in form.questions:
        row = message.questions.add()
        fill_question(row, question)
        row.ClearField("keys")
        row.ClearField("partial_credit")


def submission_of(request: template_service_pb2.SubmitFromTemplateRequest) -> Submission:
    """What is to be made."""
    template = request.template
    return Submission(
        template.release_id.lower(),
        template.test_form,
        template.form_revision,
        Sessions(request),
        request.ignore_response_revisions,
    )


class Sessions(Sequence[TemplateSession]):
    """The sessions of a request, each read when its turn comes: to accept fifteen hundred responses takes no look."""

    def __init__(self, request: template_service_pb2.SubmitFromTemplateRequest) -> None:
        self._data = request.data

    def __len__(self) -> int:
        """How many there are."""
        return len(self._data)

    def __getitem__(self, index: Any) -> Any:
        """One, or some."""
        if isinstance(index, slice):
            return [_session_of(row) for row in self._data[index]]
        return _session_of(self._data[index])


def _session_of(row: template_pb2.TemplateSession) -> TemplateSession:
    responses = tuple(_response_of(response) for response in row.responses)
    return TemplateSession(row.user_id, row.activity_id, row.session_id.lower(), responses)


def _response_of(response: template_pb2.TemplateResponse) -> TemplateResponse:
    shape = response.WhichOneof("value") or ""
    type_ = TYPES.get(response.type, "")
    if shape == STRINGS:
        # Nearly every response; counts and boxes say something of other shapes only.
        values = response.strings.values[:]
        return TemplateResponse(response.question_id, shape, values, type_, None, None, None, response.revision)
    return TemplateResponse(
        response.question_id,
        shape,
        READER_OF_SHAPE[shape](response) if shape else None,
        type_,
        _rows(response.responses) if response.HasField("responses") else None,
        response.character_count if response.HasField("character_count") else None,
        response.word_count if response.HasField("word_count") else None,
        response.revision,
    )


def _rows(matrix: Any) -> list[list[Any]]:
    return [list(row.values) for row in matrix.rows]


READER_OF_SHAPE: dict[str, Callable[[Any], Any]] = {
    STRINGS: lambda response: list(response.strings.values),
    MATRIX: lambda response: _rows(response.matrix),
    ORDER: lambda response: list(response.order.values),
    FORMULAS: lambda response: _rows(response.formulas),
    TEXT: lambda response: response.text,
}
"""What takes each shape's value out of a response."""
