"""The native transport where it goes its own ways; everything else is tested on it with `--transport native`."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import grpc
import pytest
from concurrency import assert_unbroken
from grpc import StatusCode
from messages import bookings, new_id, request_of, send
from rows import read, unchanged
from state_paths import bring_to
from test_health_and_reflection import SERVICES, SERVING, grpcurl, health_of
from watchers import Watch, assert_gapless, last_of, open_stream, watchers

from exam_sessions.app import App
from exam_sessions.rpc.cannot_serve import CannotServe
from exam_sessions.rpc.transports.listen_addresses import parse_address
from exam_sessions.rpc.transports.selection import transport_named
from exam_sessions.settings import Settings
from exam_sessions_client.v1 import session_pb2
from processes import ServerProcess, calling
from serving import ApiClient, Refused, serving, until

native = pytest.importorskip("exam_sessions.rpc.transports.native", reason="the native transport is an extra")
native_stream = pytest.importorskip("exam_sessions.rpc.transports.native_stream")

pytestmark = pytest.mark.native_transport

IN_PROGRESS, PAUSED = session_pb2.STATE_IN_PROGRESS, session_pb2.STATE_PAUSED


@pytest.fixture(scope="module")
def server(new_database):
    """The server of this module's `api`."""
    with new_database() as database, serving(database, transport="native") as running:
        yield running


def transport_of(server):
    return server.app._server._transport


def test_a_move_that_was_answered_is_in_the_database(server, api):
    session = bring_to(api, "IN_PROGRESS")
    assert api.move("PauseSession", session).state == PAUSED
    assert read(server, "SELECT state FROM sessions WHERE id = ?", session.id) == [(PAUSED,)]
    assert_unbroken(api.history(session), PAUSED)


def test_a_refusal_comes_with_its_reason_and_facts(api):
    session, missing = api.book(), new_id()
    with pytest.raises(Refused) as refused:
        api.call("GetSession", session_id=missing)
    assert (refused.value.code, refused.value.reason) == (StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")
    assert missing in refused.value.metadata.values()
    with pytest.raises(Refused) as refused:
        api.move("ResumeSession", session)
    assert (refused.value.code, refused.value.reason) == (StatusCode.FAILED_PRECONDITION, "INVALID_TRANSITION")
    with pytest.raises(Refused) as refused:
        api.call("ListSessions", page_size=-1)
    assert (refused.value.code, list(refused.value.fields)) == (StatusCode.INVALID_ARGUMENT, ["page_size"])


@pytest.mark.parametrize("actor", ["", "anna", "ms. jones"])
def test_who_calls_is_whoever_the_metadata_name(server, api, actor):
    session = api.book()
    caller = ApiClient(server.target, api.workspace, actor)
    caller.move("CreatePackage", session)
    caller.close()
    assert [event.actor for event in api.history(session)] == ["test", actor or "anonymous"]


def test_nobody_calls_under_the_name_of_the_service(server, api):
    session = api.book()
    caller = ApiClient(server.target, api.workspace, "system")
    with unchanged(server, api), pytest.raises(Refused) as refused:
        caller.move("CreatePackage", session)
    assert list(refused.value.fields) == ["x-actor"]
    caller.close()


@pytest.mark.parametrize("size", [600, 100_000])
def test_a_message_over_the_size_limit_is_refused_with_both_sizes(database, size):
    with serving(database, transport="native", max_message_bytes=500) as server:
        api = ApiClient(server.target)
        session = api.book()
        too_large = request_of("PauseSession", workspace_id=api.workspace, session_id="x" * size)
        with pytest.raises(Refused) as refused:
            api.call("PauseSession", too_large)
        assert (refused.value.code, refused.value.reason) == (StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE")
        assert refused.value.metadata == {"size": str(too_large.ByteSize()), "limit": "500"}
        assert api.get(session) == session
        api.close()


def test_a_caller_who_leaves_finds_the_move_done_and_disturbs_nobody(server, api):
    left, stayed = bring_to(api, "IN_PROGRESS"), bring_to(api, "IN_PROGRESS")
    with server.database.locked_for_writing():
        begun = transport_of(server)._under_way
        calls = [send(api, "PauseSession", session_id=session.id) for session in (left, stayed)]
        until(lambda: transport_of(server)._under_way >= begun + 2)
        calls[0].cancel()
        assert api.get(left).state == IN_PROGRESS
    assert calls[1].result().session.state == PAUSED
    until(lambda: api.get(left).state == PAUSED)
    until(lambda: not transport_of(server)._under_way)
    assert len(api.history(left)) == len(api.history(stayed))


def test_a_caller_whose_time_is_up_is_told_and_disturbs_nobody(server, api):
    session = bring_to(api, "IN_PROGRESS")
    with server.database.locked_for_writing():
        call = send(api, "PauseSession", session_id=session.id)
        with pytest.raises(AssertionError, match="DEADLINE_EXCEEDED"):
            api.call("ResumeSession", session_id=session.id, timeout=0.2)
    assert call.result().session.state == PAUSED
    until(lambda: not transport_of(server)._under_way)


def test_work_that_is_not_in_line_ends_when_its_caller_leaves(server, api):
    release = api.release()
    with server.database.locked_for_writing():
        calls = [send(api, "BatchCreateSessions", release_id=release.id, bookings=bookings(2)) for _ in range(20)]
        until(lambda: len(transport_of(server)._tasks) == 20)
        for call in calls:
            call.cancel()
        until(lambda: not transport_of(server)._tasks)
    assert api.book()


def test_many_calls_on_one_connection_are_all_answered(api):
    session = api.book()
    calls = [send(api, "GetSession", session_id=session.id) for _ in range(3_000)]
    assert all(call.result().session == session for call in calls)


def test_health_and_reflection_answer(server, api):
    assert [health_of(api, service) for service in ("", *SERVICES)] == [SERVING] * 5
    assert set(SERVICES) <= set(grpcurl(server, "list").split())
    assert "rpc PauseSession" in grpcurl(server, "describe", "exam_sessions.v1.LifecycleService.PauseSession")


def test_grpcurl_moves_a_session_and_reads_a_refusal(server, api):
    session = bring_to(api, "READY")
    data = {"workspaceId": api.workspace, "keycode": session.keycode}
    enter = ("exam_sessions.v1.LifecycleService/EnterKeycode",)
    assert json.loads(grpcurl(server, *enter, data=data))["session"]["state"] == "STATE_IN_PROGRESS"
    refusal = grpcurl(server, *enter, data=data)
    assert "Code: FailedPrecondition" in refusal
    assert "INVALID_TRANSITION" in refusal


def test_an_unknown_method_is_told(api):
    with pytest.raises(grpc.RpcError) as refused:
        api.channel.unary_unary("/exam_sessions.v1.SessionService/NoMethod")(b"", timeout=10)
    assert refused.value.code() is StatusCode.UNIMPLEMENTED


def test_a_watch_tells_every_event(server, api):
    with Watch(api, now=True) as watch:
        watch.until(lambda: watch.pieces)
        session = bring_to(api, "IN_PROGRESS")
        events = watch.up_to(last_of(server, api))
    assert [event.to_state for event in events] == [event.to_state for event in api.history(session)]


def test_a_watcher_who_leaves_is_forgotten(server, api):
    with Watch(api) as watch:
        watch.complete()
        assert watchers(server) == 1
    until(lambda: not watchers(server))
    until(lambda: not transport_of(server)._under_way)


def test_watchers_who_do_not_read_keep_nobody_waiting(server, api, monkeypatch):
    monkeypatch.setattr(native_stream, "SELDOM_S", 0.01)
    api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(10_000))
    narrow = grpc.insecure_channel(
        server.target, options=[("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0)]
    )
    sluggard = ApiClient(server.target, api.workspace)
    sluggard.channel.close()
    sluggard.channel = narrow
    streams = [open_stream(sluggard, start_sequence=1) for _ in range(50)]
    until(lambda: watchers(server) == 50)
    api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(1_000))
    told = []
    while len(told) < 11_000:
        told += next(streams[0]).events
    assert_gapless(told, 1, 11_000)
    for stream in streams:
        stream.cancel()
    until(lambda: not watchers(server))
    sluggard.close()


def test_servers_share_a_port_when_they_may(database):
    with serving(database, transport="native", share_port=1) as first:
        with serving(database, transport="native", share_port=1, listen=first.target) as second:
            assert second.target == first.target
        api = ApiClient(first.target)
        assert api.book()
        api.close()
        with pytest.raises(CannotServe, match="Address already in use"):
            transport_named("native")([parse_address(first.target)], 1, share_port=False, certificates=None)


def test_several_processes_serve_on_one_port_and_end_when_they_are_told(database):
    with ServerProcess(database, transport="native", workers=2) as server:
        for _ in range(6):
            with calling(server, "w") as api:
                api.book()
        server.terminate()
        assert server.wait() == 0
    assert database.read("SELECT count(*) FROM sessions") == [(6,)]


def test_it_listens_on_addresses_of_version_6(database):
    with serving(database, transport="native", listen="[::1]:0") as server:
        api = ApiClient(f"[::1]:{server.app.port}")
        assert api.book()
        api.close()


def test_what_is_not_installed_is_told_before_anything_is_begun(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pygrpc_native", None)
    monkeypatch.delitem(sys.modules, "exam_sessions.rpc.transports.native")
    with pytest.raises(CannotServe) as told:
        App(Settings(database_url=f"sqlite:///{tmp_path}/x.db", transport="native"))
    assert "pip install 'exam-sessions[native]'" in told.value.way_out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("workers", [1, 2])
def test_who_starts_a_server_reads_what_to_install(tmp_path, workers):
    program = "import sys; sys.modules['pygrpc_native'] = None; from exam_sessions.cli import main; main()"
    flags = ("--listen", "127.0.0.1:0", "--transport", "native", "--workers", str(workers))
    url = {"EXAM_SESSIONS_DATABASE_URL": f"sqlite:///{tmp_path}/x.db", "COLUMNS": "200"}
    run = subprocess.run(
        [sys.executable, "-c", program, "serve", *flags],
        env=os.environ | url, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (2, "")
    assert "the transport 'native' is not installed" in run.stderr
    assert "pip install 'exam-sessions[native]'" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_transport_there_is_not_is_told():
    with pytest.raises(CannotServe, match="'pigeon' is no transport"):
        transport_named("pigeon")
