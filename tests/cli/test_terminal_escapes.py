"""Nothing that a person, a file or a server says is obeyed by the terminal it is shown on."""

from __future__ import annotations

import io
import json

import pytest
from rich.text import Text
from terminal import typed

from exam_sessions.cli.export import Shown
from exam_sessions.cli.shared import console
from exam_sessions.cli.shared.enum_names import message_json
from exam_sessions_client.v1 import session_pb2

EVIL = "a\x1b[2J\x1b]0;owned\x07b\x9b31mc\x7f\u202ed\u2066e [red]f[/red] :smile:"
SEEN = "a[2J]0;ownedb31mcde [red]f[/red] :smile:"


@pytest.fixture
def shown(monkeypatch):
    """What the consoles write, as a terminal would get it."""
    written = io.StringIO()
    for name in ("out", "err"):
        screen = console.Screen(stderr=name == "err")
        screen.file, screen._width = written, 400
        monkeypatch.setattr(console, name, screen)
    return written.getvalue


def a_table():
    made = console.table("name", "plain")
    made.add_row(Text(EVIL), EVIL)
    return made


WAYS = {
    "a result": lambda: console.say(EVIL),
    "a note": lambda: console.note(EVIL, "yellow"),
    "a note of pieces": lambda: console.note(Text.assemble((EVIL, "bold"), EVIL)),
    "a table": lambda: console.show(a_table()),
    "facts": lambda: console.show(console.facts([("name", EVIL), (EVIL, "x")])),
    "a state": lambda: console.say(console.coloured(EVIL, "VOID")),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_name_is_shown_and_not_obeyed(shown, way):
    WAYS[way]()
    assert SEEN in shown()
    assert not set(shown()) & {chr(sign) for sign in console.LEFT_OUT}


def test_a_failure_is_shown_and_not_obeyed(shown):
    with pytest.raises(console.typer.Exit):
        console.fail(EVIL, EVIL)
    assert shown().count(SEEN) == 2


def test_a_line_for_another_program_is_not_obeyed_either(capsys):
    console.deliver([EVIL])
    assert capsys.readouterr().out == f"{SEEN}\n"


def test_rows_on_a_terminal_are_not_obeyed(capsys):
    Shown().write(f"{EVIL}\n")
    assert capsys.readouterr().out == f"{SEEN}\n"


def test_json_means_the_same_and_holds_nothing_to_obey():
    session = session_pb2.Session(void_message=EVIL)
    told = message_json(session)
    assert json.loads(told)["void_message"] == EVIL
    assert not set(told) & {chr(sign) for sign in console.LEFT_OUT}


def test_an_argument_is_not_obeyed():
    said = typed("migrate", "--database-url", "sqlite:////none/\x1b[2J.db", code=1)
    assert "\x1b" not in said.output
