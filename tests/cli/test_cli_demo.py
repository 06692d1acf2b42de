from __future__ import annotations

import os
import pty

from terminal import Terminal, start


def test_the_demo_shows_walks_and_a_refusal_with_its_explanation(terminal, api):
    said = terminal("demo", "--candidates", 1200).stdout
    assert "1,200 sessions  booked in " in said
    assert "UnlockSession       → IN_PROGRESS" in said
    assert "PauseSession        refused INVALID_TRANSITION" in said
    assert "pause is not legal in state READY" in said
    assert "it may: enter_keycode" in said
    assert "refused WRONG_PIN" in said
    assert "FinishOffline       → AWAITING_UPLOAD" in said
    counts = {line.split()[0]: line.split()[1] for line in said.splitlines() if line.startswith(("SCHED", "MARK"))}
    assert counts == {"SCHEDULED_BUT_NOT_CREATED": "1,195", "MARKED": "2"}
    assert f" --workspace {api.workspace}\n" in said
    assert "    exam-sessions sessions list --state IN_PROGRESS --target " in said
    assert "gone now" not in said


def test_the_demo_walks_sessions_to_their_score_on_the_screen_and_on_paper(terminal):
    said = terminal("demo", "--candidates", 10).stdout
    assert "SubmitMarkedSession → MARKED  14.5 of 16 points" in said
    assert "ScoreResponse       refused MARK_ABOVE_AVAILABLE" in said
    assert "AssignItemMarks     → MARKED  14.5 of 16 points" in said
    assert "RetakeSession       → PAPER_RESPONSE_UPLOAD  10 of 16 points" in said
    lines = [line.split() for line in said.splitlines()]
    assert ["6", "D", "B", "0", "/", "1", "machine"] in lines
    assert ["percent", "90.625", "%"] in lines


def test_the_demo_s_next_step_shows_the_results_it_walked_to(terminal):
    said = terminal("demo", "--candidates", 10).stdout
    words = next(line for line in said.splitlines() if "exam-sessions results show" in line).split()
    shown = Terminal(terminal.where[1], words[words.index("--workspace") + 1])("results", "show", words[3])
    assert "90.625 %" in shown.stdout


def test_the_demo_can_be_seen_twice_on_one_server(terminal, api):
    terminal("demo", "--candidates", 10)
    terminal("demo", "--candidates", 10)
    assert len(api.call("ListReleases").releases) == 4
    assert [form.revision for form in api.call("ListTestForms").test_forms] == [1]


def test_the_demo_starts_a_server_of_its_own_when_none_answers_and_takes_it_away_again(tmp_path):
    run = start("demo", "--target", "127.0.0.1:1", TMPDIR=str(tmp_path), EXAM_SESSIONS_LISTEN="127.0.0.1:1")
    said, noted = run.communicate(timeout=60)
    assert run.returncode == 0, noted
    assert "no server answers at 127.0.0.1:1, so here is one on a temporary database" in noted
    assert "10,000 sessions  booked in " in said
    assert "gone now" in said
    assert list(tmp_path.iterdir()) == []


def test_in_a_terminal_the_demo_shows_a_bar_with_its_rate(terminal):
    master, slave = pty.openpty()
    words = ("demo", "--candidates", 3000, *terminal.where)
    run = start(*words, stdout=slave, stderr=slave, COLUMNS="100", TERM="xterm")
    os.close(slave)
    seen = b""
    while part := _read(master):
        seen += part
    os.close(master)
    assert run.wait(30) == 0
    assert b"3000/3000" in seen
    assert b"rows/s" in seen


def _read(terminal):
    """What a terminal shows next; nothing once its program has ended."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
