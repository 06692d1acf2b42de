"""Candidates' devices: each enters a keycode, keeps its attempt token, and sends it with what it does."""

from __future__ import annotations

import pytest
from forms import mixed
from messages import new_id
from state_paths import FETCHED, INVIGILATED, walk

from exam_sessions_client.v1 import catalog_pb2
from serving import Refused

ONE_DEVICE = {"device_policy": catalog_pb2.DEVICE_POLICY_ONE_DEVICE}
LAST_DEVICE = {"device_policy": catalog_pb2.DEVICE_POLICY_LAST_DEVICE}


class Device:
    """A device with a label; its token is that of its last entry."""

    def __init__(self, api, label):
        self.api, self.label, self.token = api, label, ""

    def enter(self, session, *, again=False, request_id="", **fields):
        """Enters the keycode, as a device that has no token, or `again` with the one it has."""
        if again:
            fields.setdefault("attempt_token", self.token)
        reply = self.api.call(
            "EnterKeycode", keycode=session.keycode, device_label=self.label, request_id=request_id, **fields
        )
        self.token = reply.attempt_token or self.token
        return reply

    def move(self, rpc, session, **fields):
        """One action with the token."""
        return self.api.move(rpc, session, **({"attempt_token": self.token} | fields))


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


def entered_ready(api):
    return walk(api, api.book(api.release(**ONE_DEVICE)), *FETCHED)


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
