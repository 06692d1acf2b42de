"""`exam-sessions operations`: long work that the service has accepted from any caller."""

import itertools
import uuid
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from exam_sessions.cli.shared.bulk_work import watch_to_the_end
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import note, say, show, table
from exam_sessions.cli.shared.enum_names import message_json, word
from exam_sessions.cli.shared.operation_views import done_text, show_operation, status_text
from exam_sessions.cli.shared.times import length, when
from exam_sessions.client.operations import id_of, progress_of


class Status(StrEnum):
    """How far it has come, as it is typed."""

    QUEUED = "queued"
    RUNNING = "running"
    HALTED = "halted"
    COMPLETED = "completed"


class Kind(StrEnum):
    """What it does, as it is typed."""

    TEMPLATE = "template"
    TRANSITION = "transition"
    REGRADE = "regrade"
    ERASE = "erase"
    RETENTION = "retention"


def operation_id(text: str) -> str:
    """An operation's id, typed as such or at the end of its name. Raises BadParameter."""
    try:
        return str(uuid.UUID(text.strip().rpartition("/")[2]))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not an operation's id (a UUID), nor a name that ends in one") from None


Id = Annotated[str, typer.Argument(metavar="ID", parser=operation_id, help="The operation.")]

cli = typer.Typer(no_args_is_help=True, help="See what long work is under way, wait for it, cancel it.")


@cli.command("list", epilog="[bold]Example[/]\nexam-sessions operations list --status running")
def list_operations(
    status: Annotated[Status | None, typer.Option(case_sensitive=False, help="That have come so far.")] = None,
    kind: Annotated[Kind | None, typer.Option(case_sensitive=False, help="That do this.")] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="ROWS", help="How many at most.")] = 50,
    *,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Shows operations, the newest first."""
    named = (("status", status), ("kind", kind))
    wanted = " AND ".join(f"{name}={chosen.value}" for name, chosen in named if chosen)
    with connected(target, workspace) as client:
        found = client.operations(wanted, page=limit + 1)
        listed, more = list(itertools.islice(found, limit)), next(found, None)
    made = table(
        "id",
        "kind",
        "action",
        "status",
        "done",
        "refused",
        "accepted (UTC)",
        "asked by",
        whole=("id", "accepted (UTC)"),
        spare=("asked by", "kind", "accepted (UTC)", "refused"),
    )
    for operation in listed:
        if json:
            say(message_json(operation))
            continue
        progress = progress_of(operation)
        what = (word(progress, "kind").lower(), word(progress, "action").lower(), status_text(progress))
        refused = f"{progress.failed_count:,}"
        made.add_row(
            id_of(operation), *what, done_text(progress), refused, when(progress, "create_time"), Text(progress.actor)
        )
    if made.row_count:
        show(made)
    elif not json:
        note("there are no such operations")
    if more:
        note(f"there are more than {limit}; raise --limit, or narrow it with --status and --kind", "dim")


@cli.command("show")
def show_one(
    operation: Id, *, json: Json = False, target: Target = DEFAULT_TARGET, workspace: Workspace = "default"
) -> None:
    """Shows one operation, and why rows of it were refused."""
    with connected(target, workspace) as client:
        found = client.operation(operation)
    if json:
        say(message_json(found))
    else:
        show_operation(found)


@cli.command(
    "wait",
    epilog="""[bold]Exit codes[/]  0 every row was done, 1 some were refused, or it was halted, or has not ended.

[bold]Example[/]
exam-sessions operations wait 01990000-0000-7000-8000-000000000001 --timeout 5m
""",
)
def wait(
    operation: Id,
    timeout: Annotated[
        int | None,
        typer.Option(
            metavar="LENGTH", parser=length, show_default="no limit", help="How long at most, such as 30s or 5m."
        ),
    ] = None,
    *,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Waits for the end of an operation, and shows what came of it."""
    seconds = float("inf") if timeout is None else timeout / 1_000_000
    with connected(target, workspace) as client:
        watch_to_the_end(client, client.operation(operation), json=json, seconds=seconds)


@cli.command("cancel")
def cancel(operation: Id, *, target: Target = DEFAULT_TARGET, workspace: Workspace = "default") -> None:
    """Asks an operation to end; what was done stays done."""
    with connected(target, workspace) as client:
        before = client.operation(operation)
        if before.done:
            say(f"it had ended already: {word(progress_of(before), 'status')}")
            return
        client.cancel(operation)
    say("asked to end after the step it is in; what was done stays done")
    note(f"next:  exam-sessions operations wait {operation}", "dim")
