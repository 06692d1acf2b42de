"""What the command line and the Python client say and do about the devices of candidates."""

from __future__ import annotations

import pytest

from exam_sessions.client.client import Client
from exam_sessions.client.failures import Refused as ClientRefused
from exam_sessions_client.v1 import catalog_pb2, session_pb2


@pytest.fixture
def session(api):
    release = api.release(name="Maths, May", device_policy=catalog_pb2.DEVICE_POLICY_ONE_DEVICE)
    return api.walk(api.book(release), "CreatePackage", "DownloadSession")


@pytest.fixture
def client(server, api):
    with Client(server.target, api.workspace, "candidate") as client:
        yield client


def told(said):
    return " ".join(said.stdout.split())


def test_the_client_keeps_a_token_and_acts_with_it(client, session):
    entered, token = client.enter_keycode(session.keycode, "Laptop 3")
    assert (entered.device.device_label, len(token)) == ("Laptop 3", 43)
    assert client.enter_keycode(session.keycode, "Laptop 3", token) == (entered, token)
    with pytest.raises(ClientRefused) as refused:
        client.transition("FinishSession", session.keycode)
    assert refused.value.reason == "ATTEMPT_TOKEN_REQUIRED"
    finished = client.transition("FinishSession", session.keycode, attempt_token=token)
    assert finished.state == session_pb2.STATE_FINISHED


def test_a_session_and_its_history_show_which_device_holds_it(client, session, terminal):
    assert "device" not in terminal("sessions", "show", session.keycode).stdout
    client.enter_keycode(session.keycode, "Laptop 3")
    assert "device Laptop 3, since 20" in told(terminal("sessions", "show", session.keycode))
    assert "allow_take_over: 1 session done" in told(
        terminal("sessions", "transition", "allow_take_over", session.keycode)
    )
    assert "another may take over" in told(terminal("sessions", "show", session.keycode))
    client.enter_keycode(session.keycode, "Phone")
    *_, entered, allowed, taken = terminal.json("sessions", "history", session.keycode)
    assert [event["action"] for event in (entered, allowed, taken)] == [
        "ACTION_ENTER_KEYCODE",
        "ACTION_ALLOW_TAKE_OVER",
        "ACTION_TAKE_OVER",
    ]
    said = told(terminal("sessions", "history", session.keycode))
    assert "device_enter_time" not in said
    assert "device_take_over_allowed" not in said


def test_a_session_that_no_device_holds_is_not_taken_over(terminal, session):
    said = terminal("sessions", "transition", "allow_take_over", session.keycode, code=1).stderr
    assert "INVALID_TRANSITION" in said


def test_a_device_without_a_label_is_shown_as_such(client, session, terminal):
    client.enter_keycode(session.keycode)
    assert "device without a name, since" in told(terminal("sessions", "show", session.keycode))
