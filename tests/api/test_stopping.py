"""How a server stops: every call is answered, or refused as SHUTTING_DOWN, and streams end at once."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import grpc
import pytest
from grpc import StatusCode
from grpc_health.v1 import health_pb2
from messages import booking, bookings, new_id, request_of, send
from operations import OperationsApi, filled, long_lasting
from reflected import LIST, methods_of
from state_paths import bring_to
from watchers import Sluggard, open_stream, watchers

from exam_sessions.settings import TRANSPORTS
from exam_sessions_client.v1 import session_service_pb2_grpc
from postgres import free_port
from processes import ServerProcess
from serving import ApiClient, RunningServer, read_refusal, serving, until

CALLERS = 32

WITHOUT_CONNECTION = ("failed to connect", "Socket closed", "Connection reset", "Broken pipe")
"""What gRPC's client says, among other things, of a call that found no server, or was not read by one."""


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    """What carries the calls."""
    if request.param == "native":
        pytest.importorskip("pygrpc_native")
    return request.param


def moves_until_it_stops(target, ready):
    """Moves a session to and fro until the server is gone: the session, the moves answered, and what ended it."""
    api = ApiClient(target)
    session = bring_to(api, "IN_PROGRESS")
    ready.wait()
    for answered, rpc in enumerate(itertools.cycle(("PauseSession", "ResumeSession"))):
        try:
            send(api, rpc, session_id=session.id).result()
        except grpc.RpcError as error:
            api.close()
            return session, answered, error
    raise AssertionError


def stopped_under_load(database, transport):
    """Stops a server whom many callers keep busy; what each of them saw."""
    ready = threading.Barrier(CALLERS + 1)
    server = RunningServer(database, transport=transport, drain_s=120)
    with ThreadPoolExecutor(CALLERS) as pool, ExitStack() as at_the_end:
        at_the_end.callback(server.stop)
        callers = [pool.submit(moves_until_it_stops, server.target, ready) for _ in range(CALLERS)]
        ready.wait()
        ((before,),) = server.database.read("SELECT count(*) FROM events")
        until(lambda: server.database.read("SELECT count(*) FROM events")[0][0] > before + CALLERS // 2)
    return [caller.result() for caller in callers]


@pytest.mark.parametrize("stops", [2, pytest.param(50, marks=pytest.mark.slow)])
def test_a_stop_under_load_answers_every_call_and_loses_no_move(database, transport, stops):
    for _ in range(stops):
        for session, answered, error in stopped_under_load(database, transport):
            assert error.code() is StatusCode.UNAVAILABLE
            # Who was answered to the last finds nobody to call, or nobody who still reads.
            unheard = any(words in error.details() for words in WITHOUT_CONNECTION)
            assert unheard or read_refusal(error).reason == "SHUTTING_DOWN"
            ((moves,),) = database.read("SELECT count(*) - 4 FROM events WHERE session_id = ?", session.id)
            assert moves == answered, "a move was done and not told, or told and not done"


def test_callers_who_wait_for_no_reply_are_answered_or_told_that_the_server_is_unavailable(database, transport):
    with serving(database, transport=transport) as server:
        api, calls = ApiClient(server.target), []
        release = api.release()
        stop = threading.Thread(target=lambda: server.run(server.app._server.stop(60)))
        for number in itertools.count():
            calls.append(send(api, "CreateSession", release_id=release.id, booking=booking(f"c{number}")))
            if number == 200:
                stop.start()
            if number > 200:
                stop.join(0.001)
                if not stop.is_alive():
                    break
            if number > 2_000:
                # More than are answered before the stop would end them.
                stop.join()
                break
        assert {call.code() for call in calls} == {StatusCode.OK, StatusCode.UNAVAILABLE}
        done = sum(call.code() is StatusCode.OK for call in calls)
        assert database.read("SELECT count(*) FROM sessions") == [(done,)]
        api.close()


def test_a_call_that_outlasts_the_stop_is_told_why(database, transport):
    server = RunningServer(database, transport=transport, drain_s=0.3)
    api = ApiClient(server.target)
    session = bring_to(api, "IN_PROGRESS")
    with database.locked_for_writing():
        call = send(api, "PauseSession", session_id=session.id)
        api.get(session)
        stop = threading.Thread(target=server.stop)
        stop.start()
        assert read_refusal(call.exception()).reason == "SHUTTING_DOWN"
    stop.join(20)
    assert not stop.is_alive()
    api.close()


def opened(api, method, *requests):
    """A stream of bytes to a method, which its caller does not end."""
    go_on = threading.Event()

    def sent():
        yield from (request.SerializeToString() for request in requests)
        go_on.wait(30)

    if method.client_streaming:
        return api.channel.stream_stream(f"/{method.containing_service.full_name}/{method.name}")(sent()), go_on.set
    (request,) = requests
    path = f"/{method.containing_service.full_name}/{method.name}"
    return api.channel.unary_stream(path)(request.SerializeToString()), go_on.set


STREAMS = {
    "exam_sessions.v1.SessionService.WatchSessions": lambda api: request_of(
        "WatchSessions", workspace_id=api.workspace
    ),
    "exam_sessions.v1.SessionService.ImportSessions": lambda api: request_of(
        "ImportSessions",
        workspace_id=api.workspace,
        release_id=api.release().id,
        import_id=new_id(),
        bookings=bookings(2),
    ),
    "grpc.health.v1.Health.Watch": lambda api: health_pb2.HealthCheckRequest(),
    "grpc.reflection.v1.ServerReflection.ServerReflectionInfo": lambda api: LIST,
    "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo": lambda api: LIST,
}
"""The first message of every stream that goes on for ever."""

ENDS_BY_ITSELF = {"exam_sessions.v1.CandidateService.ExportCandidate"}


def test_streams_of_every_service_end_at_once_with_the_reason(database, transport):
    # A drain that no test would wait for: the server stops because nothing is left to do.
    server = RunningServer(database, transport=transport, drain_s=600)
    api = ApiClient(server.target)
    methods = {method.full_name: method for method in methods_of(api) if method.server_streaming}
    methods = {name: method for name, method in methods.items() if name not in ENDS_BY_ITSELF}
    assert set(methods) == set(STREAMS), "a stream this test does not know"
    streams = [opened(api, method, STREAMS[name](api)) for name, method in methods.items()]
    for stream, _ in streams:
        next(stream)
    work = OperationsApi(api)
    waiting = work.waiting(long_lasting(work, filled(api, 40), per_second=2))
    until(lambda: server.app.service.leaving._waiters)
    stop = threading.Thread(target=server.stop)
    stop.start()
    for stream, _ in streams:
        with pytest.raises(grpc.RpcError) as ended:
            list(stream)
        assert (ended.value.code(), read_refusal(ended.value).reason) == (StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
    assert read_refusal(waiting.exception()).reason == "SHUTTING_DOWN"
    stop.join(20)
    assert not stop.is_alive()
    for _, give_up in streams:
        give_up()
    api.close()


def test_watchers_who_do_not_read_hold_up_no_stop(database, transport):
    server = RunningServer(database, transport=transport, drain_s=600)
    api = ApiClient(server.target)
    api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(6_000))
    with Sluggard(server, api.workspace) as sluggard:
        streams = [open_stream(sluggard, start_sequence=1) for _ in range(5)]
        until(lambda: watchers(server) == 5)
        stop = threading.Thread(target=server.stop)
        stop.start()
        stop.join(20)
        assert not stop.is_alive()
        del streams
    api.close()


RETRYING = json.dumps(
    {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [
            {
                "name": [{}],
                "retryPolicy": {
                    "maxAttempts": 5,
                    "initialBackoff": "0.1s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ],
    }
)
"""What gRPC's documents show as a retry policy."""


def books_until(channel, release, stop, outcomes):
    """Books sessions one after the other, each with a request id, until it is told to stop."""
    create = session_service_pb2_grpc.SessionServiceStub(channel).CreateSession
    while not stop.is_set():
        request = request_of(
            "CreateSession",
            workspace_id="shared",
            release_id=release.id,
            booking=booking(new_id()),
            request_id=new_id(),
        )
        try:
            create(request, timeout=30)
            outcomes.append("OK")
        except grpc.RpcError as error:
            outcomes.append(f"{error.code().name}: {error.details()}")


@contextmanager
def rolling(database, transport, shared):
    """Two servers, on one port or on two; the target of both, and what restarts them one after the other."""
    settings = {"transport": transport, "share-port": int(shared)}
    with ExitStack() as stack:
        first = f"127.0.0.1:{free_port()}"
        ports = [first, first if shared else f"127.0.0.1:{free_port()}"]
        servers = [stack.enter_context(ServerProcess(database, **settings, listen=port)) for port in ports]

        def restart(is_ready):
            for n, server in enumerate(servers):
                server.terminate()
                assert server.wait() == 0
                servers[n] = stack.enter_context(ServerProcess(database, **settings, listen=server.target))
                is_ready(servers[n])

        yield "ipv4:" + ",".join(dict.fromkeys(server.target for server in servers)), restart


def assert_rolling_restart_fails_nobody(database, transport, *, shared, restarts, calls):
    """Calls, with the usual retry policy, while both servers are restarted again and again: none fails."""
    with rolling(database, transport, shared) as (target, restart), ExitStack() as stack:
        options = [("grpc.service_config", RETRYING), ("grpc.use_local_subchannel_pool", 1)]
        options += [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 500)]
        # A list of addresses is no authority, and native refuses calls to it.
        options += [("grpc.default_authority", "localhost")]
        channels = [stack.enter_context(grpc.insecure_channel(target, options=options)) for _ in range(4)]
        api = ApiClient(target.removeprefix("ipv4:").split(",")[0], "shared")
        release, stop, outcomes = api.release(), threading.Event(), []
        api.close()

        def answered(count):
            before = len(outcomes)
            until(lambda: len(outcomes) >= before + count)

        with ThreadPoolExecutor(16) as pool:
            work = [pool.submit(books_until, channels[n % 4], release, stop, outcomes) for n in range(16)]
            for _ in range(restarts):
                # Until every channel has found the one that is back: a client's own way to notice is its backoff.
                restart(lambda server: answered(200))
                answered(200)
            until(lambda: len(outcomes) >= calls, 300)
            stop.set()
            for one in work:
                one.result()
        assert Counter(outcomes) == {"OK": len(outcomes)}
        stored = database.read("SELECT count(*) FROM sessions WHERE workspace_id = 'shared'")
        assert stored == [(len(outcomes),)]


@pytest.mark.slow
@pytest.mark.parametrize("one_port", [False, True])
def test_no_call_of_ten_thousand_fails_in_rolling_restarts(database, transport, one_port):
    assert_rolling_restart_fails_nobody(database, transport, shared=one_port, restarts=4, calls=10_000)
