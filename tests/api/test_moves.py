from __future__ import annotations

import pytest
from messages import at, lasting
from rows import unchanged
from state_paths import FETCHED, STARTED, bring_to, name_of, walk

from exam_sessions.v1 import session_pb2
from serving import Refused

CLIENT = {"os": "Windows 11", "machine": "LAB-7", "ip": "10.0.0.7"}
OFFLINE_CLIENT = session_pb2.DeliveryClient(held_offline=True, **CLIENT)


def held(desk):
    """A session whose package a client fetched to be sat without a connection."""
    session = walk(desk, desk.book(), "CreatePackage")
    return desk.move("DownloadSession", session, client=OFFLINE_CLIENT)


def test_a_download_records_the_client(desk):
    session = walk(desk, desk.book(), "CreatePackage")
    session = desk.move("DownloadSession", session, client=session_pb2.DeliveryClient(**CLIENT))
    expected = session_pb2.DeliveryClient(download_time=session.update_time, **CLIENT)
    assert (session.client, name_of(session)) == (expected, "READY")


@pytest.mark.parametrize("address", ["10.0.0.7", "2001:db8::7", ""])
def test_a_client_may_report_any_kind_of_address(desk, address):
    session = walk(desk, desk.book(), "CreatePackage")
    client = session_pb2.DeliveryClient(ip=address)
    assert desk.move("DownloadSession", session, client=client).client.ip == address


def test_a_reset_forgets_the_client_and_may_change_the_form(desk):
    session = desk.book(test_form="form-1")
    session = walk(desk, session, "CreatePackage")
    session = desk.move("DownloadSession", session, client=OFFLINE_CLIENT)
    session = desk.move("ResetSession", session, current_form="form-1", updated_form="form-2")
    assert (name_of(session), session.test_form) == ("SCHEDULED_BUT_NOT_CREATED", "form-2")
    assert not session.HasField("client")
    assert name_of(walk(desk, session, *STARTED)) == "IN_PROGRESS"


def test_a_reset_compares_the_form_before_it_writes(desk, server):
    session = desk.book(test_form="form-2")
    with unchanged(server, desk), pytest.raises(Refused) as refused:
        desk.move("ResetSession", session, current_form="form-1", updated_form="form-3")
    assert (refused.value.reason, refused.value.metadata) == ("STALE_FORM", {"test_form": "form-2"})


def test_a_session_held_offline_is_voided_by_force_only(desk, server):
    session = held(desk)
    with unchanged(server, desk), pytest.raises(Refused) as refused:
        desk.move("VoidSession", session)
    assert (refused.value.reason, refused.value.metadata) == ("HELD_OFFLINE", {"machine": "LAB-7"})
    session = desk.move("VoidSession", session, force=True)
    assert (name_of(session), session.void_reason) == ("VOIDED", session_pb2.VOID_REASON_AUTO)


def test_a_session_gone_offline_is_voided_by_force_only(desk):
    session = bring_to(desk, "OFFLINE")
    with pytest.raises(Refused) as refused:
        desk.move("VoidSession", session)
    assert refused.value.reason == "HELD_OFFLINE"
    assert name_of(desk.move("VoidSession", session, force=True)) == "VOIDED"


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
def test_a_void_reason_must_fit_the_attempt(desk, state, reason, fits):
    session = bring_to(desk, state)
    if fits:
        voided = desk.move("VoidSession", session, reason=reason)
        assert (voided.void_reason, voided.maturity) == (reason, session_pb2.MATURITY_VOID)
    else:
        with pytest.raises(Refused) as refused:
            desk.move("VoidSession", session, reason=reason)
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
def test_a_session_set_aside_comes_back_where_it_can_go_on(desk, state, back):
    session = desk.move("FailSession", bring_to(desk, state), message="power cut")
    assert (name_of(session), session.exception_message) == ("EXCEPTION", "power cut")
    session = desk.move("RecoverSession", session)
    assert (name_of(session), session.exception_message) == (back, "")


def test_a_ready_session_is_neither_paused_nor_unlocked(desk):
    session = bring_to(desk, "READY")
    for rpc in ("PauseSession", "UnlockSession", "FinishSession"):
        with pytest.raises(Refused) as refused:
            desk.move(rpc, session)
        assert refused.value.reason == "INVALID_TRANSITION"
        assert refused.value.metadata["allowed_actions"].split(",")[0] == "enter_keycode"


def test_a_move_names_its_session_by_id_or_by_keycode_in_any_case(desk):
    session = desk.book()
    assert desk.call("CreatePackage", session_id=session.id.upper()).session.id == session.id
    assert desk.call("DownloadSession", keycode=session.keycode.lower()).session.id == session.id
