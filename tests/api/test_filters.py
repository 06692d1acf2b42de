"""ListSessions by what a school office asks for; AggregateSessions by the same."""

from __future__ import annotations

import pytest
from forms import answer, form, hand_in, mcq
from google.protobuf.duration_pb2 import Duration
from journeys import STARTED, bring_to, walk
from messages import booking, micros

from exam_sessions.v1 import session_pb2, session_service_pb2
from serving import Refused

pytestmark = pytest.mark.both_databases("what passes a filter is found by SQL")

HOUR = 3_600


def wanted(**fields):
    return session_service_pb2.SessionFilter(**fields)


def listed(desk, **fields):
    """The ids of the candidates that a filter lets through, by name."""
    reply = desk.call(
        "ListSessions", filter=wanted(**fields), page_size=1000, show_total_size=True, show_statistics=True
    )
    assert reply.total_size == len(reply.sessions) == reply.statistics.session_count
    assert desk.call("AggregateSessions", filter=wanted(**fields)).total == reply.statistics
    return sorted(session.candidate.candidate_id for session in reply.sessions)


def person(candidate_id, *names):
    first, middle, last = names
    who = session_pb2.Candidate(candidate_id=candidate_id, name_first=first, name_middle=middle, name_last=last)
    return booking(candidate=who)


def test_names_are_found_by_a_part_in_any_case(desk):
    rows = [
        person("homer", "Homer", "Jay", "Simpson"),
        person("jose", "JOS\u00c9", "", "\u00c5ngstr\u00f6m"),
        person("percent", "100%", "", "a_b"),
    ]
    desk.call("BatchCreateSessions", release_id=desk.release().id, bookings=rows)
    for part, found in {
        "SIMP": ["homer"],
        "homer simpson": ["homer"],
        "r jay s": ["homer"],
        "jos\u00e9 \u00e5ng": ["jose"],
        "STR\u00d6M": ["jose"],
        "%": ["percent"],
        "_": ["percent"],
        "o": ["homer", "jose"],
        "nobody": [],
    }.items():
        assert listed(desk, name=part) == found, part


def test_sessions_are_found_by_form_reference_and_attempt(desk):
    for reference in ("form-1", "form-2"):
        form(desk, mcq("1"), reference=reference)
    release = desk.release(test_form="form-1")
    one = desk.book(release, "one", external_reference="R-1")
    desk.book(release, "two", test_form="form-2", external_reference="R-2")
    desk.book(release, "three")
    assert listed(desk, test_forms=["form-1"]) == ["one", "three"]
    assert listed(desk, test_forms=["form-1", "form-2"]) == ["one", "three", "two"]
    assert listed(desk, external_reference="R-2") == ["two"]
    assert listed(desk, external_reference="r-2") == []
    hand_in(desk, walk(desk, one, *STARTED), answer("1", "A"))
    walk(desk, one, "RetakeSession")
    assert listed(desk, attempt=2) == ["one"]
    assert listed(desk, attempt=1, release_ids=[release.id]) == ["three", "two"]


def test_sessions_are_found_by_why_they_ended_and_whether_they_are_set_aside(desk):
    release = desk.release()
    ends = {"ann": session_pb2.FINISH_REASON_CANDIDATE, "bob": session_pb2.FINISH_REASON_INVIGILATOR}
    for name, reason in ends.items():
        desk.move("FinishSession", walk(desk, desk.book(release, name), *STARTED), reason=reason)
    desk.move("FailSession", desk.book(release, "cy"), message="smoke")
    assert listed(desk, finish_reasons=[session_pb2.FINISH_REASON_INVIGILATOR]) == ["bob"]
    assert listed(desk, finish_reasons=list(ends.values())) == ["ann", "bob"]
    assert listed(desk, exception=True) == ["cy"]
    assert listed(desk, exception=False) == ["ann", "bob"]


def test_the_deadline_filter_goes_by_the_deadlines_that_are_shown(desk):
    limits = {"none": {}, "hour": {"duration": Duration(seconds=HOUR)}, "window": {"window_end": in_hours(desk, 2)}}
    both = {"both": {"duration": Duration(seconds=3 * HOUR), "window_end": in_hours(desk, 2)}}
    for name, fields in (limits | both).items():
        release = desk.release(**fields)
        walk(desk, desk.book(release, name), *STARTED)
        more = {"extra_time": Duration(seconds=HOUR), "reason": "a plan"}
        extended = desk.move("SetExtraTime", desk.book(release, f"{name} more"), **more)
        walk(desk, extended, *STARTED)
        walk(desk, desk.book(release, f"{name} paused"), *STARTED, "PauseSession")
        own = walk(desk, desk.book(release, f"{name} own"), *STARTED)
        limit = {"time_limit": Duration(seconds=HOUR // 2)}
        desk.move("SetAccommodation", own, accommodation=limit, reason="a plan")
        desk.book(release, f"{name} booked")
        resumed = walk(desk, desk.book(release, f"{name} resumed"), *STARTED, "PauseSession", "ResumeSession")
        assert resumed.attempt.number == 1
    ended = walk(
        desk, desk.book(desk.release(duration=Duration(seconds=HOUR)), "reopened"), *STARTED, "FinishSession"
    )
    desk.move("ReopenSession", ended, deadline=in_hours(desk, 5))
    release = desk.release(**both["both"])
    owned = {
        "longer": {"time_limit": Duration(seconds=4 * HOUR), "window_end": in_hours(desk, 9)},
        "shorter": {"time_limit": Duration(seconds=HOUR // 2)},
        "endless": {"no_time_limit": True},
    }
    for name, fields in owned.items():
        session = desk.book(release, name)
        own = {"accommodation": session_pb2.Accommodation(**fields), "reason": "a plan"}
        desk.move("SetExtraTime", session, extra_time_percent=50, reason="a plan")
        walk(desk, desk.move("SetAccommodation", session, **own), *STARTED)
    sessions = desk.call("ListSessions", page_size=1000).sessions
    shown = {s.candidate.candidate_id: s.attempt.deadline for s in sessions if s.attempt.HasField("deadline")}
    assert len(shown) == 17
    for moment in shown.values():
        early = sorted(name for name, at in shown.items() if micros(at) < micros(moment))
        late = sorted(name for name, at in shown.items() if micros(at) >= micros(moment))
        assert listed(desk, deadline=session_service_pb2.TimeRange(end_time=moment)) == early
        assert listed(desk, deadline=session_service_pb2.TimeRange(start_time=moment)) == late


def test_sessions_are_found_by_what_is_given_to_their_candidates(desk):
    release = desk.release(duration=Duration(seconds=HOUR))
    given = {
        "ann": ("SetExtraTime", {"extra_time": Duration(seconds=60)}),
        "bob": ("SetExtraTime", {"extra_time_percent": 25}),
        "cy": ("SetAccommodation", {"accommodation": session_pb2.Accommodation(no_time_limit=True)}),
        "dee": ("SetAccommodation", {"accommodation": session_pb2.Accommodation(window_end=in_hours(desk, 2))}),
    }
    for name, (rpc, fields) in given.items():
        desk.move(rpc, desk.book(release, name), reason="a plan", **fields)
    desk.book(release, "eve")
    here = {"release_ids": [release.id]}
    assert listed(desk, accommodated=True, **here) == sorted(given)
    assert listed(desk, accommodated=False, **here) == ["eve"]


def in_hours(desk, hours):
    """A moment that many hours from now, by the server's clock."""
    now = desk.book().create_time
    now.seconds += hours * HOUR
    return now


def test_aggregation_by_filter_names_the_releases_asked_for(desk):
    first, second = desk.release(), desk.release()
    desk.book(first, "ann", centre_id="north")
    desk.book(second, "bob", centre_id="south")
    fields = {"release_ids": [first.id, second.id], "filter": wanted(centre_id="south")}
    reply = desk.call("AggregateSessions", **fields)
    assert [(row.release_id, row.statistics.session_count) for row in reply.releases] == [
        (first.id, 0),
        (second.id, 1),
    ]
    fields = {"release_ids": [first.id], "filter": wanted(release_ids=[second.id])}
    assert desk.call("AggregateSessions", **fields).total.session_count == 0


def test_a_filter_takes_a_thousand_releases(desk):
    session = bring_to(desk, "READY")
    ids = [session.release_id, *(f"01990000-0000-7000-8000-{n:012}" for n in range(1, 1000))]
    reply = desk.call("ListSessions", filter=wanted(release_ids=ids))
    assert [found.id for found in reply.sessions] == [session.id]
    with pytest.raises(Refused) as refused:
        desk.call("ListSessions", filter=wanted(release_ids=[*ids, session.id]))
    assert refused.value.reason == "INVALID_FIELD"
