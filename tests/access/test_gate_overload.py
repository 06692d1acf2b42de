"""Credentials that wait to be verified, more than the gate takes."""

from __future__ import annotations

import asyncio

import pytest

from exam_sessions import errors
from exam_sessions.domain.access import ROLES, Permission, Principal
from exam_sessions.rpc.access.gate import UNKNOWN_AT_MOST, Gate
from exam_sessions.rpc.access.requirements import Requirement
from exam_sessions.rpc.access.verified import NO_CERTIFICATE, CallIdentity, Verified

READ = Requirement("GetSession", Permission.READ_SESSION)
KNOWN = Verified(Principal("anna", ROLES["reader"]), "key:1")


class Slow:
    """A verifier that knows one credential, and of others finds nothing out until it is told."""

    def __init__(self):
        self.asked, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def verify(self, credentials):
        if credentials.token != "known":
            self.asked.set()
            await self.may_go_on.wait()
        return KNOWN

    async def revoked(self, _):
        return set()

    async def used(self, _):
        return None


class Call(CallIdentity):
    """A call with a token."""

    def __init__(self, token):
        super().__init__()
        self._token = token

    def metadata(self, key):
        return [f"Bearer {self._token}"] if key == "authorization" else []

    def peer(self):
        return "192.0.2.1"

    def certificate(self):
        return NO_CERTIFICATE


def test_a_flood_of_unknown_credentials_is_refused_and_known_ones_go_on():
    async def flood():
        verifier = Slow()
        gate = Gate([verifier], lambda: 0)
        await gate.enter(Call("known"), READ)
        waiting = [asyncio.ensure_future(gate.enter(Call(str(n)), READ)) for n in range(UNKNOWN_AT_MOST)]
        await verifier.asked.wait()  # the first is looked at once all have begun
        with pytest.raises(errors.Overloaded):
            gate.enter(Call("one more"), READ)
        call = Call("known")
        assert gate.enter(call, READ) is None
        assert call.principal.name == "anna"
        same = asyncio.ensure_future(gate.enter(Call("0"), READ))  # waits for the same look
        verifier.may_go_on.set()
        await asyncio.gather(*waiting, same)
        await gate.enter(Call("one more"), READ)

    asyncio.run(flood())
