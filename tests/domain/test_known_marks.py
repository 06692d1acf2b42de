"""Item marks that were checked before mean what they do when they are checked anew."""

from __future__ import annotations

from exam_sessions.domain.known_marks import KNOWN_AT_MOST, KnownMarks


def known(*rows):
    marks = KnownMarks()
    for number, text, mark in rows:
        marks.add(number, text, mark)
    return marks


def test_marks_are_known_by_their_question_and_their_text():
    marks = known(("1", "2.5", 25_000), ("2", "2.5", 25_000), ("2", None, None))
    assert marks.of([("1", "2.5"), ("2", None)]) == {"1": 25_000, "2": None}
    assert marks.of([]) == {}


def test_a_paper_with_one_mark_that_is_new_is_not_known():
    assert known(("1", "2.5", 25_000)).of([("1", "2.5"), ("1", "2.50")]) is None
    assert known(("1", "2.5", 25_000)).of([("2", "2.5")]) is None


def test_a_paper_that_names_a_question_twice_is_not_known():
    assert known(("1", "1", 10_000), ("1", "2", 20_000)).of([("1", "1"), ("1", "2")]) is None


def test_no_more_marks_are_kept_than_there_is_room_for():
    marks = known(*[(str(n), "1", 10_000) for n in range(KNOWN_AT_MOST + 1)])
    assert marks.of([("0", "1")]) is None
    assert marks.of([(str(KNOWN_AT_MOST), "1")]) == {str(KNOWN_AT_MOST): 10_000}
