from __future__ import annotations

import pytest
from forms import mixed
from messages import booking, lasting, mask, new_id
from rows import unchanged
from state_paths import ARGUMENTS, STATE_PATHS, bring_to, name_of, walk

from exam_sessions_client.v1 import session_pb2
from sampling import sampled
from serving import ApiClient, Refused

Action, State = session_pb2.Action, session_pb2.State

RPCS = {
    "CREATE_PACKAGE": "CreatePackage",
    "DOWNLOAD": "DownloadSession",
    "OPEN_WINDOW": "OpenWindow",
    "ENTER_KEYCODE": "EnterKeycode",
    "CHECK_IN": "CheckInSession",
    "ENTER_PIN": "EnterPin",
    "UNLOCK": "UnlockSession",
    "SET_PIN": "SetPin",
    "REMOVE_PIN": "RemovePin",
    "GET_PIN": "GetPin",
    "PAUSE": "PauseSession",
    "RESUME": "ResumeSession",
    "GO_OFFLINE": "GoOffline",
    "RECONNECT": "ReconnectSession",
    "FINISH_OFFLINE": "FinishOffline",
    "UPLOAD": "UploadSession",
    "FINISH": "FinishSession",
    "SEND_TO_MARKING": "SendToMarking",
    "SUBMIT_MARKED": "SubmitMarkedSession",
    "REQUEST_VERIFICATION": "RequestVerification",
    "VERIFY": "VerifySession",
    "ARCHIVE": "ArchiveSession",
    "VOID": "VoidSession",
    "RESET": "ResetSession",
    "ASSIGN_ITEM_MARKS": "AssignItemMarks",
    "ASSIGN_ITEM_RESPONSES": "AssignItemResponses",
    "REQUEST_SCAN": "RequestScan",
    "RECEIVE_SCAN": "ReceiveScan",
    "SET_RESPONSES": "SetResponses",
    "CLEAR_RESPONSES": "ClearResponses",
    "REOPEN": "ReopenSession",
    "RETAKE": "RetakeSession",
    "FAIL": "FailSession",
    "RECOVER": "RecoverSession",
    "UPDATE": "UpdateSession",
    "DELETE": "DeleteSession",
    "SCORE_RESPONSE": "ScoreResponse",
    "UNSCORE_RESPONSE": "UnscoreResponse",
    "SET_EXTRA_TIME": "SetExtraTime",
    "SET_ACCOMMODATION": "SetAccommodation",
    "REGRADE": "RegradeSession",
    "ALLOW_TAKE_OVER": "AllowTakeOver",
}
"""The RPC of each action that can be called, in the order of the contract."""


def act(api, action, session):
    """The state an action leads to, or the reason it is refused with."""
    rpc = RPCS[action]
    fields = {
        "UpdateSession": {"booking": booking(external_reference="r"), "update_mask": mask("external_reference")}
    }
    key = {"keycode": session.keycode} if rpc == "EnterKeycode" else {"session_id": session.id}
    try:
        reply = api.call(rpc, **key, **ARGUMENTS.get(rpc, {}), **fields.get(rpc, {}))
    except Refused as refused:
        return refused.reason, refused.message
    return State.Name(reply.session.state if rpc != "DeleteSession" else session.state), ""


def explained(api, session):
    reply = api.call("ExplainSession", session_id=session.id)
    allowed = [verdict.action for verdict in reply.verdicts if verdict.allowed]
    assert list(reply.allowed_actions) == allowed
    return {Action.Name(verdict.action).removeprefix("ACTION_"): verdict for verdict in reply.verdicts}


def assert_it_comes_true(api, server, make):
    """Every verdict on a session is what happens when the action is called on one like it."""
    session = make()
    verdicts = explained(api, session)
    assert list(verdicts) == list(RPCS)
    for action, verdict in verdicts.items():
        if verdict.allowed:
            assert act(api, action, make()) == (State.Name(verdict.to_state), ""), action
            assert (verdict.reason, verdict.message) == ("", "")
        else:
            with unchanged(server, api):
                reason, message = act(api, action, session)
            assert (reason, State.Name(verdict.to_state)) == (verdict.reason, "STATE_UNSPECIFIED"), action
            assert message == verdict.message or "it is 20" in message


@pytest.mark.parametrize("state", sampled(((state,) for state in STATE_PATHS), 7))
def test_what_is_explained_of_a_session_comes_true(api, server, state):
    assert_it_comes_true(api, server, lambda: bring_to(api, state))


def test_what_is_explained_of_a_session_in_a_finalized_release_comes_true(api, server):
    def make(state="READY"):
        session = bring_to(api, state)
        api.call("FinalizeRelease", release_id=session.release_id)
        return session

    assert_it_comes_true(api, server, make)
    assert_it_comes_true(api, server, lambda: make("LOCKED_BY_PIN"))


@pytest.mark.parametrize("state", ["IN_PROGRESS", "OFFLINE", "AWAITING_MARKING", "PAPER_RESPONSE_UPLOAD"])
def test_what_is_explained_of_a_session_with_a_form_comes_true(api, server, state):
    reference = mixed(api).reference
    needed, rpcs = STATE_PATHS[state]

    def make():
        session = api.book(api.release(test_form=reference, **needed))
        return walk(api, session, *[rpc for rpc in rpcs if rpc != "SendToMarking"])

    assert name_of(make()) == state
    assert_it_comes_true(api, server, make)


def test_what_is_explained_of_a_session_without_attempts_left_comes_true(api, server):
    assert_it_comes_true(api, server, lambda: bring_to(api, "FINISHED", max_attempts=1))


def test_what_is_explained_of_a_session_held_offline_comes_true(api, server):
    def make():
        session = walk(api, api.book(), "CreatePackage")
        client = session_pb2.DeliveryClient(machine="LAB-7", held_offline=True)
        return api.move("DownloadSession", session, client=client)

    assert_it_comes_true(api, server, make)


def test_what_is_explained_of_a_candidate_with_another_session_open_comes_true(api, server):
    def make():
        candidate = new_id()
        first, second = api.book(None, candidate), api.book(None, candidate)
        walk(api, first, "CreatePackage", "DownloadSession", "EnterKeycode")
        return walk(api, second, "CreatePackage", "DownloadSession")

    assert_it_comes_true(api, server, make)


def test_what_is_explained_of_time_that_ran_out_comes_true(clocked_server, clocked_desk, clock):
    def make(state):
        session = bring_to(clocked_desk, state, duration=lasting(60), grace_period=lasting(60))
        clock.advance(121)
        return session

    for state in ("IN_PROGRESS", "OFFLINE", "AWAITING_UPLOAD", "PAUSED"):
        assert_it_comes_true(clocked_desk, clocked_server, lambda s=state: make(s))


def test_an_explanation_changes_nothing_and_hides_what_is_confidential(api, server):
    session = walk(api, api.book(), "CreatePackage", "DownloadSession")
    assert session.client.download_time.seconds
    with unchanged(server, api):
        reply = api.call("ExplainSession", keycode=session.keycode.lower())
    assert (reply.session.id, reply.session.HasField("client")) == (session.id, False)
    assert "SECRET" not in str(reply)


@pytest.fixture(scope="module")
def machine(server):
    api = ApiClient(server.target)
    yield api.call("GetStateMachine")
    api.close()


def test_the_machine_knows_the_vendors_codes(machine):
    codes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 22, 99]
    assert sorted(rules.state for rules in machine.states) == codes


def test_the_machine_tells_the_rules_of_each_state(machine):
    def states(flag):
        return sorted(rules.state for rules in machine.states if getattr(rules, flag))

    assert states("editable") == [1, 2]
    assert states("resettable") == [1, 2, 3, 4]
    assert states("terminal") == [10, 13]
    assert states("voidable") == [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 16, 18, 19, 20, 22, 99]


def test_the_machine_tells_the_maturity_of_each_state(machine):
    def of(maturity):
        return sorted(rules.state for rules in machine.states if rules.maturity == maturity)

    assert of(session_pb2.MATURITY_NOT_STARTED) == [1, 2, 3, 4, 5, 14, 22]
    assert of(session_pb2.MATURITY_IN_PROGRESS) == [6, 7, 8, 18, 19, 20, 99]
    assert of(session_pb2.MATURITY_COMPLETE) == [9, 11, 12, 13, 15, 16]
    assert of(session_pb2.MATURITY_VOID) == [10]


def rows_of(machine, action):
    number = Action.Value(f"ACTION_{action}")
    return {(row.from_state, row.to_state) for row in machine.transitions if row.action == number}


def test_the_machine_tells_its_transitions(machine):
    assert rows_of(machine, "CREATE_PACKAGE") == {(1, 2)}
    assert rows_of(machine, "DOWNLOAD") == {(2, 3), (2, 4)}
    assert rows_of(machine, "ENTER_KEYCODE") == {(start, end) for start in (3, 4) for end in (22, 14, 5, 6)}
    assert rows_of(machine, "CHECK_IN") == {(22, 14), (22, 5), (22, 6)}
    assert rows_of(machine, "ENTER_PIN") == {(14, 6)}
    assert rows_of(machine, "UNLOCK") == {(5, 6)}
    assert rows_of(machine, "PAUSE") == {(6, 7)}
    assert rows_of(machine, "RESUME") == {(7, 6)}
    assert rows_of(machine, "FINISH") == {(6, 9), (7, 9)}
    assert rows_of(machine, "UPLOAD") == {(18, 9)}
    assert rows_of(machine, "SUBMIT_MARKED") == {(15, 11)}
    assert rows_of(machine, "ARCHIVE") == {(11, 13), (12, 13)}
    assert rows_of(machine, "RESET") == {(1, 1), (2, 1), (3, 1), (4, 1)}
    assert {end for _, end in rows_of(machine, "VOID")} == {10}
    assert len(rows_of(machine, "VOID")) == 19
    handed_in = {9, 11, 12, 15, 16}
    assert rows_of(machine, "SET_RESPONSES") == {(6, 6)}
    assert rows_of(machine, "ASSIGN_ITEM_MARKS") == rows_of(machine, "ASSIGN_ITEM_RESPONSES") == {(19, 19)}
    assert rows_of(machine, "ROUTE") == {(9, 15), (9, 11), (19, 15), (19, 16), (19, 11)}
    assert rows_of(machine, "REOPEN") == {(start, end) for start in handed_in for end in (6, 7, 19)}
    assert rows_of(machine, "RETAKE") == {(start, end) for start in (9, 11, 12) for end in (4, 19)}
    assert rows_of(machine, "CLEAR_RESPONSES") == {(start, end) for start in (6, 7, *handed_in) for end in (4, 19)}
    assert rows_of(machine, "SET_ACCOMMODATION") == rows_of(machine, "SET_EXTRA_TIME")
    assert rows_of(machine, "SET_EXTRA_TIME") == {(state, state) for state in (1, 2, 3, 4, 5, 14, 22, 6, 7)}
    assert rows_of(machine, "RECOVER") == {(99, 1), (99, 7), (99, 19)}


def test_a_row_tells_the_condition_that_picks_it(machine):
    conditions = {
        row.to_state: row.condition
        for row in machine.transitions
        if (row.action, row.from_state) == (session_pb2.ACTION_DOWNLOAD, 2)
    }
    assert conditions[session_pb2.STATE_READY] == "window_is_open"
    assert conditions[session_pb2.STATE_SCHEDULED_BUT_LOCKED] == ""


def test_nothing_leads_out_of_a_final_state(machine):
    assert not [row for row in machine.transitions if row.from_state in {10, 13}]


def test_the_diagram_is_mermaid_and_shows_every_state(machine):
    assert machine.mermaid.startswith("stateDiagram-v2")
    for name in STATE_PATHS:
        assert name in machine.mermaid
