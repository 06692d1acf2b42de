"""What stands in the braces of command_table.py: made when it is asked for, each time anew."""

from __future__ import annotations

import itertools
import uuid
from pathlib import Path

from exam_sessions import samples
from exam_sessions_client.v1 import catalog_pb2
from serving import until

SAMPLE = Path(samples.__file__).parent / "maths-year-5.json"
STARTED = ("CreatePackage", "DownloadSession", "EnterKeycode")

FAKES = {
    "release": "01990000-0000-7000-8000-000000000002",
    "empty": "01990000-0000-7000-8000-000000000002",
    "finalized": "01990000-0000-7000-8000-000000000002",
    "operation": "01990000-0000-7000-8000-000000000003",
    "form": "maths-year-5",
    "candidate": "S-4471",
    "consumer": "results",
    "workspace": "north",
    "closed": "north",
    "sat": "01990000-0000-7000-8000-000000000002",
    "new_name": "north",
    "key": "0f3a59c1d2e4",
    **dict.fromkeys(
        ("booked", "sitting", "paused", "waiting", "locked", "handed_in", "marked", "moderated"), "H76RBD8P"
    ),
}
"""For commands that do not get as far as what is named."""


class World:
    """Makes what commands need in one workspace of a server."""

    def __init__(self, api, typed, directory):
        self.api, self._typed, self._directory = api, typed, directory
        self._numbers = itertools.count(1)

    def __getitem__(self, name):
        made = getattr(self, f"_{name}")()
        return str(getattr(made, "keycode", "") or getattr(made, "id", "") or made)

    def _new_release(self, **fields):
        return self.api.release(name=f"Maths {uuid.uuid4().hex[:8]}", duration={"seconds": 3600}, **fields)

    def _walk(self, *rpcs, **release):
        return self.api.walk(self.api.book(self._new_release(**release)), *rpcs)

    def _form(self):
        known = [form.reference for form in self.api.call("ListTestForms").test_forms]
        if "maths-year-5" not in known:
            self._typed("forms", "import", SAMPLE)
        return "maths-year-5"

    def _release(self):
        release = self._new_release()
        self.api.book(release)
        return release

    _empty = _new_release

    def _finalized(self):
        release = self._new_release()
        self.api.call("FinalizeRelease", release_id=release.id)
        until(lambda: self.api.call("GetRelease", release_id=release.id).release.HasField("statistics"))
        return release

    def _booked(self):
        return self._walk()

    def _named(self):
        person = {"candidate_id": f"ä{next(self._numbers)}", "name_first": "Łukasz", "name_last": "Mäder"}
        release = self._new_release()
        return self.api.call("CreateSession", release_id=release.id, booking={"candidate": person}).session

    def _sitting(self):
        return self._walk(*STARTED)

    def _paused(self):
        return self._walk(*STARTED, "PauseSession")

    def _waiting(self):
        return self._walk(*STARTED, requires_check_in=True)

    def _locked(self):
        return self._walk(*STARTED, invigilated=True)

    def _handed_in(self):
        return self._walk(*STARTED, "FinishSession", test_form=self._form())

    def _marked(self):
        session = self._handed_in()
        for number in ("9", "10"):
            self.api.move("ScoreResponse", session, question_number=number, mark="1")
        return self.api.move("SubmitMarkedSession", session)

    def _moderated(self):
        session = self._walk(*STARTED, "FinishSession", test_form=self._form(), moderated=True)
        for number in ("9", "10"):
            self.api.move("ScoreResponse", session, question_number=number, mark="1")
        self.api.move("SubmitMarkedSession", session)
        return self.api.move("RequestVerification", session)

    def _candidate(self):
        return self._booked().candidate.candidate_id

    def _operation(self):
        words = ("sessions", "transition", "create_package", "--release", self["release"], "--yes", "--no-wait")
        operation = self._typed(*words).stdout.strip()
        self._typed("operations", "wait", operation)
        return operation

    def _consumer(self):
        self._booked()
        name = f"consumer-{next(self._numbers)}"
        self.api.call("AcknowledgeEvents", consumer=name, sequence=1)
        return name

    def _key(self):
        said = self._typed("keys", "create", "anna", "--role", "reader", "--all-workspaces").stdout
        return said.split("_")[1]

    def _context(self):
        name = f"context-{next(self._numbers)}"
        self._typed("context", "add", name, "--target", "127.0.0.1:1")
        return name

    def _sat(self):
        return self._handed_in().release_id

    def _closed(self):
        name = self._workspace()
        self._typed("workspaces", "close", name)
        return name

    def _workspace(self):
        name = self._new_name()
        self._typed("workspaces", "create", name)
        return name

    @staticmethod
    def _new_name():
        return f"w{uuid.uuid4().hex[:12]}"

    def _out(self):
        return self._directory / f"out-{next(self._numbers)}"

    def _file(self, name, text):
        path = self._directory / f"{next(self._numbers)}-{name}"
        path.write_text(text)
        return path

    def _form_file(self):
        return self._file("form.json", SAMPLE.read_text().replace("maths-year-5", self._new_name()))

    def _garbage(self):
        return self._file("garbage", "this is a letter\nto nobody\n")

    def _roster(self):
        return self._file("roster.csv", "candidate_id\nS-1\nS-2\n")

    def _marks(self):
        paper = self.api.book(self._new_release(test_form=self._form(), delivery=catalog_pb2.DELIVERY_PAPER))
        rows = f"{paper.keycode},1,1,2025-11-20T10:00:00Z\n"
        return self._file("marks.csv", "keycode,question_number,mark,completion_time\n" + rows)

    def _database(self):
        url = f"sqlite:///{self._directory}/world.db"
        self._typed("migrate", "--database-url", url)
        return url

    def _backup(self):
        path = self._out()
        self._typed("backup", path, "--database-url", self._database())
        return path


class Fakes(World):
    """Names of what is not there, and files that are."""

    def __getitem__(self, name):
        return FAKES.get(name) or super().__getitem__(name)

    def _marks(self):
        return self._file(
            "marks.csv", "keycode,question_number,mark,completion_time\nH76RBD8P,1,1,2025-11-20T10:00:00Z\n"
        )
