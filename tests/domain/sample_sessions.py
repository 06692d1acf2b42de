"""Sessions and releases to try the rules on, each as it would stand at NOW, and short ways to ask for a decision.

The release opens at nine, closes at one, and grants an hour of work; the candidate started ten minutes after nine.
"""

from __future__ import annotations

from typing import Any

from exam_sessions.domain.commands import Command
from exam_sessions.domain.decide import Decision, decide
from exam_sessions.domain.records import NO_MARKING_CONTEXT, Booking, Event, MarkingContext, Release, Session
from exam_sessions.domain.states import Action, State

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

OPENS = 1_772_442_000 * SECOND
"""2026-03-02T09:00:00Z."""
STARTED = OPENS + 10 * MINUTE
PAUSED_AT = OPENS + 25 * MINUTE
ENDED = OPENS + 28 * MINUTE
NOW = OPENS + 30 * MINUTE
DEADLINE = STARTED + HOUR
CLOSES = OPENS + 4 * HOUR

PIN = "QWERTY"
WRONG = "ZZZZZZ"

FETCHED = {
    "client_os": "Windows 11",
    "client_machine": "LAB-07",
    "client_ip": "10.0.0.7",
    "download_time": OPENS - HOUR,
}
RUNNING = FETCHED | {"start_time": STARTED}
OVER = RUNNING | {"end_time": ENDED, "finish_reason": 1}

AS_IT_STANDS: dict[int, dict[str, Any]] = {
    1: {},
    2: {},
    3: FETCHED,
    4: FETCHED,
    22: FETCHED,
    5: FETCHED,
    14: FETCHED | {"pin": PIN},
    6: RUNNING,
    7: RUNNING | {"pause_start_time": PAUSED_AT},
    8: RUNNING | {"held_offline": 1},
    18: OVER | {"held_offline": 1},
    19: {},
    20: {},
    9: OVER,
    15: OVER,
    11: OVER,
    16: OVER,
    12: OVER,
    13: OVER,
    10: RUNNING | {"void_reason": 3, "void_message": "went home"},
    99: FETCHED | {"exception_message": "the package does not open"},
}
"""What a session of each state has written in it; the one in EXCEPTION had not started."""

HELD = f'["Laptop 3",{STARTED},["{"a" * 64}"],"",false]'
"""A session's device, as it is stored: with the digest of one token."""

TAKE_OVER_ALLOWED = HELD.replace("false", "true")


def a_release(**changes: Any) -> Release:
    """An open online release without invigilation, check-in or moderation, unless changed."""
    release = Release(
        workspace_id="default",
        id="release-1",
        name="Spring",
        test_form="form-a",
        window_start=OPENS,
        window_end=CLOSES,
        duration=HOUR,
        delivery=1,
        invigilated=0,
        requires_check_in=0,
        auto_create_pin=0,
        moderated=0,
        max_attempts=1,
        attempt_strategy=1,
        grace_period=0,
        allow_multiple_open_sessions=0,
        finalized=0,
        create_time=OPENS - DAY,
        update_time=OPENS - DAY,
        version=1,
    )
    return release._replace(**changes)


def a_session(state: int, **changes: Any) -> Session:
    """A session of `a_release` resting in a state."""
    session = Session(
        workspace_id="default",
        id="session-1",
        release_id="release-1",
        state=int(state),
        keycode="KEYCODE2",
        access_code="ACCESS22",
        pin="",
        candidate_id="candidate-1",
        name_first="Ada",
        name_middle="King",
        name_last="Lovelace",
        gender=2,
        grade_level=3,
        ethnicity=0,
        school_id="school-1",
        district_id="district-1",
        external_reference="ref-1",
        centre_id="centre-1",
        test_form="form-a",
        window_start=0,
        window_end=0,
        create_time=OPENS - DAY,
        update_time=OPENS - DAY,
        version=7,
    )
    return session._replace(**(AS_IT_STANDS[int(state)] | changes))


def a_booking(**changes: Any) -> Booking:
    """A booking whose codes are drawn already."""
    booking = Booking(
        session_id="session-9",
        candidate_id="candidate-9",
        name_first="Grace",
        name_middle="Brewster",
        name_last="Hopper",
        gender=2,
        grade_level=12,
        ethnicity=3,
        school_id="school-9",
        district_id="district-9",
        access_code="ACCESS99",
        keycode="KEYCODE9",
        pin=PIN,
        external_reference="ref-9",
        centre_id="centre-9",
        test_form="",
        window_start=0,
        window_end=0,
    )
    return booking._replace(**changes)


def decided(
    session: Session,
    release: Release,
    action: Action,
    now: int = NOW,
    marking_context: MarkingContext = NO_MARKING_CONTEXT,
    **said: Any,
) -> Decision:
    """The decision on a command; a refusal is raised."""
    return decide(session, release, Command(action, **said), now, marking_context)


def became(
    session: Session,
    release: Release,
    action: Action,
    now: int = NOW,
    marking_context: MarkingContext = NO_MARKING_CONTEXT,
    **said: Any,
) -> Session:
    """The session after an accepted command."""
    decision = decided(session, release, action, now, marking_context, **said)
    assert decision.refusal is None
    assert decision.session is not None
    return decision.session


def state_after(session: Session, release: Release, action: Action, now: int = NOW, **said: Any) -> State:
    """The state after an accepted command."""
    return State(became(session, release, action, now, **said).state)


def told(session: Session, release: Release, action: Action, now: int = NOW, **said: Any) -> Event:
    """The one event of an accepted command."""
    (event,) = decided(session, release, action, now, **said).events
    return event
