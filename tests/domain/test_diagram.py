import re

import pytest

from exam_sessions.domain.diagram import mermaid
from exam_sessions.domain.states import State

LINES = mermaid().splitlines()
ARROW = re.compile(r"    (\[\*\]|[A-Z_]+) --> (\[\*\]|[A-Z_]+)(?:: (.+))?")
NAMED = re.compile(r'    state "(\d+) ([A-Z_]+)" as ([A-Z_]+)')
NOTE = re.compile(r"    note right of ([A-Z_]+): (.+)")


def arrows():
    return [found.groups() for line in LINES if (found := ARROW.fullmatch(line))]


def test_the_diagram_is_mermaid_text_line_by_line():
    assert LINES[0] == "stateDiagram-v2"
    assert mermaid().endswith("\n")
    for line in LINES[1:]:
        assert NAMED.fullmatch(line) or ARROW.fullmatch(line) or NOTE.fullmatch(line), line


def test_every_state_is_drawn_once_with_its_code():
    named = [found.groups() for line in LINES if (found := NAMED.fullmatch(line))]
    assert named == [(str(int(state)), state.name, state.name) for state in State]
    assert len(named) == 21


@pytest.mark.parametrize(
    "line",
    [
        "[*] --> SCHEDULED_BUT_NOT_CREATED: schedule",
        "[*] --> PAPER_RESPONSE_UPLOAD: schedule [on paper]",
        "SCHEDULED_BUT_NOT_CREATED --> SCHEDULED_BUT_NOT_DOWNLOADED: create_package",
        "SCHEDULED_BUT_NOT_DOWNLOADED --> READY: download [window is open]",
        "SCHEDULED_BUT_NOT_DOWNLOADED --> SCHEDULED_BUT_LOCKED: download",
        "READY --> REQUIRES_CHECK_IN: enter_keycode [check in required]",
        "READY --> LOCKED_BY_PIN: enter_keycode [pin required]",
        "READY --> LOCKED_FOR_INVIGILATOR: enter_keycode [invigilated]",
        "READY --> IN_PROGRESS: enter_keycode",
        "READY --> SCHEDULED_BUT_NOT_CREATED: reset",
        "LOCKED_BY_PIN --> LOCKED_FOR_INVIGILATOR: remove_pin",
        "PAUSED --> IN_PROGRESS: resume",
        "OFFLINE --> AWAITING_UPLOAD: finish_offline",
        "AWAITING_UPLOAD --> FINISHED: upload",
        "SCRIPT_VERIFIED --> ARCHIVED: archive",
        "EXCEPTION --> PAUSED: recover [attempt started]",
        "VOIDED --> [*]",
        "ARCHIVED --> [*]",
    ],
)
def test_a_move_of_the_contract_is_an_arrow(line):
    assert LINES.count(f"    {line}") == 1


def test_two_states_are_joined_by_one_arrow_a_way():
    pairs = [(source, dest) for source, dest, _ in arrows()]
    assert len(pairs) == len(set(pairs))


def test_moves_from_everywhere_are_told_in_notes_and_not_drawn():
    labels = " ".join(label or "" for _, _, label in arrows())
    assert not re.search(r"\b(void|fail)\b", labels)
    notes = {found.group(1): found.group(2) for line in LINES if (found := NOTE.fullmatch(line))}
    assert set(notes) == {"VOIDED", "EXCEPTION"}
    assert notes["VOIDED"].startswith("void ")
    assert set(notes["VOIDED"].split(" but ")[1].split(", ")) == {"VOIDED", "ARCHIVED"}
    assert notes["EXCEPTION"].startswith("fail ")
    assert set(notes["EXCEPTION"].split(" but ")[1].split(", ")) == {"VOIDED", "ARCHIVED", "EXCEPTION"}


def test_nothing_leaves_a_final_state_but_the_end():
    assert {dest for source, dest, _ in arrows() if source in {"VOIDED", "ARCHIVED"}} == {"[*]"}


def test_an_action_that_leaves_a_session_where_it_is_has_no_arrow():
    assert not [source for source, dest, _ in arrows() if source == dest]
