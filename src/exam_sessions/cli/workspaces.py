"""`exam-sessions workspaces`: creating workspaces, their settings, closing and reopening them."""

from typing import Annotated

import typer
from rich.text import Text

from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, connected
from exam_sessions.cli.shared.console import MISUSED, facts, fail, say, show, table
from exam_sessions.cli.shared.enum_names import message_json
from exam_sessions.cli.shared.times import when
from exam_sessions.client.workspaces import Workspace

MONTHS_AT_MOST = 1_200

Named = Annotated[str, typer.Argument(metavar="NAME", help="The workspace.")]

cli = typer.Typer(no_args_is_help=True, help="Create workspaces, which share nothing, and close them.")


@cli.command(
    "create", epilog='[bold]Example[/]\nexam-sessions workspaces create north --display-name "School board North"'
)
def create_workspace(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits, hyphens, underscores.")],
    display_name: Annotated[str, typer.Option(metavar="TEXT", help="What people call it.")] = "",
    retention_months: Annotated[
        int,
        typer.Option(min=0, max=MONTHS_AT_MOST, metavar="MONTHS", help="Keep personal data so long; 0 is no limit."),
    ] = 0,
    *,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
) -> None:
    """Creates a workspace; it is open at once."""
    with connected(target, name) as client:
        found = client.create_workspace(name, display_name, retention_months)
    _show(found, json=json)


@cli.command("list")
def list_workspaces(*, json: Json = False, target: Target = DEFAULT_TARGET) -> None:
    """Shows the workspaces, by name."""
    with connected(target, "") as client:
        found = list(client.workspaces())
    made = table(
        "name",
        "display name",
        "created (UTC)",
        "closed (UTC)",
        whole=("name",),
        spare=("closed (UTC)", "created (UTC)"),
    )
    for workspace in found:
        if json:
            say(message_json(workspace))
            continue
        times = (when(workspace, "create_time"), when(workspace, "close_time"))
        made.add_row(workspace.workspace_id, Text(workspace.display_name), *times)
    if not json:
        show(made)


@cli.command("show")
def show_workspace(name: Named, *, json: Json = False, target: Target = DEFAULT_TARGET) -> None:
    """Shows one workspace with its settings."""
    with connected(target, name) as client:
        found = client.workspace_named(name)
    _show(found, json=json)


@cli.command("edit", epilog="[bold]Example[/]\nexam-sessions workspaces edit north --retention-months 36")
def edit_workspace(
    name: Named,
    display_name: Annotated[
        str | None, typer.Option(metavar="TEXT", show_default="as it is", help="What people call it.")
    ] = None,
    retention_months: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MONTHS_AT_MOST,
            metavar="MONTHS",
            show_default="as it is",
            help="Keep personal data so long; 0 is no limit.",
        ),
    ] = None,
    *,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
) -> None:
    """Edits what people call a workspace, and its settings."""
    if display_name is None and retention_months is None:
        fail("there is nothing to edit", "say --display-name or --retention-months", MISUSED)
    with connected(target, name) as client:
        found = client.update_workspace(name, display_name, retention_months)
    _show(found, json=json)


@cli.command(
    "close", epilog="[bold]What it does[/] Everything in it can be read, and nothing changes, until it is reopened."
)
def close_workspace(name: Named, *, json: Json = False, target: Target = DEFAULT_TARGET) -> None:
    """Closes a workspace."""
    with connected(target, name) as client:
        found = client.close_workspace(name)
    _show(found, json=json)


@cli.command("reopen")
def reopen_workspace(name: Named, *, json: Json = False, target: Target = DEFAULT_TARGET) -> None:
    """Opens a closed workspace again; what became due meanwhile happens now."""
    with connected(target, name) as client:
        found = client.reopen_workspace(name)
    _show(found, json=json)


def _show(workspace: Workspace, *, json: bool) -> None:
    if json:
        say(message_json(workspace))
        return
    months = workspace.settings.retention_months
    rows = (
        ("workspace", workspace.workspace_id),
        ("display name", workspace.display_name),
        ("created", when(workspace, "create_time")),
        ("closed", when(workspace, "close_time")),
        ("personal data", f"{months:,} months after archiving" if months else "without limit"),
    )
    show(facts(rows))
