"""Histories of random sessions: what was asked, right and wrong, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st
from sample_sessions import CLOSES, HOUR, MINUTE, OPENS, PIN, WRONG, a_booking, a_release

from exam_sessions import errors
from exam_sessions.domain.booking import schedule
from exam_sessions.domain.commands import Client, Command
from exam_sessions.domain.decide import Decision, decide
from exam_sessions.domain.states import Action, FinishReason, VoidReason

if TYPE_CHECKING:
    from exam_sessions.domain.records import Release, Session

CALLABLE = (
    *("create_package", "download", "open_window", "enter_keycode", "check_in", "enter_pin", "unlock", "set_pin"),
    *("remove_pin", "pause", "resume", "go_offline", "reconnect", "finish_offline", "upload", "finish"),
    *("send_to_marking", "submit_marked", "request_verification", "verify", "archive", "void", "reset"),
    *("request_scan", "receive_scan", "fail", "recover", "update", "delete"),
)
"""The actions that have an RPC."""

ONWARD = {
    1: ("create_package",),
    2: ("download",),
    3: ("enter_keycode", "open_window"),
    4: ("enter_keycode",),
    22: ("check_in",),
    5: ("unlock", "set_pin"),
    14: ("enter_pin", "remove_pin"),
    6: ("finish", "go_offline", "pause"),
    7: ("resume", "finish"),
    8: ("finish_offline", "reconnect"),
    18: ("upload",),
    19: ("request_scan",),
    20: ("receive_scan",),
    9: ("send_to_marking",),
    15: ("submit_marked",),
    11: ("request_verification", "archive"),
    16: ("verify",),
    12: ("archive",),
    13: ("void",),
    10: ("void",),
    99: ("recover",),
}
"""Where a session usually goes next, so that random histories reach every state."""


class Ask(NamedTuple):
    """A command to come; its action is drawn once the state is known, if it goes the usual way."""

    command: Command
    usual: int | None
    wait: int


class Step(NamedTuple):
    """One command and what came of it: a decision, or a refusal that writes nothing."""

    before: Session
    command: Command
    now: int
    decision: Decision | None
    refusal: errors.Refusal | None

    @property
    def accepted(self) -> bool:
        """Whether the caller got what was asked for."""
        return self.decision is not None and self.decision.refusal is None


class History(NamedTuple):
    """A release, a fresh booking in it, and the steps that followed."""

    release: Release
    fresh: Session
    steps: tuple[Step, ...]


def asked(session: Session, release: Release, command: Command, now: int) -> Decision | errors.Refusal:
    """The decision on a command, or the refusal that was raised instead."""
    try:
        return decide(session, release, command, now)
    except errors.Refusal as refusal:
        return refusal


def history(release: Release, finalized: int, asks: list[Ask]) -> History:
    """Books a session and asks one thing after the other; ends early when the booking is deleted."""
    now = OPENS - 5 * MINUTE
    session = fresh = schedule(a_booking(), release, now)
    release = release._replace(finalized=finalized)
    steps = []
    for ask in asks:
        now += ask.wait
        command = ask.command
        if ask.usual is not None:
            ways = ONWARD[session.state]
            command = command._replace(action=Action(ways[ask.usual % len(ways)]), pin=PIN)
        decision = asked(session, release, command, now)
        if isinstance(decision, errors.Refusal):
            steps.append(Step(session, command, now, None, decision))
            continue
        steps.append(Step(session, command, now, decision, decision.refusal))
        if decision.session is None:
            break
        session = decision.session
    return History(release, fresh, tuple(steps))


releases = st.builds(
    a_release,
    window_start=st.sampled_from([OPENS, 0]),
    window_end=st.sampled_from([CLOSES, CLOSES, 0]),
    duration=st.sampled_from([HOUR, HOUR, 0]),
    delivery=st.sampled_from([1, 1, 1, 2]),
    invigilated=st.integers(0, 1),
    requires_check_in=st.integers(0, 1),
    moderated=st.integers(0, 1),
    grace_period=st.sampled_from([0, 10 * MINUTE]),
    allow_multiple_open_sessions=st.integers(0, 1),
)
commands = st.builds(
    Command,
    action=st.sampled_from([Action(name) for name in CALLABLE if name not in {"void", "delete"}] + [Action.VOID]),
    pin=st.sampled_from([PIN, WRONG]),
    client=st.sampled_from([Client(), Client("Windows 11", "LAB-07", "10.0.0.7", held_offline=True)]),
    finish_reason=st.sampled_from(FinishReason),
    void_reason=st.sampled_from([reason for reason in VoidReason if reason is not VoidReason.OTHER]),
    message=st.just("so it was"),
    force=st.booleans(),
    current_form=st.sampled_from(["", "form-a", "form-b"]),
    updated_form=st.sampled_from(["", "form-a", "form-b"]),
    fields=st.sampled_from(
        [(("name_last", "King"),), (("centre_id", "c2"),), (("candidate_id", "candidate-2"), ("window_end", OPENS))]
    ),
)
waits = st.sampled_from([0, 1, MINUTE, MINUTE, 5 * MINUTE, 20 * MINUTE, 2 * HOUR])
asks = st.builds(Ask, commands, st.one_of(st.none(), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), waits)
histories = st.builds(history, releases, st.sampled_from([0, 0, 0, 0, 1]), st.lists(asks, min_size=15, max_size=30))
