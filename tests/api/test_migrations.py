"""Migrations on databases that hold something: written under an earlier revision, read and moved under today's."""

from __future__ import annotations

import pytest
from journeys import name_of, walk
from messages import new_id

from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.store.databases import store_of
from serving import Desk, serving

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
    "consumers": {"workspace_id": "w", "name": "ledger", "sequence": 1, "update_time": NOW}
}


@pytest.fixture(
    params=[("0001", ROWS_OF_0001), ("0002", ROWS_OF_0002), ("0005", ROWS_OF_0002)], ids=["0001", "0002", "0005"]
)
def grown(request, database):
    """A database that was filled under an earlier revision, and brought to today's."""
    revision, tables = request.param
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
        desk = Desk(server.target, "w")
        session = desk.call("GetSession", keycode="KEY").session
        assert (session.id, session.candidate.name_first, name_of(session)) == (SESSION, "Ada", "READY")
        assert (session.form_revision, session.attempt.responses_revision) == (0, 0)
        assert not session.HasField("score")
        session = walk(desk, session, "EnterKeycode", "FinishSession", "RetakeSession")
        assert (name_of(session), session.attempt.number) == ("READY", 2)
        assert [event.actor for event in desk.history(session)] == ["ada", "test", "test", "test"]
        assert desk.call("GetRelease", release_id=RELEASE).release.name == "Maths"
        desk.close()


def test_a_grown_database_is_like_a_new_one(grown, new_database):
    with new_database() as other:
        new = store_of(other.url)
        upgrade(new)
        new.close()
        assert grown.definition() == other.definition()
