"""`exam-sessions sessions`: finding sessions, one session with what it may do now, and its history."""

import itertools
from typing import Annotated, Any

import typer

from exam_sessions.cli.releases import find_release
from exam_sessions.cli.session_names import Who, read_named, resolved
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import facts, note, say, show
from exam_sessions.cli.shared.enum_names import message_json
from exam_sessions.cli.shared.session_views import described, session_table, show_events, show_verdicts
from exam_sessions.cli.shared.times import day_or_time_of
from exam_sessions.cli.shared.typed_names import (
    complete_finish_reason,
    complete_maturity,
    complete_state,
    finish_reason_of,
    maturity_of,
    state_of,
)
from exam_sessions.client.messages import time_range
from exam_sessions.domain.states import FinishReason, Maturity, State

IN_STATE = f"In this state, in any case: {', '.join(State.__members__)}."


States = Annotated[
    list[int] | None,
    typer.Option(
        "--state",
        metavar="STATE",
        parser=state_of,
        autocompletion=complete_state,
        help=f"{IN_STATE} May be repeated.",
    ),
]

Accommodated = Annotated[
    bool | None,
    typer.Option(
        "--accommodated/--not-accommodated",
        show_default="either",
        help="With extra time, or a time limit or a window of the candidate's own.",
    ),
]
Late = Annotated[
    bool | None,
    typer.Option("--late/--not-late", show_default="either", help="With answers that came late."),
]


def _time(told: str) -> Any:
    return typer.Option(metavar="TIME", parser=day_or_time_of, show_default="any", help=told)


cli = typer.Typer(no_args_is_help=True, help="Find sessions, look at one, read its history.")


@cli.command(
    "list",
    epilog="""[bold]Examples[/]
exam-sessions sessions list --release "Maths, May" --state IN_PROGRESS --state PAUSED
exam-sessions sessions list --candidate 111111 --json | jq .keycode
""",
)
def list_sessions(
    release: Annotated[
        str | None, typer.Option("--release", metavar="ID|NAME", help="Of this release, by its id or its name.")
    ] = None,
    state: States = None,
    maturity: Annotated[
        list[int] | None,
        typer.Option(
            metavar="MATURITY",
            parser=maturity_of,
            autocompletion=complete_maturity,
            help=f"Of this maturity: {', '.join(Maturity.__members__)}.",
        ),
    ] = None,
    finish_reason: Annotated[
        list[int] | None,
        typer.Option(
            metavar="REASON",
            parser=finish_reason_of,
            autocompletion=complete_finish_reason,
            help=f"Ended by: {', '.join(FinishReason.__members__)}.",
        ),
    ] = None,
    candidate: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Of this candidate. May be repeated.")
    ] = None,
    name: Annotated[str, typer.Option(metavar="TEXT", help="Whose candidate's name holds this, in any case.")] = "",
    test_form: Annotated[
        list[str] | None, typer.Option(metavar="FORM", help="Of this test form. May be repeated.")
    ] = None,
    reference: Annotated[str, typer.Option(metavar="TEXT", help="With this external reference.")] = "",
    school: Annotated[str, typer.Option(metavar="ID", help="Of this school.")] = "",
    district: Annotated[str, typer.Option(metavar="ID", help="Of this district.")] = "",
    centre: Annotated[str, typer.Option(metavar="ID", help="At this centre.")] = "",
    ends_after: Annotated[int | None, _time("Whose running attempt ends then or later.")] = None,
    ends_before: Annotated[int | None, _time("Whose running attempt ends before.")] = None,
    booked_after: Annotated[int | None, _time("Booked then or later.")] = None,
    booked_before: Annotated[int | None, _time("Booked before.")] = None,
    changed_after: Annotated[int | None, _time("Last changed then or later.")] = None,
    changed_before: Annotated[int | None, _time("Last changed before.")] = None,
    attempt: Annotated[int, typer.Option(min=0, metavar="NUMBER", help="In this attempt.", show_default="any")] = 0,
    limit: Annotated[int, typer.Option(min=1, metavar="ROWS", help="How many at most.")] = 50,
    *,
    accommodated: Accommodated = None,
    late: Late = None,
    exception: Annotated[
        bool | None,
        typer.Option("--exception/--no-exception", show_default="either", help="Set aside for an operator."),
    ] = None,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Shows the sessions that match, oldest booking first."""
    with connected(target, workspace) as client:
        releases = [find_release(client, release).id] if release else []
        more_of: dict[str, Any] = {
            "name": name,
            "test_forms": test_form or (),
            "external_reference": reference,
            "attempt": attempt,
            "school_id": school,
            "district_id": district,
            "centre_id": centre,
            "exception": exception,
            "maturities": maturity or (),
            "finish_reasons": finish_reason or (),
            "deadline": time_range(ends_after, ends_before),
            "create_time": time_range(booked_after, booked_before),
            "update_time": time_range(changed_after, changed_before),
        }
        found = client.sessions(
            releases, state or (), candidate or (), page=limit + 1, accommodated=accommodated, late=late, **more_of
        )
        listed = list(itertools.islice(found, limit))
        more = next(found, None)
    if json:
        for session in listed:
            say(message_json(session))
    elif listed:
        show(session_table(listed))
    else:
        note("no session matches")
    if more:
        note(
            f"there are more than {limit}; raise --limit, or use `exam-sessions export --release RELEASE`",
            "dim",
        )


@cli.command(
    "show",
    epilog="""[bold]Examples[/]
exam-sessions sessions show H76RBD8P
exam-sessions sessions show H76RBD8P -v    (also why the other actions are refused)
""",
)
def show_session(
    session: Who,
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say why the other actions are refused.")] = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Shows one session, and what it may do now."""
    with connected(target, workspace) as client:
        explanation = read_named(client, session, client.explain)
        found = client.session(explanation.session.id)
        release = client.release(found.release_id)
    if json:
        say(message_json(explanation if verbose else found))
        return
    show(facts(described(found, release.name)))
    say("")
    show_verdicts(explanation, verbose=verbose)


@cli.command(
    "pin",
    epilog="""[bold]Examples[/]
exam-sessions sessions pin H76RBD8P
exam-sessions sessions pin H76RBD8P --new             (drawn by the service)
exam-sessions sessions pin H76RBD8P --set QUARKS
""",
)
def show_pin(
    session: Who,
    chosen: Annotated[
        str | None, typer.Option("--set", metavar="PIN", help="Sets this PIN, six letters, first.")
    ] = None,
    *,
    new: Annotated[bool, typer.Option("--new", help="Sets a new PIN first, drawn by the service.")] = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Shows an invigilator the PIN of a session; the history says who read it."""
    if new and chosen is not None:
        raise typer.BadParameter("either --new or --set, not both")
    with connected(target, workspace) as client:
        found = resolved(client, session).id
        say(client.pin(found) if chosen is None and not new else client.set_pin(found, chosen or ""))


@cli.command("history", epilog="[bold]Example[/]\nexam-sessions sessions history H76RBD8P")
def show_history(
    session: Who,
    *,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Shows everything that happened to a session, oldest first; by id also of a deleted one."""
    with connected(target, workspace) as client:
        events = read_named(client, session, lambda name: list(client.history(name)))
    if json:
        for event in events:
            say(message_json(event))
    else:
        show_events(events)
