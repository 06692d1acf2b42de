from __future__ import annotations

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from messages import booking, mask, moment
from rows import unchanged
from state_paths import ARGUMENTS, bring_to

from exam_sessions_client.v1 import catalog_pb2, session_service_pb2
from serving import Refused

LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z."""

MOMENTS = {
    "a second before 1970": Timestamp(seconds=-1),
    "the first second of the int64": Timestamp(seconds=-(2**63)),
    "the last second of the int64": Timestamp(seconds=2**63 - 1),
    "the year 10000": Timestamp(seconds=LAST_SECOND + 1),
    "negative nanos": Timestamp(seconds=5, nanos=-1),
    "a second of nanos": Timestamp(seconds=5, nanos=1_000_000_000),
    "all the nanos there are": Timestamp(seconds=LAST_SECOND, nanos=2**31 - 1),
    "negative nanos at the start": Timestamp(seconds=0, nanos=-(2**31)),
}

DURATIONS = {
    "a negative nano": Duration(seconds=0, nanos=-1),
    "seconds and nanos that disagree": Duration(seconds=5, nanos=-1),
    "a second of nanos": Duration(seconds=5, nanos=1_000_000_000),
    "the first second of the int64": Duration(seconds=-(2**63)),
    "the last second of the int64": Duration(seconds=2**63 - 1),
}


def assert_refused(server, api, path, rpc, **fields):
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call(rpc, **fields)
    assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", [path])


@pytest.mark.parametrize("field", ["window_start", "window_end"])
@pytest.mark.parametrize("bad", MOMENTS)
def test_a_moment_is_refused_in_every_request_that_takes_one(api, server, field, bad):
    value, session = {field: MOMENTS[bad]}, api.book()
    release = catalog_pb2.Release(id=session.release_id, name="x", **value)
    row = session_service_pb2.SessionEdit(session_id=session.id, booking=booking(**value))
    refuse = [
        (f"release.{field}", "CreateRelease", {"release": catalog_pb2.Release(name="x", **value)}),
        (f"release.{field}", "UpdateRelease", {"release": release, "update_mask": mask(field)}),
        (
            f"booking.{field}",
            "CreateSession",
            {"release_id": session.release_id, "booking": booking("a", **value)},
        ),
        (
            f"bookings[1].{field}",
            "BatchCreateSessions",
            {"release_id": session.release_id, "bookings": [booking("a"), booking("b", **value)]},
        ),
        (
            f"booking.{field}",
            "UpdateSession",
            {"session_id": session.id, "booking": booking(**value), "update_mask": mask(field)},
        ),
        (f"edits[0].booking.{field}", "BatchUpdateSessions", {"edits": [row], "update_mask": mask(field)}),
    ]
    for path, rpc, fields in refuse:
        assert_refused(server, api, path, rpc, **fields)


@pytest.mark.parametrize("bad", MOMENTS)
def test_a_moment_is_refused_in_a_filter(api, server, bad):
    for name in ("create_time", "update_time"):
        for end in ("start_time", "end_time"):
            span = session_service_pb2.TimeRange(**{end: MOMENTS[bad]})
            wanted = session_service_pb2.SessionFilter(**{name: span})
            assert_refused(server, api, f"filter.{name}.{end}", "ListSessions", filter=wanted)


@pytest.mark.parametrize("field", ["duration", "grace_period"])
@pytest.mark.parametrize("bad", DURATIONS)
def test_a_duration_is_refused(api, server, field, bad):
    value, release = {field: DURATIONS[bad]}, api.release()
    assert_refused(server, api, f"release.{field}", "CreateRelease", release=catalog_pb2.Release(name="x", **value))
    edit = catalog_pb2.Release(id=release.id, **value)
    assert_refused(server, api, f"release.{field}", "UpdateRelease", release=edit, update_mask=mask("name", field))


def test_the_last_moment_of_the_calendar_is_a_moment_like_any_other(api):
    end = Timestamp(seconds=LAST_SECOND)
    session = bring_to(api, "IN_PROGRESS", window_end=end, duration=Duration(seconds=2_592_000))
    assert session.window_end == end
    assert session.attempt.deadline.seconds == session.attempt.start_time.seconds + 2_592_000


def test_no_deadline_lies_beyond_the_calendar(api):
    session = bring_to(api, "FINISHED", duration=Duration(seconds=600))
    session = api.move("ReopenSession", session, deadline=Timestamp(seconds=LAST_SECOND))
    session = api.move("SetExtraTime", session, extra_time=Duration(seconds=2_592_000), reason="r")
    assert session.attempt.deadline.seconds == LAST_SECOND
    assert api.get(api.move("PauseSession", session)).attempt.HasField("pause_start_time")


def test_every_bad_time_of_a_batch_is_named(api, server):
    bad = Timestamp(seconds=5, nanos=-1)
    rows, release = [booking("a", window_start=bad), booking("b"), booking("c", window_end=bad)], api.release()
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("BatchCreateSessions", release_id=release.id, bookings=rows)
    assert list(refused.value.fields) == ["bookings[0].window_start", "bookings[2].window_end"]


WRONG_WAY = {"window_start": moment("2030-05-05T10:00:00+00:00"), "window_end": moment("2030-05-05T10:00:00+00:00")}


def test_a_window_that_ends_when_it_starts_is_refused(api, server):
    release = api.release(window_start=WRONG_WAY["window_start"])
    session = api.book(release)
    end = {"window_end": WRONG_WAY["window_end"]}
    refuse = [
        ("release.window_end", "CreateRelease", {"release": catalog_pb2.Release(name="x", **WRONG_WAY)}),
        (
            "release.window_end",
            "UpdateRelease",
            {"release": catalog_pb2.Release(id=release.id, **end), "update_mask": mask("window_end")},
        ),
        ("booking.window_end", "CreateSession", {"release_id": release.id, "booking": booking("a", **end)}),
        (
            "bookings[1].window_end",
            "BatchCreateSessions",
            {"release_id": release.id, "bookings": [booking("a"), booking("b", **WRONG_WAY)]},
        ),
        (
            "booking.window_end",
            "UpdateSession",
            {"session_id": session.id, "booking": booking(**end), "update_mask": mask("window_end")},
        ),
    ]
    for path, rpc, fields in refuse:
        assert_refused(server, api, path, rpc, **fields)


def test_a_window_is_kept_to_the_microsecond(api):
    start = Timestamp(seconds=1_900_000_000, nanos=123_456_000)
    session = api.book(window_start=start)
    assert api.get(session).window_start == start


@pytest.mark.parametrize("bad", MOMENTS)
def test_a_moment_is_refused_of_a_reopening_and_of_a_paper(api, server, bad):
    session, moment_of = api.book(), {"completion_time": MOMENTS[bad]}
    marks, responses = ARGUMENTS["AssignItemMarks"] | moment_of, ARGUMENTS["AssignItemResponses"] | moment_of
    for path, rpc, fields in (
        ("deadline", "ReopenSession", {"deadline": MOMENTS[bad]}),
        ("completion_time", "AssignItemMarks", marks),
        ("completion_time", "AssignItemResponses", responses),
    ):
        assert_refused(server, api, path, rpc, session_id=session.id, **fields)


@pytest.mark.parametrize("bad", DURATIONS)
def test_extra_time_is_refused_with(api, server, bad):
    fields = {"session_id": api.book().id, "extra_time": DURATIONS[bad], "reason": "r"}
    assert_refused(server, api, "extra_time", "SetExtraTime", **fields)
