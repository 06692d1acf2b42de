"""Deadlines by hand: limits and windows of the release and of the candidate, extra time, pauses, the grace period."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_sessions import CLOSES, DAY, HOUR, MINUTE, OPENS, STARTED, a_release, a_session

from exam_sessions.domain import clock
from exam_sessions.domain.records import NO_LIMIT
from exam_sessions.domain.states import State
from sampling import examples

OPEN, NONE = 0, -1

CASES = """
release  window  own    own     extra   paused  reopened  grace | deadline  answers
limit    end     limit  window                  until           |           until
60       240     .      .       .       .       .         .     | 70        70
60       .       .      .       .       .       .         .     | 70        70
.        240     .      .       .       .       .         .     | 240       240
.        .       .      .       .       .       .         .     | -         -
60       240     90     .       .       .       .         .     | 100       100
60       240     30     .       .       .       .         .     | 40        40
60       240     none   .       .       .       .         .     | 240       240
60       .       none   .       .       .       .         .     | -         -
.        240     45     .       .       .       .         .     | 55        55
.        .       45     .       .       .       .         .     | 55        55
60       50      .      .       .       .       .         .     | 50        50
60       50      .      300     .       .       .         .     | 70        70
60       240     .      50      .       .       .         .     | 50        50
60       240     90     50      .       .       .         .     | 50        50
60       50      90     300     .       .       .         .     | 100       100
60       50      none   300     .       .       .         .     | 300       300
60       .       none   300     .       .       .         .     | 300       300
60       5       .      .       .       .       .         .     | 10        10
60       240     .      5       .       .       .         .     | 10        10
60       240     .      .       15      .       .         .     | 85        85
60       240     .      .       25%     .       .         .     | 85        85
60       240     90     .       15      .       .         .     | 115       115
60       240     90     .       50%     .       .         .     | 145       145
60       240     30     .       50%     .       .         .     | 55        55
60       240     none   .       50%     .       .         .     | 240       240
.        240     .      .       50%     .       .         .     | 240       240
.        240     40     .       50%     .       .         .     | 70        70
60       80      .      .       25%     .       .         .     | 80        80
60       80      .      .       15      .       .         .     | 80        80
60       240     .      .       .       20      .         .     | 90        90
60       240     90     .       .       20      .         .     | 120       120
60       240     none   .       .       20      .         .     | 240       240
60       80      .      .       .       20      .         .     | 80        80
60       80      .      120     15      20      .         .     | 105       105
60       240     90     .       50%     20      .         .     | 165       165
60       240     .      .       .       .       .         5     | 70        75
60       50      .      .       .       .       .         5     | 50        55
60       240     90     .       .       .       .         5     | 100       105
60       240     none   .       .       .       .         5     | 240       245
60       .       none   .       .       .       .         5     | -         -
60       240     .      50      .       .       .         5     | 50        55
60       240     90     115     25%     10      .         5     | 115       120
60       240     90     215     25%     10      .         5     | 132.5     137.5
60       240     .      .       .       .       300       .     | 300       300
60       240     90     50      25%     10      300       5     | 300       305
60       240     .      .       .       .       none      5     | -         -
60       5       .      .       .       .       .         5     | 10        15
"""
"""Minutes. Ends are counted from nine o'clock; the candidate began ten past nine."""


def rows():
    for line in CASES.strip().splitlines()[2:]:
        yield pytest.param(*line.replace("|", " ").split(), id=" ".join(line.split()))


def length(text):
    return {".": OPEN, "none": NO_LIMIT}.get(text) or round(float(text) * MINUTE) if text != "." else OPEN


def moment(text):
    return NO_LIMIT if text == "none" else 0 if text in {".", "-"} else OPENS + length(text)


def made(limit, window, own, own_window, extra, paused, reopened, grace):
    share = extra.endswith("%")
    session = a_session(
        State.IN_PROGRESS,
        time_limit=length(own),
        window_end=moment(own_window),
        extra_time=0 if share else length(extra),
        extra_percent=int(extra[:-1]) if share else 0,
        paused_time=length(paused),
        own_deadline=moment(reopened),
    )
    release = a_release(duration=length(limit), window_end=moment(window), online_grace_period=length(grace))
    return session, release


@pytest.mark.parametrize(
    ("limit", "window", "own", "own_window", "extra", "paused", "reopened", "grace", "ends", "until"), list(rows())
)
def test_the_deadline_is(limit, window, own, own_window, extra, paused, reopened, grace, ends, until):
    session, release = made(limit, window, own, own_window, extra, paused, reopened, grace)
    assert clock.deadline(session, release) == moment(ends)
    assert clock.accepted_until(session, release) == moment(until)
    assert clock.due_time(session, release, STARTED) == (moment(until) or None)


def test_offline_there_is_no_online_grace_period():
    session = a_session(State.OFFLINE)
    release = a_release(online_grace_period=5 * MINUTE)
    assert clock.accepted_until(session, release) == clock.deadline(session, release) == STARTED + HOUR


@pytest.mark.parametrize(
    ("own", "extra", "left"), [("90", ".", 75), ("30", "15", 30), ("none", ".", None), ("90", "50%", 120)]
)
def test_what_is_left_while_paused_is_of_the_own_limit(own, extra, left):
    running, release = made("60", "240", own, ".", extra, ".", ".", ".")
    paused = running._replace(state=7, pause_start_time=STARTED + 15 * MINUTE)
    assert clock.time_left_while_paused(paused, release) == (None if left is None else left * MINUTE)


@pytest.mark.parametrize(
    ("own", "own_window", "cut"),
    [(".", ".", 0), ("90", ".", 20), ("none", ".", 0), ("90", "100", 0), (".", "40", 30)],
)
def test_what_the_window_takes_away_is_of_the_own_limit_and_window(own, own_window, cut):
    session, release = made("60", "80", own, own_window, ".", ".", ".", ".")
    assert clock.cut_by_window(session, release, STARTED) == cut * MINUTE


lengths = st.integers(1, 5 * HOUR)
limits = st.sampled_from([0]) | lengths
own_limits = st.sampled_from([0, NO_LIMIT]) | lengths
ends = st.sampled_from([0]) | st.integers(OPENS + 1, CLOSES + DAY)
percents = st.integers(0, 1_000)


@settings(max_examples=examples(300), deadline=None)
@given(limits, ends, own_limits, ends, lengths | st.just(0), percents, lengths | st.just(0), lengths | st.just(0))
def test_the_deadline_is_the_least_of_its_limits(limit, window, own, own_window, extra, percent, paused, grace):
    session = a_session(
        State.IN_PROGRESS,
        time_limit=own,
        window_end=own_window,
        extra_time=0 if percent else extra,
        extra_percent=percent,
        paused_time=paused,
    )
    release = a_release(duration=limit, window_end=window, online_grace_period=grace)
    working = 0 if own == NO_LIMIT else own or limit
    added = working * percent // 100 if percent else extra
    found = [end for end in (own_window or window,) if end] + [STARTED + working + added + paused] * bool(working)
    expected = max(STARTED, min(found)) if found else 0
    assert clock.deadline(session, release) == expected
    assert clock.accepted_until(session, release) == (expected + grace if expected else 0)
    for now in (STARTED, expected, expected + grace):
        assert clock.lateness(session, release, now) == (max(0, now - expected) if expected else 0)


@settings(max_examples=examples(100), deadline=None)
@given(limits, ends, own_limits, lengths)
def test_a_longer_limit_never_ends_an_attempt_sooner(limit, window, own, more):
    release = a_release(duration=limit, window_end=window)
    session = a_session(State.IN_PROGRESS, time_limit=own)
    working = clock.working_time(session, release)
    longer = clock.deadline(session._replace(time_limit=working + more if working else NO_LIMIT), release)
    assert not longer or longer >= clock.deadline(session, release)
    assert not clock.deadline(session._replace(time_limit=NO_LIMIT), a_release(duration=limit, window_end=0))
