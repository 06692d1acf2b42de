"""Releases on the command line: finalized, looked at, opened again."""

from __future__ import annotations

import pytest
from terminal import Terminal

from exam_sessions.commands.caller import Caller
from exam_sessions.commands.finalizing import TurnRelease
from exam_sessions.rpc.client import Client
from exam_sessions.rpc.failures import NoServer
from exam_sessions.v1 import catalog_pb2

STARTED = ("CreatePackage", "DownloadSession", "EnterKeycode")


@pytest.fixture
def release(desk, sample):
    return desk.release(name="Maths, May", test_form="maths-year-5")


def lines_of(said):
    return [line.split() for line in said.stdout.splitlines()]


def test_a_release_is_finalized_and_its_statistics_are_shown(terminal, desk, release):
    sitting = desk.walk(desk.book(release), *STARTED)
    answer = {"questions": [{"id": "q1", "response": {"options": [{"label": "C"}]}}]}
    desk.move("SetResponses", sitting, responses=[answer])
    desk.book(release)
    lines = lines_of(terminal("releases", "finalize", "Maths, May"))
    assert ["AWAITING_MARKING", "1"] in lines
    assert ["SCHEDULED_BUT_NOT_CREATED", "1"] in lines
    assert ["all", "2"] in lines
    assert desk.call("GetRelease", release_id=release.id).release.finalized


def test_scores_are_summed_up_when_there_are_any(terminal, desk, release):
    paper = desk.release(name="Paper", test_form="maths-year-5", delivery=catalog_pb2.DELIVERY_PAPER)
    for mark in ("4", "0"):
        marks = [{"question_number": str(n)} for n in range(1, 9)]
        marks += [{"question_number": "9", "mark": mark}, {"question_number": "10", "mark": "0"}]
        desk.move("AssignItemMarks", desk.book(paper), marks=marks, completion_time={"seconds": 1_700_000_000})
    lines = lines_of(terminal("releases", "finalize", "Paper"))
    assert ["scored", "2"] in lines
    assert lines[-3:] == [["min", "score", "0", "%"], ["average", "score", "12.5", "%"], ["max", "score", "25", "%"]]


def test_a_finalized_release_is_shown_with_its_statistics_and_opened_again(terminal, desk, release):
    desk.book(release)
    terminal("releases", "finalize", release.id)
    assert ["all", "1"] in lines_of(terminal("releases", "show", "Maths, May"))
    assert "finalized" in terminal("releases", "show", release.id).stdout
    said = terminal("releases", "unfinalize", release.id).stdout
    assert "finalized" not in said
    assert ["all", "1"] not in [line.split() for line in said.splitlines()]
    assert not desk.call("GetRelease", release_id=release.id).release.finalized


def test_a_release_that_is_still_being_submitted_says_so(clocked_server, clocked_desk):
    terminal = Terminal(clocked_server.target, clocked_desk.workspace)
    release = clocked_desk.release()
    clocked_desk.walk(clocked_desk.book(release), *STARTED)

    async def lock_and_die():
        lock = TurnRelease(Caller(clocked_desk.workspace, "test"), release.id, "", closing=True)
        await clocked_server.app.service.write(lock)

    # A server that died after the lock; this one's clockwork has not come to it yet.
    clocked_server.run(lock_and_die())
    said = terminal("releases", "show", release.id)
    assert "attempts are still being submitted" in said.stderr
    assert f"exam-sessions releases show {release.id}" in said.stderr
    clocked_server.sweep()
    assert ["FINISHED", "1"] in lines_of(terminal("releases", "show", release.id))


def test_a_lost_answer_is_made_up_for(terminal, desk, release, monkeypatch):
    finalize = Client.finalize

    def finalized(self, release_id):
        finalize(self, release_id)
        raise NoServer(self.target)

    monkeypatch.setattr(Client, "finalize", finalized)
    desk.book(release)
    assert ["all", "1"] in lines_of(terminal("releases", "finalize", release.id))


def test_what_is_finalized_already_is_refused_with_a_way_on(terminal, release):
    terminal("releases", "finalize", release.id)
    said = terminal("releases", "finalize", release.id, code=1).stderr
    assert "RELEASE_FINALIZED" in said
    assert "releases unfinalize" in said


def test_a_release_that_is_open_is_not_opened_again(terminal, release):
    assert "RELEASE_NOT_FINALIZED" in terminal("releases", "unfinalize", release.id, code=1).stderr


def test_a_release_is_printed_as_json(terminal, desk, release):
    desk.book(release)
    [printed] = terminal.json("releases", "finalize", release.id)
    assert printed["statistics"]["session_count"] == "1"
    assert terminal.json("releases", "show", release.id) == [printed]


@pytest.mark.parametrize("strategy", ["highest", "latest", "first", "average"])
def test_which_attempt_counts_is_chosen_when_a_release_is_made(terminal, desk, strategy):
    terminal("releases", "create", "Counted", "--counts", strategy)
    [release] = desk.call("ListReleases").releases
    assert catalog_pb2.AttemptStrategy.Name(release.attempt_strategy) == f"ATTEMPT_STRATEGY_{strategy.upper()}"
