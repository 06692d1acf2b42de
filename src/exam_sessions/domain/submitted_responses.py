"""Responses as a caller sends them, before they are checked against the questions of a form (responses.py)."""

from __future__ import annotations

from typing import Any, NamedTuple

Choice = int | str | tuple[str]
"""An option as a caller names it: by its index, by its id, or, in a tuple of one, by its label."""


class TemplateResponse(NamedTuple):
    """A response as it was sent. `shape` names the value that is set; empty is null, an unattempted question."""

    question_id: str
    shape: str
    value: Any
    type: str = ""
    """`array` or `string`, where it was said."""
    boxes: list[list[str]] | None = None
    character_count: int | None = None
    word_count: int | None = None
    revision: int = 0
    answer: Answer | None = None
    """The same as it is sent online, of one that names options; without it, it is looked at more closely."""


class Structured(NamedTuple):
    """A response that is neither options nor a text, as it was sent online."""

    shape: str
    value: Any
    boxes: list[list[str]] | None = None


Answer = tuple[str, tuple["Choice", ...], "str | Structured"]
"""What is said of one question: its id, on paper its number; options, or else a text or a structured value; neither
takes a response back.

A plain tuple, as are Answers: fifty of them come with a call.
"""


Answers = tuple[str, tuple[Answer, ...]]
"""What is said of the questions of one item; the item may be left unnamed."""
