"""Responses of a request as the domain takes them. The bytes of an item, or of a question, are looked up whole.

A form of fifty questions with four options has two hundred different answers, and every candidate gives fifty. To
read them field by field costs more than to store them; so a request with responses is read by a message that leaves
each item as it came, and what those bytes mean is cached: of an item whole, for most are answered alike, else of
each of its questions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from exam_sessions import errors
from exam_sessions.domain.question_types import FORMULAS, MATRIX, ORDER, STRINGS
from exam_sessions.domain.submitted_responses import Structured
from exam_sessions.domain.texts import fold_label
from exam_sessions.rpc.decoding.maxima import longest_text, most_elements
from exam_sessions.rpc.decoding.request_decoder import read_with
from exam_sessions.rpc.decoding.rule_sentences import too_many
from exam_sessions_client.v1 import (
    lifecycle_service_pb2,
    marking_service_pb2,
    result_pb2,
    template_pb2,
    template_service_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Sized

    from google.protobuf.descriptor import FileDescriptor

    from exam_sessions.domain.submitted_responses import Answer, Answers, Choice

Kept = TypeVar("Kept")

REMEMBERED_AT_MOST = 50_000
"""Questions as they were answered, and as many items; a question takes about 400 bytes."""
SHORT = 256
"""Bytes of what is worth remembering. A text is not, nor are many questions at once: they hardly come twice."""


def _most(message: Any, name: str) -> int:
    return most_elements(message.DESCRIPTOR.fields_by_name[name])


ITEMS_AT_MOST = _most(marking_service_pb2.SetResponsesRequest, "responses")
QUESTIONS_AT_MOST = _most(result_pb2.ItemResponse, "questions")
OPTIONS_AT_MOST = _most(result_pb2.Response, "options")
VALUES_AT_MOST = _most(template_pb2.StringList, "values")
ROWS_AT_MOST = _most(template_pb2.StringMatrix, "rows")
_VALUES: Any = template_pb2.StringList.DESCRIPTOR.fields_by_name["values"]
STRING_AT_MOST = longest_text(_VALUES)


LEFT_AS_BYTES = {("ItemResponse", "questions"), ("TemplateSession", "responses")}
"""Fields whose messages stay the bytes they came in."""


def _pool() -> descriptor_pool.DescriptorPool:
    """The messages of requests with responses, in which items, and LEFT_AS_BYTES, are bytes."""
    pool = descriptor_pool.DescriptorPool()
    added: set[str] = set()
    of_items = f".{result_pb2.ItemResponse.DESCRIPTOR.full_name}"

    def add(file: FileDescriptor) -> None:
        if file.name in added:
            return
        added.add(file.name)
        for needed in file.dependencies:
            add(needed)
        proto = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(proto)
        for message in proto.message_type:
            for field in message.field:
                if field.type_name == of_items or (message.name, field.name) in LEFT_AS_BYTES:
                    field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
                    field.ClearField("type_name")
        pool.Add(proto)

    add(marking_service_pb2.DESCRIPTOR)
    add(lifecycle_service_pb2.DESCRIPTOR)
    add(template_service_pb2.DESCRIPTOR)
    return pool


_POOL = _pool()
_questions: dict[bytes, Answer] = {}
_items: dict[bytes, Answers] = {}


def reader_of(message: type[Any]) -> Callable[[bytes], Any]:
    """What reads messages of a type, and leaves the items in them, and LEFT_AS_BYTES, as bytes."""
    found = _POOL.FindMessageTypeByName(message.DESCRIPTOR.full_name)
    read: Callable[[bytes], Any] = message_factory.GetMessageClass(found).FromString
    return read


_item_of = reader_of(result_pb2.ItemResponse)


def answers_of(request: Any) -> tuple[Answers, ...]:
    """The responses of a request that a reader (`reader_of`) has read, item by item.

    Raises:
        errors.MalformedMessage: an item or a question is no message.
        errors.InvalidField: a choice names no option, a text cannot be kept, or there is too much of something.
    """
    # A slice is a list, made in one go; to walk over the field itself takes twice as long.
    items = request.responses[:]
    if len(items) > ITEMS_AT_MOST:
        raise errors.invalid("responses", too_many(ITEMS_AT_MOST))
    known = _items
    try:
        return tuple(map(known.__getitem__, items))
    except KeyError:
        return tuple(known.get(item) or _read_item(item, f"responses[{n}]") for n, item in enumerate(items))


def _read_item(data: bytes, path: str) -> Answers:
    item = read_with(_item_of, data)
    _check_count(item.questions, QUESTIONS_AT_MOST, f"{path}.questions")
    questions = [
        _questions.get(question) or _read_question(question, f"{path}.questions[{n}].response")
        for n, question in enumerate(item.questions[:])
    ]
    found = (item.item_id, tuple(questions))
    if len(data) <= SHORT and not any(other and isinstance(other, str) for _, _, other in questions):
        remember(_items, data, found)
    return found


def _read_question(data: bytes, path: str) -> Answer:
    question = read_with(result_pb2.QuestionResponse.FromString, data)
    response = question.response
    answer = (question.id, choices_of(response.options, f"{path}.options"), other_of(response, path))
    if len(data) <= SHORT and not response.text:
        remember(_questions, data, answer)
    return answer


def paper_answer_of(row: marking_service_pb2.PaperResponse, path: str) -> Answer:
    """What a row of a paper says of its question, by the question's number.

    Raises:
        errors.InvalidField: it holds options and a value, or what `choices_of` and `other_of` refuse.
    """
    if not row.HasField("response"):
        return (row.question_number, choices_of(row.options, f"{path}.options"), "")
    if row.options:
        raise errors.invalid(path, "holds options and a response; send one of them")
    response_path = f"{path}.response"
    return (
        row.question_number,
        choices_of(row.response.options, f"{response_path}.options"),
        other_of(row.response, response_path),
    )


def other_of(response: result_pb2.Response, path: str) -> str | Structured:
    """What a response holds besides options: a text, empty when there is none, or a structured value.

    Raises:
        errors.InvalidField: it holds several, too much of one, or a character that cannot be kept.
    """
    held = [name for name in STRUCTURED if response.HasField(name)]
    if len(held) + bool(response.text) > 1:
        raise errors.invalid(path, "holds several values; send the one that fits the question's type")
    if response.HasField("boxes") and held != [FORMULAS]:
        raise errors.invalid(f"{path}.boxes", "belong to formulas only")
    if not held:
        _check_text(response.text, f"{path}.text")
        return response.text
    (shape,) = held
    boxes = _rows(response.boxes, f"{path}.boxes") if response.HasField("boxes") else None
    return Structured(shape, STRUCTURED[shape](getattr(response, shape), f"{path}.{shape}"), boxes)


def _list(message: Any, path: str) -> list[Any]:
    """The values of a StringList or an IntegerList. Raises InvalidField."""
    values = list(message.values)
    _check_count(values, VALUES_AT_MOST, path)
    for n, value in enumerate(values):
        if isinstance(value, str):
            _check_text(value, f"{path}[{n}]", STRING_AT_MOST)
    return values


def _rows(message: Any, path: str) -> list[list[Any]]:
    """The rows of a StringMatrix or an IntegerMatrix. Raises InvalidField."""
    _check_count(message.rows, ROWS_AT_MOST, path)
    return [_list(row, f"{path}[{n}]") for n, row in enumerate(message.rows)]


STRUCTURED: dict[str, Callable[[Any, str], list[Any]]] = {
    STRINGS: _list,
    MATRIX: _rows,
    ORDER: _list,
    FORMULAS: _rows,
}
"""What takes each structured value out of its field, by the field's name."""


def _check_text(text: str, path: str, most: int = 0) -> None:
    if "\0" in text:
        raise errors.invalid(path, "must not contain a NUL character")
    if most and len(text) > most:
        raise errors.invalid(path, f"must be at most {most:,} characters")


def _check_count(elements: Sized, most: int, path: str) -> None:
    """The options of short requests are not counted when they are decoded. Raises InvalidField."""
    if len(elements) > most:
        raise errors.invalid(path, too_many(most))


def remember(known: dict[bytes, Kept], data: bytes, meaning: Kept) -> None:
    """Keeps what some bytes mean, and no more than REMEMBERED_AT_MOST of a kind."""
    if len(known) >= REMEMBERED_AT_MOST:
        known.clear()
    known[data] = meaning


def choices_of(options: Sequence[result_pb2.Choice], path: str) -> tuple[Choice, ...]:
    """Options as a caller names them. Raises InvalidField for one that names none, and for too many."""
    _check_count(options, OPTIONS_AT_MOST, path)
    chosen: list[Choice] = []
    for option in options:
        match option.WhichOneof("option"):
            case "index":
                chosen.append(option.index)
            case "id":
                chosen.append(option.id)
            case "label":
                chosen.append((fold_label(option.label),))
            case _:
                raise errors.invalid(f"{path}[{len(chosen)}]", "names no option; give its index, id or label")
    return tuple(chosen)
