"""A question of a test form as its author writes it, before the gaps are filled in (authoring.py)."""

from __future__ import annotations

from typing import NamedTuple

from exam_sessions.domain.forms import Option, Rule


class QuestionDraft(NamedTuple):
    """A question as its author writes it: gaps are still empty, keys are ids of options."""

    number: str
    id: str
    item_id: str
    item_name: str
    type: int
    content: str
    options: tuple[Option, ...]
    keys: tuple[str, ...]
    available_mark: str
    marking: int
    objective_ids: tuple[str, ...]
    parts: tuple[str, ...] = ()
    item_version: str = ""
    rule: Rule = Rule()
    """How responses are compared, without marks."""
    marks: tuple[tuple[str, int, str], ...] = ()
    """Key, part and mark of each part that earns something."""
    lower_bound: str = ""
    upper_bound: str = ""
