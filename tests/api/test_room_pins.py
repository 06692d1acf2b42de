from __future__ import annotations

import re

import pytest
from concurrency import at_once
from grpc import StatusCode
from messages import booking, mask, moment, new_id
from rows import unchanged
from state_paths import bring_to, pin_of, walk

from exam_sessions_client.v1 import catalog_pb2, session_pb2
from serving import ApiClient, Refused, serving

pytestmark = pytest.mark.both_databases("who is first is decided by the database")

MONDAY, LATER, TUESDAY = (moment(f"2090-05-{day}+00:00") for day in ("01T08:00:00", "01T23:59:59", "02T00:00:00"))


def pins_of(api, release, *rows):
    reply = api.call("BatchCreateSessions", release_id=release.id, bookings=rows)
    return [pin_of(api, row) for row in reply.sessions]


def test_a_release_that_asks_for_none_has_no_pins(api):
    assert pin_of(api, api.book(centre_id="north")) == ""


def test_sessions_of_one_release_centre_and_day_share_a_pin(api):
    release = api.release(auto_create_pin=True)
    pins = pins_of(
        api,
        release,
        booking("a", centre_id="north", window_start=MONDAY),
        booking("b", centre_id="north", window_start=LATER),
        booking("c", centre_id="south", window_start=MONDAY),
        booking("d", centre_id="north", window_start=TUESDAY),
        booking("e", window_start=MONDAY),
        booking("f", window_start=LATER),
    )
    assert pins[0] == pins[1]
    assert pins[4] == pins[5]
    assert len(set(pins)) == 4
    assert all(re.fullmatch("[A-Z]{6}", pin) for pin in pins)


def test_a_pin_is_shared_with_sessions_booked_later_and_one_by_one(api):
    release = api.release(auto_create_pin=True)
    first = pin_of(api, api.book(release, centre_id="north", window_start=MONDAY))
    assert pins_of(api, release, booking("x", centre_id="north", window_start=MONDAY)) == [first]
    assert pin_of(api, api.book(release, centre_id="north", window_start=LATER)) == first


def test_the_day_is_that_of_the_window_and_else_the_release_s_or_today(api):
    release = api.release(auto_create_pin=True, window_start=MONDAY)
    assert pin_of(api, api.book(release)) == pin_of(api, api.book(release, window_start=LATER))
    open_release = api.release(auto_create_pin=True)
    assert pin_of(api, api.book(open_release)) == pin_of(api, api.book(open_release))


def test_another_release_has_another_pin(api):
    pins = {pin_of(api, api.book(api.release(auto_create_pin=True), centre_id="north")) for _ in range(3)}
    assert len(pins) == 3


def test_a_pin_that_was_given_is_kept_and_not_shared(api):
    release = api.release(auto_create_pin=True)
    given, shared, again = pins_of(api, release, booking("a", pin="secret"), booking("b"), booking("c"))
    assert given == "SECRET" != shared
    assert shared == again


@pytest.mark.parametrize("rounds", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_bookings_of_two_servers_at_the_same_moment_share_their_pin(database, rounds):
    with serving(database) as one, serving(database) as other:
        desks = [ApiClient(server.target, "shared") for server in (one, other) for _ in range(3)]
        for n in range(rounds):
            release = desks[0].release(auto_create_pin=True)
            calls = [lambda d=api, k=k, n=n, r=release: d.book(r, f"c{n}-{k}") for k, api in enumerate(desks)]
            assert len({pin_of(desks[0], session) for session in at_once(*calls)}) == 1
        for api in desks:
            api.close()


def test_the_right_pin_opens_the_session_in_any_case(api):
    for pin in ("QWERTY", "qwerty", "QwErTy"):
        session = api.move("EnterPin", bring_to(api, "LOCKED_BY_PIN"), pin=pin)
        assert session.state == session_pb2.STATE_IN_PROGRESS
        assert session.attempt.start_time == session.update_time


def test_wrong_pins_are_counted_down_and_the_fifth_blocks_the_right_one_too(api, server):
    session = bring_to(api, "LOCKED_BY_PIN")
    left = []
    for _ in range(5):
        with pytest.raises(Refused) as refused:
            api.move("EnterPin", session, pin="ZZZZZZ")
        assert (refused.value.code, refused.value.reason) == (StatusCode.PERMISSION_DENIED, "WRONG_PIN")
        left.append(refused.value.metadata["tries_left"])
    assert left == ["4", "3", "2", "1", "0"]
    for pin in ("QWERTY", "ZZZZZZ"):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.move("EnterPin", session, pin=pin)
        assert (refused.value.code, refused.value.reason) == (StatusCode.RESOURCE_EXHAUSTED, "PIN_BLOCKED")
        assert refused.value.metadata == {"tries": "5"}
    assert len(api.history(session)) == 5 + 5


def test_wrong_pins_at_the_same_moment_are_all_counted(api):
    session = bring_to(api, "LOCKED_BY_PIN")
    refusals = at_once(*[lambda: api.move("EnterPin", session, pin="ZZZZZZ")] * 8)
    assert sorted(refusal.reason for refusal in refusals) == ["PIN_BLOCKED"] * 3 + ["WRONG_PIN"] * 5
    assert sorted(r.metadata["tries_left"] for r in refusals if r.reason == "WRONG_PIN") == list("01234")


def test_a_wrong_pin_under_an_id_of_another_request_is_not_counted(api, server):
    session, request_id = bring_to(api, "LOCKED_BY_PIN"), new_id()
    api.call("CreateRelease", release=catalog_pb2.Release(name="Physics"), request_id=request_id)
    for _ in range(3):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.move("EnterPin", session, pin="ZZZZZZ", request_id=request_id)
        assert (refused.value.code, refused.value.reason) == (StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    with pytest.raises(Refused) as refused:
        api.move("EnterPin", session, pin="ZZZZZZ", request_id=new_id())
    assert (refused.value.reason, refused.value.metadata) == ("WRONG_PIN", {"tries_left": "4"})


def test_a_right_pin_sent_twice_opens_once_and_a_wrong_one_under_its_id_is_not_counted(api, server):
    session, request_id = bring_to(api, "LOCKED_BY_PIN"), new_id()
    first = api.move("EnterPin", session, pin="QWERTY", request_id=request_id)
    with unchanged(server, api):
        assert api.move("EnterPin", session, pin="QWERTY", request_id=request_id) == first
        with pytest.raises(Refused) as refused:
            api.move("EnterPin", session, pin="ZZZZZZ", request_id=request_id)
    assert refused.value.reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize("way", ["set anew", "removed"])
def test_a_blocked_pin_is_set_anew_or_removed(api, way):
    session = bring_to(api, "LOCKED_BY_PIN")
    for _ in range(5):
        with pytest.raises(Refused):
            api.move("EnterPin", session, pin="ZZZZZZ")
    if way == "set anew":
        api.move("SetPin", session, pin="FRESHP")
        assert api.move("EnterPin", session, pin="FRESHP").state == session_pb2.STATE_IN_PROGRESS
    else:
        assert api.move("RemovePin", session).state == session_pb2.STATE_LOCKED_FOR_INVIGILATOR
        assert api.move("UnlockSession", session).state == session_pb2.STATE_IN_PROGRESS


def test_a_pin_is_drawn_when_none_is_given_to_set(api):
    session = bring_to(api, "LOCKED_FOR_INVIGILATOR")
    reply = api.call("SetPin", session_id=session.id)
    assert reply.session.state == session_pb2.STATE_LOCKED_BY_PIN
    assert re.fullmatch("[A-Z]{6}", reply.pin)
    assert api.move("EnterPin", session, pin=reply.pin).state == session_pb2.STATE_IN_PROGRESS


def test_a_pin_set_before_the_keycode_decides_where_the_keycode_leads(api):
    release = api.release(invigilated=True, requires_check_in=True)
    session = walk(api, api.book(release), "CreatePackage", "DownloadSession", "SetPin", "EnterKeycode")
    assert session.state == session_pb2.STATE_REQUIRES_CHECK_IN
    assert api.move("CheckInSession", session).state == session_pb2.STATE_LOCKED_BY_PIN
    other = walk(api, api.book(release), "SetPin", "RemovePin", "CreatePackage", "DownloadSession", "EnterKeycode")
    assert pin_of(api, other) == ""
    assert api.move("CheckInSession", other).state == session_pb2.STATE_LOCKED_FOR_INVIGILATOR


def test_pins_asked_for_later_are_drawn_for_who_is_booked_later(api):
    release = api.release()
    early = api.book(release)
    edit = catalog_pb2.Release(id=release.id, auto_create_pin=True)
    api.call("UpdateRelease", release=edit, update_mask=mask("auto_create_pin"))
    late = [pin_of(api, api.book(release)) for _ in range(2)]
    assert pin_of(api, early) == ""
    assert late[0] == late[1] != ""
