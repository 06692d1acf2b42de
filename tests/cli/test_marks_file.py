"""Files of marks, read: one paper for each session, every bad row named by its line."""

from __future__ import annotations

import pytest

from exam_sessions.cli.files.marks_file import Mark, MarkedPaper, read_marks
from exam_sessions.cli.shared.file_faults import Unreadable

MOMENT = 1_795_168_800_000_000
"""2026-11-20 10:00:00 UTC."""

SESSION = "01990000-0000-7000-8000-000000000001"


def read(text, completed=MOMENT):
    return read_marks(text.encode(), completed)


def faults(text, completed=MOMENT):
    return [(fault.line, fault.column) for fault in read(text, completed).faults]


def test_rows_of_a_session_become_one_paper_wherever_they_are():
    found = read("keycode,question_number,mark\nABC1,1,2\nabc2,1,0.5\nAbc1,2,0\n")
    assert found.papers == (
        MarkedPaper("ABC1", "ABC1", MOMENT, (Mark(2, "1", "2"), Mark(4, "2", "0"))),
        MarkedPaper("ABC2", "ABC2", MOMENT, (Mark(3, "1", "0.5"),)),
    )
    assert (found.faults, found.size) == ((), 3)


@pytest.mark.parametrize("cell", ["", "N/A", "n/a", " N/A "])
def test_no_mark_means_not_attempted(cell):
    [paper] = read(f"keycode,question_number,mark\nA,1,{cell}\n").papers
    assert paper.marks == (Mark(2, "1", None),)


def test_sessions_may_be_named_by_id_in_any_case_of_it():
    [paper] = read(f"session id;Question Number;Mark\n{SESSION.upper()};1;1\n{SESSION};2;1\n").papers
    assert (paper.session, paper.keycode, len(paper.marks)) == (SESSION, "", 2)


def test_with_both_names_the_id_says_which_and_the_keycode_is_kept_to_compare():
    [paper] = read(f"session_id,keycode,question_number,mark\n{SESSION},abc1,1,1\n{SESSION},,2,1\n").papers
    assert (paper.session, paper.keycode) == (SESSION, "ABC1")


def test_a_completion_time_of_the_file_wins_over_the_one_given():
    text = "keycode,question_number,mark,completion_time\nA,1,1,2026-11-20T12:00:00+02:00\nA,2,1,\nB,1,1,\n"
    first, second = read(text, MOMENT + 1).papers
    assert (first.completed, second.completed) == (MOMENT, MOMENT + 1)


def test_a_completion_time_is_wanted_once_for_each_session():
    assert faults("keycode,question_number,mark\nA,1,1\nA,2,1\nB,1,1\n", 0) == [
        (2, "completion_time"),
        (4, "completion_time"),
    ]


def test_two_completion_times_of_one_session_contradict_each_other():
    text = "keycode,question_number,mark,completion_time\nA,1,1,2026-11-20T10:00:00Z\nA,2,1,2026-11-20T10:00:01Z\n"
    assert faults(text) == [(3, "completion_time")]


def test_a_question_named_twice_is_told_with_both_lines():
    found = read("keycode,question_number,mark\nA,1,1\nB,1,1\nA,1,1\n")
    assert [(fault.line, fault.column, fault.reason) for fault in found.faults] == [
        (4, "question_number", "'1' is in line 2 already")
    ]


@pytest.mark.parametrize("mark", ["two", "1,5", "1.", ".5", "1e3", "+1", "1234567890"])
def test_what_is_no_mark_is_named(mark):
    assert faults(f"keycode;question_number;mark\nA;1;{mark}\n") == [(2, "mark")]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("A-1,,1,1", "keycode"),
        (",not-an-id,1,1", "session_id"),
        (",,1,1", ""),
        ("A,,,1", "question_number"),
        (f"A,,{'1' * 33},1", "question_number"),
        ("A,,1,1,5", ""),
        ('A,,1,"1', ""),
    ],
)
def test_every_bad_row_is_named_by_its_line_and_column(row, column):
    text = f"keycode,session_id,question_number,mark\nB,,1,1\n\n{row}\n"
    assert faults(text) == [(4, column)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it is empty"),
        ("keycode,question_number,mark\n", "no rows"),
        ("keycode,mark\nA,1\n", "does not name question_number"),
        ("question_number,mark\n1,1\n", r"does not name keycode \(or session_id\)"),
        ("keycode,question_number,makr\nA,1,1\n", r"'makr' \(did you mean mark\?\)"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(text, told):
    with pytest.raises(Unreadable, match=told):
        read(text)
