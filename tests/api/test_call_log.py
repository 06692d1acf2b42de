"""The request log: which calls have a line, what it says, and that no line of the log shows a person or a code."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager, suppress

import pytest
from google.protobuf.descriptor import FieldDescriptor
from hostile import METHODS, ask
from messages import new_id
from personal import CANDIDATE, EVERYTHING, written_about
from walls import request_in

from exam_sessions.logs.lines import JsonLines, TextLines
from exam_sessions.telemetry.call_log import LONG_ON_PURPOSE, CallLog
from exam_sessions_client.v1 import access_fields_pb2 as access
from serving import ApiClient, Refused, serving, until

CALLS = "exam_sessions.calls"
MARK = "QXMARK"
"""What stands in every personal and every secret field of the requests of the walk."""


class Lines(logging.Handler):
    """Every record of the log, as both forms write it."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.text, self.objects = [], []

    def emit(self, record):
        self.text.append(TextLines().format(record))
        self.objects.append(json.loads(JsonLines().format(record)))

    def calls(self, method):
        return [
            entry
            for entry in list(self.objects)
            if entry["logger"] == CALLS and entry["method"].endswith(f"/{method}")
        ]

    def one(self, method):
        """The only line of an RPC, once there is one."""
        until(lambda: self.calls(method))
        (entry,) = self.calls(method)
        return entry


@pytest.fixture
def lines():
    """The lines of the log, at DEBUG."""
    handler, root = Lines(), logging.getLogger()
    level, calls = root.level, logging.getLogger(CALLS).level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)
    logging.getLogger(CALLS).setLevel(calls)


@contextmanager
def logged(database, **settings):
    """A client of a server that logs its calls."""
    with serving(database, tick_ms=60_000, **settings) as server:
        api = ApiClient(server.target)
        yield api
        api.close()


def test_a_call_has_a_line_with_what_leads_to_it(database, lines):
    with logged(database, log_calls="all", slow_call_ms=0) as api:
        session, request_id = api.book(), new_id()
        api.move("CreatePackage", session, request_id=request_id)
        entry = lines.one("CreatePackage")
        assert entry["duration_ms"] >= entry["queue_ms"] >= 0
        shown = {name: value for name, value in entry.items() if name not in {"time", "duration_ms", "queue_ms"}}
        assert shown.pop("process") > 0
        assert shown == {
            "level": "INFO",
            "logger": CALLS,
            "message": "call",
            "method": "exam_sessions.v1.LifecycleService/CreatePackage",
            "code": "OK",
            "principal": "anonymous",
            "workspace": api.workspace,
            "session": session.id,
            "request_id": request_id,
        }


def test_a_session_that_is_named_by_a_code_has_its_id_in_the_line(database, lines):
    with logged(database, log_calls="all") as api:
        session = api.book()
        api.call("GetSession", keycode=session.keycode)
        assert lines.one("GetSession")["session"] == session.id
        assert lines.one("CreateSession")["session"] == session.id


def test_a_refused_call_says_its_code_and_reason(database, lines):
    with logged(database, log_calls="refused", slow_call_ms=0) as api:
        session = api.book()
        with pytest.raises(Refused):
            api.move("ResumeSession", session)
        entry = lines.one("ResumeSession")
        assert (entry["code"], entry["reason"]) == ("FAILED_PRECONDITION", "INVALID_TRANSITION")
        assert not lines.calls("CreateSession")


def test_slow_calls_alone_are_logged_as_such(database, lines):
    with logged(database, log_calls="slow", slow_call_ms=0.000_001) as api:
        api.book()
        entry = lines.one("CreateSession")
        assert (entry["level"], entry["message"]) == ("WARNING", "slow call")


def test_without_a_limit_no_call_is_slow_and_without_the_setting_none_is_logged(database, lines):
    for settings in ({"log_calls": "slow", "slow_call_ms": 0}, {"slow_call_ms": 0.000_001}):
        with logged(database, **settings) as api:
            api.book()
    assert not [entry for entry in lines.objects if entry["logger"] == CALLS]


def test_streams_are_never_slow(lines):
    assert "exam_sessions.v1.SessionService/WatchSessions" in LONG_ON_PURPOSE
    assert "exam_sessions.v1.SessionService/CreateSession" not in LONG_ON_PURPOSE


def test_the_level_of_the_log_does_not_silence_calls(lines):
    logging.getLogger().setLevel(logging.ERROR)
    CallLog("all", 0)
    assert logging.getLogger(CALLS).isEnabledFor(logging.INFO)


def marked(message, found):
    """A request with MARK in every text of its that is personal or secret; `found` gets the names of the fields."""
    for field in message.DESCRIPTOR.fields:
        options = field.GetOptions()
        value = getattr(message, field.name)
        is_many = field.is_repeated
        if options.Extensions[access.personal] or options.Extensions[access.secret]:
            found.add(f"{message.DESCRIPTOR.name}.{field.name}")
            if field.message_type and field.message_type.GetOptions().map_entry:
                value[MARK] = MARK
            elif field.type != FieldDescriptor.TYPE_STRING:
                pass
            elif is_many:
                value.extend([f"{MARK}7", f"{MARK}8"])
            elif not field.containing_oneof or message.WhichOneof(field.containing_oneof.name) == field.name:
                setattr(message, field.name, f"{MARK}9")
        if field.message_type and not field.message_type.GetOptions().map_entry:
            for inner in value if is_many else [value] if message.HasField(field.name) else []:
                marked(inner, found)
    return message


@pytest.mark.parametrize("transport", ["grpcio", "native"])
def test_no_line_of_the_log_shows_a_person_or_a_code_whatever_is_called(database, lines, transport):
    found = set()
    with logged(database, log_calls="all", log_level="DEBUG", transport=transport, wrong_codes_at_most=1_000) as api:
        written_about(api)
        for method in METHODS:
            request = request_in(api, method)
            for data in (marked(request, found).SerializeToString(), f"{MARK}".encode()):
                with suppress(Refused):
                    ask(api, method, data)
            until(lambda method=method: lines.calls(method.name))
    assert len(found) > 30
    for shown in ("\n".join(lines.text), json.dumps(lines.objects, ensure_ascii=False)):
        assert MARK not in shown
        assert not [word for word in EVERYTHING | {CANDIDATE} if word in shown]
