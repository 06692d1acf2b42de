from __future__ import annotations

import pytest
from messages import at, lasting
from rows import unchanged
from state_paths import FETCHED, STARTED, bring_to, name_of, walk

from exam_sessions_client.v1 import session_pb2
from serving import Refused

CLIENT = {"os": "Windows 11", "machine": "LAB-7", "ip": "10.0.0.7"}
OFFLINE_CLIENT = session_pb2.DeliveryClient(held_offline=True, **CLIENT)


def held(api):
    """A session whose package a client fetched to be sat without a connection."""
    session = walk(api, api.book(), "CreatePackage")
    return api.move("DownloadSession", session, client=OFFLINE_CLIENT)


def test_a_download_records_the_client(api):
    session = walk(api, api.book(), "CreatePackage")
    session = api.move("DownloadSession", session, client=session_pb2.DeliveryClient(**CLIENT))
    expected = session_pb2.DeliveryClient(download_time=session.update_time, **CLIENT)
    assert (session.client, name_of(session)) == (expected, "READY")


@pytest.mark.parametrize("address", ["10.0.0.7", "2001:db8::7", ""])
def test_a_client_may_report_any_kind_of_address(api, address):
    session = walk(api, api.book(), "CreatePackage")
    client = session_pb2.DeliveryClient(ip=address)
    assert api.move("DownloadSession", session, client=client).client.ip == address


def test_a_reset_forgets_the_client_and_may_change_the_form(api):
    session = api.book(test_form="form-1")
    session = walk(api, session, "CreatePackage")
    session = api.move("DownloadSession", session, client=OFFLINE_CLIENT)
    session = api.move("ResetSession", session, current_form="form-1", updated_form="form-2")
    assert (name_of(session), session.test_form) == ("SCHEDULED_BUT_NOT_CREATED", "form-2")
    assert not session.HasField("client")
    assert name_of(walk(api, session, *STARTED)) == "IN_PROGRESS"


def test_a_reset_compares_the_form_before_it_writes(api, server):
    session = api.book(test_form="form-2")
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("ResetSession", session, current_form="form-1", updated_form="form-3")
    assert (refused.value.reason, refused.value.metadata) == ("STALE_FORM", {"test_form": "form-2"})


def test_a_session_held_offline_is_voided_by_force_only(api, server):
    session = held(api)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.move("VoidSession", session)
    assert (refused.value.reason, refused.value.metadata) == ("HELD_OFFLINE", {"machine": "LAB-7"})
    session = api.move("VoidSession", session, force=True)
    assert (name_of(session), session.void_reason) == ("VOIDED", session_pb2.VOID_REASON_AUTO)


def test_a_session_gone_offline_is_voided_by_force_only(api):
    session = bring_to(api, "OFFLINE")
    with pytest.raises(Refused) as refused:
        api.move("VoidSession", session)
    assert refused.value.reason == "HELD_OFFLINE"
    assert name_of(api.move("VoidSession", session, force=True)) == "VOIDED"


@pytest.mark.parametrize(
    ("state", "reason", "fits"),
    [
        ("READY", session_pb2.VOID_REASON_NOT_YET_STARTED, True),
        ("READY", session_pb2.VOID_REASON_PARTIALLY_COMPLETED, False),
        ("IN_PROGRESS", session_pb2.VOID_REASON_NOT_YET_STARTED, False),
        ("IN_PROGRESS", session_pb2.VOID_REASON_PARTIALLY_COMPLETED, True),
        ("IN_PROGRESS", session_pb2.VOID_REASON_ABSENT, True),
        ("FINISHED", session_pb2.VOID_REASON_WITHDRAWN, True),
    ],
)
def test_a_void_reason_must_fit_the_attempt(api, state, reason, fits):
    session = bring_to(api, state)
    if fits:
        voided = api.move("VoidSession", session, reason=reason)
        assert (voided.void_reason, voided.maturity) == (reason, session_pb2.MATURITY_VOID)
    else:
        with pytest.raises(Refused) as refused:
            api.move("VoidSession", session, reason=reason)
        assert refused.value.reason == "VOID_REASON_MISMATCH"


def test_a_keycode_opens_a_locked_session_once_its_window_is_open(clocked_desk, clock):
    release = clocked_desk.release(window_start=at(clock() + 60_000_000))
    session = walk(clocked_desk, clocked_desk.book(release), *FETCHED)
    assert name_of(session) == "SCHEDULED_BUT_LOCKED"
    for rpc in ("EnterKeycode", "OpenWindow"):
        with pytest.raises(Refused) as refused:
            clocked_desk.move(rpc, session)
        assert refused.value.reason == "WINDOW_CLOSED"
    clock.advance(61)
    assert name_of(clocked_desk.move("EnterKeycode", session)) == "IN_PROGRESS"


def test_a_window_that_is_over_lets_nobody_in_or_on(clocked_desk, clock):
    release = clocked_desk.release(window_end=at(clock() + 60_000_000))
    ready = bring_to(clocked_desk, "READY", release)
    paused = bring_to(clocked_desk, "PAUSED", release)
    clock.advance(61)
    for rpc, session in (("EnterKeycode", ready), ("ResumeSession", paused)):
        with pytest.raises(Refused) as refused:
            clocked_desk.move(rpc, session)
        assert refused.value.reason == "WINDOW_CLOSED"
    assert name_of(clocked_desk.move("FinishSession", paused)) == "FINISHED"


def test_answers_come_back_within_the_grace_period_and_not_after(clocked_desk, clock):
    early, late = (bring_to(clocked_desk, "AWAITING_UPLOAD", grace_period=lasting(60)) for _ in range(2))
    clock.advance(59)
    assert name_of(clocked_desk.move("UploadSession", early)) == "FINISHED"
    clock.advance(2)
    with pytest.raises(Refused) as refused:
        clocked_desk.move("UploadSession", late)
    assert refused.value.reason == "GRACE_PERIOD_OVER"
    assert name_of(clocked_desk.move("VoidSession", late, force=True)) == "VOIDED"


@pytest.mark.parametrize(
    ("state", "back"),
    [
        ("READY", "SCHEDULED_BUT_NOT_CREATED"),
        ("REQUIRES_CHECK_IN", "SCHEDULED_BUT_NOT_CREATED"),
        ("IN_PROGRESS", "PAUSED"),
        ("OFFLINE", "PAUSED"),
        ("FINISHED", "PAUSED"),
        ("PAPER_RESPONSE_UPLOAD", "PAPER_RESPONSE_UPLOAD"),
    ],
)
def test_a_session_set_aside_comes_back_where_it_can_go_on(api, state, back):
    session = api.move("FailSession", bring_to(api, state), message="power cut")
    assert (name_of(session), session.exception_message) == ("EXCEPTION", "power cut")
    session = api.move("RecoverSession", session)
    assert (name_of(session), session.exception_message) == (back, "")


def test_a_ready_session_is_neither_paused_nor_unlocked(api):
    session = bring_to(api, "READY")
    for rpc in ("PauseSession", "UnlockSession", "FinishSession"):
        with pytest.raises(Refused) as refused:
            api.move(rpc, session)
        assert refused.value.reason == "INVALID_TRANSITION"
        assert refused.value.metadata["allowed_actions"].split(",")[0] == "enter_keycode"


def test_a_move_names_its_session_by_id_or_by_keycode_in_any_case(api):
    session = api.book()
    assert api.call("CreatePackage", session_id=session.id.upper()).session.id == session.id
    assert api.call("DownloadSession", keycode=session.keycode.lower()).session.id == session.id
