"""Structured answers that were checked against a form before: what is kept of each, how large it is, what it earns.

The answers of candidates to one question are few, and a request's reader gives the same object for the same bytes
(rpc/convert/response_cache.py). So the result of an answer is looked up by its identity: fifty structured answers
that are handed in take a tenth of the time. Entries hold the objects, whose identities are unique as long as
they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exam_sessions.domain.answer_keys import earned
from exam_sessions.domain.submitted_responses import Structured

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exam_sessions.domain.forms import Form, Question, Value
    from exam_sessions.domain.submitted_responses import Answer, TemplateResponse

KNOWN_AT_MOST = 5_000
"""Answers known of one form; each has a kilobyte or two."""

CHARACTERS_AT_MOST = 256
"""Characters of an answer worth knowing: longer ones hardly come twice."""


class KnownAnswer(NamedTuple):
    """An answer, the value that is stored of it, and its result."""

    answer: Answer
    number: str
    item_id: str
    value: Value
    characters: int
    points: int
    """What the machine gives for it, in marks.UNIT."""


class KnownAnswers:
    """The answers known of one form, which one thread works with at a time."""

    __slots__ = ("_responses", "by_answer", "by_response", "by_value")

    def __init__(self) -> None:
        self.by_response: dict[int, tuple[str, Value | None]] = {}
        """By the id() of a template's response, of the form's revision or of none: its question, and what is kept."""
        self._responses: list[TemplateResponse] = []
        """The responses themselves, whose identities are unique as long as they are held."""
        self.by_answer: dict[int, KnownAnswer] = {}
        """By the id() of the answer."""
        self.by_value: dict[int, KnownAnswer] = {}
        """By the id() of the value that is kept. Numbers and texts are not in it."""

    def of_value(self, value: Value, number: str) -> KnownAnswer | None:
        """What is known of a value that is kept of an answer to a question."""
        known = self.by_value.get(id(value))
        return known if known and known.number == number else None

    def characters(self, values: Iterable[Value]) -> int:
        """The characters of the texts in responses; a number in a list counts as one."""
        known = self.by_value
        return sum([one.characters if (one := known.get(id(value))) else characters_of(value) for value in values])

    def of_responses(self, responses: Sequence[TemplateResponse]) -> dict[str, Value | None] | None:
        """What is kept of responses by the number of the question; None when one is not known, or comes twice."""
        try:
            found = dict(map(self.by_response.__getitem__, map(id, responses)))
        except KeyError:
            return None
        return found if len(found) == len(responses) else None

    def add_response(self, response: TemplateResponse, number: str, value: Value | None) -> None:
        """Stores what is kept of a template's response to a question of that number, once it has been checked.

        One that is not of options is fitted to its question each time: its reader may give another object for it.
        """
        if response.answer is None:
            return
        if len(self._responses) >= KNOWN_AT_MOST:
            self.by_response.clear()
            self._responses.clear()
        self.by_response[id(response)] = (number, value)
        self._responses.append(response)

    def add(self, answer: Answer, question: Question, value: Value) -> None:
        """Stores the result of an answer, if it is structured and short."""
        if not isinstance(answer[2], Structured) or (size := characters_of(value)) > CHARACTERS_AT_MOST:
            return
        if len(self.by_answer) >= KNOWN_AT_MOST:
            self.by_answer.clear()
            self.by_value.clear()
        known = KnownAnswer(answer, question.number, question.item_id, value, size, earned(question, value))
        self.by_answer[id(answer)] = self.by_value[id(value)] = known


def characters_of(value: object) -> int:
    """The characters of the texts in a response; a number in a list counts as one."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(characters_of, value.values()))
    return sum(map(characters_of, value)) if isinstance(value, list) else 1


def known_answers_of(form: Form) -> KnownAnswers:
    """What is known of the answers to a form."""
    known = form.known_answers
    if known is None:
        known = form.known_answers = KnownAnswers()
    assert isinstance(known, KnownAnswers)
    return known
