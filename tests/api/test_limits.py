"""Limits of calls by principal and by workspace, and the deadline of calls that set none."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from authenticated import client_of, guarded
from google.longrunning import operations_pb2
from grpc import StatusCode as Code
from messages import METHOD, booking, bookings

from exam_sessions.app import CannotServe
from exam_sessions.domain.rates import Rate
from exam_sessions.rpc.access.limits import limits_in
from exam_sessions.rpc.server import rpc_names
from exam_sessions_client.v1 import session_service_pb2
from serving import ApiClient, Refused, serving, until

HOUR = 3600


@pytest.fixture
def limits(tmp_path):
    """Writes a file of limits and returns its path."""

    def write(*tables):
        path = tmp_path / "limits.toml"
        path.write_text("\n".join(f"[[limit]]\n{table}" for table in tables))
        return str(path)

    return write


def refusal_of(call, *arguments, **fields):
    with pytest.raises(Refused) as refused:
        call(*arguments, **fields)
    return refused.value


def test_calls_beyond_the_rate_of_a_workspace_are_refused_until_a_moment_that_is_said(database, limits):
    path = limits(f'by = "workspace"\nrpcs = ["ListSessions"]\ncalls = 3\nwithin_s = {HOUR}')
    with serving(database, limits=path) as server, closing(ApiClient(server.target)) as api:
        for _ in range(3):
            api.call("ListSessions")
        refused = refusal_of(api.call, "ListSessions")
        assert (refused.code, refused.reason) == (Code.RESOURCE_EXHAUSTED, "RATE_LIMITED")
        assert refused.metadata == {"limited": "workspace", "limit": "3 calls within 3600 s"}
        assert 0 < refused.retry_after <= HOUR / 3
        api.call("ListReleases")
        with closing(ApiClient(server.target)) as other:
            other.call("ListSessions")


def test_principals_are_limited_each_by_itself(database, limits):
    path = limits(f'by = "principal"\ncalls = 2\nwithin_s = {HOUR}')
    with guarded(database, limits=path) as server:
        one, two = client_of(server, "reader", name="one"), client_of(server, "reader", name="two")
        for client in (one, one, two, two):
            client.call("ListSessions")
        for client in (one, two):
            refused = refusal_of(client.call, "ListReleases")
            assert (refused.reason, refused.metadata["limited"]) == ("RATE_LIMITED", "principal")
            client.close()


def test_a_tenant_uses_up_nothing_of_another_that_gives_a_key_the_same_name(database, limits):
    path = limits(f'by = "principal"\nonly = ["portal"]\ncalls = 2\nwithin_s = {HOUR}\nat_once = 5')
    with guarded(database, limits=path) as server:
        clients = [
            client_of(server, "reader", name="portal", workspace=name, workspaces=[name])
            for name in ("north", "south")
        ]
        clients.append(client_of(server, "reader", name="portal", workspace="north"))
        for client in clients:
            for _ in range(2):
                client.call("ListSessions")
            assert refusal_of(client.call, "ListSessions").reason == "RATE_LIMITED"
            client.close()


def test_a_limit_concerns_those_it_names_only(database, limits):
    path = limits(f'by = "principal"\nonly = ["platform"]\ncalls = 1\nwithin_s = {HOUR}')
    with guarded(database, limits=path) as server:
        platform, other = client_of(server, "reader", name="platform"), client_of(server, "reader", name="other")
        platform.call("ListSessions")
        assert refusal_of(platform.call, "ListSessions").reason == "RATE_LIMITED"
        for _ in range(3):
            other.call("ListSessions")
        platform.close()
        other.close()


@pytest.mark.parametrize("by", ["principal", "workspace"])
def test_queued_calls_and_streams_are_limited_too(database, limits, by):
    path = limits(f'by = "{by}"\nrpcs = ["GetSession", "WatchSessions"]\ncalls = 2\nwithin_s = {HOUR}')
    with serving(database, limits=path) as server, closing(ApiClient(server.target)) as api:
        session = api.book()
        api.get(session)
        api.get(session)
        assert refusal_of(api.get, session).reason == "RATE_LIMITED"
        watch = session_service_pb2.WatchSessionsRequest(workspace_id=api.workspace)
        assert refusal_of(lambda: list(_watched(api, watch))).reason == "RATE_LIMITED"


def _watched(api, request):
    import grpc  # noqa: PLC0415

    from serving import read_refusal  # noqa: PLC0415

    try:
        yield from api._stubs[session_service_pb2].WatchSessions(request, timeout=60)
    except grpc.RpcError as error:
        raise read_refusal(error) from None


@pytest.mark.parametrize("by", ["principal", "workspace"])
def test_calls_at_once_are_limited_and_those_that_end_make_room(database, limits, by):
    path = limits(f'by = "{by}"\nrpcs = ["WatchSessions"]\nat_once = 2')
    with serving(database, limits=path) as server, closing(ApiClient(server.target)) as api:
        watch = session_service_pb2.WatchSessionsRequest(workspace_id=api.workspace)
        stub = api._stubs[session_service_pb2].WatchSessions
        open_ones = [stub(watch) for _ in range(2)]
        for stream in open_ones:
            next(stream)
        refused = refusal_of(lambda: list(_watched(api, watch)))
        assert (refused.reason, refused.metadata["limit"]) == ("RATE_LIMITED", "2 at once")
        open_ones[0].cancel()

        def let_in():
            stream = stub(watch)
            try:
                return next(stream)
            except Exception:  # noqa: BLE001 - refused: the one that was cancelled has not ended yet
                return None
            finally:
                stream.cancel()

        until(let_in)
        open_ones[1].cancel()


def test_no_call_is_counted_as_under_way_once_all_have_ended(database, limits):
    path = limits('by = "workspace"\nat_once = 4', 'by = "principal"\nat_once = 1000')
    with serving(database, limits=path) as server, closing(ApiClient(server.target)) as api:
        release = api.release()

        def book(number):
            try:
                api.call("CreateSession", release_id=release.id, booking=booking(f"p{number}"))
            except Refused as refused:
                return refused.reason
            return ""

        with ThreadPoolExecutor(32) as pool:
            told = set(pool.map(book, range(300)))
        assert told <= {"", "RATE_LIMITED"}
        with pytest.raises(Refused):
            api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(1, "p0" * 80))
        limits_held = server.app._call_policy.limits
        until(lambda: not any(counter._under_way for counter in limits_held._counters))
        assert book(1_000) == ""


def test_a_refused_call_is_not_counted_as_under_way(database, limits):
    path = limits('by = "workspace"\nat_once = 1', f'by = "workspace"\ncalls = 1\nwithin_s = {HOUR}')
    with serving(database, limits=path) as server, closing(ApiClient(server.target)) as api:
        api.call("ListSessions")
        for _ in range(3):
            assert refusal_of(api.call, "ListSessions").metadata["limit"] == f"1 calls within {HOUR} s"


def test_the_rpcs_that_a_limit_may_name_are_those_there_are():
    operations = operations_pb2.DESCRIPTOR.services_by_name["Operations"].methods
    assert rpc_names() == set(METHOD) | {method.name for method in operations}


@pytest.mark.parametrize(
    ("table", "mistake"),
    [
        ('by = "school"\ncalls = 1', 'by must be "principal" or "workspace"'),
        ("calls = 1", "by must be"),
        ('by = "principal"', "says neither calls nor at_once"),
        ('by = "principal"\ncalls = -1', "calls must be a whole number"),
        ('by = "principal"\ncalls = true', "calls must be a whole number"),
        ('by = "principal"\ncalls = 1\nwithin_s = 0', "within_s must be seconds"),
        ('by = "principal"\ncalls = 1\nwithin_s = inf', "within_s must be seconds"),
        ('by = "principal"\ncalls = 1\nrpcs = ["GetSesion"]', "there is no RPC GetSesion"),
        ('by = "principal"\ncalls = 1\nrpcs = "GetSession"', "rpcs must be a list of names"),
        ('by = "principal"\ncalls = 1\nper = 1', "per is not known"),
        ("by = ", "is not TOML"),
    ],
)
def test_a_mistake_in_the_file_keeps_the_server_from_starting(database, limits, table, mistake):
    with pytest.raises(CannotServe, match=mistake), serving(database, limits=limits(table)):
        pass


def test_the_example_in_the_documents_is_understood(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "operate" / "security.md").read_text()
    (example,) = [block for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "[[limit]]" in block]
    path = tmp_path / "limits.toml"
    path.write_text(example)
    found = limits_in(str(path), rpc_names())
    assert [(limit.by, limit.rate, limit.at_once) for limit in found] == [
        ("principal", Rate(1000, 5.0), 0),
        ("principal", Rate(50, 5.0), 0),
        ("workspace", None, 20),
    ]


def test_a_file_that_is_not_there_keeps_the_server_from_starting(database, tmp_path):
    with pytest.raises(CannotServe, match="cannot be read"), serving(database, limits=str(tmp_path / "none.toml")):
        pass


def test_a_call_without_a_deadline_is_ended_and_one_with_its_own_is_not(database):
    with serving(database, default_deadline_s=0.2) as server, closing(ApiClient(server.target)) as api:
        session, let_go = api.book(), threading.Event()
        reads = server.app.service.reads
        original = reads.has_open_session

        async def slow(found):
            import asyncio  # noqa: PLC0415

            await asyncio.to_thread(let_go.wait)
            return await original(found)

        reads.has_open_session = slow
        refused = refusal_of(api.call, "ExplainSession", session_id=session.id, timeout=None)
        assert (refused.code, refused.reason) == (Code.DEADLINE_EXCEEDED, "DEFAULT_DEADLINE_EXCEEDED")
        assert refused.metadata == {"seconds": "0.2"}
        with ThreadPoolExecutor(1) as pool:
            patient = pool.submit(api.call, "ExplainSession", session_id=session.id, timeout=60)
            assert refusal_of(api.call, "ExplainSession", session_id=session.id, timeout=None).code.name.startswith(
                "D"
            )
            let_go.set()
            assert patient.result().session.id == session.id
        assert api.call("GetSession", session_id=session.id, timeout=None).session.id == session.id
