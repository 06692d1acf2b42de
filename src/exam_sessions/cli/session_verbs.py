"""`exam-sessions sessions pause`, `void` and the like: one session, named as people name it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exam_sessions.cli.releases import ReleaseName, find_release
from exam_sessions.cli.session_names import Who, resolved
from exam_sessions.cli.shared.bulk_work import Asked, may_go_on
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import Yes, note, say
from exam_sessions.cli.shared.enum_names import message_json, word
from exam_sessions.cli.shared.operation_views import show_accommodated
from exam_sessions.cli.shared.retry import once
from exam_sessions.cli.shared.times import length
from exam_sessions.cli.shared.transition_views import refusal_of_one
from exam_sessions.cli.shared.typed_names import action_of
from exam_sessions.cli.transition_fields import Reason, end_of, extra_of
from exam_sessions.client.bookings import Booking
from exam_sessions.client.failures import Refused
from exam_sessions.domain.states import VoidReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from exam_sessions.client.client import Client
    from exam_sessions.client.operations import Transitioned

FOR_GOOD = frozenset({"void", "delete"})


def _moved(client: Client, action: str, session_id: str, **fields: Any) -> Transitioned:
    try:
        return client.transition_many(action_of(action), [session_id], **fields)
    except Refused as refused:
        raise refusal_of_one(refused) from None


def _do(who: str, action: str, asked: Asked, target: str, workspace: str, **fields: Any) -> None:
    """Does one action on one session, and says what came of it."""
    with connected(target, workspace) as client:
        before = resolved(client, who)
        named = {before.id: before.keycode or before.id}
        call = partial(_moved, client, action, before.id, **fields)
        if action in FOR_GOOD and not asked.yes:
            foreseen = once(call, validate_only=True)
            person = before.candidate.candidate_id
            what = f"session {named[before.id]} of candidate {person}, {word(before, 'state')}: {action}"
            if not may_go_on(asked, foreseen, lambda: None, f"{what}, which cannot be undone"):
                return
        reply = once(call)
        if action == "delete":
            say(f"session {named[before.id]} is deleted")
            note(f"its history stays:  exam-sessions sessions history {before.id}", "dim")
            return
        became = client.session(before.id)
    if asked.json:
        say(message_json(became))
        return
    show_accommodated(reply.sessions, named)
    say(f"{named[before.id]}  {word(before, 'state')} → {word(became, 'state')}")


def _verb(action: str, told: str) -> Callable[..., None]:
    def command(
        session: Who, *, json: Json = False, target: Target = DEFAULT_TARGET, workspace: Workspace = "default"
    ) -> None:
        _do(session, action, Asked(preview=False, yes=True, json=json), target, workspace)

    command.__doc__ = told
    return command


pause = _verb("pause", "Suspends an attempt: its clock stands still.")
resume = _verb("resume", "Lets a paused attempt go on.")
unlock = _verb("unlock", "Lets a candidate in who waits for an invigilator or for the PIN.")
check_in = _verb("check_in", "Checks a candidate in.")
retake = _verb("retake", "Begins another attempt; the earlier ones stay.")
verify = _verb("verify", "Records that the marking was moderated.")


def finish(
    session: Who, *, json: Json = False, target: Target = DEFAULT_TARGET, workspace: Workspace = "default"
) -> None:
    """Ends an attempt in the name of the invigilator."""
    asked = Asked(preview=False, yes=True, json=json)
    _do(session, "finish", asked, target, workspace, finish_reason="FINISH_REASON_INVIGILATOR")


def void(
    session: Who,
    reason: Annotated[Reason, typer.Option(case_sensitive=False, help="Why.")],
    message: Annotated[str, typer.Option(metavar="TEXT", help="Why, in words.")] = "",
    *,
    force: Annotated[bool, typer.Option("--force", help="Also what a client holds offline.")] = False,
    yes: Yes = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Annuls a session; cannot be undone."""
    fields = {"void_reason": VoidReason[reason.name], "message": message, "force": force}
    _do(session, "void", Asked(preview=False, yes=yes, json=json), target, workspace, **fields)


def delete(
    session: Who, *, yes: Yes = False, target: Target = DEFAULT_TARGET, workspace: Workspace = "default"
) -> None:
    """Deletes a booking that nobody has downloaded; cannot be undone."""
    _do(session, "delete", Asked(preview=False, yes=yes, json=False), target, workspace)


def reopen(
    session: Who,
    time_from_now: Annotated[
        int | None,
        typer.Option(metavar="LENGTH", parser=length, show_default="the usual end", help="How long, such as 30m."),
    ] = None,
    message: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "",
    *,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Gives a handed-in attempt back; its answers stay."""
    fields = {"message": message, **end_of(None, time_from_now, no_limit=False)}
    _do(session, "reopen", Asked(preview=False, yes=True, json=json), target, workspace, **fields)


def extra_time(
    session: Who,
    amount: Annotated[str, typer.Argument(metavar="LENGTH|PERCENT", help="Such as 15m or 25%; 0m takes it back.")],
    message: Annotated[str, typer.Option(metavar="TEXT", show_default=False, help="Why; it is kept.")],
    *,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Gives a candidate extra time, in all: what was given before is replaced."""
    asked = Asked(preview=False, yes=True, json=json)
    _do(session, "set_extra_time", asked, target, workspace, message=message, **extra_of(amount))


def book(
    candidate: Annotated[str, typer.Argument(metavar="CANDIDATE", help="The candidate's id.")],
    release: ReleaseName,
    first_name: Annotated[str, typer.Option(metavar="NAME", help="The candidate's first name.")] = "",
    last_name: Annotated[str, typer.Option(metavar="NAME", help="The candidate's last name.")] = "",
    centre: Annotated[str, typer.Option(metavar="ID", help="Where it is sat.")] = "",
    school: Annotated[str, typer.Option(metavar="ID", help="The candidate's school.")] = "",
    test_form: Annotated[str, typer.Option(metavar="FORM", show_default="the release's", help="Its test form.")] = "",
    reference: Annotated[str, typer.Option(metavar="TEXT", help="A reference of yours.")] = "",
    *,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Books one session; shows its codes."""
    booking = Booking(
        candidate_id=candidate,
        name_first=first_name,
        name_last=last_name,
        centre_id=centre,
        school_id=school,
        test_form=test_form,
        external_reference=reference,
    )
    with connected(target, workspace) as client:
        (booked,) = once(client.book, find_release(client, release).id, [booking])
    if json:
        say(message_json(booked))
        return
    say(f"keycode {booked.keycode}  access code {booked.access_code}  session {booked.id}")
    note(f"next:  exam-sessions sessions show {booked.keycode}", "dim")


EDITED = {
    "first_name": "candidate.name_first",
    "last_name": "candidate.name_last",
    "centre": "centre_id",
    "test_form": "test_form",
    "reference": "external_reference",
}
"""The field of a booking that each option edits."""


def edit(
    session: Who,
    first_name: Annotated[str | None, typer.Option(metavar="NAME", help="The candidate's first name.")] = None,
    last_name: Annotated[str | None, typer.Option(metavar="NAME", help="The candidate's last name.")] = None,
    centre: Annotated[str | None, typer.Option(metavar="ID", help="Where it is sat.")] = None,
    test_form: Annotated[str | None, typer.Option(metavar="FORM", help="Its test form.")] = None,
    reference: Annotated[str | None, typer.Option(metavar="TEXT", help="A reference of yours.")] = None,
    *,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Edits a booking; an empty text takes a value away."""
    typed = (first_name, last_name, centre, test_form, reference)
    edits = {EDITED[name]: value for name, value in zip(EDITED, typed, strict=True) if value is not None}
    if not edits:
        raise typer.BadParameter("nothing is to be edited; say what, such as --centre K-04")
    with connected(target, workspace) as client:
        before = resolved(client, session)
        became = once(client.update_session, before.id, edits, before.etag)
    say(message_json(became) if json else f"{became.keycode}  {', '.join(edits)} changed")
