"""Calls whose callers go away while they are answered."""

from __future__ import annotations

import itertools
import random

import pytest
from messages import bookings, send

from exam_sessions.v1 import lifecycle_service_pb2, session_pb2
from serving import ApiClient, serving

pytestmark = pytest.mark.both_databases("replies are rendered on another thread where the service waits for a server")


def ready(api, count):
    """The keycodes of sessions that are READY."""
    release = api.release(invigilated=False)
    rows = api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(count)).sessions
    ids = lifecycle_service_pb2.SessionIds(session_ids=[row.id for row in rows])
    for action in (session_pb2.ACTION_CREATE_PACKAGE, session_pb2.ACTION_DOWNLOAD):
        api.call("BatchTransitionSessions", action=action, ids=ids)
    return [row.keycode for row in rows]


def test_callers_that_go_away_while_they_enter_do_the_server_no_harm(database):
    chance = random.Random(1)
    with serving(database, limit_loopback=1) as server:
        api = ApiClient(server.target)
        keycodes = iter(ready(api, 1_000))
        while burst := list(itertools.islice(keycodes, 25)):
            calls = [send(api, "EnterKeycode", keycode=keycode) for keycode in burst]
            calls[chance.randrange(25)].exception()
            for call in calls:
                call.cancel()
        assert api.call("ListSessions", show_total_size=True).total_size == 1_000
        api.close()
