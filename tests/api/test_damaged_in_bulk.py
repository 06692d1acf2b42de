"""Whatever is done to many sessions goes on past one that is damaged, and says which one it was."""

from __future__ import annotations

import pytest
from forms import PAPER, answer, enter_responses, form, mcq
from messages import booking, lasting, mask
from operations import OperationsApi, only, result_of, rows_of
from rows import write
from state_paths import STARTED, name_of, walk
from test_damaged_content import ALL, SCRIPTS, spoil, three, untyped

from exam_sessions_client.v1 import session_pb2, session_service_pb2
from sampling import sampled
from serving import Refused

GONE = "a release that does not exist"
STEPS = {
    "PAUSE": {},
    "SET_EXTRA_TIME": {"extra_time": lasting(60), "message": "a power cut"},
    "RESUME": {},
    "FINISH": {},
    "REOPEN": {"no_limit": True},
    "CLEAR_RESPONSES": {},
    "VOID": {},
}
"""What is done to all sessions of the workspace, one after the other."""


@pytest.mark.parametrize("damage", sampled(ALL, 5))
def test_one_action_on_all_that_match_goes_on_past_a_damaged_one(clocked_server, clocked_desk, damage):
    api, work = clocked_desk, OperationsApi(clocked_desk)
    before, broken, after = three(api)
    spoil(clocked_server, broken, damage)
    for action, fields in STEPS.items():
        operation = work.wait(work.transition(action, filter=session_service_pb2.SessionFilter(), **fields).operation)
        found = result_of(operation)
        assert found.succeeded_count + found.failed_count == 3
        refused = [row for row in rows_of(operation) if row.status.code]
        assert {row.session_id for row in refused} <= {broken.id}, (action, refused)
        assert "STEP_QUARANTINED" not in str(refused), action
        first, last = (api.get(session) for session in (before, after))
        assert first.state == last.state
    assert [name_of(api.get(session)) for session in (before, broken, after)] == ["VOIDED"] * 3


@pytest.mark.parametrize("damage", [GONE, pytest.param("a pause that is no number", marks=untyped)])
def test_many_named_by_id_are_refused_together_and_the_damaged_one_is_named(clocked_server, clocked_desk, damage):
    api, work = clocked_desk, OperationsApi(clocked_desk)
    sessions = three(api)
    spoil(clocked_server, sessions[1], damage)
    named = booking(candidate=session_pb2.Candidate(name_last="Moved"))
    edits = [session_service_pb2.SessionEdit(session_id=session.id, booking=named) for session in sessions]
    for call, place in (
        (lambda: work.transition("PAUSE", sessions), "ids.session_ids[1]"),
        (lambda: api.call("BatchUpdateSessions", edits=edits, update_mask=mask("candidate.name_last")), "edits[1]"),
    ):
        with pytest.raises(Refused) as refused:
            call()
        assert {place: "SESSION_DAMAGED"} == {path: reason for path, (reason, _) in refused.value.fields.items()}
        assert refused.value.metadata["session_id"] == sessions[1].id
    assert work.transition("PAUSE", sessions[::2]).session_count == 2


def test_a_session_whose_release_is_gone_is_read_as_damaged_and_can_be_voided(clocked_server, clocked_desk):
    api = clocked_desk
    (broken,) = three(api, 1)
    spoil(clocked_server, broken, GONE)
    read = [
        api.get(broken),
        api.call("GetSession", keycode=broken.keycode).session,
        api.call("GetSession", session_id=broken.id, show_results=True, show_responses=True).session,
        api.call("GetSessionResults", session_id=broken.id).session,
        *api.call("BatchGetSessions", session_ids=[broken.id]).sessions,
        *api.call("ListSessions").sessions,
    ]
    assert {session.damage for session in read} == {"its release cannot be found"}
    assert api.call("ExplainSession", session_id=broken.id).session.id == broken.id
    with pytest.raises(Refused) as refused:
        api.move("PauseSession", broken)
    assert (refused.value.reason, refused.value.metadata["what"]) == ("SESSION_DAMAGED", "release")
    assert name_of(api.move("FailSession", broken, message="its release is gone")) == "EXCEPTION"
    assert name_of(api.move("VoidSession", broken)) == "VOIDED"


@pytest.mark.parametrize("damage", sampled(ALL, 5))
def test_a_release_is_finalized_and_summed_up_past_a_damaged_session(clocked_server, clocked_desk, damage):
    api = clocked_desk
    sessions = three(api)
    api.move("SetResponses", sessions[0], responses=[answer("1", "C")], submit_for_scoring=True)
    spoil(clocked_server, sessions[1], damage)
    released = api.call("FinalizeRelease", release_id=sessions[0].release_id).release
    clocked_server.sweep()
    clocked_server.sweep()
    found = api.call("GetRelease", release_id=released.id).release.statistics
    total = api.call("AggregateSessions", release_ids=[released.id]).releases[0].statistics
    assert found == total
    assert found.session_count == (2 if damage == GONE else 3)
    assert {name_of(api.get(session)) for session in sessions[::2]} == {"AWAITING_MARKING"}


def test_what_waits_for_the_clock_goes_on_past_a_damaged_one(clocked_server, clocked_desk, clock):
    """Each kind of damage at once, and more of it than one sweep takes."""
    api = clocked_desk
    broken = three(api, len(SCRIPTS) * 2)
    release = api.release(test_form="form-1", duration=lasting(60))
    sound = [walk(api, api.book(release), *STARTED) for _ in range(2)]
    for session, damage in zip(broken, [*SCRIPTS, *SCRIPTS], strict=True):
        spoil(clocked_server, session, damage)
    clock.advance(61)
    for _ in range(3):
        clocked_server.sweep()
    assert {name_of(api.get(session)) for session in sound} == {"AWAITING_MARKING"}
    assert {name_of(api.get(session)) for session in broken} <= {"AWAITING_MARKING", "EXCEPTION"}


def test_a_template_and_paper_uploads_are_none_of_a_damaged_session_s_business(clocked_server, clocked_desk):
    api = clocked_desk
    form(api, mcq("1", "A"))
    release = api.release(test_form="form-1", **PAPER)
    sessions = [api.book(release) for _ in range(2)]
    write(clocked_server, "UPDATE sessions SET state = 17 WHERE id = ?", sessions[0].id)
    assert name_of(enter_responses(api, sessions[1], {"1": "A"})) == "MARKED"
    assert OperationsApi(api).template(release).questions
    total = api.call("AggregateSessions", filter=only(release)).total
    assert (total.session_count, total.max_score) == (2, "100")
