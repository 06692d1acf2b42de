"""Histories of random sessions: what was asked, right and wrong, and what came of it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st
from sample_forms import CHOSEN_FOR_PEOPLE, MACHINE, MIXED, answer, answers, revision
from sample_sessions import CLOSES, DAY, HOUR, MINUTE, OPENS, PIN, WRONG, a_booking, a_release

from exam_sessions import errors
from exam_sessions.domain.booking import schedule
from exam_sessions.domain.commands import Client, Command
from exam_sessions.domain.decide import Decision, decide, with_derived_columns
from exam_sessions.domain.records import NO_LIMIT, NO_MARKING_CONTEXT, MarkingContext
from exam_sessions.domain.states import Action, FinishReason, VoidReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import AttemptRecord, Release, Session

CALLABLE = (
    *("create_package", "download", "open_window", "enter_keycode", "check_in", "enter_pin", "unlock", "set_pin"),
    *("remove_pin", "get_pin", "pause", "resume", "go_offline", "reconnect", "finish_offline", "upload"),
    *("finish", "send_to_marking", "submit_marked", "request_verification", "verify", "archive", "void", "reset"),
    *("assign_item_marks", "assign_item_responses", "request_scan", "receive_scan", "set_responses"),
    *("clear_responses", "reopen", "retake", "fail", "recover", "update", "delete"),
    *("score_response", "unscore_response", "set_extra_time", "set_accommodation", "regrade", "allow_take_over"),
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
    6: ("finish", "set_responses", "go_offline", "pause", "set_responses", "finish"),
    7: ("resume", "finish"),
    8: ("finish_offline", "reconnect"),
    18: ("upload",),
    19: ("assign_item_responses", "assign_item_marks", "request_scan"),
    20: ("receive_scan",),
    9: ("send_to_marking", "reopen", "retake"),
    15: ("score_response", "submit_marked", "unscore_response", "reopen", "clear_responses"),
    11: ("request_verification", "archive", "request_verification", "retake", "score_response", "reopen"),
    16: ("verify", "verify", "score_response"),
    12: ("archive", "retake"),
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
    marking_context: MarkingContext
    release: Release
    command: Command
    now: int
    decision: Decision | None
    refusal: errors.Refusal | None

    @property
    def accepted(self) -> bool:
        """Whether the caller got what was asked for."""
        return self.decision is not None and self.decision.refusal is None

    @property
    def after(self) -> Session:
        """The session after an accepted command that did not delete it."""
        assert self.decision is not None
        assert self.decision.session is not None
        return self.decision.session

    @property
    def attempts(self) -> tuple[AttemptRecord, ...]:
        """The attempt records after it, in order."""
        written = {record.attempt: record for record in self.marking_context.attempts}
        written |= {record.attempt: record for record in (self.decision.attempts if self.decision else ())}
        return tuple(record for _, record in sorted(written.items()))


class History(NamedTuple):
    """A release, a fresh booking in it, and the steps that followed."""

    release: Release
    fresh: Session
    steps: tuple[Step, ...]

    def __repr__(self) -> str:
        """The way the session took, which is what a failure is read for."""
        way = [f"{step.command.action} {step.after.state}" for step in self.steps if step.accepted]
        return f"History({self.release}, {' -> '.join(way)})"


def asked(
    session: Session,
    release: Release,
    command: Command,
    now: int,
    marking_context: MarkingContext = NO_MARKING_CONTEXT,
) -> Decision | errors.Refusal:
    """The decision on a command, or the refusal that was raised instead."""
    try:
        return decide(session, release, command, now, marking_context)
    except errors.Refusal as refusal:
        return refusal


def history(release: Release, finalized: int, form: Form | None, asks: Sequence[Ask]) -> History:
    """Books a session and asks one thing after the other; ends early when the booking is deleted.

    The release is finalized after as many steps; never when that is 0. The catalogue holds the form, and no other.
    """
    now = OPENS - 5 * MINUTE
    session = fresh = schedule(a_booking(), release, now, {"form-a": 1} if form else {})
    steps: list[Step] = []
    for ask in asks:
        now += ask.wait
        if finalized and len(steps) == finalized:
            release = release._replace(finalized=1)
            session = with_derived_columns(session, release, now)
        command = ask.command
        if ask.usual is not None:
            ways = ONWARD[session.state]
            command = command._replace(action=Action(ways[ask.usual % len(ways)]), pin=PIN)
        marking_context = papers_of(session, form, command, steps[-1].attempts if steps else ())
        decision = asked(session, release, command, now, marking_context)
        if isinstance(decision, errors.Refusal):
            steps.append(Step(session, marking_context, release, command, now, None, decision))
            continue
        steps.append(Step(session, marking_context, release, command, now, decision, decision.refusal))
        if decision.session is None:
            break
        session = decision.session
    return History(release, fresh, tuple(steps))


def papers_of(
    session: Session, form: Form | None, command: Command, attempts: tuple[AttemptRecord, ...]
) -> MarkingContext:
    """The papers of a session whose catalogue holds one form, `form-a`, at its first revision."""
    wanted = command.updated_form or dict(command.fields).get("test_form") or session.test_form
    held = session.form_revision and session.test_form == "form-a"
    known = MarkingContext(form if held else None, attempts, 1 if form and wanted == "form-a" else 0)
    if command.action is Action.REGRADE and form and held:
        return known._replace(revised=revision(form, 2), sat=(form,))
    return known


releases = st.builds(
    a_release,
    window_start=st.sampled_from([OPENS, 0]),
    window_end=st.sampled_from([CLOSES, CLOSES, 0]),
    duration=st.sampled_from([HOUR, HOUR, 0]),
    delivery=st.sampled_from([1, 1, 1, 2]),
    invigilated=st.integers(0, 1),
    requires_check_in=st.integers(0, 1),
    moderated=st.integers(0, 1),
    max_attempts=st.sampled_from([0, 1, 3]),
    attempt_strategy=st.sampled_from([1, 2, 3, 4]),
    grace_period=st.sampled_from([0, 10 * MINUTE]),
    allow_multiple_open_sessions=st.integers(0, 1),
)
ANSWERS = (
    *(answers(q1="A", q2="BC"), answers(q1="C"), answers(q2="B", q3="D"), answers(q3="~an essay"), answers(q1="")),
    *(answers(q3="~a better one", q1="A"), answers(q3=""), answers(q2="CB"), answers(q1="AB"), answers(q1="Z"), ()),
    *(answers(q9="A"), (("2", (("2", (1,), ""),)),), (("", (("1", ("c",), ""), ("1", (0,), ""))),)),
)
"""Responses, right and wrong, some of which the form does not know."""
PAPER_ANSWERS = (
    *((answer("1", "A"),), (answer("2", "BC"),), (answer("1", "C"), answer("2", "B"), answer("3", "D"))),
    *((answer("1", ""), answer("2", "A")), (answer("2", ""),), (answer("3", "A"),), (answer("9", "A"),), ()),
)
MARKS = (
    *((("3", "3.5"),), (("3", "5"),), (("1", "0"), ("3", "0")), (("1", None),), (("3", None), ("2", "2"))),
    *((("1", "1"), ("2", "1"), ("3", "0.5")), (("2", "0"),), (("3", "9"),), (("1", "0.25"),), (("9", "1"),), ()),
)


def commanded(action: Action, who: tuple[Any, ...], what: tuple[Any, ...], when: tuple[Any, ...]) -> Command:
    """A command with something to say in whatever it is asked to do."""
    command = Command(action, message="so it was", completion_time=OPENS - DAY)
    names = ("pin", "client", "void_reason", "force", "current_form", "updated_form", "fields")
    command = command._replace(**dict(zip(names, who, strict=True)))
    names = ("responses", "submit", "paper_responses", "marks", "attempt", "revision")
    command = command._replace(**dict(zip(names, what, strict=True)))
    names = ("finish_reason", "deferred_clock", "deadline", "extra_time", "extra_percent")
    command = command._replace(**dict(zip(names, when, strict=True)))
    if action is Action.SET_ACCOMMODATION:
        return command._replace(fields=(("time_limit", command.extra_time or NO_LIMIT),))
    return command


EDITS = ((("name_last", "King"),), (("centre_id", "c2"),), (("candidate_id", "candidate-2"), ("window_end", OPENS)))
REASONS = tuple(reason for reason in VoidReason if reason is not VoidReason.OTHER)
CLIENTS = (Client(), Client("Windows 11", "LAB-07", "10.0.0.7", held_offline=True))
FORMS = ("", "form-a", "form-b")


def some(count: int, *choices: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    """As many combinations as that, drawn once and for all: it is cheaper to choose one than to build one."""
    chance = random.Random(7)
    return st.sampled_from([tuple(chance.choice(values) for values in choices) for _ in range(count)])


commands = st.builds(
    commanded,
    st.sampled_from([Action(name) for name in CALLABLE if name != "delete"]),
    some(60, (PIN, WRONG), CLIENTS, REASONS, (True, False), FORMS, FORMS, EDITS),
    some(200, ANSWERS, (True, False), PAPER_ANSWERS, MARKS, (0, 0, 0, 1, 2), (0, 0, 0, 1, 3)),
    some(40, tuple(FinishReason), (True, False), (0, 0, CLOSES + HOUR), (0, 15 * MINUTE), (0, 25)),
)
waits = st.sampled_from([0, 1, MINUTE, MINUTE, 5 * MINUTE, 20 * MINUTE, 2 * HOUR])
asks = st.builds(Ask, commands, st.one_of(st.none(), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), waits)
forms = st.sampled_from([None, None, MACHINE, MIXED, MIXED, CHOSEN_FOR_PEOPLE])
histories = st.builds(
    history, releases, st.sampled_from([0, 0, 0, 1, 8, 16]), forms, st.lists(asks, min_size=15, max_size=40)
)

MARKING = (
    *("set_responses", "set_responses", "finish", "score_response", "score_response", "unscore_response"),
    *("submit_marked", "send_to_marking", "assign_item_marks", "assign_item_responses", "reopen", "retake", "retake"),
    *(
        "clear_responses",
        "enter_keycode",
        "resume",
        "request_verification",
        "verify",
        "fail",
        "recover",
        "go_offline",
    ),
    *("finish_offline", "upload", "pause", "set_extra_time", "void"),
)
LED_TO_THE_DESK = [
    Ask(Command(Action(name)), None, 2 * MINUTE) for name in ("create_package", "download", "enter_keycode")
]


def history_of_marking(release: Release, form: Form | None, asks: list[Ask]) -> History:
    """A history of a session whose candidate was led to the desk first, or whose paper waits."""
    return history(release, 0, form, [*LED_TO_THE_DESK, *asks])


histories_of_marking = st.builds(
    history_of_marking,
    st.builds(
        a_release,
        duration=st.sampled_from([HOUR, 0]),
        window_end=st.just(0),
        delivery=st.sampled_from([1, 1, 2]),
        moderated=st.integers(0, 1),
        max_attempts=st.sampled_from([0, 0, 0, 2]),
        attempt_strategy=st.sampled_from([1, 2, 3, 4]),
    ),
    st.sampled_from([None, MACHINE, MIXED, MIXED, CHOSEN_FOR_PEOPLE]),
    st.lists(
        st.builds(
            Ask,
            st.builds(
                commanded,
                st.sampled_from([Action(name) for name in MARKING]),
                some(4, (PIN,), CLIENTS, REASONS, (True, False), ("",), ("",), EDITS),
                some(200, ANSWERS, (True, False), PAPER_ANSWERS, MARKS, (0, 0, 0, 1, 2), (0, 0, 0, 9)),
                some(40, tuple(FinishReason), (True, False), (0, 0, CLOSES + HOUR), (0, 15 * MINUTE), (0, 25)),
            ),
            st.one_of(st.none(), st.integers(0, 5)),
            st.sampled_from([0, 1, MINUTE, 5 * MINUTE]),
        ),
        min_size=25,
        max_size=50,
    ),
)
"""As `histories`, but most of it happens between the first answer and the result."""
