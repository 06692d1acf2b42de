"""Releases on the command line: finalized, looked at, opened again."""

from __future__ import annotations

import pytest
from drawn import drawn
from terminal import Terminal

from exam_sessions.client.client import Client
from exam_sessions.client.failures import NoServer
from exam_sessions.commands.finalize import SetReleaseFinalized
from exam_sessions.execution.caller import Caller
from exam_sessions.rpc.convert.release import EDITABLE_RELEASE_FIELDS
from exam_sessions_client.v1 import catalog_pb2

STARTED = ("CreatePackage", "DownloadSession", "EnterKeycode")


@pytest.fixture
def release(api, sample):
    return api.release(name="Maths, May", test_form="maths-year-5")


def lines_of(said):
    return [line.split() for line in said.stdout.splitlines()]


def test_a_release_is_finalized_and_its_statistics_are_shown(terminal, api, release):
    sitting = api.walk(api.book(release), *STARTED)
    answer = {"questions": [{"id": "q1", "response": {"options": [{"label": "C"}]}}]}
    api.move("SetResponses", sitting, responses=[answer])
    api.book(release)
    lines = lines_of(terminal("releases", "finalize", "Maths, May", "--yes"))
    assert ["AWAITING_MARKING", "1"] in lines
    assert ["SCHEDULED_BUT_NOT_CREATED", "1"] in lines
    assert ["all", "2"] in lines
    assert api.call("GetRelease", release_id=release.id).release.finalized


def test_in_a_terminal_it_is_shown_how_many_sessions_are_submitted(terminal, api, release):
    for _ in range(3):
        api.walk(api.book(release), *STARTED)
    words = ("releases", "finalize", "Maths, May", "--yes")
    with drawn(*words, *terminal.where, columns=140) as screen:
        assert screen.ends() == 0
        assert any("submitting" in line and "3/3" in line for line in screen.now())
        assert screen.has("AWAITING_MARKING")


def test_scores_are_summed_up_when_there_are_any(terminal, api, release):
    paper = api.release(name="Paper", test_form="maths-year-5", delivery=catalog_pb2.DELIVERY_PAPER)
    for mark in ("4", "0"):
        marks = [{"question_number": str(n)} for n in range(1, 9)]
        marks += [{"question_number": "9", "mark": mark}, {"question_number": "10", "mark": "0"}]
        api.move("AssignItemMarks", api.book(paper), marks=marks, completion_time={"seconds": 1_700_000_000})
    lines = lines_of(terminal("releases", "finalize", "Paper", "--yes"))
    assert ["scored", "2"] in lines
    assert lines[-3:] == [["min", "score", "0", "%"], ["average", "score", "12.5", "%"], ["max", "score", "25", "%"]]


def test_a_finalized_release_is_shown_with_its_statistics_and_opened_again(terminal, api, release):
    api.book(release)
    terminal("releases", "finalize", release.id, "--yes")
    assert ["all", "1"] in lines_of(terminal("releases", "show", "Maths, May"))
    assert "finalized" in terminal("releases", "show", release.id).stdout
    said = terminal("releases", "unfinalize", release.id).stdout
    assert "finalized" not in said
    assert ["all", "1"] not in [line.split() for line in said.splitlines()]
    assert not api.call("GetRelease", release_id=release.id).release.finalized


def test_a_release_that_is_still_being_submitted_says_so(clocked_server, clocked_desk):
    terminal = Terminal(clocked_server.target, clocked_desk.workspace)
    release = clocked_desk.release()
    clocked_desk.walk(clocked_desk.book(release), *STARTED)

    async def lock_and_die():
        lock = SetReleaseFinalized(Caller(clocked_desk.workspace, "test"), release.id, "", closing=True)
        await clocked_server.app.service.write(lock)

    # A server that died after the lock; this one's scheduler has not come to it yet.
    clocked_server.run(lock_and_die())
    said = terminal("releases", "show", release.id)
    assert "attempts are still being submitted" in said.stderr
    assert f"exam-sessions releases show {release.id}" in said.stderr
    clocked_server.sweep()
    assert ["FINISHED", "1"] in lines_of(terminal("releases", "show", release.id))


def test_a_lost_answer_is_made_up_for(terminal, api, release, monkeypatch):
    finalize = Client.finalize

    def finalized(self, release_id):
        finalize(self, release_id)
        raise NoServer(self.target)

    monkeypatch.setattr(Client, "finalize", finalized)
    api.book(release)
    assert ["all", "1"] in lines_of(terminal("releases", "finalize", release.id, "--yes"))


def test_what_is_finalized_already_is_refused_with_a_way_on(terminal, release):
    terminal("releases", "finalize", release.id, "--yes")
    said = terminal("releases", "finalize", release.id, "--yes", code=1).stderr
    assert "RELEASE_FINALIZED" in said
    assert "releases unfinalize" in said


def test_a_release_that_is_open_is_not_opened_again(terminal, release):
    assert "RELEASE_NOT_FINALIZED" in terminal("releases", "unfinalize", release.id, code=1).stderr


def test_a_release_is_printed_as_json(terminal, api, release):
    api.book(release)
    [printed] = terminal.json("releases", "finalize", release.id, "--yes")
    assert printed["statistics"]["session_count"] == "1"
    assert terminal.json("releases", "show", release.id) == [printed]


@pytest.mark.parametrize("strategy", ["highest", "latest", "first", "average"])
def test_which_attempt_counts_is_chosen_when_a_release_is_made(terminal, api, strategy):
    terminal("releases", "create", "Counted", "--counts", strategy)
    [release] = api.call("ListReleases").releases
    assert catalog_pb2.AttemptStrategy.Name(release.attempt_strategy) == f"ATTEMPT_STRATEGY_{strategy.upper()}"


@pytest.mark.parametrize("policy", ["any", "one_device", "last_device"])
def test_what_a_second_device_may_do_is_chosen_when_a_release_is_made(terminal, api, policy):
    shown = terminal("releases", "create", "Guarded", "--device-policy", policy).stdout
    [release] = api.call("ListReleases").releases
    assert catalog_pb2.DevicePolicy.Name(release.device_policy) == f"DEVICE_POLICY_{policy.upper()}"
    assert (policy.replace("_", " ") in shown) is (policy != "any")


EDITS = (
    (("--name", "Maths, June"), {"name": "Maths, June"}),
    (("--duration", "2h"), {"duration": {"seconds": 7200}}),
    (("--window-start", "2090-05-04 08:00"), {"window_start": {"seconds": 3797568000}}),
    (("--window-end", "2090-05-05 08:00:00"), {"window_end": {"seconds": 3797654400}}),
    (("--test-form", "maths-year-5"), {"test_form": "maths-year-5"}),
    (("--max-attempts", "3"), {"max_attempts": 3}),
    (("--counts", "latest"), {"attempt_strategy": catalog_pb2.ATTEMPT_STRATEGY_LATEST}),
    (("--device-policy", "one_device"), {"device_policy": catalog_pb2.DEVICE_POLICY_ONE_DEVICE}),
    (("--grace-period", "7d"), {"grace_period": {"seconds": 604_800}}),
    (("--grace-period", "0s"), {"grace_period": {}}),
    (("--online-grace-period", "5m"), {"online_grace_period": {"seconds": 300}}),
    (("--invigilated",), {"invigilated": True}),
    (("--requires-check-in",), {"requires_check_in": True}),
    (("--auto-create-pin",), {"auto_create_pin": True}),
    (("--moderated",), {"moderated": True}),
    (("--allow-multiple-open-sessions",), {"allow_multiple_open_sessions": True}),
)


def test_every_field_of_a_release_that_may_be_edited_is_edited_alone(terminal, api, sample):
    assert {name for _, fields in EDITS for name in fields} == set(EDITABLE_RELEASE_FIELDS)
    for words, fields in EDITS:
        before = api.release(name="Before")
        terminal("releases", "edit", before.id, *words)
        after = api.call("GetRelease", release_id=before.id).release
        expected = catalog_pb2.Release()
        expected.CopyFrom(before)
        expected.MergeFrom(catalog_pb2.Release(**fields))
        expected.etag = after.etag
        expected.update_time.CopyFrom(after.update_time)
        assert after == expected, words


def test_limits_of_a_release_are_taken_away_and_its_rules_turned_off(terminal, api):
    limits = {"duration": {"seconds": 60}, "grace_period": {}, "online_grace_period": {"seconds": 60}}
    window = {"window_start": {"seconds": 3797568000}, "window_end": {"seconds": 3797654400}}
    release = api.release(name="Maths, May", invigilated=True, moderated=True, **limits, **window)
    cleared = [word for name in (*limits, *window) for word in (f"--{name.replace('_', '-')}", "none")]
    terminal("releases", "edit", "Maths, May", *cleared, "--no-invigilated", "--no-moderated")
    edited = api.call("GetRelease", release_id=release.id).release
    assert not any(edited.HasField(name) for name in (*limits, *window))
    assert (edited.invigilated, edited.moderated) == (False, False)


def test_a_running_attempt_follows_the_edit_of_its_release(terminal, api):
    session = api.walk(api.book(api.release(name="Maths, May")), *STARTED)
    terminal("releases", "edit", "Maths, May", "--duration", "2h")
    attempt = api.get(session).attempt
    assert attempt.deadline.seconds - attempt.start_time.seconds == 7200


def test_an_edit_that_says_nothing_or_cannot_be_is_refused(terminal, api):
    release = api.release(name="Maths, May")
    api.release(name="Taken")
    assert "not said what" in terminal("releases", "edit", release.id, code=2).stderr
    assert "no time at all" in terminal("releases", "edit", release.id, "--duration", "0s", code=2).stderr
    said = terminal("releases", "edit", release.id, "--name", "Taken", code=1).stderr
    assert "DUPLICATE_RELEASE_NAME" in said
    terminal("releases", "edit", release.id, "--name", "Taken", "--allow-duplicate-name")
    said = terminal("releases", "edit", release.id, "--test-form", "none such", code=1).stderr
    assert "TEST_FORM_NOT_FOUND" in said
    terminal("releases", "edit", release.id, "--test-form", "none such", "--allow-missing-form")
    terminal("releases", "finalize", release.id, "--yes")
    assert "RELEASE_FINALIZED" in terminal("releases", "edit", release.id, "--duration", "1h", code=1).stderr


def test_grace_periods_are_shown(terminal, api):
    release = api.release(grace_period={"seconds": 3600}, online_grace_period={"seconds": 60})
    said = " ".join(terminal("releases", "show", release.id).stdout.split())
    assert "late answers until 0:01:00 after the deadline" in said
    assert "late uploads until 1:00:00 after the end" in said
