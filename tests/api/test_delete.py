from __future__ import annotations

import pytest
from grpc import StatusCode
from messages import new_id
from rows import count, unchanged
from state_paths import STATE_PATHS, bring_to

from exam_sessions_client.v1 import session_pb2
from serving import Refused

pytestmark = pytest.mark.both_databases("what goes with a session is removed by SQL")

YOUNG = ("SCHEDULED_BUT_NOT_CREATED", "SCHEDULED_BUT_NOT_DOWNLOADED")


@pytest.mark.parametrize("state", YOUNG)
@pytest.mark.parametrize("key", ["session_id", "keycode"])
def test_a_young_booking_is_deleted(api, server, state, key):
    session = bring_to(api, state)
    api.call("DeleteSession", **{key: session.id if key == "session_id" else session.keycode.lower()})
    assert count(server, "sessions", api.workspace) == 0
    assert api.call("ListSessions").sessions == []
    for fields in ({"session_id": session.id}, {"keycode": session.keycode}):
        with pytest.raises(Refused) as refused:
            api.call("GetSession", **fields)
        assert refused.value.reason == "SESSION_NOT_FOUND"


@pytest.mark.parametrize("state", sorted(set(STATE_PATHS) - set(YOUNG)))
def test_nothing_else_is_deleted(api, server, state):
    session = bring_to(api, state)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("DeleteSession", session_id=session.id)
    assert (refused.value.code, refused.value.reason) == (StatusCode.FAILED_PRECONDITION, "SESSION_NOT_EDITABLE")
    assert (refused.value.metadata["state"], refused.value.metadata["action"]) == (state, "delete")


def test_the_history_of_a_deleted_session_is_still_read(api):
    session = bring_to(api, "SCHEDULED_BUT_NOT_DOWNLOADED")
    before = api.history(session)
    api.call("DeleteSession", session_id=session.id)
    events = api.history(session)
    assert events[:-1] == before
    last = events[-1]
    assert (last.action, last.from_state, last.to_state) == (session_pb2.ACTION_DELETE, 2, 0)
    kept = {change.field: change.old_value for change in last.changes}
    assert kept["candidate_id"] == session.candidate.candidate_id
    assert (kept["keycode"], kept["access_code"]) == ("***", "***")
    assert {change.new_value for change in last.changes} == {""}
    page = api.call("ListSessionEvents", session_id=session.id, page_size=2)
    rest = api.call("ListSessionEvents", session_id=session.id, page_size=2, page_token=page.next_page_token)
    assert [*page.events, *rest.events] == events


def test_what_a_deleted_session_had_may_be_had_again(api):
    release, chosen = api.release(), new_id()
    codes = {"access_code": "CODE", "keycode": "KEY", "session_id": chosen}
    first = api.book(release, "anna", **codes)
    api.call("DeleteSession", session_id=first.id)
    second = api.book(release, "anna", **codes)
    assert api.get(second) == second
    assert [event.action for event in api.history(second)] == [
        session_pb2.ACTION_SCHEDULE,
        session_pb2.ACTION_DELETE,
        session_pb2.ACTION_SCHEDULE,
    ]


def test_a_deleted_session_is_not_deleted_again(api, server):
    session = api.book()
    api.call("DeleteSession", session_id=session.id)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("DeleteSession", session_id=session.id)
    assert refused.value.reason == "SESSION_NOT_FOUND"


def test_a_session_of_a_finalized_release_is_not_deleted(api, server):
    release = api.release()
    session = api.book(release)
    api.call("FinalizeRelease", release_id=release.id)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("DeleteSession", session_id=session.id)
    assert refused.value.reason == "RELEASE_FINALIZED"
