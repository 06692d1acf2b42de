"""Traces of sampled calls, as a collector of OTLP gets them over gRPC."""

from __future__ import annotations

import secrets
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest
from forms import answer
from messages import new_id
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from personal import CANDIDATE, EVERYTHING, written_about

from exam_sessions.rpc.cannot_serve import CannotServe
from exam_sessions.settings import Settings
from exam_sessions.telemetry.traces import check_traces
from processes import ServerProcess
from serving import ApiClient, Refused, serving, until

STEPS = ["receive", "queue", "decide", "commit", "render"]


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """A collector: the protocol's own service, on a free port."""

    def __init__(self):
        self.requests = []
        self._server = grpc.server(ThreadPoolExecutor(2))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self._server)
        self.endpoint = f"http://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def Export(self, request, context):  # noqa: N802 - the protocol's name
        self.requests.append(request)
        return trace_service_pb2.ExportTraceServiceResponse()

    @property
    def spans(self):
        return [
            span
            for request in list(self.requests)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def servers(self, method):
        return [
            span for span in self.spans if span.kind == Span.SPAN_KIND_SERVER and span.name.endswith(f"/{method}")
        ]

    def below(self, span):
        """The steps of a call, in the order of their times."""
        found = [inner for inner in self.spans if inner.parent_span_id == span.span_id]
        return sorted(found, key=lambda inner: (inner.start_time_unix_nano, STEPS.index(inner.name)))

    def stop(self):
        self._server.stop(None).wait()


@pytest.fixture
def collector(monkeypatch):
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    collector = Collector()
    yield collector
    collector.stop()


@contextmanager
def traced(database, collector, **settings):
    """A client of a server that sends traces."""
    with serving(database, otlp_endpoint=collector.endpoint, tick_ms=60_000, **settings) as server:
        api = ApiClient(server.target)
        yield api
        api.close()


def attributes(span):
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in span.attributes}


def sampled_by(api, flags="01", trace_id=None):
    """Has the calls of a client carry a trace; gives its ids."""
    trace_id, span_id = trace_id or secrets.token_hex(16), secrets.token_hex(8)
    api.metadata = (
        ("x-actor", "test"),
        ("traceparent", f"00-{trace_id}-{span_id}-{flags}"),
        ("tracestate", "vendor=a1,other=b2"),
    )
    return trace_id, span_id


@pytest.mark.both_databases("a group is decided and committed on the event loop or on the writer's thread")
def test_a_sampled_call_has_a_span_below_its_callers_and_one_for_each_step(database, collector):
    with traced(database, collector) as api:
        session = api.book()
        trace_id, parent = sampled_by(api)
        api.move("CreatePackage", session)
    (server,) = collector.servers("CreatePackage")
    assert server.name == "exam_sessions.v1.LifecycleService/CreatePackage"
    assert (server.trace_id.hex(), server.parent_span_id.hex()) == (trace_id, parent)
    assert server.trace_state == "vendor=a1,other=b2"
    assert server.status.code != Status.STATUS_CODE_ERROR
    assert attributes(server) == {
        "rpc.system": "grpc",
        "rpc.service": "exam_sessions.v1.LifecycleService",
        "rpc.method": "CreatePackage",
        "rpc.grpc.status_code": 0,
        "exam_sessions.workspace": api.workspace,
        "exam_sessions.session": session.id,
    }
    steps = collector.below(server)
    assert [step.name for step in steps] == STEPS
    assert {step.trace_id for step in steps} == {server.trace_id}
    ends = [server.start_time_unix_nano, *(step.end_time_unix_nano for step in steps)]
    assert [step.start_time_unix_nano for step in steps] == ends[:-1]
    assert ends == sorted(ends)
    assert ends[-1] == server.end_time_unix_nano
    assert attributes(steps[3])["exam_sessions.group.size"] >= 1
    assert not collector.servers("CreateSession")


def test_calls_of_one_group_have_a_commit_each_and_say_how_many_they_are(database, collector):
    with traced(database, collector, linger_ms=50) as api:
        sessions = [api.book() for _ in range(8)]
        sampled_by(api)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda session: api.move("CreatePackage", session), sessions))
    spans = collector.servers("CreatePackage")
    assert len(spans) == len(sessions)
    commits = [step for span in spans for step in collector.below(span) if step.name == "commit"]
    assert len(commits) == len(sessions)
    groups = {}
    for commit in map(attributes, commits):
        groups.setdefault(commit["exam_sessions.group.id"], []).append(commit["exam_sessions.group.size"])
    assert all(sizes == [len(sizes)] * len(sizes) for sizes in groups.values())


def test_a_read_has_no_commit_and_a_call_outside_of_queues_has_no_steps(database, collector):
    with traced(database, collector, trace_sample=1.0) as api:
        session = api.book()
        api.get(session)
        api.call("ListSessions")
    (read,), (listed,) = collector.servers("GetSession"), collector.servers("ListSessions")
    assert [step.name for step in collector.below(read)] == ["receive", "queue", "decide", "render"]
    assert collector.below(listed) == []
    assert len({span.trace_id for span in (read, listed)}) == 2
    assert read.parent_span_id == b""


def test_a_refusal_is_no_error_of_the_server_and_says_its_reason(database, collector):
    with traced(database, collector) as api:
        session = api.book()
        sampled_by(api)
        with pytest.raises(Refused):
            api.move("ResumeSession", session)
        with pytest.raises(Refused):
            api.call("GetSession", session_id="no id")
    (refused,), (malformed,) = collector.servers("ResumeSession"), collector.servers("GetSession")
    assert attributes(refused)["exam_sessions.reason"] == "INVALID_TRANSITION"
    assert attributes(refused)["rpc.grpc.status_code"] == 9
    assert refused.status.code != Status.STATUS_CODE_ERROR
    assert [step.name for step in collector.below(malformed)] == ["receive", "queue", "decide"]


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "nonsense",
        "00-" + "0" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "a" * 32 + "-" + "b" * 16 + "-00",
        "x" * 5_000,
    ],
)
def test_a_call_that_is_not_sampled_has_no_span_whatever_it_carries(database, collector, traceparent):
    with traced(database, collector) as api:
        api.metadata = (("traceparent", traceparent),)
        api.book()
        sampled_by(api)
        api.call("ListSessions")
    assert {span.name.rpartition("/")[2] for span in collector.spans if span.kind == Span.SPAN_KIND_SERVER} == {
        "ListSessions"
    }


def test_spans_show_no_person_and_no_code(database, collector):
    with traced(database, collector, trace_sample=1.0) as api:
        written_about(api)
        session = api.book(candidate_id=CANDIDATE)
        with pytest.raises(Refused):
            api.call("SetResponses", session_id=session.id, responses=[answer("1", "A")], request_id=new_id())
    assert len(collector.spans) > 50
    shown = "\n".join(map(str, collector.requests))
    assert not [word for word in EVERYTHING | {CANDIDATE} if word in shown or ascii(word)[1:-1] in shown]


def test_a_server_names_itself_to_the_collector(database, collector):
    with traced(database, collector, trace_sample=1.0) as api:
        api.book()
    named = {
        pair.key: pair.value.string_value for pair in collector.requests[0].resource_spans[0].resource.attributes
    }
    assert named["service.name"] == "exam-sessions"
    assert named["service.version"]


def test_the_variable_of_opentelemetry_names_a_collector_too(database, collector):
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_SERVICE_NAME": "exams of the north"}
    with ServerProcess(database, environment, **{"trace-sample": 1}) as process:
        api = ApiClient(process.target)
        api.book()
        until(lambda: collector.servers("CreateSession"))
        api.close()
    named = {
        pair.key: pair.value.string_value for pair in collector.requests[0].resource_spans[0].resource.attributes
    }
    assert named["service.name"] == "exams of the north"


def test_a_collector_that_is_away_keeps_nobody_waiting(database, monkeypatch):
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    with serving(database, otlp_endpoint="http://127.0.0.1:1", trace_sample=1.0) as server:
        api = ApiClient(server.target)
        assert api.get(api.book())
        api.close()


def test_a_collector_that_keeps_silent_does_not_keep_a_server_from_stopping(database, monkeypatch):
    monkeypatch.setattr("exam_sessions.telemetry.traces.EXPORT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with serving(database, otlp_endpoint=endpoint, trace_sample=1.0) as server:
            api = ApiClient(server.target)
            api.book()
            api.close()


def test_traces_without_a_collector_or_without_their_library_are_told(monkeypatch):
    for settings, words in (
        (Settings(trace_sample=0.5), "no collector"),
        (Settings(otlp_endpoint="127.0.0.1:4317"), "is no URL"),
    ):
        with pytest.raises(CannotServe, match=words):
            check_traces(settings)
    assert not check_traces(Settings())
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(CannotServe, match="not installed") as told:
        check_traces(Settings(otlp_endpoint="http://127.0.0.1:4317"))
    assert "exam-sessions[traces]" in told.value.way_out
