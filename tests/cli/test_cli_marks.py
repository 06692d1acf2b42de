"""`marks import`: marks of papers from a file, whole or not at all where that can be known, and safe to repeat."""

from __future__ import annotations

import itertools
import re

import pytest
from terminal import typed

from exam_sessions.cli.files import marks_calls
from exam_sessions.client.client import Client
from exam_sessions_client.v1 import catalog_pb2, session_pb2

FULL = {"1": "1", "2": "0", "3": "1", "4": "2", "5": "1", "6": "1", "7": "1", "8": "1.5", "9": "3.5", "10": "N/A"}
"""Marks for every question of the sample form, 12 of 16."""

WHEN = ("--completed", "2025-11-20T10:00:00Z")


@pytest.fixture
def release(api, sample):
    return api.release(test_form="maths-year-5", delivery=catalog_pb2.DELIVERY_PAPER)


@pytest.fixture
def papers(api, release):
    return [api.book(release) for _ in range(3)]


@pytest.fixture
def write(tmp_path):
    """Writes a file of marks: rows of session, question and mark."""

    def to_file(rows, name="marks.csv", first="keycode"):
        path = tmp_path / name
        path.write_text(f"{first},question_number,mark\n" + "".join(f"{','.join(row)}\n" for row in rows))
        return path

    return to_file


def rows_of(sessions, marks=FULL):
    return [(session.keycode, number, mark) for session in sessions for number, mark in marks.items()]


def states(api, sessions):
    return [session_pb2.State.Name(api.get(session).state).removeprefix("STATE_") for session in sessions]


def entered(api, session):
    return [event for event in api.history(session) if event.action == session_pb2.ACTION_ASSIGN_ITEM_MARKS]


def test_marks_are_entered_session_by_session_and_summed_up(terminal, api, papers, write):
    said = terminal("marks", "import", write(rows_of(papers)), *WHEN)
    assert states(api, papers) == ["MARKED"] * 3
    assert {api.get(session).points.actual for session in papers} == {"12"}
    assert "30 marks of 3 sessions entered in " in said.stdout
    assert "rows/s" in said.stdout
    assert ["MARKED", "3"] in [line.split() for line in said.stdout.splitlines()]
    assert "exam-sessions results show" in said.stderr
    assert [len(entered(api, session)) for session in papers] == [1, 1, 1]
    assert api.get(papers[0]).attempt.end_time.seconds == 1_763_632_800


def test_sessions_may_be_named_by_id(terminal, api, papers, write):
    rows = [(session.id, "1", "1") for session in papers]
    assert "3 marks of 3 sessions" in terminal("marks", "import", write(rows, first="session_id"), *WHEN).stdout


def test_files_add_up_until_the_paper_is_complete(terminal, api, papers, write):
    front, back = dict(itertools.islice(FULL.items(), 4)), dict(itertools.islice(FULL.items(), 4, None))
    said = terminal("marks", "import", write(rows_of(papers, front)), *WHEN).stdout
    assert ["PAPER_RESPONSE_UPLOAD", "3"] in [line.split() for line in said.splitlines()]
    terminal("marks", "import", write(rows_of(papers, back)), *WHEN)
    assert states(api, papers) == ["MARKED"] * 3


def test_every_bad_row_is_named_and_nothing_is_written(terminal, api, papers, write):
    good, bad, other = papers
    rows = [
        *rows_of([good]),
        (bad.keycode, "1", "1.5"),
        (bad.keycode, "2", "0.75"),
        (bad.keycode, "11", "1"),
        (bad.keycode, "3", "lots"),
        ("NOSUCHKC", "1", "1"),
        (other.keycode, "1", "1"),
        (other.keycode, "1", "0"),
    ]
    path = write(rows)
    said = terminal("marks", "import", path, *WHEN, code=1).stderr
    named = {line.split(" ")[0].rsplit(":", 2)[1]: line for line in said.splitlines() if line.startswith(str(path))}
    assert set(named) == {"12", "13", "14", "15", "16", "18"}
    assert "mark: question 1 can earn 0 to 1, not 1.5" in named["12"]
    assert "mark: the mark 0.75 of question 2 is too fine" in named["13"]
    assert "question_number: the test form has no question '11'" in named["14"]
    assert "mark: 'lots' is not a mark" in named["15"]
    assert "there is no session NOSUCHKC" in named["16"]
    assert "is in line 17 already" in named["18"]
    assert "6 problems in 6 of 17 rows; nothing was written" in said
    assert [len(api.history(session)) for session in papers] == [1, 1, 1]


def test_more_bad_rows_than_one_refusal_can_name_are_all_named(terminal, api, papers, write):
    rows = [(papers[0].keycode, f"{'x' * 25}{n}", "1") for n in range(700)]
    said = terminal("marks", "import", write(rows), *WHEN, code=1).stderr
    assert "700 problems in 700 of 700 rows" in said
    assert said.count("the test form has no question") == 700


def test_a_paper_completed_in_the_future_is_a_bad_row(terminal, api, papers, write):
    path = write(rows_of(papers[:1], {"1": "1", "2": "9"}))
    said = terminal("marks", "import", path, "--completed", "2999-01-01 00:00:00", code=1).stderr
    assert f"{path}:2: completion_time: must not be in the future" in said
    assert f"{path}:3: mark: question 2 can earn 0 to 1, not 9" in said


def test_a_session_that_is_sat_at_a_computer_is_a_bad_row(terminal, api, sample, write):
    session = api.book(api.release(test_form="maths-year-5"))
    said = terminal("marks", "import", write(rows_of([session])), *WHEN, code=1).stderr
    assert "assign_item_marks is legal in PAPER_RESPONSE_UPLOAD only" in said
    assert "1 problem in 1 of 10 rows" in said


def test_a_session_named_in_two_ways_is_a_bad_row(terminal, api, papers, write):
    path = write([])
    session = papers[0]
    path.write_text(f"keycode,session_id,question_number,mark\n{session.keycode},,1,1\n,{session.id},2,1\n")
    said = terminal("marks", "import", path, *WHEN, code=1).stderr
    assert f"{path}:3: is the session of line 2; name it one way" in said


def test_a_keycode_that_is_another_session_s_than_the_id_is_a_bad_row(terminal, api, papers, write):
    path = write([])
    path.write_text(f"keycode,session_id,question_number,mark\n{papers[1].keycode},{papers[0].id},1,1\n")
    said = terminal("marks", "import", path, *WHEN, code=1).stderr
    assert f"{path}:2: keycode: is not the session's, {papers[0].keycode}" in said


def test_a_dry_run_writes_nothing(terminal, api, papers, write):
    said = terminal("marks", "import", write(rows_of(papers)), *WHEN, "--dry-run").stdout
    assert said == "30 marks of 3 sessions can be entered; nothing was written\n"
    assert states(api, papers) == ["PAPER_RESPONSE_UPLOAD"] * 3


def test_a_file_imported_twice_changes_nothing_the_second_time(terminal, api, papers, write):
    path = write([*rows_of(papers[:2]), *rows_of(papers[2:], {"1": "1"})])
    terminal("marks", "import", path, *WHEN)
    histories = [list(api.history(session)) for session in papers]
    said = terminal("marks", "import", path, *WHEN)
    assert "3 sessions had these marks from an earlier run" in said.stderr
    assert said.stdout == "nothing is left to enter\n"
    assert [list(api.history(session)) for session in papers] == histories


def test_a_later_correction_is_not_undone_by_the_old_file_unless_it_is_told_to(terminal, api, papers, write):
    def mark():
        [row] = [c.new_value for c in entered(api, papers[0])[-1].changes if c.field == "marks"]
        return row

    old = write(rows_of(papers[:1], {"1": "1"}), "old.csv")
    terminal("marks", "import", old, *WHEN)
    terminal("marks", "import", write(rows_of(papers[:1], {"1": "0"}), "new.csv"), *WHEN)
    terminal("marks", "import", old, *WHEN)
    assert mark() == '{"1":"0"}'
    terminal("marks", "import", old, *WHEN, "--again")
    assert mark() == '{"1":"1"}'


def test_an_interrupted_import_is_completed_by_typing_it_again(terminal, api, release, write, monkeypatch):
    papers = [api.book(release) for _ in range(60)]
    path = write(rows_of(papers))
    assign, left = Client.assign_marks_of, itertools.count(6, -1)

    def assigned(self, papers, *, validate_only=False):
        if not validate_only and next(left) <= 0:
            raise KeyboardInterrupt
        return assign(self, papers, validate_only=validate_only)

    monkeypatch.setattr(marks_calls, "PAPERS_AT_ONCE", 7)
    with monkeypatch.context() as patch:
        patch.setattr(Client, "assign_marks_of", assigned)
        stopped = terminal("marks", "import", path, *WHEN, code=1)
    assert "type the same command again to go on" in stopped.stderr
    again = terminal("marks", "import", path, *WHEN)
    # Calls that were under way at the end of the first run are the server's to complete.
    done = int(re.search(r"(\d+) sessions had these marks from an earlier run", again.stderr)[1])
    assert 0 < done < 60
    assert f"marks of {60 - done} sessions entered" in again.stdout
    assert states(api, papers) == ["MARKED"] * 60
    assert [len(entered(api, session)) for session in papers] == [1] * 60


def test_what_is_refused_only_while_writing_is_named_and_the_rest_is_written(
    terminal, api, papers, write, monkeypatch
):
    assign = Client.assign_marks_of

    def assigned(self, sent, *, validate_only=False):
        if not validate_only:
            # Another clerk is faster with this one, after the check.
            api.move("VoidSession", papers[1])
        return assign(self, sent, validate_only=validate_only)

    monkeypatch.setattr(Client, "assign_marks_of", assigned)
    path = write(rows_of(papers))
    said = terminal("marks", "import", path, *WHEN, code=1)
    assert "20 marks of 2 sessions entered" in said.stdout
    assert f"{path}:12: assign_item_marks is legal in PAPER_RESPONSE_UPLOAD only, not in VOIDED" in said.stderr
    assert "all other sessions are written" in said.stderr
    assert states(api, papers) == ["MARKED", "VOIDED", "MARKED"]


def test_a_paper_that_breaks_a_rule_of_requests_is_a_bad_row_beside_others(terminal, api, papers, write):
    path = write([])
    times = ("1969-01-01 00:00:00", "2025-11-20 10:00:00", "2025-11-20 10:00:00")
    rows = [f"{session.keycode},1,{mark},{time}\n" for session, mark, time in zip(papers, "121", times, strict=True)]
    path.write_text("keycode,question_number,mark,completion_time\n" + "".join(rows))
    said = terminal("marks", "import", path, code=1).stderr
    assert f"{path}:2: completion_time: " in said
    assert f"{path}:3: mark: question 1 can earn 0 to 1, not 2" in said
    assert "2 problems in 2 of 3 rows; nothing was written" in said


def test_a_corrected_paper_among_papers_written_before_is_the_only_one_written(terminal, api, papers, write):
    terminal("marks", "import", write(rows_of(papers, {"1": "1"})), *WHEN)
    rows = [*rows_of(papers[:2], {"1": "1"}), *rows_of(papers[2:], {"1": "0"})]
    said = terminal("marks", "import", write(rows), *WHEN)
    assert "2 sessions had these marks from an earlier run" in said.stderr
    assert "1 marks of 1 session entered" in said.stdout
    assert [len(entered(api, session)) for session in papers] == [1, 1, 2]


def test_help_tells_the_columns_and_what_to_do_after_an_interruption():
    said = " ".join(typed("marks", "import", "--help").stdout.split())
    assert "question_number" in said
    assert "Interrupted?" in said
    assert "exam-sessions marks import marks.csv" in said
