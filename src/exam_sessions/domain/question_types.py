"""The types of questions, and the shape of the responses that each takes."""

from __future__ import annotations

from enum import IntEnum


class QuestionType(IntEnum):
    """How a question is answered: the types of Learnosity (Template Submission), numbered as in the protos."""

    ASSOCIATION = 1
    CHOICEMATRIX = 2
    CLOZEFORMULA = 3
    CLOZEINLINETEXT = 4
    CLOZETEXT = 5
    FORMULAV2 = 6
    GRIDDED = 7
    LONGTEXT = 8
    LONGTEXTV2 = 9
    MCQ = 10
    ORDERLIST = 11
    PLAINTEXT = 12
    SHORTTEXT = 13


STRINGS, MATRIX, ORDER, FORMULAS, TEXT = "strings", "matrix", "order", "formulas", "text"
SHAPE = {
    QuestionType.ASSOCIATION: STRINGS,
    QuestionType.CLOZETEXT: STRINGS,
    QuestionType.CLOZEINLINETEXT: STRINGS,
    QuestionType.MCQ: STRINGS,
    QuestionType.CHOICEMATRIX: MATRIX,
    QuestionType.ORDERLIST: ORDER,
    QuestionType.CLOZEFORMULA: FORMULAS,
    QuestionType.FORMULAV2: TEXT,
    QuestionType.GRIDDED: TEXT,
    QuestionType.LONGTEXT: TEXT,
    QuestionType.LONGTEXTV2: TEXT,
    QuestionType.PLAINTEXT: TEXT,
    QuestionType.SHORTTEXT: TEXT,
}
"""The shape of each type's value: the field of a template's response that holds it, and of an online response too,
where mcq alone has a field of its own."""

GAPS = frozenset({QuestionType.ASSOCIATION, QuestionType.CLOZETEXT, QuestionType.CLOZEINLINETEXT})
"""Types with an option for each gap."""

OFFERING = GAPS | {QuestionType.MCQ, QuestionType.CHOICEMATRIX, QuestionType.ORDERLIST}
"""Types that are answered with what they offer."""
