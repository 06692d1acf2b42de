"""Migrations on databases that hold something: written under an earlier revision, read and moved under today's."""

from __future__ import annotations

import json

import pytest
from alembic import command
from forms import answer, form, hand_in, mcq, sitting
from messages import new_id
from state_paths import STARTED, name_of, walk

from exam_sessions.migrations.upgrade import configuration, upgrade
from exam_sessions.store.databases import store_of
from exam_sessions_client.v1 import catalog_pb2, lifecycle_service_pb2, session_pb2, test_form_pb2
from serving import ApiClient, serving

pytestmark = pytest.mark.both_databases("what alters a table is of each database")

NOW = 1_700_000_000_000_000
SESSION, RELEASE = new_id(), new_id()

ROWS_OF_0001 = {
    "releases": {
        "workspace_id": "w", "id": RELEASE, "name": "Maths", "test_form": "form-1", "window_start": 0,
        "window_end": 0,
        "duration": 0, "delivery": 1, "invigilated": 0, "requires_check_in": 0, "auto_create_pin": 0, "moderated": 0,
        "max_attempts": 0, "attempt_strategy": 1, "grace_period": 0, "allow_multiple_open_sessions": 0,
        "finalized": 0,
        "create_time": NOW, "update_time": NOW, "version": 1,
    },
    "sessions": {
        "workspace_id": "w", "id": SESSION, "release_id": RELEASE, "state": 4, "keycode": "KEY", "access_code": "ACC",
        "pin": "", "candidate_id": "c1", "name_first": "Ada", "name_middle": "", "name_last": "Nowak", "gender": 0,
        "grade_level": 0, "ethnicity": 0, "school_id": "", "district_id": "", "external_reference": "",
        "centre_id": "",
        "test_form": "form-1", "window_start": 0, "window_end": 0, "create_time": NOW, "extra_time": 0, "attempt": 1,
        "start_time": 0, "end_time": 0, "finish_reason": 0, "pause_start_time": 0, "paused_time": 0, "client_os": "",
        "client_machine": "", "client_ip": "", "download_time": NOW, "held_offline": 0, "pin_failures": 0,
        "void_reason": 0, "void_message": "", "exception_message": "", "update_time": NOW, "version": 3,
    },
    "events": {
        "workspace_id": "w", "sequence": 1, "session_id": SESSION, "release_id": RELEASE, "action": "schedule",
        "from_state": 0, "to_state": 1, "actor": "ada", "reason": "", "message": "", "request_id": "", "time": NOW,
        "changes": "",
    },
    "workspaces": {"workspace_id": "w", "last_sequence": 1},
}  # fmt: skip

ROWS_OF_0002 = ROWS_OF_0001 | {
    "consumers": {"workspace_id": "w", "name": "billing", "sequence": 1, "update_time": NOW}
}


@pytest.fixture(
    params=[("0001", ROWS_OF_0001), ("0002", ROWS_OF_0002), ("0005", ROWS_OF_0002)], ids=["0001", "0002", "0005"]
)
def grown(request, empty_database):
    """A database that was filled under an earlier revision, and brought to today's."""
    database, (revision, tables) = empty_database, request.param
    store = store_of(database.url)
    upgrade(store, revision)
    for table, row in tables.items():
        places = ", ".join("?" * len(row))
        database.write(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())
    upgrade(store)
    store.close()
    return database


def test_what_was_stored_before_is_still_there_and_lives_on(grown):
    with serving(grown) as server:
        api = ApiClient(server.target, "w")
        session = api.call("GetSession", keycode="KEY").session
        assert (session.id, session.candidate.name_first, name_of(session)) == (SESSION, "Ada", "READY")
        assert (session.form_revision, session.attempt.responses_revision) == (0, 0)
        assert not session.HasField("score")
        session = walk(api, session, "EnterKeycode", "FinishSession", "RetakeSession")
        assert (name_of(session), session.attempt.number) == ("READY", 2)
        assert [event.actor for event in api.history(session)] == ["ada", "test", "test", "test"]
        assert api.call("GetRelease", release_id=RELEASE).release.name == "Maths"
        api.close()


def test_a_grown_database_is_like_a_new_one(grown, new_database):
    with new_database() as other:
        assert grown.definition() == other.definition()


OLD_GRADES = {"PK": 1, "K": 2} | {str(grade): grade + 2 for grade in range(1, 13)} | {"AE": 15}
OLD_REASONS = {
    "AUTO": 1,
    "ABSENT": 2,
    "WITHDRAWN": 3,
    "PARTIALLY_COMPLETED": 4,
    "NOT_YET_STARTED": 5,
    "OTHER": 6,
}


@pytest.fixture
def numbered(empty_database):
    """A database of revision 0007 with every old number of a grade and of a void reason, brought to today's."""
    database, store = empty_database, store_of(empty_database.url)
    upgrade(store, "0007")

    def write(table, row):
        names = ", ".join(row)
        database.write(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", *row.values())

    write("releases", ROWS_OF_0001["releases"])
    write("workspaces", {"workspace_id": "w", "last_sequence": 40})
    pairs = [(grade, "OTHER") for grade in OLD_GRADES] + [
        ("AE", reason) for reason in OLD_REASONS if reason != "OTHER"
    ]
    for n, (grade, reason) in enumerate(pairs, 1):
        numbers = {"grade_level": OLD_GRADES[grade], "void_reason": OLD_REASONS[reason]}
        codes = {"id": new_id(), "keycode": f"KEY{n}", "access_code": f"ACC{n}", "candidate_id": f"{grade} {reason}"}
        write("sessions", ROWS_OF_0001["sessions"] | codes | {"state": 10} | numbers)
        changes = {"grade_level": [0, OLD_GRADES[grade]], "void_reason": [0, OLD_REASONS[reason]]}
        changes["void_message"] = ["", '"grade_level":[3,4] "void_reason":[3,4]']
        event = {"sequence": n, "session_id": codes["id"], "action": "void", "changes": json.dumps(changes)}
        write("events", ROWS_OF_0001["events"] | event)
        # The message holds what a void reason looks like on the wire.
        request = lifecycle_service_pb2.BatchTransitionSessionsRequest(
            workspace_id="w", void_reason=OLD_REASONS[reason], message="\x68\x02", force=True
        )
        payload = {"payload": request.SerializeToString()}
        write("operations", OPERATION_OF_0007 | {"id": codes["id"]} | payload)
    database.write("UPDATE events SET changes = ? WHERE sequence = ?", 'no JSON: "grade_level":[1', 1)
    upgrade(store)
    store.close()
    return database


OPERATION_OF_0007 = {
    "workspace_id": "w", "kind": 2, "status": 4, "actor": "ada", "request_id": "", "action": "void",
    "done": 0, "total": 1, "failed": 0, "place": "", "create_time": NOW, "update_time": NOW, "end_time": NOW,
    "owner": "", "lease_until": 0, "next_time": 0, "cancel_requested": 0, "reason": "", "message": "",
}  # fmt: skip


def test_grades_and_void_reasons_mean_what_they_meant_under_their_old_numbers(numbered):
    with serving(numbered) as server:
        api = ApiClient(server.target, "w")
        sessions = api.call("ListSessions", page_size=100).sessions
        assert len(sessions) == len(OLD_GRADES) + len(OLD_REASONS) - 1
        for session in sessions:
            grade, reason = session.candidate.candidate_id.split()
            assert session.candidate.grade_level == session_pb2.GradeLevel.Value(f"GRADE_LEVEL_{grade}")
            assert session.void_reason == session_pb2.VoidReason.Value(f"VOID_REASON_{reason}")
            if grade == "PK":
                continue  # its event is damaged
            told = {change.field: change.new_value for change in api.history(session)[0].changes}
            assert told == {
                "grade_level": f"GRADE_LEVEL_{grade}",
                "void_reason": f"VOID_REASON_{reason}",
                "void_message": '"grade_level":[3,4] "void_reason":[3,4]',
            }
            ((payload,),) = numbered.read("SELECT payload FROM operations WHERE id = ?", session.id)
            request = lifecycle_service_pb2.BatchTransitionSessionsRequest.FromString(payload)
            assert (request.void_reason, request.message, request.force) == (session.void_reason, "\x68\x02", True)
        api.close()


def test_what_the_numbers_were_is_there_again_after_a_downgrade(numbered):
    store = store_of(numbered.url)
    command.downgrade(configuration(store), "0007")
    store.close()
    found = numbered.read("SELECT candidate_id, grade_level, void_reason FROM sessions")
    expected = [(name, OLD_GRADES[name.split()[0]], OLD_REASONS[name.split()[1]]) for name, *_ in found]
    assert found == expected


def test_the_least_points_of_what_was_scored_before_come_from_the_forms(database):
    credit = test_form_pb2.PartialCredit(
        marks=[test_form_pb2.KeyMark(key="1-B", mark="-1")], lower_bound="-0.5", upper_bound="1"
    )
    negative = {"mark_decimals": 1, "negative_marks": True}
    with serving(database) as server:
        api = ApiClient(server.target, "w")
        form(api, mcq("1"))
        hand_in(api, sitting(api), answer("1", "B"))
        for strategy in catalog_pb2.AttemptStrategy.values()[1:]:
            reference = f"form-of-{strategy}"
            form(api, mcq("1", partial_credit=credit), reference=reference, **negative)
            release = api.release(test_form=reference, attempt_strategy=strategy)
            session = hand_in(api, walk(api, api.book(release), *STARTED), answer("1", "B"))
            longer = mcq("1", partial_credit=credit, available_mark="3")
            message = test_form_pb2.TestForm(reference=reference, questions=[longer], **negative)
            api.call("UpdateTestForm", test_form=message)
            session = walk(api, session, "RetakeSession", "ResetSession", *STARTED)
            hand_in(api, session, answer("1", "A"))
        api.close()
    columns = (
        "SELECT id, points_min, score_min FROM sessions",
        "SELECT session_id, attempt, points_min FROM scripts",
    )
    before = [sorted(database.read(column)) for column in columns]
    assert {row[2] for row in before[0]} == {0, -500_000, -166_667, -333_333}
    store = store_of(database.url)
    command.downgrade(configuration(store), "0016")
    upgrade(store)
    store.close()
    assert [sorted(database.read(column)) for column in columns] == before


def test_every_workspace_that_any_table_holds_rows_of_is_registered(empty_database):
    database, store = empty_database, store_of(empty_database.url)
    upgrade(store, "0015")
    rows = {
        "events": ROWS_OF_0001["events"],
        "workspaces": {"workspace_id": "w", "last_sequence": 1},
        "consumers": {"workspace_id": "of-a-consumer", "name": "billing", "sequence": 1, "update_time": NOW},
        "pins": {"workspace_id": "of-a-pin", "release_id": RELEASE, "centre_id": "", "day": 1, "pin": "QWERTY"},
        "operations": OPERATION_OF_0007 | {"workspace_id": "of-an-operation", "id": new_id(), "payload": b""},
    }
    for table, row in rows.items():
        names = ", ".join(row)
        database.write(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", *row.values())
    upgrade(store)
    with serving(database, open_workspaces=0) as server:
        api = ApiClient(server.target, "w")
        listed = {w.workspace_id: w.HasField("create_time") for w in api.call("ListWorkspaces").workspaces}
        assert listed == {"default": True} | dict.fromkeys(
            ("w", "of-a-consumer", "of-a-pin", "of-an-operation"), False
        )
        assert api.release()
        api.close()
    command.downgrade(configuration(store), "0015")
    assert database.read("SELECT * FROM workspaces") == [("w", 1)]
    upgrade(store)
    store.close()
