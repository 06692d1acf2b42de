"""ListSessions by what a school office asks for; AggregateSessions by the same."""

from __future__ import annotations

import itertools

import pytest
from forms import answer, form, hand_in, mcq
from google.protobuf.duration_pb2 import Duration
from messages import at, booking, micros
from state_paths import STARTED, bring_to, walk

from exam_sessions_client.v1 import session_pb2, session_service_pb2
from serving import Refused

pytestmark = pytest.mark.both_databases("what passes a filter is found by SQL")

HOUR = 3_600


def wanted(**fields):
    return session_service_pb2.SessionFilter(**fields)


def listed(api, **fields):
    """The ids of the candidates that a filter lets through, by name."""
    reply = api.call(
        "ListSessions", filter=wanted(**fields), page_size=1000, show_total_size=True, show_statistics=True
    )
    assert reply.total_size == len(reply.sessions) == reply.statistics.session_count
    assert api.call("AggregateSessions", filter=wanted(**fields)).total == reply.statistics
    return sorted(session.candidate.candidate_id for session in reply.sessions)


def person(candidate_id, *names):
    first, middle, last = names
    who = session_pb2.Candidate(candidate_id=candidate_id, name_first=first, name_middle=middle, name_last=last)
    return booking(candidate=who)


def test_names_are_found_by_a_part_in_any_case(api):
    rows = [
        person("homer", "Homer", "Jay", "Simpson"),
        person("jose", "JOS\u00c9", "", "\u00c5ngstr\u00f6m"),
        person("percent", "100%", "", "a_b"),
    ]
    api.call("BatchCreateSessions", release_id=api.release().id, bookings=rows)
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
        assert listed(api, name=part) == found, part


def test_sessions_are_found_by_form_reference_and_attempt(api):
    for reference in ("form-1", "form-2"):
        form(api, mcq("1"), reference=reference)
    release = api.release(test_form="form-1")
    one = api.book(release, "one", external_reference="R-1")
    api.book(release, "two", test_form="form-2", external_reference="R-2")
    api.book(release, "three")
    assert listed(api, test_forms=["form-1"]) == ["one", "three"]
    assert listed(api, test_forms=["form-1", "form-2"]) == ["one", "three", "two"]
    assert listed(api, external_reference="R-2") == ["two"]
    assert listed(api, external_reference="r-2") == []
    hand_in(api, walk(api, one, *STARTED), answer("1", "A"))
    walk(api, one, "RetakeSession")
    assert listed(api, attempt=2) == ["one"]
    assert listed(api, attempt=1, release_ids=[release.id]) == ["three", "two"]


def test_sessions_are_found_by_why_they_ended_and_whether_they_are_set_aside(api):
    release = api.release()
    ends = {"ann": session_pb2.FINISH_REASON_CANDIDATE, "bob": session_pb2.FINISH_REASON_INVIGILATOR}
    for name, reason in ends.items():
        api.move("FinishSession", walk(api, api.book(release, name), *STARTED), reason=reason)
    api.move("FailSession", api.book(release, "cy"), message="smoke")
    assert listed(api, finish_reasons=[session_pb2.FINISH_REASON_INVIGILATOR]) == ["bob"]
    assert listed(api, finish_reasons=list(ends.values())) == ["ann", "bob"]
    assert listed(api, exception=True) == ["cy"]
    assert listed(api, exception=False) == ["ann", "bob"]


def test_the_deadline_filter_goes_by_the_deadlines_that_are_shown(api):
    limits = {"none": {}, "hour": {"duration": Duration(seconds=HOUR)}, "window": {"window_end": in_hours(api, 2)}}
    both = {"both": {"duration": Duration(seconds=3 * HOUR), "window_end": in_hours(api, 2)}}
    for name, fields in (limits | both).items():
        release = api.release(**fields)
        walk(api, api.book(release, name), *STARTED)
        more = {"extra_time": Duration(seconds=HOUR), "reason": "a plan"}
        extended = api.move("SetExtraTime", api.book(release, f"{name} more"), **more)
        walk(api, extended, *STARTED)
        walk(api, api.book(release, f"{name} paused"), *STARTED, "PauseSession")
        own = walk(api, api.book(release, f"{name} own"), *STARTED)
        limit = {"time_limit": Duration(seconds=HOUR // 2)}
        api.move("SetAccommodation", own, accommodation=limit, reason="a plan")
        api.book(release, f"{name} booked")
        resumed = walk(api, api.book(release, f"{name} resumed"), *STARTED, "PauseSession", "ResumeSession")
        assert resumed.attempt.number == 1
    ended = walk(api, api.book(api.release(duration=Duration(seconds=HOUR)), "reopened"), *STARTED, "FinishSession")
    api.move("ReopenSession", ended, deadline=in_hours(api, 5))
    release = api.release(**both["both"])
    owned = {
        "longer": {"time_limit": Duration(seconds=4 * HOUR), "window_end": in_hours(api, 9)},
        "shorter": {"time_limit": Duration(seconds=HOUR // 2)},
        "endless": {"no_time_limit": True},
    }
    for name, fields in owned.items():
        session = api.book(release, name)
        own = {"accommodation": session_pb2.Accommodation(**fields), "reason": "a plan"}
        api.move("SetExtraTime", session, extra_time_percent=50, reason="a plan")
        walk(api, api.move("SetAccommodation", session, **own), *STARTED)
    sessions = api.call("ListSessions", page_size=1000).sessions
    shown = {s.candidate.candidate_id: s.attempt.deadline for s in sessions if s.attempt.HasField("deadline")}
    assert len(shown) == 17
    for moment in shown.values():
        early = sorted(name for name, at in shown.items() if micros(at) < micros(moment))
        late = sorted(name for name, at in shown.items() if micros(at) >= micros(moment))
        assert listed(api, deadline=session_service_pb2.TimeRange(end_time=moment)) == early
        assert listed(api, deadline=session_service_pb2.TimeRange(start_time=moment)) == late


def test_sessions_are_found_by_what_is_given_to_their_candidates(api):
    release = api.release(duration=Duration(seconds=HOUR))
    given = {
        "ann": ("SetExtraTime", {"extra_time": Duration(seconds=60)}),
        "bob": ("SetExtraTime", {"extra_time_percent": 25}),
        "cy": ("SetAccommodation", {"accommodation": session_pb2.Accommodation(no_time_limit=True)}),
        "dee": ("SetAccommodation", {"accommodation": session_pb2.Accommodation(window_end=in_hours(api, 2))}),
    }
    for name, (rpc, fields) in given.items():
        api.move(rpc, api.book(release, name), reason="a plan", **fields)
    api.book(release, "eve")
    here = {"release_ids": [release.id]}
    assert listed(api, accommodated=True, **here) == sorted(given)
    assert listed(api, accommodated=False, **here) == ["eve"]


def varied(api):
    """Sessions that differ in everything a filter asks for: how they are shown, by candidate."""
    for reference in ("form-1", "form-2"):
        form(api, mcq("1"), reference=reference)
    first = api.release(test_form="form-1", duration=Duration(seconds=HOUR), online_grace_period=Duration(seconds=60))
    second = api.release(window_end=in_hours(api, 5))
    people = itertools.product((first, second), ("north", "south"), ("ann", "bob", "cy", "dee"))
    for n, (release, centre, name) in enumerate(people):
        who = session_pb2.Candidate(
            candidate_id=f"{name}-{n}",
            name_first=name.title(),
            name_last="Simpson" if n % 3 else "",
            school_id=f"s{n % 2}",
            district_id=f"d{n % 3}",
        )
        asked = booking(
            candidate=who,
            centre_id=centre,
            external_reference="r" if n % 4 == 1 else "",
            test_form=f"form-{n % 2 + 1}",
        )
        session = api.call("CreateSession", release_id=release.id, booking=asked).session
        LIVES[n % len(LIVES)](api, session)
    sessions = api.call("ListSessions", page_size=1000, view=session_service_pb2.SESSION_VIEW_FULL).sessions
    return {session.candidate.candidate_id: session for session in sessions if session.candidate.school_id}


def extended(api, session):
    api.move("SetExtraTime", session, extra_time=Duration(seconds=60), reason="a plan")


def ended_by_another(api, session):
    api.move("FinishSession", walk(api, session, *STARTED), reason=session_pb2.FINISH_REASON_INVIGILATOR)


def retaken(api, session):
    hand_in(api, walk(api, session, *STARTED), answer("1", "A"))
    walk(api, session, "RetakeSession", "EnterKeycode")


LIVES = (
    lambda _, __: None,
    lambda api, session: walk(api, session, *STARTED),
    extended,
    ended_by_another,
    retaken,
    lambda api, session: api.move("FailSession", session, message="smoke"),
    lambda api, session: hand_in(api, walk(api, session, *STARTED), answer("1", "A")),
)


def criteria_of(sessions):
    """For each field of a filter a value, and whether a session has it as it is shown."""
    some = sorted(sessions.values(), key=lambda session: micros(session.create_time))
    middle, last_change = some[len(some) // 2], max(micros(session.update_time) for session in some)
    span = session_service_pb2.TimeRange
    deadlines = sorted(micros(s.attempt.deadline) for s in some if s.attempt.HasField("deadline"))
    cut = deadlines[len(deadlines) // 2]
    states = [session_pb2.STATE_IN_PROGRESS, session_pb2.STATE_EXCEPTION, session_pb2.STATE_MARKED]
    maturities = [session_pb2.MATURITY_IN_PROGRESS, session_pb2.MATURITY_COMPLETE]
    reasons = [session_pb2.FINISH_REASON_CANDIDATE]
    ids = [session.candidate.candidate_id for session in some[::2]]
    return {
        "release_ids": ([middle.release_id], lambda s: s.release_id == middle.release_id),
        "states": (states, lambda s: s.state in states),
        "maturities": (maturities, lambda s: s.maturity in maturities),
        "candidate_ids": (ids, lambda s: s.candidate.candidate_id in ids),
        "school_id": ("s1", lambda s: s.candidate.school_id == "s1"),
        "district_id": ("d2", lambda s: s.candidate.district_id == "d2"),
        "centre_id": ("north", lambda s: s.centre_id == "north"),
        "create_time": (
            span(start_time=middle.create_time), lambda s: micros(s.create_time) >= micros(middle.create_time)
        ),
        "update_time": (span(end_time=at(last_change)), lambda s: micros(s.update_time) < last_change),
        "test_forms": (["form-2", "none"], lambda s: s.test_form == "form-2"),
        "external_reference": ("r", lambda s: s.external_reference == "r"),
        "name": ("N SIMP", lambda s: s.candidate.name_first == "Ann" and s.candidate.name_last == "Simpson"),
        "finish_reasons": (reasons, lambda s: s.attempt.finish_reason in reasons),
        "deadline": (
            span(end_time=at(cut)),
            lambda s: s.attempt.HasField("deadline") and micros(s.attempt.deadline) < cut,
        ),
        "attempt": (1, lambda s: s.attempt.number == 1),
        "exception": (False, lambda s: s.state != session_pb2.STATE_EXCEPTION),
        "accommodated": (True, lambda s: s.HasField("extra_time") or s.HasField("accommodation")),
        "late": (False, lambda s: not s.attempt.HasField("late_by")),
    }  # fmt: skip


def test_every_criterion_and_every_two_let_through_what_is_shown_so_and_sum_up_the_same(api):
    sessions = varied(api)
    found = criteria_of(sessions)
    assert set(found) == {field.name for field in session_service_pb2.SessionFilter.DESCRIPTOR.fields}
    here = {"candidate_ids": sorted(sessions)}
    let_through = {}
    for name, (_, has) in found.items():
        let_through[name] = {candidate for candidate, session in sessions.items() if has(session)}
        assert let_through[name], f"{name} lets nobody through, which tries nothing"
        assert len(let_through[name]) < len(sessions) or name == "late", f"{name} lets everybody through"
    for names in [*itertools.combinations(found, 1), *itertools.combinations(found, 2), tuple(found)]:
        fields = here | {name: found[name][0] for name in names}
        expected = sorted(set.intersection(*(let_through[name] for name in names)))
        assert listed(api, **fields) == expected, names


def in_hours(api, hours):
    """A moment that many hours from now, by the server's clock."""
    now = api.book().create_time
    now.seconds += hours * HOUR
    return now


def test_aggregation_by_filter_names_the_releases_asked_for(api):
    first, second = api.release(), api.release()
    api.book(first, "ann", centre_id="north")
    api.book(second, "bob", centre_id="south")
    fields = {"release_ids": [first.id, second.id], "filter": wanted(centre_id="south")}
    reply = api.call("AggregateSessions", **fields)
    assert [(row.release_id, row.statistics.session_count) for row in reply.releases] == [
        (first.id, 0),
        (second.id, 1),
    ]
    fields = {"release_ids": [first.id], "filter": wanted(release_ids=[second.id])}
    assert api.call("AggregateSessions", **fields).total.session_count == 0


def test_a_filter_takes_a_thousand_releases(api):
    session = bring_to(api, "READY")
    ids = [session.release_id, *(f"01990000-0000-7000-8000-{n:012}" for n in range(1, 1000))]
    reply = api.call("ListSessions", filter=wanted(release_ids=ids))
    assert [found.id for found in reply.sessions] == [session.id]
    with pytest.raises(Refused) as refused:
        api.call("ListSessions", filter=wanted(release_ids=[*ids, session.id]))
    assert refused.value.reason == "INVALID_FIELD"
