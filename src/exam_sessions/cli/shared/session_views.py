"""How the command line shows a session: its state, what is known of it, its events, and what it may do."""

import time
from collections.abc import Sequence

from rich.text import Text

from exam_sessions.cli.shared.console import coloured, facts, note, say, show, table
from exam_sessions.cli.shared.enum_names import word, words
from exam_sessions.cli.shared.event_lines import details_of, moved, painted
from exam_sessions.cli.shared.output import zone_name
from exam_sessions.cli.shared.tables import FittingTable
from exam_sessions.cli.shared.times import how_long, when, zoned
from exam_sessions.client.client import Explanation, Session, SessionEvent


def show_events(events: list[SessionEvent]) -> None:
    """Prints events as a table."""
    made = table(
        "time (UTC)", "action", "from → to", "actor", "reason", whole=("time (UTC)", "action"), spare=("actor",)
    )
    for event in events:
        what = word(event, "action").lower(), moved(event), Text(event.actor), Text(details_of(event))
        made.add_row(when(event, "time"), *what)
    show(made)


def state_text(session: Session) -> Text:
    """A session's state in the colour of its maturity."""
    return coloured(word(session, "state"), word(session, "maturity"))


def full_name(session: Session) -> str:
    """The candidate's name; empty without one."""
    person = session.candidate
    return " ".join(f"{person.name_first} {person.name_middle} {person.name_last}".split())


def session_table(sessions: Sequence[Session]) -> FittingTable:
    """Sessions as a list, with when their attempts end and how much time is left."""
    made = table(
        "keycode", "state", "candidate", "name", "left", "ends (UTC)", "score", "centre", "changed (UTC)",
        whole=("keycode", "state", "left", "ends (UTC)", "score", "changed (UTC)"),
        spare=("changed (UTC)", "centre", "ends (UTC)", "score", "name", "left"),
    )  # fmt: skip
    for session in sessions:
        made.add_row(
            session.keycode,
            state_text(session),
            Text(session.candidate.candidate_id),
            Text(full_name(session)),
            time_left(session),
            when(session.attempt, "deadline"),
            f"{session.score.actual} %" if session.HasField("score") else "",
            Text(session.centre_id),
            when(session, "update_time"),
        )
    return made


def time_left(session: Session, now: float | None = None) -> str:
    """How long a running attempt has until its deadline, as H:MM:SS; empty when nothing runs out."""
    if not session.attempt.HasField("deadline") or session.attempt.HasField("end_time"):
        return ""
    left = int(session.attempt.deadline.ToMicroseconds() / 1_000_000 - (time.time() if now is None else now))
    sign, left = ("-", -left) if left < 0 else ("", left)
    return f"{sign}{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"


def described(session: Session, release: str) -> list[tuple[str, str | Text]]:
    """What is known of a session, by names, with the name of its release; empty where it is not set."""
    person, attempt = session.candidate, session.attempt
    start, end = when(session, "window_start"), when(session, "window_end")
    clock = [
        f"{name} {at}"
        for name, at in (
            ("started", when(attempt, "start_time")),
            ("ends", when(attempt, "deadline")),
            ("takes answers until", when(attempt, "accepted_until")),
            ("late by", how_long(attempt, "late_by")),
            ("ended", when(attempt, "end_time")),
            ("after", how_long(attempt, "time_elapsed") if attempt.HasField("start_time") else ""),
            ("by", word(attempt, "finish_reason")),
        )
        if at
    ]
    person_facts = (word(person, "gender"), word(person, "grade_level"), word(person, "ethnicity"))
    return [
        ("candidate", f"{person.candidate_id}  {full_name(session)}".rstrip()),
        ("", ""),
        ("state", Text.assemble(state_text(session), (f"  {word(session, 'maturity')}", "dim"))),
        ("release", f"{release}  {session.release_id}" + ("  (finalized)" if session.closed_by_release else "")),
        ("session", session.id),
        ("keycode", session.keycode),
        ("access code", session.access_code),
        ("person", ", ".join(part for part in person_facts if part)),
        ("school", " / ".join(part for part in (person.school_id, person.district_id) if part)),
        ("centre", session.centre_id),
        ("reference", session.external_reference),
        ("activity", session.activity_id),
        ("annotations", "\n".join(f"{key}: {session.annotations[key]}" for key in sorted(session.annotations))),
        ("test form", _form(session)),
        ("window", f"{start or 'open'} to {end or 'open'} {zone_name()}" if start or end else ""),
        ("extra time", _extra_time(session)),
        ("time limit", _own_limit(session)),
        ("attempt", ", ".join([str(attempt.number), *clock])),
        ("score", score_text(session)),
        (
            "marking",
            f"{session.marking_progress} % done" if session.form_revision and attempt.end_time.seconds else "",
        ),
        ("client", " ".join(part for part in (session.client.machine, session.client.os, session.client.ip) if part)),
        ("device", _device(session)),
        ("voided", ": ".join(part for part in (word(session, "void_reason"), session.void_message) if part)),
        ("went wrong", session.exception_message),
        ("changed", f"{zoned(session, 'update_time')} (booked {when(session, 'create_time')})"),
    ]


def _form(session: Session) -> str:
    """The form with its revision, where the catalogue holds it."""
    if not session.test_form:
        return ""
    revision = f"revision {session.form_revision}" if session.form_revision else "not in the catalogue"
    if session.marking_revision != session.form_revision:
        revision += f", marked by revision {session.marking_revision}"
    return f"{session.test_form}  {revision}"


def _extra_time(session: Session) -> str:
    given = f"{session.extra_time_percent} %" if session.extra_time_percent else ""
    parts = (how_long(session, "extra_time"), given, session.extra_time_reason)
    return ", ".join(part for part in parts if part) if session.HasField("extra_time") else ""


def _device(session: Session) -> str:
    """The device that holds the session; empty where none is bound."""
    if not session.HasField("device"):
        return ""
    allowed = ", another may take over" if session.device.take_over_allowed else ""
    name = session.device.device_label or "without a name"
    return f"{name}, since {zoned(session.device, 'enter_time')}{allowed}"


def _own_limit(session: Session) -> str:
    """A working time of the candidate's own; empty where it is the release's."""
    own = session.accommodation
    return "none, for this candidate" if own.no_time_limit else how_long(own, "time_limit")


def score_text(session: Session) -> str:
    """What counts of all attempts."""
    if not session.HasField("score"):
        return ""
    return f"{session.score.actual} %, {session.points.actual} of {session.points.max} points"


def show_verdicts(explanation: Explanation, *, verbose: bool) -> None:
    """What is allowed and where it leads; when asked, what is not: by the state alone, or for a reason of its own."""
    allowed = table("allowed now", "leads to")
    refused = table("refused now", "reason", "why", whole=("refused now", "reason"))
    elsewhere: list[str] = []
    for verdict in explanation.verdicts:
        action = word(verdict, "action").lower()
        if verdict.allowed:
            allowed.add_row(Text(action, style="green"), painted(word(verdict, "to_state"), verdict.to_state))
        elif verdict.reason == "INVALID_TRANSITION":
            elsewhere.append(action)
        else:
            refused.add_row(Text(action, style="red"), verdict.reason, Text(verdict.message))
    if allowed.row_count:
        show(allowed)
    else:
        say("nothing is allowed any more")
    if not verbose:
        note(f"{refused.row_count + len(elsewhere)} other actions are refused; -v says why", "dim")
        return
    say("")
    if refused.row_count:
        show(refused)
        say("")
    state = word(explanation.session, "state")
    show(facts([(f"not legal in {state}", Text(", ".join(elsewhere), style="red"))]))


def allowed_actions(explanation: Explanation) -> str:
    """The actions that would be accepted now, as a list in words."""
    return ", ".join(name.lower() for name in words(explanation, "allowed_actions"))
