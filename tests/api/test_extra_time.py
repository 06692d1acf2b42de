"""Extra time: as time or in percent, before and during an attempt, and what the window leaves of it."""

from __future__ import annotations

import pytest
from clocked_fixtures import api_with_clock, server_with_clock  # noqa: F401 - fixtures of this module
from messages import at, lasting, micros
from rows import unchanged
from state_paths import FETCHED, STARTED, STATE_PATHS, bring_to, name_of, walk
from timed import SECOND, begun, timed_release, working_time

from exam_sessions_client.v1 import catalog_pb2, session_pb2
from serving import Refused

LEGAL = {
    "SCHEDULED_BUT_NOT_CREATED", "SCHEDULED_BUT_NOT_DOWNLOADED", "SCHEDULED_BUT_LOCKED", "READY",
    "LOCKED_FOR_INVIGILATOR", "LOCKED_BY_PIN", "REQUIRES_CHECK_IN", "IN_PROGRESS", "PAUSED",
}  # fmt: skip


def extend(api, session, seconds=None, **fields):
    """The reply to SetExtraTime."""
    if seconds is not None:
        fields["extra_time"] = lasting(seconds)
    return api.call("SetExtraTime", session_id=session.id, **({"reason": "a broken arm"} | fields))


def test_extra_time_is_given_before_and_during_an_attempt(api, server):
    for state in sorted(STATE_PATHS):
        session = bring_to(api, state)
        if state in LEGAL:
            given = extend(api, session, 600).session
            assert (name_of(given), given.extra_time.seconds, given.extra_time_reason) == (state, 600, "a broken arm")
            continue
        with unchanged(server, api), pytest.raises(Refused) as refused:
            extend(api, session, 600)
        assert (refused.value.reason, refused.value.metadata["state"]) == ("INVALID_TRANSITION", state)


def test_extra_time_moves_the_deadline_and_the_clock_follows(server, api, clock):
    session = begun(api, timed_release(api))
    session = extend(api, session, 300).session
    assert working_time(session) == 900 * SECOND
    clock.advance(700)
    assert server.sweep() == 0
    clock.advance(201)
    assert server.sweep() == 1
    ended = api.get(session)
    assert (name_of(ended), micros(ended.attempt.time_elapsed)) == ("FINISHED", 900 * SECOND)


def test_percent_is_of_the_working_time_and_follows_it(api):
    session = begun(api, timed_release(api))
    session = extend(api, session, extra_time_percent=25).session
    assert (session.extra_time.seconds, session.extra_time_percent, working_time(session)) == (150, 25, 750 * SECOND)
    longer = catalog_pb2.Release(id=session.release_id, duration=lasting(1000))
    api.call("UpdateRelease", release=longer, update_mask={"paths": ["duration"]})
    session = api.get(session)
    assert (session.extra_time.seconds, working_time(session)) == (250, 1250 * SECOND)


def test_extra_time_takes_the_place_of_what_was_given_before(api):
    session = begun(api, timed_release(api))
    extend(api, session, extra_time_percent=50)
    session = extend(api, session, 60, reason="less is enough").session
    assert (session.extra_time.seconds, session.extra_time_percent) == (60, 0)
    assert (working_time(session), session.extra_time_reason) == (660 * SECOND, "less is enough")
    event = api.history(session)[-1]
    assert (event.action, event.message) == (session_pb2.ACTION_SET_EXTRA_TIME, "less is enough")
    changes = {change.field: (change.old_value, change.new_value) for change in event.changes}
    assert changes["extra_percent"] == ("50", "0")
    taken_back = extend(api, session, 0, reason="a mistake").session
    assert (taken_back.HasField("extra_time"), working_time(taken_back)) == (False, 600 * SECOND)


def test_extra_time_given_before_the_start_counts_from_the_start(api, clock):
    session = api.book(timed_release(api))
    extend(api, session, extra_time_percent=100)
    clock.advance(3600)
    assert working_time(walk(api, session, *STARTED)) == 1200 * SECOND


def test_extra_time_of_a_paused_attempt_counts_from_its_resumption(api, clock):
    session = begun(api, timed_release(api))
    clock.advance(500)
    api.move("PauseSession", session)
    clock.advance(3600)
    extend(api, session, 100)
    session = api.move("ResumeSession", session)
    assert micros(session.attempt.deadline) - clock() == 200 * SECOND


def test_an_attempt_without_time_left_gets_none(server, api, clock):
    session = bring_to(api, "IN_PROGRESS", duration=lasting(60))
    clock.advance(61)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        extend(api, session, 600)
    assert refused.value.reason == "ATTEMPT_TIME_EXPIRED"


def test_a_paused_attempt_without_time_left_may_be_given_some(api, clock):
    session = bring_to(api, "IN_PROGRESS", duration=lasting(60))
    clock.advance(50)
    api.move("PauseSession", session)
    api.call(
        "UpdateRelease",
        release=catalog_pb2.Release(id=session.release_id, duration=lasting(30)),
        update_mask={"paths": ["duration"]},
    )
    with pytest.raises(Refused):
        api.move("ResumeSession", session)
    extend(api, session, 100)
    assert name_of(api.move("ResumeSession", session)) == "IN_PROGRESS"


def test_a_window_that_cuts_the_time_is_warned_of(api, clock):
    session = bring_to(api, "IN_PROGRESS", duration=lasting(600), window_end=at(clock() + 700 * SECOND))
    fits = extend(api, session, 30)
    assert (fits.HasField("cut_by_window"), fits.warning) == (False, "")
    cut = extend(api, session, 300)
    assert micros(cut.cut_by_window) == 200 * SECOND
    assert "move window_end" in cut.warning
    assert cut.session.attempt.deadline == cut.session.window_end


def test_before_the_start_the_warning_reckons_from_now_or_the_opening(api, clock):
    release = api.release(
        duration=lasting(600), window_start=at(clock() + 3600 * SECOND), window_end=at(clock() + 4300 * SECOND)
    )
    session = walk(api, api.book(release), *FETCHED)
    assert not extend(api, session, 100).HasField("cut_by_window")
    assert micros(extend(api, session, 200).cut_by_window) == 100 * SECOND
    clock.advance(3800)
    assert micros(extend(api, session, 200).cut_by_window) == 300 * SECOND


def test_extra_time_moves_the_deadline_of_a_reopened_attempt(api, clock):
    session = walk(api, begun(api, timed_release(api)), "FinishSession")
    session = api.move("ReopenSession", session, deadline=at(clock() + 100 * SECOND))
    given = extend(api, session, 50).session
    assert micros(given.attempt.deadline) - micros(session.attempt.deadline) == 50 * SECOND
    again = extend(api, session, extra_time_percent=10).session
    assert micros(again.attempt.deadline) - micros(session.attempt.deadline) == 60 * SECOND


def test_extra_time_is_kept_for_the_next_attempt(api):
    session = begun(api, timed_release(api))
    extend(api, session, 60)
    session = walk(api, session, "FinishSession", "RetakeSession", "EnterKeycode")
    assert working_time(session) == 660 * SECOND


def test_a_finalized_release_gives_no_extra_time(api, server):
    session = bring_to(api, "READY")
    api.call("FinalizeRelease", release_id=session.release_id)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        extend(api, session, 60)
    assert refused.value.reason == "RELEASE_FINALIZED"


BAD = {
    "no time": ({}, "extra"),
    "time that is negative": ({"extra_time": lasting(-1)}, "extra_time"),
    "more than 30 days": ({"extra_time": lasting(2_592_001)}, "extra_time"),
    "zero percent": ({"extra_time_percent": 0}, "extra_time_percent"),
    "1,001 percent": ({"extra_time_percent": 1001}, "extra_time_percent"),
    "no reason": ({"extra_time": lasting(1), "reason": ""}, "reason"),
    "1,001 letters": ({"extra_time": lasting(1), "reason": "r" * 1001}, "reason"),
}


def test_extra_time_that_is_none_is_refused(api, server):
    session = api.book()
    for bad, (fields, path) in BAD.items():
        with unchanged(server, api), pytest.raises(Refused) as refused:
            extend(api, session, **fields)
        assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", [path]), bad


def test_who_is_not_told_why_does_not_see_the_reason(api):
    session = extend(api, api.book(), 60).session
    (listed,) = api.call("ListSessions").sessions
    assert (session.extra_time_reason, listed.extra_time_reason) == ("a broken arm", "")
    assert listed.extra_time.seconds == 60
