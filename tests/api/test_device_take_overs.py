"""Another device takes a session over: when it may, who allows it, and what history says."""

from __future__ import annotations

import re

import pytest
from authenticated import client_of, guarded
from device_fixtures import laptop_of_a_candidate, other_laptop  # noqa: F401 - fixtures of this module
from devices import LAST_DEVICE, ONE_DEVICE, Device, answers_of, booked, entered, reason_of
from forms import answer
from grpc import StatusCode
from messages import changes_of, new_id
from operations import OperationsApi
from rows import unchanged, write
from state_paths import FETCHED, name_of, walk

from exam_sessions_client.v1 import session_pb2, session_service_pb2
from serving import ApiClient, Refused

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
Action = session_pb2.Action


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


def test_a_repeated_take_over_gives_a_token_that_is_good(api, laptop, other):
    session, once = entered(laptop), new_id()
    api.move("AllowTakeOver", session)
    tokens = [other.enter(session, request_id=once).attempt_token for _ in range(2)]
    for token in tokens:
        other.move("SetResponses", session, responses=[answer("1", "A")], attempt_token=token)


def test_explain_says_what_another_device_would_get(api, laptop):
    def verdict():
        reply = api.call("ExplainSession", session_id=session.id)
        found = {Action.Name(v.action).removeprefix("ACTION_"): v for v in reply.verdicts}
        return [(found[name].allowed, found[name].reason) for name in ("ENTER_KEYCODE", "SET_RESPONSES")]

    session = entered(laptop)
    assert verdict() == [(False, "SESSION_HELD"), (True, "")]
    api.move("AllowTakeOver", session)
    assert verdict() == [(True, ""), (True, "")]


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


def test_a_damaged_device_is_shown_without_a_label_and_repaired_by_a_take_over(api, laptop, other, server):
    session = entered(laptop)
    write(server, "UPDATE sessions SET device = ?, version = version + 1 WHERE id = ?", "{broken", session.id)
    assert api.get(session).HasField("device")
    assert reason_of(lambda: laptop.move("SetResponses", session)) == "STALE_ATTEMPT_TOKEN"
    api.move("AllowTakeOver", session)
    other.enter(session)
    assert name_of(other.move("FinishSession", session)) == "AWAITING_MARKING"


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
