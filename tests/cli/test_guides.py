"""The commands of docs/guides, run in order on the day of the guides' exam.

Commands of blocks and those within the prose are run; those with a placeholder (KEYCODE, ID) and those that go on
until Ctrl-C are not.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from terminal import Terminal

from command_tree import tree
from documents import ROOT
from exam_sessions.app import now
from serving import ApiClient, Clock, serving

MAY_4 = 1_777_885_200_000_000
"""Nine o'clock (UTC) on 2026-05-04, in microseconds."""

ENDLESS = {"watch", "board"}
PLACEHOLDER = re.compile(r"\b(KEYCODE|ID)\b|\.\.\.")

FORM = """{"reference": "maths-a", "name": "Maths A", "mark_decimals": 1, "questions": [
  {"content": "2 + 3 x 4", "options": [{"content": "14"}, {"content": "20"}], "keys": ["0"]},
  {"content": "7 x 8", "options": [{"content": "54"}, {"content": "56"}], "keys": ["1"]},
  {"content": "Why is 57 not a prime number?", "available_mark": "2"}]}"""
ROSTER = """candidate_id,name_last,keycode,access_code,centre_id
1,Simpson,H76RBD8P,LB9UBYDJ,K-03
2,Flanders,H76RBD8Q,LB9UBYDK,K-03
"""
PAPERS = "candidate_id,keycode\n3,PAPER002\n"
MARKS = "keycode,question_number,mark\nPAPER002,1,1\nPAPER002,2,N/A\nPAPER002,3,2\n"


class Room:
    """What a guide is walked with: a workspace, files and a terminal."""

    def __init__(self, target, workspace):
        self.target, self.workspace = target, workspace
        self.terminal = Terminal(target, workspace)
        self.api = ApiClient(target, workspace)

    def type(self, line):
        """Types a command, and says yes where it asks."""
        words = shlex.split(line, comments=True)[1:]
        group, rest = tree(), words
        while hasattr(group, "commands"):
            group, rest = group.commands[rest[0]], rest[1:]
        if not rest and any(parameter.required for parameter in group.params):
            return  # Only its name is mentioned.
        asks = any("--yes" in parameter.opts for parameter in group.params)
        self.terminal(*words, *(["--yes"] if asks and "--preview" not in words else []))

    def set_up(self, options):
        """The guides' form and release, and two candidates whose packages are downloaded."""
        self.type("exam-sessions forms import maths.json")
        self.type(f'exam-sessions releases create "Maths, May" --test-form maths-a {options}')
        self.type('exam-sessions import roster.csv --release "Maths, May"')
        for action in ("create_package", "download"):
            self.type(f'exam-sessions sessions transition {action} --release "Maths, May"')

    def enter(self, *keycodes):
        for keycode in keycodes:
            self.api.call("EnterKeycode", keycode=keycode)


def officer(room):
    """Nothing: the guide begins at the beginning."""


def invigilator(room):
    room.set_up("--invigilated --requires-check-in --device-policy one_device")
    room.enter("H76RBD8P", "H76RBD8Q")
    room.type("exam-sessions sessions pin H76RBD8Q --new")


def marker(room):
    room.set_up("--moderated")
    room.enter("H76RBD8P", "H76RBD8Q")
    room.type('exam-sessions sessions transition finish --release "Maths, May"')
    room.type('exam-sessions releases create "Maths, paper" --test-form maths-a --paper')
    room.type('exam-sessions import papers.csv --release "Maths, paper"')


def support(room):
    room.set_up("")
    room.enter("H76RBD8P")


def commands_of(text):
    """The commands of a guide in their order, one a line."""
    text = text.replace("\\\n", " ")
    found = []
    for block in re.finditer(r"^```sh\n(.*?)^```$|`(exam-sessions [^`]*)`", text, re.MULTILINE | re.DOTALL):
        if block[2]:
            found.append(block[2].replace("\n", " "))
        else:
            found += [line for line in block[1].splitlines() if line.strip()]
    return found


@pytest.mark.parametrize("guide", [officer, invigilator, marker, support], ids=lambda guide: guide.__name__)
def test_the_commands_of_a_guide_work_as_printed(guide, database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = {"maths.json": FORM, "roster.csv": ROSTER, "papers.csv": PAPERS, "marks.csv": MARKS}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    clock = Clock()
    clock.advance((MAY_4 - now()) / 1_000_000)
    page = next(page for page in (ROOT / "docs/guides").glob("*.md") if page.stem.endswith(guide.__name__))
    with serving(database, clock) as server:
        room = Room(server.target, "guides")
        guide(room)
        run_all(room, commands_of(page.read_text()))
        room.api.close()


def run_all(room, commands):
    ran = 0
    for line in commands:
        words = line.split()
        if words[0] == "grpcurl":
            call = line.replace("127.0.0.1:50051", room.target).replace("-d '{", '-d \'{"workspace_id": "guides", ')
            path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
            subprocess.run(["bash", "-c", call], env=os.environ | {"PATH": path}, check=True, timeout=60)
        elif words[0] == "exam-sessions" and words[1] not in ENDLESS and not PLACEHOLDER.search(line):
            room.type(line)
            ran += 1
    assert ran >= 5
