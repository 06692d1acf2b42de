"""`exam-sessions keys`: API keys, made and ended through a server, the first one on its machine; and who one is."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from exam_sessions.cli.shared.atomic_file import atomic_file, is_possible
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, connected
from exam_sessions.cli.shared.console import MISUSED, Yes, confirm, facts, fail, note, say, show, table
from exam_sessions.cli.shared.database_faults import database_faults
from exam_sessions.cli.shared.enum_names import message_json, words
from exam_sessions.cli.shared.settings_options import DEFAULTS, DatabaseUrl
from exam_sessions.cli.shared.times import DAY, length, time_of, when, zoned
from exam_sessions.configuration.database_urls import without_password

cli = typer.Typer(no_args_is_help=True, help="Make, list, rotate and revoke API keys.")

NO_TENANT = "default"
"""Keys are of no workspace; a client needs the name of one."""

Name = Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is: what history shows as the actor.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The key's id: what stands between `es_` and the next `_`.")]
Role = Annotated[
    list[str] | None, typer.Option("--role", metavar="ROLE", help="What it may do; may be given several times.")
]
Workspaces = Annotated[
    list[str] | None,
    typer.Option("--workspace", metavar="NAME", help="A workspace it is bound to; may be given several times."),
]
AllWorkspaces = Annotated[bool, typer.Option("--all-workspaces", help="It may enter every workspace.")]
Centres = Annotated[
    list[str] | None,
    typer.Option("--centre", metavar="ID", help="A centre it is bound to; all of them when none is given."),
]
Expires = Annotated[
    int | None,
    typer.Option(
        "--expires",
        metavar="TIME",
        help="When it expires.",
        parser=time_of,
        show_default="never",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Where the credential goes; only you can read the file.",
        show_default="stdout",
    ),
]

ONCE = "this is the only time that the credential is shown"


@cli.command(
    "create",
    epilog="""[bold]Examples[/]
exam-sessions keys create booking-office --role scheduler --workspace spring --out booking.key
exam-sessions keys create room-3 --role invigilator --workspace spring --centre K-03 --expires 2026-07-01T00:00Z

Nothing but the credential is printed on stdout, and the server does not store it.
""",
)
def create_key(
    name: Name,
    role: Role = None,
    bound_to: Workspaces = None,
    *,
    all_workspaces: AllWorkspaces = False,
    centre: Centres = None,
    expires: Expires = None,
    out: Out = None,
    target: Target = DEFAULT_TARGET,
) -> None:
    """Creates an API key. You can give what you have yourself, and no more."""
    if not role:
        fail("a key without a role may do nothing", "say what it may do: --role reader", MISUSED)
    if bool(bound_to) == all_workspaces:
        fail("a key is bound to workspaces, or to none", "give --workspace NAME, or --all-workspaces", MISUSED)
    _check_out(out)
    with connected(target, NO_TENANT) as client:
        key, credential = client.create_key(
            name, role, workspaces=bound_to or (), centres=centre or (), expire_time=expires or 0
        )
    _hand_over(credential, out)
    note(f"key {key.id} of {key.name}; {ONCE}")


@cli.command("list")
def list_keys(*, json: Json = False, target: Target = DEFAULT_TARGET) -> None:
    """Shows the keys that you may manage, the oldest first, without their secrets."""
    made = table(
        "id",
        "name",
        "roles",
        "workspaces",
        "centres",
        "created",
        "last used",
        "expires",
        "revoked",
        whole=("id",),
        spare=("created", "last used", "centres", "revoked", "workspaces", "expires"),
    )
    with connected(target, NO_TENANT) as client:
        for key in sorted(client.keys(), key=lambda key: (key.create_time.ToMicroseconds(), key.id)):
            if json:
                say(message_json(key))
                continue
            times = [when(key, f"{name}_time") for name in ("create", "last_use", "expire", "revoke")]
            workspaces = "all" if key.all_workspaces else ", ".join(key.workspaces)
            bounds = Text(workspaces), Text(", ".join(key.centres) or "all")
            made.add_row(key.id, Text(key.name), ", ".join(key.roles), *bounds, *times)
    if made.row_count:
        show(made)
    elif not json:
        note("there are no keys; make one: `exam-sessions keys create NAME --role ROLE --all-workspaces`")


@cli.command(
    "rotate",
    epilog="[bold]Example[/]\nexam-sessions keys rotate 0f3a59c1d2e4 --overlap 2d --out booking.key",
)
def rotate_key(
    key_id: Id,
    overlap: Annotated[
        int | None,
        typer.Option(
            metavar="TIME",
            help="How long the existing key goes on; 0s ends it at once.",
            parser=length,
            show_default="1d",
        ),
    ] = None,
    expires: Expires = None,
    out: Out = None,
    target: Target = DEFAULT_TARGET,
) -> None:
    """Makes a new credential for what a key may do; the existing one goes on for the overlap."""
    _check_out(out)
    with connected(target, NO_TENANT) as client:
        key, credential = client.rotate_key(key_id, DAY if overlap is None else overlap, expires or 0)
    _hand_over(credential, out)
    note(f"key {key.id} of {key.name} takes the place of {key.rotated_from}; {ONCE}")


@cli.command("revoke", epilog="[bold]Example[/]\nexam-sessions keys revoke 0f3a59c1d2e4 --yes")
def revoke_key(key_id: Id, *, yes: Yes = False, target: Target = DEFAULT_TARGET) -> None:
    """Ends a key for good, within two seconds on every server; its open streams end too."""
    if not yes:
        confirm(f"Nobody can call with the key {key_id} any more; what goes on with it ends.")
    with connected(target, NO_TENANT) as client:
        key = client.revoke_key(key_id)
    note(f"key {key.id} of {key.name} is revoked since {zoned(key, 'revoke_time')}")


@cli.command(
    "bootstrap",
    epilog="""[bold]Example[/]
exam-sessions keys bootstrap --database-url sqlite:////var/lib/exams/sessions.db --out admin.key

Who may write the database may do everything; this is for the first key, and for when all are lost.
""",
)
def bootstrap_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is.")] = "admin",
    expires: Expires = None,
    out: Out = None,
    database_url: DatabaseUrl = DEFAULTS.database_url,
) -> None:
    """Makes a key of the role admin for every workspace in the database itself, whether it is served or not."""
    _check_out(out)
    from exam_sessions import errors, local_keys  # noqa: PLC0415 - other commands need no server

    with database_faults(database_url):
        try:
            key_id, credential = local_keys.create_admin_key(database_url, name, expires or 0)
        except errors.InvalidField as refusal:
            fail(str(refusal), status=MISUSED)
    _hand_over(credential, out)
    note(f"key {key_id} of {name}, an admin, in {without_password(database_url)}; {ONCE}")


@cli.command("whoami")
def who_am_i(*, json: Json = False, target: Target = DEFAULT_TARGET) -> None:
    """Says who you are to the server by your credential, and what you may do."""
    with connected(target, NO_TENANT) as client:
        principal = client.principal()
    if json:
        say(message_json(principal))
        return
    workspaces = "all" if principal.all_workspaces else ", ".join(principal.workspaces) or "none"
    centres = "all" if principal.all_centres else ", ".join(principal.centres) or "none"
    rows = (
        ("name", principal.name),
        ("credential", principal.credential or "none: this server asks nobody for one"),
        ("roles", ", ".join(principal.roles)),
        ("workspaces", workspaces),
        ("centres", centres),
        ("expires", when(principal, "expire_time")),
        ("may", ", ".join(words(principal, "permissions"))),
    )
    show(facts(rows))


def _check_out(out: Path | None) -> None:
    """Ends the command, before a key is made, when its credential could not be written."""
    if out and not is_possible(out):
        fail(f"no file can be written at {out}; name another", status=MISUSED)


def _hand_over(credential: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(f"{credential}\n")
        return
    with atomic_file(out) as file:
        file.write(f"{credential}\n")
    note(f"the credential is in {out}")
