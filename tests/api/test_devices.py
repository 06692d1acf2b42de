"""One device at a time: what a release asks for, who enters once and again, and what is shown."""

from __future__ import annotations

import re

import pytest
from device_fixtures import laptop_of_a_candidate, other_laptop  # noqa: F401 - fixtures of this module
from devices import (
    LAST_DEVICE,
    ONE_DEVICE,
    WAY_TO,
    booked,
    brought,
    entered,
    entered_ready,
    reason_of,
)
from forms import answer
from grpc import StatusCode
from messages import mask, new_id
from rows import read, unchanged
from state_paths import FETCHED, bring_to, name_of, walk

from exam_sessions_client.v1 import catalog_pb2, session_pb2, session_service_pb2
from serving import Refused

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
Action = session_pb2.Action


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


def test_a_paper_has_no_device(api):
    session = api.book(api.release(delivery=catalog_pb2.DELIVERY_PAPER, **ONE_DEVICE))
    assert reason_of(lambda: api.move("EnterKeycode", session)) == "INVALID_TRANSITION"
    assert reason_of(lambda: api.move("AllowTakeOver", session)) == "INVALID_TRANSITION"


def test_the_basic_view_leaves_the_device_out(api, laptop):
    entered(laptop)
    basic = session_service_pb2.SESSION_VIEW_BASIC
    assert not api.call("ListSessions", view=basic).sessions[0].HasField("device")
    assert api.call("ListSessions", view=session_service_pb2.SESSION_VIEW_FULL).sessions[0].HasField("device")


def test_no_two_entries_get_the_same_token(api, laptop):
    assert (
        len({laptop.enter(booked_one).attempt_token for booked_one in (entered_ready(api) for _ in range(20))}) == 20
    )


def test_a_release_that_does_not_ask_gives_no_token_and_keeps_no_device(api, server):
    session = walk(api, api.book(), *FETCHED)
    reply = api.call("EnterKeycode", keycode=session.keycode, device_label="Laptop 3", attempt_token="x")
    assert (reply.attempt_token, reply.session.HasField("device")) == ("", False)
    assert read(server, "SELECT device FROM sessions WHERE id = ?", session.id) == [(None,)]
    assert name_of(api.move("FinishSession", session, attempt_token="whatever")) == "FINISHED"


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


def test_an_entry_that_is_only_checked_gives_no_token_and_writes_nothing(api, laptop, other, server):
    session = booked(api)
    with unchanged(server, api):
        assert api.call("EnterKeycode", keycode=session.keycode, validate_only=True).attempt_token == ""
    laptop.enter(session)
    api.move("AllowTakeOver", session)
    with unchanged(server, api):
        assert api.call("EnterKeycode", keycode=session.keycode, validate_only=True).attempt_token == ""
    assert other.enter(session).attempt_token
