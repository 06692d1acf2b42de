from __future__ import annotations

import base64
import json

import pytest
from grpc import StatusCode
from hypothesis import given, settings
from hypothesis import strategies as some
from messages import at, booking, bookings, mask, micros, new_id
from state_paths import STATE_PATHS, bring_to

from exam_sessions_client.v1 import session_pb2, session_service_pb2
from sampling import examples
from serving import ApiClient, Refused

pytestmark = pytest.mark.both_databases("pages are cut by SQL")

BY_TIME, NEWEST_FIRST, BY_ID = (
    session_service_pb2.SESSION_ORDER_CREATE_TIME,
    session_service_pb2.SESSION_ORDER_CREATE_TIME_DESC,
    session_service_pb2.SESSION_ORDER_ID,
)


def listed(api, **fields):
    return api.call("ListSessions", filter=session_service_pb2.SessionFilter(**fields), page_size=1000).sessions


def ids(sessions):
    return [session.id for session in sessions]


def walk_pages(api, between=lambda: None, **query):
    """Every id on the way through the pages, and how large the pages were."""
    seen, sizes, token = [], [], ""
    while True:
        page = api.call("ListSessions", page_token=token, **query)
        seen += ids(page.sessions)
        sizes.append(len(page.sessions))
        token = page.next_page_token
        if not token:
            return seen, sizes
        between()


@pytest.fixture(scope="module")
def roster(server):
    """A workspace with 83 sessions: one batch of one moment, and single ones."""
    api = ApiClient(server.target)
    release = api.release()
    booked = ids(api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(60, "b")).sessions)
    # Chosen ids do not follow the order of creation.
    booked += [api.book(release, f"s{n}", session_id=new_id()).id for n in range(23)]
    yield api, booked
    api.close()


def in_order(api, booked, order):
    if order == BY_ID:
        return sorted(booked)
    times = {s.id: micros(s.create_time) for s in api.call("BatchGetSessions", session_ids=booked).sessions}
    return sorted(booked, key=lambda i: (times[i], i), reverse=order == NEWEST_FIRST)


@pytest.mark.parametrize("order", [BY_TIME, NEWEST_FIRST, BY_ID])
@given(size=some.integers(1, 100))
@settings(max_examples=examples(25), deadline=None)
def test_pages_of_any_size_show_every_session_once_and_in_order(roster, order, size):
    api, booked = roster
    seen, sizes = walk_pages(api, page_size=size, order=order)
    assert seen == in_order(api, booked, order)
    assert set(sizes[:-1]) <= {size}
    assert 1 <= sizes[-1] <= size


@pytest.mark.parametrize("order", [BY_TIME, NEWEST_FIRST, BY_ID])
def test_sessions_booked_between_pages_disturb_no_page(server, order):
    api = ApiClient(server.target)
    release = api.release()
    booked = ids(api.call("BatchCreateSessions", release_id=release.id, bookings=bookings(20, "b")).sessions)
    booked += [api.book(release, session_id=new_id()).id for _ in range(10)]
    expected, late = in_order(api, booked, order), []

    def book_another():
        late.append(api.book(release, f"late{len(late)}", session_id=new_id()).id)

    seen, _ = walk_pages(api, book_another, page_size=4, order=order)
    assert [i for i in seen if i in booked] == expected
    assert len(seen) == len(set(seen))
    assert set(seen) - set(booked) <= set(late)
    api.close()


def test_sessions_that_change_or_go_between_pages_disturb_no_page(api):
    release = api.release()
    sessions = [api.book(release) for _ in range(12)]
    doomed = [sessions[4], sessions[5]]

    def disturb():
        for session in doomed:
            api.call("DeleteSession", session_id=session.id)
        doomed.clear()
        api.move("FailSession", sessions[8], message="power cut")

    seen, _ = walk_pages(api, disturb, page_size=5, filter=session_service_pb2.SessionFilter(states=[1]))
    assert seen == ids(sessions[:5]) + ids(sessions[6:8]) + ids(sessions[9:])


def test_no_order_means_the_oldest_first_and_no_size_means_fifty(roster):
    api, booked = roster
    page = api.call("ListSessions")
    assert ids(page.sessions) == in_order(api, booked, BY_TIME)[:50]


def test_a_page_is_never_larger_than_a_thousand(api):
    api.call("BatchCreateSessions", release_id=api.release().id, bookings=bookings(1200))
    for size in (1000, 1001, 2**31 - 1):
        assert walk_pages(api, page_size=size)[1] == [1000, 200]


def test_the_total_is_counted_when_asked_for_and_follows_the_filter(roster):
    api, _ = roster
    some_of_them = session_service_pb2.SessionFilter(candidate_ids=["b1", "b2", "s1", "nobody"])
    assert api.call("ListSessions").total_size == 0
    assert api.call("ListSessions", page_size=7, show_total_size=True).total_size == 83
    assert api.call("ListSessions", filter=some_of_them, page_size=1, show_total_size=True).total_size == 3


def test_the_last_page_carries_no_token_also_when_it_is_full(roster):
    api, _ = roster
    page = api.call("ListSessions", page_size=83)
    assert (len(page.sessions), page.next_page_token) == (83, "")


@pytest.fixture(scope="module")
def varied(server):
    """A workspace with a session in each state, of different schools, districts and centres."""
    api = ApiClient(server.target)
    for place, state in enumerate(STATE_PATHS):
        session = bring_to(api, state)
        if state not in {"VOIDED", "ARCHIVED"}:
            person = session_pb2.Candidate(school_id=f"school{place % 3}", district_id=f"district{place % 2}")
            paths = mask("candidate.school_id", "candidate.district_id")
            message = session_pb2.Booking(candidate=person)
            api.call("UpdateSession", session_id=session.id, booking=message, update_mask=paths)
    yield api, api.call("ListSessions", page_size=1000).sessions
    api.close()


def matching(sessions, condition):
    return ids(session for session in sessions if condition(session))


def test_a_list_is_filtered_by_states(varied):
    api, sessions = varied
    for states in ([6], [7, 99], [1, 2, 3, 4, 22, 5, 14, 6, 7, 8, 18, 19, 20, 9, 15, 11, 16, 12, 13, 10, 99]):
        assert ids(listed(api, states=states)) == matching(sessions, lambda s, wanted=states: s.state in wanted)
    assert len(listed(api, states=[13])) == 1


def test_a_list_is_filtered_by_maturities(varied):
    api, _ = varied
    numbers = {
        session_pb2.MATURITY_NOT_STARTED: [1, 2, 3, 4, 5, 14, 22],
        session_pb2.MATURITY_IN_PROGRESS: [6, 7, 8, 18, 19, 20, 99],
        session_pb2.MATURITY_COMPLETE: [9, 11, 12, 13, 15, 16],
        session_pb2.MATURITY_VOID: [10],
    }
    for maturity, states in numbers.items():
        found = listed(api, maturities=[maturity])
        assert sorted(session.state for session in found) == states
        assert {session.maturity for session in found} == {maturity}
    assert len(listed(api, maturities=list(numbers))) == 21


def test_states_and_maturities_must_both_fit(varied):
    api, _ = varied
    in_progress = [session_pb2.MATURITY_IN_PROGRESS]
    assert [s.state for s in listed(api, maturities=in_progress, states=[4, 7])] == [7]
    assert listed(api, maturities=in_progress, states=[4, 9]) == []


def test_a_list_is_filtered_by_releases_candidates_schools_and_districts(varied):
    api, sessions = varied
    one, other = sessions[3], sessions[11]
    assert ids(listed(api, release_ids=[one.release_id])) == [one.id]
    assert ids(listed(api, release_ids=[other.release_id.upper(), one.release_id])) == [one.id, other.id]
    assert listed(api, release_ids=[new_id()]) == []
    names = [one.candidate.candidate_id, other.candidate.candidate_id, "nobody"]
    assert ids(listed(api, candidate_ids=names)) == [one.id, other.id]
    assert ids(listed(api, candidate_ids=names[:1])) == [one.id]
    schools = matching(sessions, lambda s: s.candidate.school_id == "school1")
    assert ids(listed(api, school_id="school1")) == schools
    both = matching(sessions, lambda s: (s.candidate.school_id, s.candidate.district_id) == ("school1", "district0"))
    assert ids(listed(api, school_id="school1", district_id="district0")) == both
    assert 0 < len(both) < len(schools)


def test_a_list_is_filtered_by_centre_and_every_criterion_must_fit(api):
    release = api.release()
    north = api.book(release, "anna", centre_id="north")
    api.book(release, "ben", centre_id="south")
    elsewhere = api.book(None, "anna", centre_id="north")
    assert ids(listed(api, centre_id="north")) == [north.id, elsewhere.id]
    assert ids(listed(api, centre_id="north", release_ids=[release.id], candidate_ids=["anna"])) == [north.id]
    assert listed(api, centre_id="north", candidate_ids=["ben"]) == []


@pytest.mark.parametrize("name", ["create_time", "update_time"])
def test_a_list_is_filtered_by_a_span_that_ends_before_its_end(api, name):
    release = api.release()
    sessions = [api.book(release) for _ in range(4)]
    sessions = [api.move("CreatePackage", session) for session in sessions]
    moments = [micros(getattr(session, name)) for session in sessions]
    assert moments == sorted(set(moments))

    def of(start, end):
        span = session_service_pb2.TimeRange(start_time=start and at(start), end_time=end and at(end))
        return ids(listed(api, **{name: span}))

    assert of(moments[1], moments[3]) == ids(sessions[1:3])
    assert of(moments[1], moments[1]) == []
    assert of(moments[2], None) == ids(sessions[2:])
    assert of(None, moments[1] + 1) == ids(sessions[:2])
    assert of(moments[3] + 1, None) == []


def spoilt(token):
    place = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))

    def wrapped(content):
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    return {
        "garbage": "not a token at all",
        "cut off": token[:-5],
        "longer": token + "AAAA",
        "half": token[: len(token) // 2],
        "other letters": token[::-1],
        "a lone surrogate": wrapped([place[0], place[1], "\ud800"]),
        "a negative place": wrapped([place[0], -1, place[2]]),
        "a place too far": wrapped([place[0], 2**63, place[2]]),
        "a place that is no number": wrapped([place[0], "1", place[2]]),
        "an id that is no text": wrapped([place[0], place[1], 7]),
        "another shape": wrapped({"a": 1}),
        "nothing inside": wrapped([]),
        "brackets without end": base64.urlsafe_b64encode(b"[" * 700).decode(),
        "letters outside ASCII": "ü" * 40,
    }


@pytest.mark.parametrize("fault", spoilt("WyJhIiwxLCJiIl0"))
def test_a_page_token_is_refused_that_is(roster, fault):
    api, _ = roster
    token = api.call("ListSessions", page_size=5).next_page_token
    with pytest.raises(Refused) as refused:
        api.call("ListSessions", page_size=5, page_token=spoilt(token)[fault])
    assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")


def test_a_page_token_of_another_query_is_refused(server, roster):
    api, booked = roster
    token = api.call("ListSessions", page_size=5).next_page_token
    events = {"session_id": booked[0]}
    for rpc, fields in (
        ("ListSessions", {"order": BY_ID}),
        ("ListSessions", {"filter": session_service_pb2.SessionFilter(states=[1])}),
        ("ListSessions", {"workspace_id": "another"}),
        ("ListReleases", {}),
        ("ListSessionEvents", events),
    ):
        with pytest.raises(Refused) as refused:
            api.call(rpc, page_token=token, **fields)
        assert refused.value.reason == "INVALID_PAGE_TOKEN"


def test_size_and_view_may_change_from_page_to_page(roster):
    api, booked = roster
    token = api.call("ListSessions", page_size=5).next_page_token
    full = session_service_pb2.SESSION_VIEW_FULL
    page = api.call("ListSessions", page_size=9, page_token=token, view=full, show_total_size=True)
    assert ids(page.sessions) == in_order(api, booked, BY_TIME)[5:14]


def test_what_is_shown_beside_the_rows_may_change_from_page_to_page(roster):
    api, booked = roster
    fields = session_service_pb2.ListSessionsRequest.DESCRIPTOR.fields
    flags = [field.name for field in fields if field.type == field.TYPE_BOOL]
    assert set(flags) >= {"show_statistics", "show_results", "show_responses"}
    token = api.call("ListSessions", page_size=5, show_statistics=True, show_total_size=True).next_page_token
    assert (
        ids(api.call("ListSessions", page_size=5, page_token=token).sessions) == in_order(api, booked, BY_TIME)[5:10]
    )
    for flag in flags:
        page = api.call("ListSessions", page_size=5, page_token=token, **{flag: True})
        assert ids(page.sessions) == in_order(api, booked, BY_TIME)[5:10], flag


def test_a_list_of_an_empty_workspace_is_empty(api):
    page = api.call("ListSessions", show_total_size=True)
    assert page == session_service_pb2.ListSessionsResponse()
    api.call("CreateSession", release_id=api.release().id, booking=booking("a"))
    assert len(api.call("ListSessions").sessions) == 1
