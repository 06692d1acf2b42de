"""Responses of a request as the domain takes them. Each question's bytes are looked up whole.

A form of fifty questions with four options has two hundred different answers, and every candidate gives fifty. To
read them field by field costs more than to store them; so a request is read a second time by a message that leaves
each question as it came, and what those bytes mean is remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from exam_sessions import errors
from exam_sessions.v1 import marking_service_pb2, result_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exam_sessions.domain.commands import Answer, Answers
    from exam_sessions.domain.forms import Choice

REMEMBERED_AT_MOST = 50_000
"""Answers; about 400 bytes each."""
SHORT = 256
"""Bytes of an answer that is worth remembering. A text is not: it hardly comes twice."""


def _untouched() -> Any:
    """A message with the responses of a request, the questions of each item left as bytes."""
    numbers = marking_service_pb2.SetResponsesRequest.DESCRIPTOR.fields_by_name
    of_item = result_pb2.ItemResponse.DESCRIPTOR.fields_by_name
    file = descriptor_pb2.FileDescriptorProto(name="untouched.proto", package="untouched", syntax="proto3")
    field = descriptor_pb2.FieldDescriptorProto
    item = file.message_type.add(name="Item")
    item.field.add(
        name="item_id", number=of_item["item_id"].number, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL
    )
    item.field.add(
        name="questions", number=of_item["questions"].number, type=field.TYPE_BYTES, label=field.LABEL_REPEATED
    )
    request = file.message_type.add(name="Request")
    request.field.add(
        name="responses",
        number=numbers["responses"].number,
        type=field.TYPE_MESSAGE,
        type_name=".untouched.Item",
        label=field.LABEL_REPEATED,
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("untouched.Request"))


Untouched = _untouched()
_remembered: dict[bytes, Answer] = {}


def answers_of(request: marking_service_pb2.SetResponsesRequest | Any) -> tuple[Answers, ...]:
    """The responses of a request, item by item. Raises InvalidField for a choice that names no option."""
    found: list[Answers] = []
    known = _remembered
    for item in Untouched.FromString(request.SerializeToString()).responses:
        # A slice is a list, made in one go; to walk over the field itself takes twice as long.
        questions = item.questions[:]
        try:
            answers = tuple(map(known.__getitem__, questions))
        except KeyError:
            path = f"responses[{len(found)}].questions"
            answers = tuple(known.get(q) or _read(q, f"{path}[{n}].response") for n, q in enumerate(questions))
        found.append((item.item_id, answers))
    return tuple(found)


def _read(data: bytes, path: str) -> Answer:
    question = result_pb2.QuestionResponse.FromString(data)
    text = question.response.text
    if "\0" in text:
        raise errors.invalid(f"{path}.text", "must not contain a NUL character")
    answer = (question.id, choices_of(question.response.options, f"{path}.options"), text)
    if len(data) <= SHORT and not text:
        if len(_remembered) >= REMEMBERED_AT_MOST:
            _remembered.clear()
        _remembered[data] = answer
    return answer


def choices_of(options: Iterable[result_pb2.Choice], path: str) -> tuple[Choice, ...]:
    """Options as a caller names them. Raises InvalidField for one that names none."""
    chosen: list[Choice] = []
    for option in options:
        match option.WhichOneof("option"):
            case "index":
                chosen.append(option.index)
            case "id":
                chosen.append(option.id)
            case "label":
                chosen.append((option.label.upper(),))
            case _:
                raise errors.invalid(f"{path}[{len(chosen)}]", "names no option; give its index, id or label")
    return tuple(chosen)
