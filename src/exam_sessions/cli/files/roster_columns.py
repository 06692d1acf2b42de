"""The columns a roster may have, and what each accepts. One cell in, one value out; files and rows are roster.py's.

Names and vocabularies are ItemLogic's (/sessions/create); the lengths are those of session.proto.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions.cli.files.school_words import gender, grade
from exam_sessions.cli.shared.csv_file import shown
from exam_sessions.cli.shared.times import DAY, moment, span
from exam_sessions.domain.records import NO_LIMIT
from exam_sessions.domain.texts import flaw_of, fold_code

if TYPE_CHECKING:
    from collections.abc import Callable

ETHNICITIES = {
    name: code for code, name in enumerate(("BIRA", "AMIN", "ASIA", "PAIS", "FILP", "HISP", "AFAM", "OTHR"), 1)
}
LONGEST = 30 * DAY
"""The longest working time, and the longest extra time."""

MOST_PERCENT = 1_000


class Column(NamedTuple):
    """One column: its name in the header, the field of a booking it fills, and the value of a cell."""

    name: str
    field: str
    value: Callable[[str], Any]
    """Raises ValueError with what is wrong, in words that follow the column's name."""


def text(longest: int, *, is_name: bool = False) -> Callable[[str], str]:
    """A reference or a name of at most so many characters."""

    def value(cell: str) -> str:
        if len(cell) > longest:
            raise ValueError(f"has {len(cell)} characters, at most {longest} are allowed")
        if flaw := flaw_of(cell, is_name=is_name):
            raise ValueError(flaw)
        return cell

    return value


def words(longest: int) -> Callable[[str], str]:
    """A text of at most so many characters, of any kind."""

    def value(cell: str) -> str:
        if len(cell) > longest:
            raise ValueError(f"has {len(cell)} characters, at most {longest} are allowed")
        return cell

    return value


def code(longest: int, letters: str, described: str) -> Callable[[str], str]:
    """A code of at most so many of these letters, in upper case as it is stored."""
    allowed = re.compile(f"[{letters}]*")

    def value(cell: str) -> str:
        if len(cell) > longest:
            raise ValueError(f"has {len(cell)} characters, at most {longest} are allowed")
        if not allowed.fullmatch(cell):
            raise ValueError(f"{shown(cell)} may hold {described} only")
        return fold_code(cell)

    return value


def pin(cell: str) -> str:
    """Six letters, in upper case as they are stored."""
    if not re.fullmatch(r"[A-Za-z]{6}", cell):
        raise ValueError(f"{shown(cell)} is not six letters A-Z")
    return fold_code(cell)


def one_of(words: dict[str, int], allowed: str) -> Callable[[str], int]:
    """The code of a word, in any case."""

    def value(cell: str) -> int:
        if fold_code(cell) not in words:
            raise ValueError(f"{shown(cell)} is not one of {allowed}")
        return words[fold_code(cell)]

    return value


def _bounded(cell: str) -> int:
    found = span(cell)
    if not 0 < found <= LONGEST:
        raise ValueError(f"{shown(cell)} is not more than 0 and at most {LONGEST // DAY} days")
    return found


def time_limit(cell: str) -> int:
    """A working time of the candidate's own; NO_LIMIT for `none`."""
    return NO_LIMIT if cell.lower() == "none" else _bounded(cell)


def extra_time(cell: str) -> tuple[int, int]:
    """Time on top of the working time: as time, and in percent; one of the two is 0."""
    if not cell.endswith("%"):
        return _bounded(cell), 0
    percent = cell.removesuffix("%").strip()
    if not (re.fullmatch(r"[0-9]{1,4}", percent) and 1 <= int(percent) <= MOST_PERCENT):
        raise ValueError(f"{shown(cell)} is not 1% to {MOST_PERCENT:,}%")
    return 0, int(percent)


PAIRS, KEY, VALUE = 32, 63, 255
"""The most annotations of a session, and the characters of a key and of a value."""


def pairs(cell: str) -> str:
    """What callers carry along, as it is stored, from a JSON object of texts."""
    try:
        found = json.loads(cell)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError(f'{shown(cell)} is not a JSON object of texts such as {{"lti_user_id": "29123"}}')
    if len(found) > PAIRS:
        raise ValueError(f"holds {len(found)} pairs, at most {PAIRS} are allowed")
    for key, value in found.items():
        if not 1 <= len(key) <= KEY or len(value) > VALUE:
            raise ValueError(f"key {shown(key)}: keys have 1 to {KEY} characters, values at most {VALUE}")
        if "\0" in value:
            raise ValueError(f"key {shown(key)}: its value holds a NUL character")
        if flaw := flaw_of(key):
            raise ValueError(f"key {shown(key)} {flaw}")
    return json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False) if found else ""


COLUMNS = (
    Column("candidate_id", "candidate_id", text(128)),
    Column("name_first", "name_first", text(100, is_name=True)),
    Column("name_middle", "name_middle", text(100, is_name=True)),
    Column("name_last", "name_last", text(100, is_name=True)),
    Column("gender", "gender", gender),
    Column("grade_level", "grade_level", grade),
    Column("ethnicity", "ethnicity", one_of(ETHNICITIES, ", ".join(ETHNICITIES))),
    Column("school_id", "school_id", text(64)),
    Column("district_id", "district_id", text(64)),
    Column("access_code", "access_code", code(64, "!-~", "printable ASCII characters without blanks")),
    Column("external_reference", "external_reference", text(30)),
    Column("centre_id", "centre_id", text(64)),
    Column("keycode", "keycode", code(16, "A-Za-z0-9", "letters and digits")),
    Column("pin", "pin", pin),
    Column("test_form", "test_form", text(128)),
    Column("window_start_dt", "window_start", moment),
    Column("window_end_dt", "window_end", moment),
    Column("annotations", "annotations", pairs),
    Column("time_limit", "time_limit", time_limit),
    Column("extra_time", "extra_time", extra_time),
    Column("extra_time_reason", "extra_reason", words(1_000)),
)
BY_NAME = {column.name: column for column in COLUMNS}
BY_FIELD = {column.field: column.name for column in COLUMNS} | {
    "extra_time_percent": "extra_time",
    "extra_time_reason": "extra_time_reason",
}
"""The column that fills a field of a booking."""
