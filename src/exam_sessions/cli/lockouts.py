"""`exam-sessions lockouts`: who is locked out after wrong codes, and lifting that."""

import itertools
import uuid
from typing import Annotated

import typer
from rich.text import Text

from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import note, say, show, table
from exam_sessions.cli.shared.enum_names import message_json, word
from exam_sessions.cli.shared.times import when

cli = typer.Typer(no_args_is_help=True, help="See who is locked out after wrong codes, and lift a lock-out.")

Deployment = Annotated[
    bool, typer.Option("--deployment", help="Lock-outs that hold in all workspaces, in place of one's own.")
]


def _lockout_id(text: str) -> str:
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a lock-out's id (a UUID)") from None


@cli.command("list", epilog="[bold]Example[/]\nexam-sessions lockouts list --all")
def list_lockouts(
    limit: Annotated[int, typer.Option(min=1, metavar="ROWS", help="How many at most.")] = 50,
    *,
    past: Annotated[bool, typer.Option("--all", help="Those that have ended or were lifted, too.")] = False,
    deployment: Deployment = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Shows lock-outs, the newest first."""
    with connected(target, workspace) as client:
        found = client.lockouts(in_force_only=not past, whole_deployment=deployment, page=limit + 1)
        listed, more = list(itertools.islice(found, limit)), next(found, None)
    made = table(
        "id",
        "who",
        "wrong",
        "ends (UTC)",
        "lifted by",
        whole=("id", "who", "ends (UTC)"),
        spare=("lifted by", "wrong"),
    )
    for lockout in listed:
        if json:
            say(message_json(lockout))
            continue
        who = f"{word(lockout, 'subject').lower()} {lockout.value}"
        wrong = f"{lockout.wrong_count:,} {word(lockout, 'guarded').lower()}"
        end = when(lockout, "end_time")
        made.add_row(lockout.id, Text(who), wrong, end, Text(lockout.lifted_by))
    if made.row_count:
        show(made)
    elif not json:
        note("nobody is locked out" if not past else "there are no lock-outs")
    if more:
        note(f"there are more than {limit}; raise --limit", "dim")


@cli.command("lift", epilog='[bold]Example[/]\nexam-sessions lockouts lift ID --message "typing exercise in room 3"')
def lift(
    lockout: Annotated[str, typer.Argument(metavar="ID", parser=_lockout_id, help="The lock-out.")],
    message: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is kept with the lock-out.")] = "",
    *,
    deployment: Deployment = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Lifts a lock-out: its address or principal begins anew."""
    with connected(target, workspace) as client:
        found = client.lift_lockout(lockout, message, whole_deployment=deployment)
    if json:
        say(message_json(found))
    elif found.lift_time.ToMicroseconds():
        say(f"lifted by {found.lifted_by} at {when(found, 'lift_time')}; every server lets it in within a second")
    else:
        say(f"it had ended already, at {when(found, 'end_time')}")
