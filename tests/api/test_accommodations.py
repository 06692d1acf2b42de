"""A working time and a window of the candidate's own: for one and for many, before and during an attempt."""

from __future__ import annotations

import pytest
from clocked_fixtures import api_with_clock, server_with_clock  # noqa: F401 - fixtures of this module
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from messages import at, booking, changes_of, lasting, mask, micros
from operations import OperationsApi, chunks_of, fields_of, info_of, rows_of
from rows import unchanged
from state_paths import FAR_AHEAD, STARTED, bring_to, name_of, walk
from timed import SECOND, begun, closing_in, timed_release, working_time

from exam_sessions_client.v1 import catalog_pb2, session_pb2, session_service_pb2
from serving import Refused

Accommodation = session_pb2.Accommodation


@pytest.fixture
def work(api):
    return OperationsApi(api)


def give(api, session, **fields):
    """The reply to SetAccommodation."""
    return api.call(
        "SetAccommodation", session_id=session.id, accommodation=Accommodation(**fields), reason="dyslexia"
    )


def sitting(api, clock, closes_in=7200):
    """A session that has begun ten minutes of work."""
    release = timed_release(api, **closing_in(clock, closes_in))
    return begun(api, release)


@pytest.mark.parametrize("seconds", [900, 300])
def test_a_longer_or_shorter_time_limit_moves_the_deadline_and_the_clock_follows(server, api, clock, seconds):
    session = give(api, sitting(api, clock), time_limit=lasting(seconds)).session
    assert (working_time(session), session.accommodation.time_limit) == (seconds * SECOND, lasting(seconds))
    clock.advance(seconds - 20)
    assert server.sweep() == 0
    clock.advance(21)
    assert server.sweep() == 1
    assert micros(api.get(session).attempt.time_elapsed) == seconds * SECOND


def test_without_a_time_limit_the_window_alone_ends_the_attempt(server, api, clock):
    session = give(api, sitting(api, clock), no_time_limit=True).session
    assert session.accommodation == Accommodation(no_time_limit=True)
    assert session.attempt.deadline == session.window_end
    clock.advance(5000)
    assert server.sweep() == 0
    clock.advance(2300)
    assert server.sweep() == 1


def test_the_release_s_limit_holds_again_when_the_own_is_taken_back(api, clock):
    session = sitting(api, clock)
    give(api, session, no_time_limit=True)
    again = give(api, session, release_time_limit=True).session
    assert (working_time(again), again.HasField("accommodation")) == (600 * SECOND, False)


def test_a_window_of_the_candidate_s_own_is_moved_while_the_attempt_runs(server, api, clock):
    session = give(api, sitting(api, clock, closes_in=300), window_end=at(clock() + 400 * SECOND)).session
    assert session.attempt.deadline == session.window_end == session.accommodation.window_end
    clock.advance(350)
    assert server.sweep() == 0
    moved = give(api, session, window_end=at(clock() + 3600 * SECOND)).session
    assert working_time(moved) == 600 * SECOND
    clock.advance(300)
    assert server.sweep() == 1


def test_the_release_s_window_holds_again_when_the_own_is_taken_back(api, clock):
    session = sitting(api, clock)
    own = give(api, session, window_start=at(clock() - 900 * SECOND), window_end=at(clock() + 100 * SECOND)).session
    assert own.attempt.deadline == own.window_end
    again = give(api, session, release_window_start=True, release_window_end=True).session
    assert (again.window_end, again.HasField("window_start")) == (session.window_end, False)
    assert not again.HasField("accommodation")


def test_given_before_the_start_it_counts_from_the_start(server, api, clock):
    release = api.release(
        duration=lasting(600), window_start=at(clock() + 3600 * SECOND), window_end=at(clock() + 7200 * SECOND)
    )
    session = bring_to(api, "SCHEDULED_BUT_LOCKED", release)
    give(api, session, time_limit=lasting(1200), window_start=at(clock() + 60 * SECOND))
    clock.advance(61)
    assert server.sweep() == 1
    assert working_time(walk(api, session, "EnterKeycode")) == 1200 * SECOND


Booked = session_pb2.BookingAccommodation


def test_what_a_session_is_booked_with_counts_from_the_start(api, clock):
    release = timed_release(api)
    given = {
        1200: Booked(time_limit=lasting(1200)),
        750: Booked(extra_time_percent=25, extra_time_reason="dyslexia"),
        900: Booked(extra_time=lasting(300)),
        1250: Booked(time_limit=lasting(1000), extra_time_percent=25),
        0: Booked(no_time_limit=True),
        3600: Booked(no_time_limit=True),
    }
    for seconds, own in given.items():
        closes = {"window_end": at(clock() + 3600 * SECOND)} if seconds == 3600 else {}
        session = api.book(release, accommodation=own, **closes)
        assert session.extra_time_reason == own.extra_time_reason
        assert session.extra_time_percent == own.extra_time_percent
        assert session.accommodation.no_time_limit == own.no_time_limit
        started = walk(api, session, *STARTED)
        limit = working_time(started) if started.attempt.HasField("deadline") else 0
        assert limit == seconds * SECOND, own


def test_what_a_session_is_booked_with_is_the_same_as_what_is_given_later(api):
    release = timed_release(api)
    booked = api.book(release, accommodation=Booked(time_limit=lasting(900), extra_time_percent=10))
    later = api.book(release)
    give(api, later, time_limit=lasting(900))
    later = api.move("SetExtraTime", later, extra_time_percent=10, reason="r")
    assert (booked.accommodation, booked.extra_time) == (later.accommodation, later.extra_time)
    again = give(api, booked, release_time_limit=True).session
    assert (again.HasField("accommodation"), again.extra_time) == (False, lasting(60))
    assert api.move("SetExtraTime", again, extra_time=lasting(0), reason="r").extra_time_percent == 0


def test_sessions_booked_with_accommodations_are_found_by_them(api):
    release = timed_release(api)
    own = api.book(release, accommodation=Booked(no_time_limit=True))
    api.book(release, accommodation=Booked())
    found = api.call("ListSessions", filter={"release_ids": [release.id], "accommodated": True}).sessions
    assert [session.id for session in found] == [own.id]


def test_many_are_booked_with_accommodations_and_the_bad_rows_are_named(server, api):
    release = api.release()
    rows = [
        booking("ann", accommodation=Booked(extra_time_percent=25)),
        booking("bob", accommodation=Booked(extra_time_percent=25, time_limit=lasting(60))),
        booking("cy", accommodation=Booked(extra_time_percent=25, no_time_limit=True)),
    ]
    for validate_only in (True, False):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.call("BatchCreateSessions", release_id=release.id, bookings=rows, validate_only=validate_only)
        assert refused.value.reason == "NO_WORKING_TIME"
        assert list(refused.value.fields) == [f"bookings[{n}].accommodation.extra_time_percent" for n in (0, 2)]
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("CreateSession", release_id=release.id, booking=rows[0])
    assert (refused.value.reason, refused.value.metadata) == ("NO_WORKING_TIME", {"release_id": release.id})
    api.call("BatchCreateSessions", release_id=release.id, bookings=rows[1:2])


QUOTED = 'says "dyslexia", \\ \u00e9\U0001f600\n\x1b'
"""A reason with what JSON escapes."""

GIVEN = {
    "time_limit": (None, "1200s"),
    "extra_percent": ("0", "25"),
    "extra_reason": (None, QUOTED),
    "window_end": (None, "2096-10-02T07:06:40Z"),
}


@pytest.mark.both_databases("the events of a long roster are written by statements of their own")
@pytest.mark.parametrize("size", [1, 3, pytest.param(600, marks=pytest.mark.alike)])
def test_the_event_of_a_booking_shows_the_accommodation_it_was_made_with(api, size):
    own = Booked(time_limit=lasting(1200), extra_time_percent=25, extra_time_reason=QUOTED)
    rows = [
        booking(f"c{n}", **({} if n % 3 else {"accommodation": own, "window_end": FAR_AHEAD})) for n in range(size)
    ]
    release, before = api.release(), api.book()
    if size == 1:
        sessions = [api.call("CreateSession", release_id=release.id, booking=rows[0]).session]
    else:
        sessions = api.call("BatchCreateSessions", release_id=release.id, bookings=rows).sessions
    after = api.book()
    events = [api.history(session) for session in sessions]
    assert [len(event) for event in events] == [1] * size
    assert [changes_of(event) for (event,) in events] == [{} if n % 3 else GIVEN for n in range(size)]
    # Each has a place of its own, and none is skipped.
    first, last = (api.history(session)[0].sequence for session in (before, after))
    assert sorted(event.sequence for (event,) in events) == list(range(first + 1, last))


@pytest.mark.parametrize("size", [3, 600])
def test_chunks_of_an_import_are_booked_with_accommodations_and_refused_by_row(work, api, size):
    release, own = api.release(), Booked(time_limit=lasting(1200), extra_time=lasting(60), extra_time_reason="r")
    good = [booking(f"g{n}", accommodation=own) for n in range(size)]
    bad = [booking(f"b{n}", accommodation=Booked(extra_time_percent=25)) for n in range(size)]
    first, second = work.imported(chunks_of(api, release, good, bad))
    assert len(first.sessions) == size
    assert info_of(second.refusal).reason == "NO_WORKING_TIME"
    assert next(iter(fields_of(second.refusal))) == "chunks[1].bookings[0].accommodation.extra_time_percent"
    last = api.call("GetSession", session_id=first.sessions[-1].id).session
    assert (last.accommodation.time_limit, last.extra_time, last.extra_time_reason) == (
        lasting(1200),
        lasting(60),
        "r",
    )


NONE = [
    ("time_limit", Booked(time_limit=Duration())),
    ("time_limit", Booked(time_limit=lasting(30 * 86400 + 1))),
    ("no_time_limit", Booked(no_time_limit=False)),
    ("extra_time", Booked(extra_time=Duration(nanos=999))),
    ("extra_time_percent", Booked(extra_time_percent=1001)),
    ("extra_time_percent", Booked(extra_time_percent=0)),
    ("extra_time_reason", Booked(extra_time_reason="x" * 1001)),
]


def test_accommodations_that_are_none_are_refused_when_booking(server, api):
    release = timed_release(api)
    for field, own in NONE:
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.call("CreateSession", release_id=release.id, booking=booking("ann", accommodation=own))
        said = (refused.value.reason, list(refused.value.fields))
        assert said == ("INVALID_FIELD", [f"booking.accommodation.{field}"]), own


def test_an_edit_does_not_write_what_has_an_action_of_its_own(server, api):
    session = api.book()
    changes = booking(accommodation=Booked(no_time_limit=True))
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("UpdateSession", session_id=session.id, booking=changes, update_mask=mask("accommodation"))
    assert list(refused.value.fields) == ["update_mask"]
    everything = booking("ann", access_code="x", accommodation=Booked(no_time_limit=True))
    api.call("UpdateSession", session_id=session.id, booking=everything, update_mask=mask("*"))
    assert not api.get(session).HasField("accommodation")


def test_it_is_kept_for_the_next_attempt(api, clock):
    session = give(api, sitting(api, clock), time_limit=lasting(1200)).session
    session = walk(api, session, "FinishSession", "RetakeSession", "EnterKeycode")
    assert working_time(session) == 1200 * SECOND


def test_a_percentage_is_of_the_candidate_s_own_limit(api, clock):
    session = give(api, sitting(api, clock), time_limit=lasting(1000)).session
    session = api.move("SetExtraTime", session, extra_time_percent=25, reason="r")
    assert (session.extra_time, working_time(session)) == (lasting(250), 1250 * SECOND)
    give(api, session, no_time_limit=True)
    with pytest.raises(Refused) as refused:
        api.move("SetExtraTime", session, extra_time_percent=25, reason="r")
    assert refused.value.reason == "NO_WORKING_TIME"
    endless = walk(api, api.book(), *STARTED)
    give(api, endless, time_limit=lasting(400))
    assert api.move("SetExtraTime", endless, extra_time_percent=50, reason="r").extra_time == lasting(200)


def test_a_release_that_changes_moves_nobody_with_limits_of_their_own(api, clock):
    session = give(api, sitting(api, clock), time_limit=lasting(900), window_end=at(clock() + 9000 * SECOND)).session
    edit = catalog_pb2.Release(id=session.release_id, duration=lasting(60), window_end=at(clock() + 120 * SECOND))
    api.call("UpdateRelease", release=edit, update_mask=mask("duration", "window_end"))
    assert api.get(session).attempt.deadline == session.attempt.deadline


def test_a_deadline_given_at_reopen_stays_until_the_next(api, clock):
    session = walk(api, sitting(api, clock), "FinishSession")
    session = api.move("ReopenSession", session, time_from_now=lasting(100))
    given = give(api, session, time_limit=lasting(3000), window_end=at(clock() + 9000 * SECOND)).session
    assert given.attempt.deadline == session.attempt.deadline
    again = walk(api, given, "FinishSession", "ReopenSession")
    assert micros(again.attempt.deadline) - clock() == 3000 * SECOND


def test_the_history_tells_it_in_the_contract_s_values(api, clock):
    session = sitting(api, clock)
    give(api, session, time_limit=lasting(5400))
    give(api, session, no_time_limit=True)
    first, second = api.history(session)[-2:]
    assert first.action == session_pb2.ACTION_SET_ACCOMMODATION
    assert first.message == "dyslexia"
    for event, before, after in ((first, None, "5400s"), (second, "5400s", "no_limit")):
        (told,) = (change for change in event.changes if change.field == "time_limit")
        assert (told.old_value if told.HasField("old_value") else None, told.new_value) == (before, after)


def test_a_paused_attempt_goes_on_with_what_is_left_of_its_own_limit(api, clock):
    session = sitting(api, clock)
    clock.advance(500)
    api.move("PauseSession", session)
    clock.advance(1000)
    give(api, session, time_limit=lasting(700))
    session = api.move("ResumeSession", session)
    assert micros(session.attempt.deadline) - clock() == 200 * SECOND


def test_what_would_have_ended_the_attempt_already_is_refused(server, api, clock):
    session = sitting(api, clock)
    clock.advance(500)
    for fields in ({"time_limit": lasting(400)}, {"window_end": at(clock() - 60 * SECOND)}):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            give(api, session, **fields)
        assert list(refused.value.fields) == [f"accommodation.{next(iter(fields))}"]
    with unchanged(server, api), pytest.raises(Refused) as refused:
        give(api, session, window_start=at(clock() - 100 * SECOND))
    assert list(refused.value.fields) == ["accommodation.window_start"]


def test_an_attempt_that_is_over_has_no_accommodation(server, api, clock):
    session = sitting(api, clock)
    clock.advance(601)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        give(api, session, no_time_limit=True)
    assert refused.value.reason == "ATTEMPT_TIME_EXPIRED"
    ended = bring_to(api, "FINISHED")
    with unchanged(server, api), pytest.raises(Refused) as refused:
        give(api, ended, no_time_limit=True)
    assert refused.value.reason == "INVALID_TRANSITION"


BAD = {
    "nothing": ({}, "accommodation"),
    "no time": ({"time_limit": lasting(0)}, "accommodation.time_limit"),
    "less than is kept": ({"time_limit": Duration(nanos=999)}, "accommodation.time_limit"),
    "more than 30 days": ({"time_limit": lasting(2_592_001)}, "accommodation.time_limit"),
    "not without limit": ({"no_time_limit": False}, "accommodation.no_time_limit"),
    "not the release's": ({"release_time_limit": False}, "accommodation.release_time_limit"),
    "an end at zero": ({"window_end": Timestamp()}, "accommodation.window_end"),
    "an end before the start": (
        {"window_start": at(2 * SECOND), "window_end": at(SECOND)},
        "accommodation.window_end",
    ),
}


def test_an_accommodation_that_is_none_is_refused(api, server):
    session = api.book()
    for bad, (fields, path) in BAD.items():
        with unchanged(server, api), pytest.raises(Refused) as refused:
            give(api, session, **fields)
        assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", [path]), bad


def test_an_accommodation_for_many_that_is_none_is_refused(api, server, work):
    session = api.book()
    for bad, (fields, path) in BAD.items():
        with unchanged(server, api), pytest.raises(Refused) as refused:
            work.transition("SET_ACCOMMODATION", [session], accommodation=Accommodation(**fields), message="m")
        assert refused.value.reason == "INVALID_FIELD", bad
        assert path in next(iter(refused.value.fields)) or "ids.session_ids[0]" in refused.value.fields, bad


def test_many_are_accommodated_and_answer_with_their_deadlines(api, clock, work):
    sessions = [sitting(api, clock) for _ in range(2)]
    narrow = sitting(api, clock, closes_in=700)
    given = {"accommodation": Accommodation(time_limit=lasting(900)), "message": "dyslexia"}
    reply = work.transition("SET_ACCOMMODATION", [*sessions, narrow], **given)
    assert [row.deadline for row in reply.sessions] == [api.get(s).attempt.deadline for s in (*sessions, narrow)]
    assert [bool(row.warning) for row in reply.sessions] == [False, False, True]
    wanted = session_service_pb2.SessionFilter(release_ids=[sessions[0].release_id])
    given["accommodation"] = Accommodation(no_time_limit=True)
    rows = rows_of(work.wait(work.transition("SET_ACCOMMODATION", filter=wanted, **given).operation))
    assert [(row.session_id, row.deadline) for row in rows] == [(sessions[0].id, sessions[0].window_end)]
    assert name_of(api.get(sessions[0])) == "IN_PROGRESS"


def test_a_window_that_cuts_the_own_limit_is_warned_of(api, clock):
    session = sitting(api, clock, closes_in=700)
    reply = give(api, session, time_limit=lasting(900))
    assert micros(reply.cut_by_window) == 200 * SECOND
    assert "move window_end" in reply.warning
    assert not give(api, session, window_end=at(clock() + 7200 * SECOND)).HasField("cut_by_window")
