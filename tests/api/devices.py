"""Candidates' devices: each enters a keycode, keeps its attempt token, and sends it with what it does."""

from __future__ import annotations

from exam_sessions.v1 import catalog_pb2

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
