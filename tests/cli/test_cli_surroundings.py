"""The command line in poor surroundings: no server, no UTF-8, a reader that goes away."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from command_tree import leaves
from forking import program, ran

NO_UTF_8 = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LATIN_1 = {"PYTHONIOENCODING": "iso-8859-1"}


def run(*words, code=None, **environment):
    done = ran(*words, env=os.environ | environment)
    assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
    assert code is None or done.returncode == code, done.stderr.decode(errors="replace")
    return done


@pytest.fixture
def booked(api):
    """A session whose names Latin-1 does not have."""
    release = api.release(name="Maths, Mäy")
    person = {"candidate_id": "S-1", "name_first": "Łukasz", "name_last": "Mäder"}
    return api.call("CreateSession", release_id=release.id, booking={"candidate": person}).session


@pytest.mark.parametrize("environment", [NO_UTF_8, LATIN_1], ids=["C", "Latin-1"])
def test_texts_that_a_terminal_lacks_are_escaped(terminal, booked, environment):
    shown = run("sessions", "list", *terminal.where, code=0, **environment).stdout
    assert rb"\u0141ukasz" in shown
    printed = run("sessions", "list", "--json", *terminal.where, code=0, **environment).stdout
    encoding = "latin-1" if environment is LATIN_1 else "ascii"
    assert json.loads(printed.decode(encoding))["candidate"]["name_first"] == "Łukasz"
    run("sessions", "history", booked.keycode, *terminal.where, code=0, **environment)


def test_what_is_typed_is_read_where_the_locale_is_none(terminal, api, booked):
    run("releases", "show", "Maths, Mäy", *terminal.where, code=0, **NO_UTF_8)
    (found,) = terminal.json("releases", "list")
    assert found["name"] == "Maths, Mäy"


def test_a_reader_that_has_seen_enough_ends_a_command_quietly(terminal, api, booked):
    listed = ("sessions", "list")
    for words in (listed, (*listed, "--json"), ("sessions", "history", booked.id), ("--help",)):
        where = () if words == ("--help",) else terminal.where
        run_ = program(*words, *where, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        run_.stdout.close()
        assert b"Traceback" not in run_.stderr.read(), words
        run_.stderr.close()
        run_.wait()


def test_every_command_shows_its_help_where_there_is_no_utf_8():
    """In one process: each starts an interpreter otherwise."""
    helps = (
        "import json, sys\n"
        "from exam_sessions.cli import main\n"
        "sys.argv[0] = 'exam-sessions'\n"
        "for words in json.loads(sys.stdin.read()):\n"
        "    sys.argv[1:] = [*words.split(), '--help']\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit as ended:\n"
        "        assert ended.code == 0, words\n"
    )
    every = list(leaves())
    assert len(every) > 60
    done = subprocess.run(
        [sys.executable, "-c", helps],
        input=json.dumps(every).encode(),
        env=os.environ | NO_UTF_8,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr.decode(errors="replace")
    shown = " ".join(done.stdout.decode().split())
    assert all(f"Usage: exam-sessions {words} " in shown for words in every)
