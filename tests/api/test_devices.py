"""One device at a time: attempt tokens, take-overs, and what history and sessions show of them."""

from __future__ import annotations

import hashlib
import re

import pytest
from authenticated import client_of, guarded
from devices import LAST_DEVICE, ONE_DEVICE, Device
from forms import answer, mixed
from grpc import StatusCode
from messages import ACTION_RPCS, at, changes_of, mask, micros, new_id, request_of
from operations import OperationsApi
from rows import read, unchanged, write
from state_paths import FETCHED, INVIGILATED, bring_to, name_of, pin_of, walk
from test_secrets import RecordedClient
from watchers import Watch

from exam_sessions.v1 import catalog_pb2, session_pb2, session_service_pb2
from serving import ApiClient, Refused

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
Action = session_pb2.Action


@pytest.fixture
def laptop(api):
    return Device(api, "Laptop 3")


@pytest.fixture
def other(api):
    return Device(api, "Laptop 7")


def booked(api, **fields):
    """A session that waits for its keycode, of a form of three questions."""
    mixed(api)
    return walk(api, api.book(api.release(**({"test_form": "form-1"} | ONE_DEVICE | fields))), *FETCHED)


def entered(device, **fields):
    """A session in progress that a device holds."""
    session = booked(device.api, **fields)
    return device.enter(session).session


def reason_of(call):
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.reason


def answers_of(api, session):
    """What was answered in a session."""
    listed = api.call("ListSessions", show_responses=True).sessions
    return next(list(found.responses) for found in listed if found.id == session.id)


def test_a_release_asks_for_one_device_or_for_none(api):
    assert api.release().device_policy == catalog_pb2.DEVICE_POLICY_ANY
    release = api.release(**ONE_DEVICE)
    assert release.device_policy == catalog_pb2.DEVICE_POLICY_ONE_DEVICE
    edit = catalog_pb2.Release(id=release.id, **LAST_DEVICE)
    edited = api.call("UpdateRelease", release=edit, update_mask=mask("device_policy")).release
    assert edited.device_policy == catalog_pb2.DEVICE_POLICY_LAST_DEVICE
    assert api.call("GetRelease", release_id=release.id).release == edited


def test_a_policy_that_does_not_exist_is_refused_by_its_field(api):
    with pytest.raises(Refused) as refused:
        api.release(device_policy=9)
    assert list(refused.value.fields) == ["release.device_policy"]


def test_the_device_that_enters_the_keycode_gets_a_token_of_256_random_bits_and_is_shown(api, laptop, server):
    session = booked(api)
    reply = laptop.enter(session)
    assert TOKEN.fullmatch(reply.attempt_token)
    device = reply.session.device
    assert (device.device_label, device.take_over_allowed) == ("Laptop 3", False)
    assert micros(device.enter_time) == micros(reply.session.attempt.start_time)
    assert api.get(session).device == device
    ((stored,),) = read(server, "SELECT device FROM sessions WHERE id = ?", session.id)
    assert hashlib.sha256(reply.attempt_token.encode()).hexdigest() in stored
    assert reply.attempt_token not in stored


def test_no_two_entries_get_the_same_token(api, laptop):
    assert (
        len({laptop.enter(booked_one).attempt_token for booked_one in (entered_ready(api) for _ in range(20))}) == 20
    )


def entered_ready(api):
    return walk(api, api.book(api.release(**ONE_DEVICE)), *FETCHED)


def test_a_release_that_does_not_ask_gives_no_token_and_keeps_no_device(api, server):
    session = walk(api, api.book(), *FETCHED)
    reply = api.call("EnterKeycode", keycode=session.keycode, device_label="Laptop 3", attempt_token="x")
    assert (reply.attempt_token, reply.session.HasField("device")) == ("", False)
    assert read(server, "SELECT device FROM sessions WHERE id = ?", session.id) == [(None,)]
    assert name_of(api.move("FinishSession", session, attempt_token="whatever")) == "FINISHED"


def test_a_second_entry_where_the_release_does_not_ask_is_refused_by_the_state_as_ever(api):
    with pytest.raises(Refused) as refused:
        api.move("EnterKeycode", bring_to(api, "IN_PROGRESS"))
    assert refused.value.reason == "INVALID_TRANSITION"
    assert "enter_keycode" not in refused.value.metadata["allowed_actions"]


@pytest.mark.parametrize("label", [" x", "x\ny", "\u202e", "e\u0301", "x" * 65])
def test_a_label_that_people_cannot_read_is_refused(api, label):
    session = booked(api)
    with pytest.raises(Refused) as refused:
        api.move("EnterKeycode", session, device_label=label)
    assert (refused.value.code, list(refused.value.fields)) == (StatusCode.INVALID_ARGUMENT, ["device_label"])


def test_a_device_may_have_no_label_and_one_of_64_letters(api):
    assert api.move("EnterKeycode", booked(api)).device.device_label == ""
    assert api.move("EnterKeycode", entered_ready(api), device_label="ł" * 64).device.device_label == "ł" * 64


def test_a_token_of_any_form_is_stale_unless_it_is_too_long(api, laptop):
    session = entered(laptop)
    for token in ("x", "Ω", "x\n", laptop.token[:-1], laptop.token + "A", laptop.token.swapcase()):
        assert reason_of(lambda t=token: laptop.move("GoOffline", session, attempt_token=t)) == "STALE_ATTEMPT_TOKEN"
    with pytest.raises(Refused) as refused:
        laptop.move("GoOffline", session, attempt_token="x" * 129)
    assert list(refused.value.fields) == ["attempt_token"]
    assert "xxxx" not in str(refused.value.fields)


def test_the_holder_answers_and_nobody_else(api, laptop, other):
    session = entered(laptop)
    laptop.move("SetResponses", session, responses=[answer("1", "A")])
    kept = answers_of(api, session)
    other.token = "x" * 43
    for call, reason in (
        (lambda: other.move("SetResponses", session, responses=[answer("1", "B")]), "STALE_ATTEMPT_TOKEN"),
        (lambda: api.move("SetResponses", session, responses=[answer("1", "B")]), "ATTEMPT_TOKEN_REQUIRED"),
        (lambda: api.move("SetResponses", session, submit_for_scoring=True), "ATTEMPT_TOKEN_REQUIRED"),
    ):
        assert reason_of(call) == reason
    assert answers_of(api, session) == kept
    assert name_of(laptop.move("FinishSession", session)) == "AWAITING_MARKING"


def test_every_request_that_has_a_token_is_refused_without_it_and_no_other_has_one(api):
    with_token = {rpc for rpc in ACTION_RPCS if "attempt_token" in request_of(rpc).DESCRIPTOR.fields_by_name}
    states = {
        "EnterPin": "LOCKED_BY_PIN",
        "SetResponses": "IN_PROGRESS",
        "GoOffline": "IN_PROGRESS",
        "ReconnectSession": "OFFLINE",
        "FinishOffline": "OFFLINE",
        "UploadSession": "AWAITING_UPLOAD",
        "FinishSession": "IN_PROGRESS",
    }
    assert with_token == {*states, "EnterKeycode"}
    for rpc, state in states.items():
        session, device = brought(api, state)
        more = {"pin": "qwerty"} if rpc == "EnterPin" else {}
        assert reason_of(lambda r=rpc, s=session, m=more: api.move(r, s, **m)) == "ATTEMPT_TOKEN_REQUIRED", rpc
        stale = more | {"attempt_token": "x"}
        assert reason_of(lambda r=rpc, s=session, m=stale: api.move(r, s, **m)) == "STALE_ATTEMPT_TOKEN", rpc
        device.move(rpc, session, **more)


WAY_TO = {
    "LOCKED_BY_PIN": (),
    "IN_PROGRESS": ("UnlockSession",),
    "OFFLINE": ("UnlockSession", "GoOffline"),
    "AWAITING_UPLOAD": ("UnlockSession", "GoOffline", "FinishOffline"),
}


def brought(api, state):
    """A session in a state, and the device that holds it."""
    device = Device(api, "Laptop 3")
    reference = new_id()
    mixed(api, reference=reference)
    session = walk(api, api.book(api.release(test_form=reference, **ONE_DEVICE, **INVIGILATED)), *FETCHED)
    device.enter(session)
    if state == "LOCKED_BY_PIN":
        api.move("SetPin", session, pin="qwerty")
    for rpc in WAY_TO[state]:
        session = api.move(rpc, session) if rpc == "UnlockSession" else device.move(rpc, session)
    return session, device


def test_a_wrong_token_is_not_counted_as_a_wrong_pin(api, server):
    session, _ = brought(api, "LOCKED_BY_PIN")
    with unchanged(server, api):
        assert (
            reason_of(lambda: api.move("EnterPin", session, pin="asdfgh", attempt_token="x")) == "STALE_ATTEMPT_TOKEN"
        )


def test_an_invigilator_does_everything_without_a_token(api, laptop):
    session = entered(laptop)
    for rpc in ("PauseSession", "ResumeSession", "PauseSession"):
        api.move(rpc, session)
    session = api.move("FinishSession", session, reason=session_pb2.FINISH_REASON_INVIGILATOR)
    assert session.attempt.finish_reason == session_pb2.FINISH_REASON_INVIGILATOR
    held = entered_ready(api)
    laptop.enter(held)
    stale = {"reason": session_pb2.FINISH_REASON_INVIGILATOR, "attempt_token": "x"}
    assert reason_of(lambda: api.move("FinishSession", held, **stale)) == "STALE_ATTEMPT_TOKEN"


def test_one_action_for_many_needs_no_token(api, laptop):
    work = OperationsApi(api)
    sessions = [entered_ready(api) for _ in range(3)]
    for session in sessions:
        laptop.enter(session)
    for action in ("GO_OFFLINE", "RECONNECT", "GO_OFFLINE", "FINISH_OFFLINE", "UPLOAD"):
        work.transition(action, sessions)
    assert {name_of(api.get(session)) for session in sessions} == {"FINISHED"}


def test_the_clock_and_a_finalized_release_end_attempts_without_a_token(clocked_desk, clocked_server, clock):
    laptop = Device(clocked_desk, "Laptop 3")
    expired = entered(laptop, window_end=at(clock() + 60_000_000))
    release = clocked_desk.release(**ONE_DEVICE)
    submitted = walk(clocked_desk, clocked_desk.book(release), *FETCHED)
    laptop.enter(submitted)
    clock.advance(61)
    clocked_desk.call("FinalizeRelease", release_id=release.id)
    clocked_server.sweep()
    assert clocked_desk.get(expired).attempt.finish_reason == session_pb2.FINISH_REASON_TIME_EXPIRED
    assert clocked_desk.get(submitted).attempt.finish_reason == session_pb2.FINISH_REASON_RELEASE_FINALIZED


def test_a_second_device_is_refused_until_an_invigilator_lets_it_take_over_once(api, laptop, other, server):
    session = entered(laptop)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        other.enter(session)
    assert (refused.value.code, refused.value.reason) == (StatusCode.FAILED_PRECONDITION, "SESSION_HELD")
    assert refused.value.metadata["device"] == "Laptop 3"
    assert refused.value.metadata["since"][:19] == session.device.enter_time.ToJsonString()[:19]
    invigilator = ApiClient(server.target, api.workspace, actor="invigilator-7")
    assert invigilator.move("AllowTakeOver", session).device.take_over_allowed
    invigilator.close()
    laptop.move("SetResponses", session, responses=[answer("1", "A")])
    taken = other.enter(session)
    assert (name_of(taken.session), taken.session.device.device_label) == ("IN_PROGRESS", "Laptop 7")
    assert not taken.session.device.take_over_allowed
    kept = answers_of(api, session)
    assert kept
    for rpc, more in (("SetResponses", {"responses": [answer("1", "B")]}), ("FinishSession", {}), ("GoOffline", {})):
        with pytest.raises(Refused) as refused:
            laptop.move(rpc, session, **more)
        assert (refused.value.code, refused.value.reason) == (StatusCode.ABORTED, "STALE_ATTEMPT_TOKEN")
        assert refused.value.metadata["device"] == "Laptop 7"
    assert answers_of(api, session) == kept
    assert reason_of(lambda: laptop.enter(session, again=True)) == "SESSION_HELD"
    assert reason_of(lambda: Device(api, "Phone").enter(session)) == "SESSION_HELD"
    other.move("SetResponses", session, responses=[answer("1", "B")])
    assert answers_of(api, session) != kept


def test_history_says_who_allowed_the_take_over_and_which_device_replaced_which_and_when(api, laptop, other, server):
    session = entered(laptop)
    invigilator = ApiClient(server.target, api.workspace, actor="invigilator-7")
    invigilator.move("AllowTakeOver", session)
    invigilator.close()
    taken = other.enter(session).session
    first, allowed, second = api.history(session)[-3:]
    assert [event.action for event in (first, allowed, second)] == [
        Action.ACTION_ENTER_KEYCODE,
        Action.ACTION_ALLOW_TAKE_OVER,
        Action.ACTION_TAKE_OVER,
    ]
    assert [event.actor for event in (first, allowed, second)] == ["test", "invigilator-7", "test"]
    assert second.from_state == second.to_state == session_pb2.STATE_IN_PROGRESS
    since, later = (s.device.enter_time.ToJsonString() for s in (session, taken))
    assert changes_of(allowed) == {"device_take_over_allowed": ("false", "true")}
    assert changes_of(first)["device_label"] == (None, "Laptop 3")
    assert changes_of(second) == {
        "device_label": ("Laptop 3", "Laptop 7"),
        "device_enter_time": (since, later),
        "device_take_over_allowed": ("true", "false"),
    }


def test_the_last_device_takes_over_at_once_and_the_first_may_take_it_back(api, laptop, other):
    session = entered(laptop, **LAST_DEVICE)
    assert other.enter(session).session.device.device_label == "Laptop 7"
    assert reason_of(lambda: laptop.move("SetResponses", session)) == "STALE_ATTEMPT_TOKEN"
    before = laptop.token
    assert laptop.enter(session, again=True).attempt_token != before
    laptop.move("SetResponses", session, responses=[answer("1", "A")])
    assert reason_of(lambda: other.move("SetResponses", session)) == "STALE_ATTEMPT_TOKEN"


@pytest.mark.parametrize("policy", [ONE_DEVICE, LAST_DEVICE])
def test_the_same_device_enters_again_unasked_keeps_its_token_and_changes_nothing(api, laptop, server, policy):
    session = entered(laptop, **policy)
    with unchanged(server, api):
        for label in ("Laptop 3", "another name", ""):
            laptop.label = label
            reply = laptop.enter(session, again=True)
            assert (reply.attempt_token, reply.session) == (laptop.token, session)


def test_a_device_enters_again_in_every_state_in_which_its_session_is_open(api):
    for state in WAY_TO:
        session, device = brought(api, state)
        reply = device.enter(session, again=True)
        assert (reply.attempt_token, name_of(reply.session)) == (device.token, state)


def test_a_repeated_entry_gives_the_same_device_a_token_that_is_good_and_leaves_the_first_one_good(api, laptop):
    session, once = booked(api), new_id()
    tokens = [laptop.enter(session, request_id=once).attempt_token for _ in range(3)]
    assert len(set(tokens)) == 3
    for n, token in enumerate(tokens):
        laptop.move("SetResponses", session, responses=[answer("1", "ABCD"[n])], attempt_token=token)
    events = api.history(session)
    entries = [(e.reason, e.request_id) for e in events if e.action == Action.ACTION_ENTER_KEYCODE]
    assert entries == [("", once), ("REPEATED_REQUEST", once), ("REPEATED_REQUEST", once)]
    assert api.get(session).device.device_label == "Laptop 3"


def test_a_repeated_entry_gives_no_token_once_another_device_has_taken_over_or_the_attempt_is_over(
    api, laptop, other
):
    session, once = booked(api, **LAST_DEVICE), new_id()
    laptop.enter(session, request_id=once)
    other.enter(session)
    repeated = laptop.enter(session, request_id=once)
    assert (repeated.attempt_token, repeated.session.device.device_label) == ("", "Laptop 7")
    again = new_id()
    first = laptop.enter(session, again=True, request_id=again, attempt_token="x")
    laptop.move("FinishSession", session)
    assert first.attempt_token
    over = laptop.enter(session, request_id=again, attempt_token="x")
    assert (over.attempt_token, name_of(over.session)) == ("", "AWAITING_MARKING")


def test_a_repeated_entry_of_the_same_device_keeps_its_token(api, laptop):
    session, once = entered(laptop), new_id()
    replies = [laptop.enter(session, again=True, request_id=once) for _ in range(3)]
    assert {reply.attempt_token for reply in replies} == {laptop.token}
    assert len({reply.session.etag for reply in replies}) == 1


def test_a_repeated_take_over_gives_a_token_that_is_good(api, laptop, other):
    session, once = entered(laptop), new_id()
    api.move("AllowTakeOver", session)
    tokens = [other.enter(session, request_id=once).attempt_token for _ in range(2)]
    for token in tokens:
        other.move("SetResponses", session, responses=[answer("1", "A")], attempt_token=token)


def test_an_entry_that_is_only_checked_gives_no_token_and_writes_nothing(api, laptop, other, server):
    session = booked(api)
    with unchanged(server, api):
        assert api.call("EnterKeycode", keycode=session.keycode, validate_only=True).attempt_token == ""
    laptop.enter(session)
    api.move("AllowTakeOver", session)
    with unchanged(server, api):
        assert api.call("EnterKeycode", keycode=session.keycode, validate_only=True).attempt_token == ""
    assert other.enter(session).attempt_token


def test_explain_says_what_another_device_would_get(api, laptop):
    def verdict():
        reply = api.call("ExplainSession", session_id=session.id)
        found = {Action.Name(v.action).removeprefix("ACTION_"): v for v in reply.verdicts}
        return [(found[name].allowed, found[name].reason) for name in ("ENTER_KEYCODE", "SET_RESPONSES")]

    session = entered(laptop)
    assert verdict() == [(False, "SESSION_HELD"), (True, "")]
    api.move("AllowTakeOver", session)
    assert verdict() == [(True, ""), (True, "")]


def test_a_token_of_one_attempt_is_stale_in_the_next(api, laptop):
    session = entered(laptop, max_attempts=0)
    api.move("ClearResponses", session)
    assert not api.get(session).HasField("device")
    old = laptop.token
    laptop.enter(session)
    assert laptop.token != old
    with pytest.raises(Refused) as refused:
        laptop.move("SetResponses", session, attempt_token=old)
    assert refused.value.reason == "STALE_ATTEMPT_TOKEN"


def test_a_retake_is_opened_by_any_device_and_the_token_of_the_first_attempt_is_stale(api, laptop, other):
    session = walk(api, api.book(api.release(**ONE_DEVICE)), *FETCHED)
    laptop.enter(session)
    laptop.move("FinishSession", session)
    assert api.get(session).device.device_label == "Laptop 3"
    edit = catalog_pb2.Release(id=session.release_id, max_attempts=0)
    api.call("UpdateRelease", release=edit, update_mask=mask("max_attempts"))
    assert not api.move("RetakeSession", session).HasField("device")
    other.enter(session)
    assert reason_of(lambda: laptop.move("GoOffline", session)) == "STALE_ATTEMPT_TOKEN"
    assert name_of(other.move("GoOffline", session)) == "OFFLINE"


def test_a_reopened_attempt_goes_on_with_the_token_it_had(api, laptop, other):
    session = entered(laptop)
    laptop.move("FinishSession", session)
    api.move("ReopenSession", session, no_limit=True)
    laptop.move("SetResponses", session, responses=[answer("1", "A")])
    assert reason_of(lambda: other.enter(session)) == "SESSION_HELD"
    api.move("AllowTakeOver", session)
    other.enter(session)
    assert reason_of(lambda: laptop.move("SetResponses", session)) == "STALE_ATTEMPT_TOKEN"


def test_what_was_answered_offline_is_uploaded_with_the_token_of_the_device(api, laptop):
    session = entered(laptop, **LAST_DEVICE)
    for rpc in ("GoOffline", "FinishOffline"):
        laptop.move(rpc, session)
    other = Device(api, "Laptop 7")
    assert reason_of(lambda: other.enter(session)) == "SESSION_HELD"
    assert reason_of(lambda: api.move("UploadSession", session)) == "ATTEMPT_TOKEN_REQUIRED"
    laptop.move("UploadSession", session, responses=[answer("1", "A")])
    assert answers_of(api, session)


def test_an_offline_device_that_is_lost_is_replaced_and_cannot_upload_any_more(api, laptop, other):
    session = entered(laptop)
    laptop.move("GoOffline", session)
    api.move("AllowTakeOver", session)
    assert name_of(other.enter(session).session) == "OFFLINE"
    other.move("ReconnectSession", session)
    other.move("GoOffline", session)
    other.move("FinishOffline", session)
    assert reason_of(lambda: laptop.move("UploadSession", session)) == "STALE_ATTEMPT_TOKEN"
    assert name_of(other.move("UploadSession", session)) == "AWAITING_MARKING"


def test_sessions_that_were_open_before_the_release_asked_go_on_without_a_token(api, laptop, other):
    session = entered(laptop, device_policy=catalog_pb2.DEVICE_POLICY_ANY)
    edit = catalog_pb2.Release(id=session.release_id, **ONE_DEVICE)
    api.call("UpdateRelease", release=edit, update_mask=mask("device_policy"))
    api.move("SetResponses", session, responses=[answer("1", "A")])
    assert reason_of(lambda: other.enter(session)) == "INVALID_TRANSITION"
    assert reason_of(lambda: api.move("AllowTakeOver", session)) == "SESSION_NOT_HELD"


def test_a_release_that_asks_no_more_needs_no_tokens_and_one_that_asks_again_knows_the_device(api, laptop):
    session = entered(laptop)
    for policy in (catalog_pb2.DEVICE_POLICY_ANY, catalog_pb2.DEVICE_POLICY_ONE_DEVICE):
        edit = catalog_pb2.Release(id=session.release_id, device_policy=policy)
        api.call("UpdateRelease", release=edit, update_mask=mask("device_policy"))
        if policy == catalog_pb2.DEVICE_POLICY_ANY:
            api.move("SetResponses", session, responses=[answer("1", "A")])
    assert reason_of(lambda: api.move("SetResponses", session)) == "ATTEMPT_TOKEN_REQUIRED"
    laptop.move("SetResponses", session, responses=[answer("1", "B")])


@pytest.mark.parametrize("by", ["ids", "filter"])
def test_take_overs_are_allowed_for_many_at_once(api, by):
    work, release = OperationsApi(api), api.release(**ONE_DEVICE)
    sessions = [walk(api, api.book(release), *FETCHED) for _ in range(3)]
    for session in sessions:
        Device(api, "Laptop").enter(session)
    if by == "ids":
        work.transition("ALLOW_TAKE_OVER", sessions)
    else:
        reply = work.transition("ALLOW_TAKE_OVER", filter=session_service_pb2.SessionFilter())
        work.wait(reply.operation)
    for session in sessions:
        assert Device(api, "Phone").enter(session).attempt_token


def test_a_paper_has_no_device(api):
    session = api.book(api.release(delivery=catalog_pb2.DELIVERY_PAPER, **ONE_DEVICE))
    assert reason_of(lambda: api.move("EnterKeycode", session)) == "INVALID_TRANSITION"
    assert reason_of(lambda: api.move("AllowTakeOver", session)) == "INVALID_TRANSITION"


def test_the_basic_view_leaves_the_device_out(api, laptop):
    entered(laptop)
    basic = session_service_pb2.SESSION_VIEW_BASIC
    assert not api.call("ListSessions", view=basic).sessions[0].HasField("device")
    assert api.call("ListSessions", view=session_service_pb2.SESSION_VIEW_FULL).sessions[0].HasField("device")


def test_a_damaged_device_is_shown_without_a_label_and_repaired_by_a_take_over(api, laptop, other, server):
    session = entered(laptop)
    write(server, "UPDATE sessions SET device = ?, version = version + 1 WHERE id = ?", "{broken", session.id)
    assert api.get(session).HasField("device")
    assert reason_of(lambda: laptop.move("SetResponses", session)) == "STALE_ATTEMPT_TOKEN"
    api.move("AllowTakeOver", session)
    other.enter(session)
    assert name_of(other.move("FinishSession", session)) == "AWAITING_MARKING"


def test_the_room_pin_is_entered_by_the_device_that_holds_the_session(api, laptop):
    session, device = brought(api, "LOCKED_BY_PIN")
    assert name_of(device.move("EnterPin", session, pin=pin_of(api, session))) == "IN_PROGRESS"


def test_nothing_but_the_reply_to_its_device_shows_a_token(server, caplog):
    caplog.set_level("DEBUG")
    api = RecordedClient(server.target)
    laptop, other = Device(api, "Laptop 3"), Device(api, "Laptop 7")
    once, tokens = new_id(), set()
    session = booked(api, max_attempts=0)
    with Watch(api, view=session_service_pb2.SESSION_VIEW_FULL) as watch:
        watch.complete()
        for device, request_id in ((laptop, once), (laptop, once), (other, new_id())):
            tokens.add(device.enter(session, request_id=request_id).attempt_token)
            api.move("AllowTakeOver", session)
            for rpc in ("PauseSession", "ResumeSession"):
                api.move(rpc, session)
            device.move("SetResponses", session, responses=[answer("1", "A")], request_id=new_id())
            for wrong in ({"attempt_token": laptop.token + "!"}, {"attempt_token": laptop.token * 9}, {"attempt": 9}):
                reason_of(lambda d=device, w=wrong: d.move("SetResponses", session, **w))
        reason_of(lambda: laptop.move("SetResponses", session))
        other.enter(session, again=True)
        other.move("FinishSession", session, request_id=new_id())
        api.get(session)
        api.call("ExplainSession", session_id=session.id)
        api.call("ListSessions", view=session_service_pb2.SESSION_VIEW_FULL, show_responses=True, show_results=True)
        watch.up_to(api.history(session)[-1].sequence)
        told = b"".join(piece.SerializeToString() for piece in watch.pieces)
    tokens.discard("")
    secrets = {*tokens, *(hashlib.sha256(token.encode()).hexdigest() for token in tokens)}
    assert len(secrets) == 6
    said = dict(api.recorder.seen)
    said.pop("EnterKeycode")
    everything = [told, caplog.text.encode(), *(reply for replies in said.values() for reply in replies)]
    everything += [repr(read(server, f"SELECT * FROM {table}")).encode() for table in ("events", "requests")]
    assert not [secret for secret in secrets for text in everything if secret.encode() in text]
    stored = repr(read(server, "SELECT * FROM sessions")).encode()
    assert not [token for token in tokens if token.encode() in stored]
    api.close()


def test_candidates_enter_and_invigilators_allow_by_their_roles(database):
    with guarded(database) as server:
        owner, candidate, invigilator, marker = (
            client_of(server, role) for role in ("admin", "candidate", "invigilator", "marker")
        )
        laptop, phone = Device(candidate, "Laptop 3"), Device(candidate, "Phone")
        session = booked(owner)
        assert TOKEN.fullmatch(laptop.enter(session).attempt_token)
        laptop.move("SetResponses", session, responses=[answer("1", "A")])
        assert reason_of(lambda: phone.enter(session)) == "SESSION_HELD"
        for nobody in (candidate, marker):
            assert reason_of(lambda n=nobody: n.move("AllowTakeOver", session)) == "PERMISSION_DENIED"
        assert invigilator.move("AllowTakeOver", session).device.take_over_allowed
        assert TOKEN.fullmatch(phone.enter(session).attempt_token)
        assert reason_of(lambda: laptop.move("SetResponses", session)) == "STALE_ATTEMPT_TOKEN"
        phone.move("FinishSession", session)
        for client in (owner, candidate, invigilator, marker):
            client.close()
