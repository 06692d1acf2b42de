"""Templates and what is submitted with them, between messages and records.

The candidates of a form give few different responses, so the bytes of a response are looked up whole, as those of
online responses are (response_cache.py): a session with thirty responses is read in 3 us, field by field in 42.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from exam_sessions.commands.templates import Submission, TemplateSession
from exam_sessions.domain.question_types import FORMULAS, MATRIX, ORDER, STRINGS, TEXT
from exam_sessions.domain.submitted_responses import TemplateResponse
from exam_sessions.rpc.convert.form import fill_question
from exam_sessions.rpc.convert.response_cache import SHORT, reader_of, remember
from exam_sessions.rpc.decoding.request_decoder import RequestReader
from exam_sessions.rpc.decoding.rules import refuse_nul
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


_request_of = reader_of(template_service_pb2.SubmitFromTemplateRequest)
_responses: dict[bytes, TemplateResponse] = {}


def read_request(data: bytes) -> Any:
    """A SubmitFromTemplateRequest whose responses are left as bytes. Raises DecodeError, of one of them too."""
    template_service_pb2.SubmitFromTemplateRequest.FromString(data)
    return _request_of(data)


REQUEST_READER = RequestReader(read_request, counts=False)


def refuse_nul_in_responses(payload: bytes) -> None:
    """Refuses a text of a response with a NUL, which `read_request` has left as bytes. Raises InvalidField."""
    if b"\0" in payload:
        refuse_nul(template_service_pb2.SubmitFromTemplateRequest.FromString(payload))


def read_submission(payload: bytes) -> Submission:
    """What is to be made, from the bytes of a SubmitFromTemplateRequest."""
    return submission_of(_request_of(payload))


def submission_of(request: Any) -> Submission:
    """What is to be made, from what `read_request` has read."""
    template = request.template
    return Submission(
        template.release_id.lower(),
        template.test_form,
        template.form_revision,
        Sessions(request),
        request.ignore_response_revisions,
    )


class Sessions(Sequence[TemplateSession]):
    """The sessions of a request, each read when its turn comes: to accept fifteen hundred responses takes no look.

    `request` was read with its responses left as bytes (response_cache.py).
    """

    def __init__(self, request: Any) -> None:
        self._data = request.data

    def __len__(self) -> int:
        """How many there are."""
        return len(self._data)

    def __getitem__(self, index: Any) -> Any:
        """One, or some."""
        if isinstance(index, slice):
            return [_session_of(row) for row in self._data[index]]
        return _session_of(self._data[index])


def _session_of(row: Any) -> TemplateSession:
    responses = row.responses[:]
    try:
        found = tuple(map(_responses.__getitem__, responses))
    except KeyError:
        found = tuple(_responses.get(data) or _read_response(data) for data in responses)
    return TemplateSession(row.user_id, row.activity_id, row.session_id.lower(), found)


def _read_response(data: bytes) -> TemplateResponse:
    message = template_pb2.TemplateResponse.FromString(data)
    response = _response_of(message)
    if len(data) <= SHORT and response.shape != TEXT:
        remember(_responses, data, response)
    return response


def _response_of(response: template_pb2.TemplateResponse) -> TemplateResponse:
    shape, type_ = response.WhichOneof("value") or "", TYPES.get(response.type, "")
    value: Any = READER_OF_SHAPE[shape](response) if shape else None
    return TemplateResponse(
        response.question_id,
        shape,
        value,
        type_,
        _rows(response.responses) if response.HasField("responses") else None,
        response.character_count if response.HasField("character_count") else None,
        response.word_count if response.HasField("word_count") else None,
        response.revision,
        (response.question_id, tuple(value), "") if shape == STRINGS and type_ != "string" else None,
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
