"""Calls whose callers go away while they are answered."""

from __future__ import annotations

import itertools
import random

import pytest
from authenticated import client_of, guarded
from fuzzing import Drawing, pool
from hostile import METHODS
from messages import bookings, new_id, send

import sampling
from exam_sessions.domain.access import ROLES
from exam_sessions_client.v1 import lifecycle_service_pb2, session_pb2
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


def begun(client, method, data):
    """A call that has begun, of whatever kind."""
    path, metadata = f"/{method.containing_service.full_name}/{method.name}", client.metadata
    if method.client_streaming:
        return client.channel.stream_stream(path)(iter([data]), timeout=30, metadata=metadata)
    if method.server_streaming:
        return client.channel.unary_stream(path)(data, timeout=30, metadata=metadata)
    return client.channel.unary_unary(path).future(data, timeout=30, metadata=metadata)


@pytest.mark.parametrize("rounds", [sampling.fewer(2, 1), pytest.param(100, marks=pytest.mark.slow)])
def test_callers_of_every_rpc_and_role_that_go_away_at_any_moment_do_the_server_no_harm(database, rounds):
    chance = random.Random(rounds)
    with guarded(database, limit_loopback=1, wrong_codes_at_most=1_000_000) as server:
        owner = client_of(server, "admin")
        release = owner.release()
        names = pool({"workspace_id": "default", "session_id": owner.book(release).id, "release_id": release.id})
        drawing = Drawing(chance, names)
        for _ in range(rounds):
            # Keys that the server has not seen: they are looked up while the first calls go away.
            clients = [client_of(server, role, name=new_id()) for role in ROLES]
            for method in METHODS:
                burst = [begun(client, method, drawing.request(method).SerializeToString()) for client in clients]
                if not method.server_streaming and not method.client_streaming:
                    chance.choice(burst).exception()
                for call in chance.sample(burst, len(burst)):
                    call.cancel()
            for client in clients:
                client.close()
        assert owner.call("GetPrincipal").principal.name == "somebody"
        owner.close()
