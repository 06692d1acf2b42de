"""Each metric moves when what it counts happens: through real calls, read by a real scrape."""

from __future__ import annotations

import asyncio
import platform
import threading
from contextlib import closing
from importlib.metadata import version

import grpc
import pytest
from concurrency import at_once
from messages import bookings, new_id, send
from test_tls import secured  # noqa: F401 - a fixture of this module
from watchers import Sluggard, Watch, last_of, open_stream

from certificates import authority
from exam_sessions.domain.states import Action, State
from exam_sessions.rpc.observation import CODE_NAMES
from exam_sessions.rpc.server import SERVICE_FILES
from exam_sessions.telemetry.catalogue import FAMILIES, Kind
from exam_sessions_client.v1 import catalog_pb2, error_reason_pb2
from scraping import moved, sampled, scrape, scraped_until
from serving import ApiClient, Refused, serving

CALL_SECONDS = "rpc_server_call_duration_seconds"
SECOND = 1_000_000
WRONG = "ZZZZZZZZ"


@pytest.fixture(scope="module")
def server(new_database):
    """The server of this module's `api`."""
    with new_database() as database, serving(database, metrics="0", tick_ms=60_000) as running:
        yield running.quiet()


@pytest.fixture
def clocked(database, clock):
    with serving(database, clock, metrics="0", tick_ms=3_600_000) as running:
        yield running.quiet()


@pytest.fixture
def desk(clocked):
    with closing(ApiClient(clocked.target)) as api:
        yield api


def test_a_call_is_counted_by_method_and_status_code(server, api):
    session = api.book()
    read = {"rpc_method": "exam_sessions.v1.SessionService/GetSession"}
    name = f"{CALL_SECONDS}_count"
    assert moved(server, lambda: api.get(session), name, **read, rpc_response_status_code="OK") == 1

    def miss():
        with pytest.raises(Refused):
            api.call("GetSession", session_id=new_id())

    assert moved(server, miss, name, **read, rpc_response_status_code="NOT_FOUND") == 1
    found = scrape(server)
    every = found.value(f"{CALL_SECONDS}_bucket", **read, rpc_response_status_code="NOT_FOUND", le="+Inf")
    assert every == found.value(name, **read, rpc_response_status_code="NOT_FOUND")
    assert found.value(f"{CALL_SECONDS}_sum", **read, rpc_response_status_code="NOT_FOUND") > 0


def test_a_stream_is_counted_when_it_ends(server, api):
    watch = open_stream(api)
    next(watch)
    labels = {"rpc_method": "exam_sessions.v1.SessionService/WatchSessions", "rpc_response_status_code": "CANCELLED"}
    assert moved(server, watch.cancel, f"{CALL_SECONDS}_count", **labels) == 1


def test_the_time_in_a_queue_is_counted(server, api):
    session = api.book()
    waits = "exam_sessions_call_queue_wait_seconds_count"
    assert moved(server, lambda: api.move("CreatePackage", session), waits) == 1


def test_a_refusal_is_counted_by_its_reason(server, api):
    session = api.book()

    def refuse():
        with pytest.raises(Refused):
            api.move("ResumeSession", session)

    assert moved(server, refuse, "exam_sessions_refusals_total", reason="INVALID_TRANSITION") == 1


def test_the_transitions_that_were_committed_are_counted_and_no_others(server, api):
    release = api.release()
    name = "exam_sessions_transitions_total"
    scheduled = {"action": "schedule", "from_state": "NONE", "to_state": "SCHEDULED_BUT_NOT_CREATED"}
    session = api.book(release)
    packaged = {"action": "create_package", "from_state": scheduled["to_state"]}
    packaged |= {"to_state": "SCHEDULED_BUT_NOT_DOWNLOADED"}
    before = scrape(server)
    api.move("CreatePackage", session, validate_only=True)
    with pytest.raises(Refused):
        api.move("ResumeSession", session)
    assert scrape(server).total(name) == before.total(name)
    assert moved(server, lambda: api.move("CreatePackage", session), name, **packaged) == 1
    assert moved(server, lambda: api.book(release), name, **scheduled) == 1


def test_the_sessions_of_a_roster_written_in_chunks_are_counted_as_scheduled(server, api):
    release = api.release()

    def book():
        api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(700))

    labels = {"action": "schedule", "from_state": "NONE", "to_state": "SCHEDULED_BUT_NOT_CREATED"}
    assert moved(server, book, "exam_sessions_transitions_total", **labels) == 700


def test_groups_and_commits_are_counted(server, api):
    sessions = [api.book() for _ in range(8)]
    before = scrape(server)
    at_once(*[lambda session=session: api.move("CreatePackage", session) for session in sessions])
    after = scrape(server)

    def grown(name, **labels):
        return after.value(name, **labels) - before.value(name, **labels)

    groups = grown("exam_sessions_group_size_calls_count", queue="write")
    assert grown("exam_sessions_group_size_calls_sum", queue="write") >= 8
    assert grown("exam_sessions_group_linger_seconds_count", queue="write") == groups
    assert grown("exam_sessions_commit_duration_seconds_count") >= 1
    assert grown("exam_sessions_commit_duration_seconds_sum") > 0
    assert moved(server, lambda: api.get(sessions[0]), "exam_sessions_group_size_calls_sum", queue="read") == 1


@pytest.mark.sqlite("the database has one lock for all writers")
def test_what_waits_is_seen_while_it_waits(server, api):
    release, waiting = catalog_pb2.Release(name="Maths"), []
    api.release()

    def is_seen(now):
        # The first waits for the lock, and those that come meanwhile for the first.
        waiting.append(send(api, "CreateRelease", release=release))
        in_flight, depth = "exam_sessions_request_in_flight_bytes", "exam_sessions_queue_depth_calls"
        return now.value(in_flight) > 0 and now.value(depth, queue="write") > 0

    with server.database.locked_for_writing():
        found = scraped_until(server, is_seen)
        assert found.value("exam_sessions_queue_limit_calls", queue="write") >= 512
    for call in waiting:
        call.exception()
    scraped_until(server, lambda now: not now.value("exam_sessions_request_in_flight_bytes"))
    scraped_until(server, lambda now: not now.value("exam_sessions_queue_depth_calls", queue="write"))


def test_an_outage_of_the_database_is_seen(database):
    with serving(database, metrics="0") as server, closing(ApiClient(server.target)) as api:
        assert scrape(server).value("exam_sessions_database_up") == 1
        with database.unusable():
            scraped_until(server, lambda now: now.value("exam_sessions_database_up") == 0)
            with pytest.raises(Refused):
                api.call("ListReleases")
        scraped_until(server, lambda now: now.value("exam_sessions_database_up") == 1)


@pytest.mark.both_databases("SQLite is in this process")
def test_the_round_trips_to_a_server_are_counted(clocked, desk, database_kind):
    name = "exam_sessions_database_round_trips_total"
    session = desk.book()
    before = scrape(clocked).value(name)
    desk.move("CreatePackage", session)
    trips = scrape(clocked).value(name) - before
    assert trips >= 2 if database_kind == "postgresql" else trips == 0


def test_the_connections_of_the_pool_are_seen(server, api):
    api.call("ListSessions")
    found = scrape(server)
    pool = {"db_client_connection_pool_name": "readers"}
    assert found.value("db_client_connection_max", **pool) == 2
    assert 1 <= found.total("db_client_connection_count", **pool) <= 2
    gate, reads = threading.Event(), server.app.service.reads.pool

    async def read_thrice():
        waiting = [reads.read(lambda *_: gate.wait()) for _ in range(3)]
        await asyncio.gather(*waiting)

    thread = threading.Thread(target=server.run, args=(read_thrice(),))
    thread.start()
    used = {"db_client_connection_state": "used"}
    scraped_until(
        server,
        lambda now: (
            now.value("db_client_connection_count", **used) == 2
            and now.value("db_client_connection_pending_requests") >= 1
        ),
    )
    gate.set()
    thread.join()
    scraped_until(server, lambda now: not now.value("db_client_connection_pending_requests"))


def test_watchers_and_how_far_they_are_behind_are_seen(server, api):
    watchers, lag = "exam_sessions_watchers", "exam_sessions_watch_lag_events"
    with Watch(api, now=True) as watch:
        watch.until(lambda: watch.pieces)
        assert scrape(server).value(watchers) == 1
        api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(6_000))
        watch.up_to(last_of(server, api))
        scraped_until(server, lambda now: now.value(lag) == 0)
        with Sluggard(server, api.workspace) as sluggard:
            stream = open_stream(sluggard, start_sequence=1)
            found = scraped_until(server, lambda now: now.value(watchers) == 2 and now.value(lag) > 0)
            assert found.value(lag) <= 6_000
            stream.cancel()
    scraped_until(server, lambda now: now.value(watchers) == 0 and now.value(lag) == 0)


def test_lock_outs_are_seen(database, clock):
    settings = {"transport": "grpcio", "limit_loopback": 1, "wrong_codes_at_most": 2, "metrics": "0"}
    with serving(database, clock, **settings) as server, closing(ApiClient(server.target)) as api:
        api.book()
        assert scrape(server).value("exam_sessions_lockouts") == 0
        for _ in range(3):
            with pytest.raises(Refused):
                api.call("GetSession", keycode=WRONG)
        scraped_until(server, lambda now: now.value("exam_sessions_lockouts") >= 1)


def test_the_end_of_each_certificate_is_seen(secured):  # noqa: F811 - the fixture
    pair = authority().issue("127.0.0.1")
    server = secured(pair, client_ca=authority(), metrics="0", transport="grpcio")
    found = scrape(server)
    name = "exam_sessions_certificate_not_after_timestamp_seconds"
    assert found.value(name, certificate="server") == pair.certificate.not_valid_after_utc.timestamp()
    assert found.value(name, certificate="client_ca") == authority().certificate.not_valid_after_utc.timestamp()


def test_a_server_without_tls_has_no_certificate(server):
    assert scrape(server).labels("exam_sessions_certificate_not_after_timestamp_seconds") == []


def test_what_runs_is_seen(server, database_kind):
    (labels,) = scrape(server).labels("exam_sessions_build_info")
    revision = server.database.read("SELECT version_num FROM alembic_version")[0][0]
    assert labels == {
        "version": version("exam-sessions"),
        "python": platform.python_version(),
        "database": database_kind,
        "schema_revision": revision,
        "transport": server.app.settings.transport,
    }


def test_the_process_is_seen(server):
    found = scrape(server)
    assert found.value("process_resident_memory_bytes") > 10_000_000
    assert found.value("process_start_time_seconds") > 0
    assert found.value("process_cpu_seconds_total") > 0


def test_a_scrape_has_every_metric_of_the_catalogue_and_no_other(server):
    kinds = {name: family.type for name, family in scrape(server).families.items() if not name.startswith("process_")}
    # The parser takes the suffix of counters away.
    declared = {
        family.name.removesuffix("_total") if family.kind is Kind.COUNTER else family.name: family.kind.value
        for family in FAMILIES
    }
    assert kinds == declared


def test_labels_are_words_of_descriptors_and_enumerations_whatever_callers_send(server, api):
    stranger = "/exam_sessions.v1.SessionService/NoSuchMethod"
    with pytest.raises(grpc.RpcError):
        api.channel.unary_unary(stranger)(b"")
    with pytest.raises(Refused):
        ApiClient(server.target, "x" * 60).call("GetSession", keycode="NoSuchCode")
    found = scrape(server)
    methods = {
        f"{service.full_name}/{method.name}"
        for file in SERVICE_FILES
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    reasons = {name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.keys()}  # noqa: SIM118 - an enum
    states = {state.name for state in State} | {"NONE"}
    allowed = {
        "rpc_method": methods,
        "rpc_response_status_code": set(CODE_NAMES),
        "reason": reasons,
        "action": {action.value for action in Action},
        "from_state": states,
        "to_state": states,
        "state": states,
        "queue": {"read", "write"},
        "status": {"QUEUED", "RUNNING", "HALTED", "COMPLETED"},
    }
    assert f"{CALL_SECONDS}_count" in found.text
    for sample in found.samples:
        for label, value in sample.labels.items():
            if label in allowed:
                assert value in allowed[label], sample


def test_nothing_personal_and_no_code_is_exposed(server, api):
    session = api.book(candidate_id="candidate-4711", keycode="KEYC0DE1", pin="QWXZVB")
    api.move("CreatePackage", session)
    with pytest.raises(Refused):
        api.call("GetSession", keycode="GUESSED1")
    text = sampled(server).text
    assert api.workspace in text
    for secret in ("candidate-4711", "KEYC0DE1", "QWXZVB", "GUESSED1", session.id, session.access_code):
        assert secret not in text
