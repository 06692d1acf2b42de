"""`exam-sessions sessions transition`: one action on many sessions, named one by one, or all that match."""

from typing import Annotated, Any

import typer

from exam_sessions.cli.bulk_moves import BulkMove, move_matching, move_named
from exam_sessions.cli.releases import find_releases
from exam_sessions.cli.session_names import session_name
from exam_sessions.cli.sessions import IN_STATE, Accommodated, Late
from exam_sessions.cli.shared.bulk_work import Asked, NoWait, Preview
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import MISUSED, Yes, fail
from exam_sessions.cli.shared.times import length, time_of
from exam_sessions.cli.shared.typed_names import (
    FOR_MANY,
    action_of,
    complete_action_for_many,
    complete_state,
    state_of,
)
from exam_sessions.cli.transition_fields import By, Reason, accommodation_of, end_of, extra_of
from exam_sessions.domain.states import VoidReason

EPILOG = """[bold]Named sessions[/] are moved at once, all or none.

[bold]Those that match[/] are moved one after the other by an operation, each alone: one that cannot be is listed,
and does not stop the rest. A preview is shown first, and a person is asked; a program passes --yes.
It goes on when this command is stopped; `exam-sessions operations cancel ID` ends it.

[bold]Examples[/]
exam-sessions sessions transition pause --centre K-03 --state IN_PROGRESS       (a fire alarm)
exam-sessions sessions transition resume --centre K-03 --state PAUSED --preview
exam-sessions sessions transition void H76RBD8P J2XW4KQM --reason absent --message "was ill"
exam-sessions sessions transition set_extra_time H76RBD8P --extra-time 25% --message "a broken arm"
exam-sessions sessions transition create_package --release "Maths, May" --per-second 200 --no-wait
"""

WHICH, TAKES = "Which sessions match", "What some actions take"


def _which(help_text: str, metavar: str = "ID", **more: Any) -> Any:
    return typer.Option(metavar=metavar, help=help_text, rich_help_panel=WHICH, **more)


def transition(
    action: Annotated[
        int,
        typer.Argument(
            metavar="ACTION",
            parser=action_of,
            autocompletion=complete_action_for_many,
            help=f"One of {', '.join(FOR_MANY)}; in any case.",
        ),
    ],
    sessions: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID|KEYCODE", parser=session_name, help="Sessions, by their ids or keycodes."),
    ] = None,
    release: Annotated[
        list[str] | None, _which("Of this release, by its id or its name. May be repeated.", "ID|NAME")
    ] = None,
    state: Annotated[
        list[int] | None,
        _which(f"{IN_STATE} May be repeated.", "STATE", parser=state_of, autocompletion=complete_state),
    ] = None,
    candidate: Annotated[list[str] | None, _which("Of this candidate. May be repeated.")] = None,
    school: Annotated[str, _which("Of this school.")] = "",
    district: Annotated[str, _which("Of this district.")] = "",
    centre: Annotated[str, _which("At this centre.")] = "",
    test_form: Annotated[list[str] | None, _which("Of this test form. May be repeated.", "FORM")] = None,
    reference: Annotated[str, _which("With this external reference.", "TEXT")] = "",
    name: Annotated[str, _which("Whose candidate's name holds this, in any case.", "TEXT")] = "",
    per_second: Annotated[
        int, typer.Option(min=0, max=100_000, metavar="COUNT", help="Of those that match, at most so many a second.")
    ] = 0,
    reason: Annotated[
        Reason | None, typer.Option(case_sensitive=False, help="void: why.", rich_help_panel=TAKES)
    ] = None,
    message: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="void, fail, reopen, clear_responses, set_extra_time, set_accommodation: in words.",
            rich_help_panel=TAKES,
        ),
    ] = "",
    finished_by: Annotated[
        By | None, typer.Option(case_sensitive=False, help="finish: who ends the attempts.", rich_help_panel=TAKES)
    ] = None,
    form: Annotated[
        str, typer.Option(metavar="FORM", help="reset: the test form from now on.", rich_help_panel=TAKES)
    ] = "",
    deadline: Annotated[
        int | None,
        typer.Option(
            metavar="TIME",
            parser=time_of,
            show_default=False,
            help="reopen: when the attempts end.",
            rich_help_panel=TAKES,
        ),
    ] = None,
    time_from_now: Annotated[
        int | None,
        typer.Option(
            metavar="LENGTH",
            parser=length,
            show_default=False,
            help="reopen: the same, from when each is reopened, such as 30m.",
            rich_help_panel=TAKES,
        ),
    ] = None,
    extra_time: Annotated[
        str,
        typer.Option(
            metavar="LENGTH|PERCENT",
            help="set_extra_time: how much, such as 15m or 25%; 0m takes it back.",
            rich_help_panel=TAKES,
        ),
    ] = "",
    time_limit: Annotated[
        str,
        typer.Option(
            metavar="LENGTH|none|release",
            help="set_accommodation: working time of the candidate's own, such as 2h.",
            rich_help_panel=TAKES,
        ),
    ] = "",
    window_start: Annotated[
        str,
        typer.Option(
            metavar="TIME|release",
            help="set_accommodation: not opened before.",
            rich_help_panel=TAKES,
        ),
    ] = "",
    window_end: Annotated[
        str,
        typer.Option(
            metavar="TIME|release",
            help="set_accommodation: closed then.",
            rich_help_panel=TAKES,
        ),
    ] = "",
    *,
    accommodated: Accommodated = None,
    late: Late = None,
    all_of_them: Annotated[
        bool, typer.Option("--all", help="Every session of the workspace.", rich_help_panel=WHICH)
    ] = False,
    no_limit: Annotated[
        bool, typer.Option("--no-limit", help="reopen: they end when somebody ends them.", rich_help_panel=TAKES)
    ] = False,
    deferred_clock: Annotated[
        bool, typer.Option("--deferred-clock", help="reopen: the clock waits.", rich_help_panel=TAKES)
    ] = False,
    allow_missing_form: Annotated[
        bool, typer.Option("--allow-missing-form", help="reset: the form may follow.", rich_help_panel=TAKES)
    ] = False,
    all_attempts: Annotated[
        bool, typer.Option("--all-attempts", help="clear_responses: of every attempt.", rich_help_panel=TAKES)
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="void: also what a client holds offline.", rich_help_panel=TAKES)
    ] = False,
    preview: Preview = False,
    yes: Yes = False,
    no_wait: NoWait = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Does one action on many sessions: on those named, or on all that match."""
    match = any((release, state, candidate, school, district, centre, test_form, reference, name))
    match = match or accommodated is not None or late is not None
    _check(named=bool(sessions), match=match, all_of_them=all_of_them, per_second=per_second)
    taken = {
        "void_reason": VoidReason[reason.name] if reason else 0,
        "message": message,
        "finish_reason": f"FINISH_REASON_{finished_by.name}" if finished_by else None,
        "updated_form": form,
        "allow_missing_form": allow_missing_form,
        "deferred_clock": deferred_clock,
        "force": force,
        "all_attempts": all_attempts,
        **end_of(deadline, time_from_now, no_limit=no_limit),
        **extra_of(extra_time),
        "accommodation": accommodation_of(time_limit, window_start, window_end),
    }
    move = BulkMove(action, taken, Asked(preview, yes, json, no_wait))
    with connected(target, workspace) as client:
        if sessions:
            move_named(client, move, sessions)
            return
        criteria = {
            "release_ids": find_releases(client, release),
            "states": state or (),
            "candidate_ids": candidate or (),
            "school_id": school,
            "district_id": district,
            "centre_id": centre,
            "test_forms": test_form or (),
            "external_reference": reference,
            "name": name,
            "accommodated": accommodated,
            "late": late,
        }
        move_matching(client, move, criteria, per_second)


def _check(*, named: bool, match: bool, all_of_them: bool, per_second: int) -> None:
    """Ends the command unless it is clear which sessions are meant."""
    if named and (match or all_of_them):
        fail("name sessions, or say which match, not both", status=MISUSED)
    if match and all_of_them:
        fail("--all is every session of the workspace; leave it out to move those that match", status=MISUSED)
    if named and per_second:
        fail("--per-second is for sessions that match; named ones are moved at once", status=MISUSED)
    if not (named or match or all_of_them):
        hint = "name them, or say which match, such as --release or --centre; --all is every one of the workspace"
        fail("it is not said which sessions are meant", hint, status=MISUSED)
