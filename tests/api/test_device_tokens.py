"""Attempt tokens: what needs one, how long it is good, and what a repeated entry gives."""

from __future__ import annotations

import hashlib
import re

import pytest
from device_fixtures import laptop_of_a_candidate, other_laptop  # noqa: F401 - fixtures of this module
from devices import (
    LAST_DEVICE,
    ONE_DEVICE,
    Device,
    answers_of,
    booked,
    brought,
    entered,
    entered_ready,
    reason_of,
)
from forms import answer
from messages import ACTION_RPCS, at, mask, micros, new_id, request_of
from operations import OperationsApi
from rows import read, unchanged
from state_paths import FETCHED, name_of, pin_of, walk
from test_secrets import RecordedClient
from watchers import Watch

from exam_sessions_client.v1 import catalog_pb2, session_pb2, session_service_pb2
from serving import Refused

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
Action = session_pb2.Action


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
