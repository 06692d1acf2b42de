"""Words for grades and genders as school systems write them, and ids that a spreadsheet has damaged.

Grades are those of ItemLogic; the two-digit codes and KG are those of CEDS, as OneRoster has them.
"""

from __future__ import annotations

import re

from exam_sessions.cli.shared.csv_file import shown

GRADES = {name: code for code, name in enumerate((*map(str, range(1, 13)), "PK", "K", "AE"), 1)}
GENDERS = {"MALE": 1, "M": 1, "FEMALE": 2, "F": 2, "OTHER": 3, "O": 3}

_IN_WORDS = (
    "FIRST", "SECOND", "THIRD", "FOURTH", "FIFTH", "SIXTH", "SEVENTH", "EIGHTH", "NINTH", "TENTH", "ELEVENTH",
    "TWELFTH",
)  # fmt: skip

_GRADE_WORDS = {
    **dict.fromkeys(("PRE K", "PREK", "PRE KINDERGARTEN", "PREKINDERGARTEN", "PR", "PRESCHOOL", "PRE SCHOOL"), "PK"),
    **dict.fromkeys(("KG", "KN", "KINDER", "KINDERGARTEN", "TK", "TRANSITIONAL KINDERGARTEN"), "K"),
    **dict.fromkeys(("ADULT", "ADULT EDUCATION", "ABE"), "AE"),
    **{word: str(number) for number, word in enumerate(_IN_WORDS, 1)},
    **{f"{word} GRADE": str(number) for number, word in enumerate(_IN_WORDS, 1)},
}
_GENDER_WORDS = {
    **dict.fromkeys(("BOY", "MAN"), "MALE"),
    **dict.fromkeys(("GIRL", "WOMAN"), "FEMALE"),
    **dict.fromkeys(("X", "NB", "NONBINARY", "NON BINARY", "DIVERSE", "D"), "OTHER"),
}
_UNSAID = frozenset(
    {
        "U", "N", "N/A", "NONE", "UNSPECIFIED", "UNKNOWN", "UNDISCLOSED", "DECLINED", "DECLINE TO STATE",
        "PREFER NOT TO SAY", "NOTSELECTED", *(f"NOT {word}" for word in (
            "SPECIFIED", "STATED", "SELECTED", "KNOWN", "PROVIDED", "DISCLOSED", "REPORTED", "RECORDED", "APPLICABLE",
        )),
    }
)  # fmt: skip
"""Words that say that nothing is said."""

_NUMBERED = re.compile(r"(?:GRADE|GR|G)? ?0?(?P<number>[1-9]\d?)(?P<ordinal>ST|ND|RD|TH)?(?: (?:GRADE|GR))?")
_ORDINALS = {1: "ST", 2: "ND", 3: "RD"}

GRADES_TOLD = "PK, K, 1 to 12, AE (also KG, 01, 1st, Grade 1, Kindergarten)"
GENDERS_TOLD = "Male, Female, Other (also M, F, O, X, Unspecified)"


def _plain(cell: str) -> str:
    return " ".join(re.sub(r"[._-]", " ", cell.upper()).split())


def grade(cell: str) -> int:
    """The number of a grade. Raises ValueError for a word that is none."""
    if known := GRADES.get(cell):
        return known
    # A program that takes a grade for a number writes it with a fraction.
    word = _plain(cell.removesuffix(".0"))
    word = _GRADE_WORDS.get(word, word)
    if numbered := _NUMBERED.fullmatch(word):
        number = int(numbered["number"])
        if numbered["ordinal"] in {None, _ORDINALS.get(number, "TH")}:
            word = str(number)
    if word not in GRADES:
        raise ValueError(f"{shown(cell)} is not one of {GRADES_TOLD}")
    return GRADES[word]


def grade_of_list(cell: str) -> int:
    """The number of the only grade in a list, as OneRoster has them. Raises ValueError for several, or for none."""
    grades = {grade(part) for part in cell.split(",") if part.strip()}
    if len(grades) != 1:
        raise ValueError(f"{shown(cell)} names {len(grades)} grades; a session has one, of {GRADES_TOLD}")
    return grades.pop()


def gender(cell: str) -> int:
    """The number of a gender; 0 when the word says that none is given. Raises ValueError for a word that is none."""
    if known := GENDERS.get(cell):
        return known
    word = _plain(cell)
    if word in _UNSAID:
        return 0
    word = _GENDER_WORDS.get(word, word)
    if word not in GENDERS:
        raise ValueError(f"{shown(cell)} is not one of {GENDERS_TOLD}")
    return GENDERS[word]


_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAMAGED = re.compile(
    r"[+-]?\d+(?:[.,]\d+)?[Ee][+-]\d+"
    r'|=".*"?'
    r"|#(?:N/A|REF!|NAME\?|VALUE!|NUM!|DIV/0!|NULL!|SPILL!|CALC!)|#{3,}"
    r"|\d{2,}\.0|\d{1,3}(?:,\d{3})+"
    rf"|\d{{1,2}}-{_MONTH}(?:-\d{{2}}(?:\d{{2}})?)?|{_MONTH}-\d{{2}}"
)
"""A long number in scientific notation, a number kept as a formula, an error of a formula, a column too narrow, a
number with a fraction of zero or with its thousands set apart, and what looked like a day (MAR1, 1-2)."""


def is_damaged(cell: str) -> bool:
    """Whether an id looks like what a spreadsheet makes of one."""
    if cell.isalnum():
        return False
    return bool(_DAMAGED.fullmatch(cell))


_SIGNS = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
FORMULA = re.compile(rf"'*(?:[\t\r\n]|\s*{_SIGNS})")
"""How a cell begins that a spreadsheet would run, once the apostrophes before it are gone (OWASP, CSV Injection)."""

_AFTER_SEMICOLON = re.compile(rf";(?='*\s*{_SIGNS})")
_QUOTED_AFTER_SEMICOLON = re.compile(rf";'(?='*\s*{_SIGNS})")
"""Where spreadsheets in many countries begin a new cell, whatever the file is separated by."""


def harmless(cell: str) -> str:
    """A cell that no spreadsheet runs: with an apostrophe before what would be a formula."""
    if ";" in cell:
        cell = _AFTER_SEMICOLON.sub(";'", cell)
    return f"'{cell}" if FORMULA.match(cell) else cell


def unquoted(cell: str) -> str:
    """A cell as it was before `harmless`."""
    if cell[:1] == "'" and FORMULA.match(cell):
        cell = cell[1:]
    return _QUOTED_AFTER_SEMICOLON.sub(";", cell) if ";'" in cell else cell
