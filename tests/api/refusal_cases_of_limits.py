"""How to be refused for the sake of limits of a caller."""

from __future__ import annotations

from contextlib import suppress
from unittest.mock import ANY

from grpc import StatusCode as Code
from messages import new_id
from refusal_cases import refused_with

from serving import ApiClient, Refused, serving


@refused_with(Code.RESOURCE_EXHAUSTED)
def too_many_wrong_codes(stage):
    with stage.new_database() as database, serving(database, limit_loopback=1, wrong_codes_at_most=1) as server:
        api = ApiClient(server.target)
        with suppress(Refused):
            api.call("GetSession", keycode="ZZZZZZZZ")
        facts = {"guarded": "codes", "limited": "address", "end_time": ANY}
        yield lambda: api.call("GetSession", keycode="ZZZZZZZZ"), facts
        api.close()


@refused_with(Code.NOT_FOUND)
def lockout_not_found(stage):
    lockout_id = new_id()
    yield lambda: stage.api.call("LiftLockout", lockout_id=lockout_id), {"lockout_id": lockout_id}
