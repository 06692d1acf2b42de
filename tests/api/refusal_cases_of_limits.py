"""How to be refused for the sake of limits of a caller."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import ANY

from grpc import StatusCode as Code
from messages import bookings, new_id
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


@refused_with(Code.RESOURCE_EXHAUSTED)
def rate_limited(stage):
    with TemporaryDirectory() as directory, stage.new_database() as database:
        path = Path(directory, "limits.toml")
        path.write_text('[[limit]]\nby = "workspace"\ncalls = 1\nwithin_s = 3600\n')
        with serving(database, limits=str(path)) as server, closing(ApiClient(server.target)) as api:
            api.call("ListSessions")
            facts = {"limited": "workspace", "limit": "1 calls within 3600 s"}
            yield lambda: api.call("ListSessions"), facts


@refused_with(Code.DEADLINE_EXCEEDED)
def default_deadline_exceeded(stage):
    with (
        stage.new_database() as database,
        serving(database, default_deadline_s=0.01) as server,
        closing(ApiClient(server.target)) as api,
    ):
        release, rows = api.release(), bookings(5_000)
        fields = {"release_id": release.id, "bookings": rows, "timeout": None}
        yield lambda: api.call("BatchCreateSessions", **fields), {"seconds": "0.01"}
