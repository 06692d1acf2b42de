"""The history shows the values of the contract, whatever the columns hold, and unset apart from zero."""

from __future__ import annotations

import json

import pytest
from forms import answer, essay, form, hand_in, mcq, sitting
from messages import booking, changes_of, lasting, mask
from state_paths import bring_to, edit, walk

from exam_sessions.domain.records import AttemptRecord, Session
from exam_sessions.rpc.convert.history import KINDS, shown_value
from exam_sessions_client.v1 import session_pb2

CENTURY = 1_700_000_000_000_000

COLUMNS_OF_A_KEY = {"workspace_id", "session_id"}
"""What says which session an attempt is of is told by the event itself."""


def last_changes(api, session):
    return changes_of(api.history(session)[-1])


@pytest.mark.parametrize("column", sorted({*Session._fields, *AttemptRecord._fields} - COLUMNS_OF_A_KEY))
def test_every_column_of_sessions_and_attempts_has_a_kind_of_value(column):
    assert column in KINDS


@pytest.mark.parametrize(
    ("column", "stored", "shown"),
    [
        ("points", 20_000, "2"),
        ("points", 0, "0"),
        ("points", None, None),
        ("points_max", 25_000, "2.5"),
        ("score", 714_286, "71.4286"),
        ("score", -12_500, "-1.25"),
        ("grade_level", 9, "GRADE_LEVEL_9"),
        ("grade_level", 13, "GRADE_LEVEL_PK"),
        ("grade_level", 0, None),
        ("grade_level", 77, "77"),
        ("gender", 3, "GENDER_OTHER"),
        ("ethnicity", 1, "ETHNICITY_BIRA"),
        ("void_reason", 4, "VOID_REASON_OTHER"),
        ("finish_reason", 3, "FINISH_REASON_TIME_EXPIRED"),
        ("state", 99, "STATE_EXCEPTION"),
        ("start_time", CENTURY, "2023-11-14T22:13:20Z"),
        ("start_time", CENTURY + 1_000, "2023-11-14T22:13:20.001Z"),
        ("start_time", CENTURY + 1, "2023-11-14T22:13:20.000001Z"),
        ("window_start", 1, "1970-01-01T00:00:00.000001Z"),
        ("window_end", 253_402_300_799_000_000, "9999-12-31T23:59:59Z"),
        ("window_end", 0, None),
        ("due_time", None, None),
        ("paused_time", 90_000_000, "90s"),
        ("extra_time", 1_500_000, "1.500s"),
        ("extra_time", 0, None),
        ("extra_percent", 0, "0"),
        ("pin_failures", 0, "0"),
        ("responses_revision", 0, "0"),
        ("held_offline", 0, "false"),
        ("held_offline", 1, "true"),
        ("name_first", "Ada", "Ada"),
        ("name_first", "0", "0"),
        ("name_first", "", None),
        ("responses", {"1": 0}, '{"1":0}'),
        ("marks", {"1": "2.5", "2": None}, '{"1":"2.5","2":null}'),
        ("scripts", [[1, "f", 1, {"1": 0}, {"2": 5_000}, CENTURY, 0, 1, 0, 0, 10_000, 0]],
         ('[{"attempt":1,"test_form":"f","form_revision":1,"responses":{"1":0},"marks":{"2":"0.5"},'
         '"start_time":"2023-11-14T22:13:20Z","finish_reason":"FINISH_REASON_CANDIDATE","points":"0","points_max":"1",'
         '"score":"0"}]')),
        ("a column of another version", 7, "7"),
        ("points", "no number", "no number"),
        ("start_time", [1], "[1]"),
    ],
)  # fmt: skip
def test_a_stored_value_is_shown_as_the_contract_writes_it(column, stored, shown):
    assert shown_value(column, stored) == shown


def test_a_candidate_in_grade_nine_is_shown_so(api):
    session = api.book()
    person = session_pb2.Candidate(grade_level=session_pb2.GRADE_LEVEL_9, gender=session_pb2.GENDER_FEMALE)
    paths = mask("candidate.grade_level", "candidate.gender")
    api.call("UpdateSession", session_id=session.id, booking=booking(candidate=person), update_mask=paths)
    assert last_changes(api, session) == {
        "grade_level": (None, "GRADE_LEVEL_9"),
        "gender": (None, "GENDER_FEMALE"),
    }
    assert session_pb2.GRADE_LEVEL_9 == 9


def test_times_and_durations_are_shown_as_in_json(api):
    session = walk(api, bring_to(api, "IN_PROGRESS", duration=lasting(600)), "PauseSession")
    shown = session.attempt.pause_start_time
    assert last_changes(api, session) == {"pause_start_time": (None, shown.ToJsonString())}
    session = api.move("SetExtraTime", session, extra_time=lasting(90), reason="a broken arm")
    assert last_changes(api, session)["extra_time"] == (None, "90s")
    session = walk(api, session, "ResumeSession")
    changes = last_changes(api, session)
    assert changes["pause_start_time"] == (shown.ToJsonString(), None)
    assert changes["paused_time"] == (None, session.attempt.paused_time.ToJsonString())


def test_points_are_shown_as_decimals_and_none_apart_from_zero(api):
    form(api, mcq("1", "A"), mcq("2", "B"))
    session = hand_in(api, sitting(api), answer("1", "C"), answer("2", "C"))
    changes = last_changes(api, session)
    assert (changes["points"], changes["points_max"], changes["score"]) == ((None, "0"), (None, "2"), (None, "0"))
    assert changes["marking_progress"] == ("0", "100")
    session = api.move("ScoreResponse", session, question_number="1", mark="1")
    assert last_changes(api, session)["score"] == ("0", "50")
    session = api.move("VoidSession", session)
    changes = last_changes(api, session)
    assert (changes["score"], changes["void_reason"]) == (("50", None), (None, "VOID_REASON_AUTO"))


def test_every_value_of_a_deleted_booking_is_shown_in_its_kind(api):
    form(api, mcq("1", "A"), essay("2"))
    session = hand_in(api, sitting(api), answer("1", "A"), answer("2", text="So."))
    session = walk(api, session, "SubmitMarkedSession", "RetakeSession", "ResetSession")
    edit(api, session, 1)
    api.call("DeleteSession", session_id=session.id)
    changes = last_changes(api, session)
    assert {after for _, after in changes.values()} == {None}
    assert changes["state"] == ("STATE_SCHEDULED_BUT_NOT_CREATED", None)
    assert changes["create_time"] == (session.create_time.ToJsonString(), None)
    (attempt,) = json.loads(changes["scripts"][0])
    assert attempt["finish_reason"] == "FINISH_REASON_CANDIDATE"
    assert attempt["start_time"].endswith("Z")


def test_an_event_of_an_older_version_is_shown_right(api, server):
    session = api.book()
    api.move("VoidSession", session)
    old = {"points": [None, 20_000], "grade_level": [0, 9], "own_deadline": [0, CENTURY], "gone": ["", "x"]}
    server.database.write(
        "UPDATE events SET changes = ? WHERE session_id = ? AND action = ?", json.dumps(old), session.id, "void"
    )
    assert last_changes(api, session) == {
        "points": (None, "2"),
        "grade_level": (None, "GRADE_LEVEL_9"),
        "own_deadline": (None, "2023-11-14T22:13:20Z"),
        "gone": ("", "x"),
    }
