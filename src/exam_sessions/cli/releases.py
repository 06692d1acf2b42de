"""`exam-sessions releases`: making releases and finding them, and how every command finds one by id or name."""

import difflib
import itertools
import uuid
from enum import StrEnum
from typing import Annotated, Any, NoReturn

import typer
from rich.text import Text

from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import facts, fail, note, say, show, table
from exam_sessions.cli.shared.enum_names import message_json
from exam_sessions.cli.shared.release_views import described, rules_text, statistics_table, window_text
from exam_sessions.cli.shared.times import how_long, length, time_of
from exam_sessions.client.catalog import Release
from exam_sessions.client.client import Client

COMPARED_AT_MOST = 1_000
"""Releases whose names are compared with a name that is unknown."""


class Counts(StrEnum):
    """Which attempt counts, as it is typed."""

    HIGHEST = "highest"
    LATEST = "latest"
    FIRST = "first"
    AVERAGE = "average"


class Devices(StrEnum):
    """What a second device of the same candidate may do, as it is typed."""

    ANY = "any"
    ONE_DEVICE = "one_device"
    LAST_DEVICE = "last_device"


ReleaseName = Annotated[str, typer.Option("--release", metavar="ID|NAME", help="The release, by its id or its name.")]
Named = Annotated[str, typer.Argument(metavar="ID|NAME", help="The release, by its id or its name.")]
MissingForm = Annotated[bool, typer.Option("--allow-missing-form", help="The test form may follow later.")]
DuplicateName = Annotated[
    bool, typer.Option("--allow-duplicate-name", help="Another release may have the name already.")
]
Releases = Annotated[
    list[str] | None,
    typer.Option("--release", metavar="ID|NAME", help="Of this release, by its id or its name. May be repeated."),
]


def _moment(help_text: str) -> Any:
    return typer.Option(metavar="TIME", parser=time_of, show_default="open", help=help_text)


def _length(help_text: str, unset: str, least: int = 1) -> Any:
    """A length of time; of at least a second where zero would be taken for no limit."""

    def parse(text: str) -> int:
        found = length(text)
        if found < least:
            raise typer.BadParameter(f"{text!r} is no time at all; leave it out for {unset}")
        return found

    return typer.Option(metavar="LENGTH", parser=parse, show_default=unset, help=help_text)


cli = typer.Typer(no_args_is_help=True, help="Make releases, and see which there are.")


@cli.command("list")
def list_releases(*, json: Json = False, target: Target = DEFAULT_TARGET, workspace: Workspace = "default") -> None:
    """Shows the releases of the workspace, oldest first."""
    with connected(target, workspace) as client:
        if json:
            for release in client.releases():
                say(message_json(release))
            return
        made = table(
            "id", "name", "window (UTC)", "duration", "rules", whole=("id", "duration"), spare=("rules", "duration")
        )
        for release in client.releases():
            lasts = how_long(release, "duration") or "no limit"
            made.add_row(release.id, Text(release.name), window_text(release), lasts, rules_text(release))
    if made.row_count:
        show(made)
    else:
        note(f"workspace {workspace} has no releases; make one with `exam-sessions releases create NAME`")


@cli.command(
    "create",
    epilog="""[bold]Example[/]
exam-sessions releases create "Maths, May" --duration 1h30m --invigilated --requires-check-in
  --window-start "2026-05-04 08:00:00" --window-end "2026-05-04 18:00:00"
""",
)
def create_release(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")],
    duration: Annotated[int | None, _length("Working time of an attempt, such as 1h30m.", "no limit")] = None,
    window_start: Annotated[int | None, _moment("Earliest moment a session may be opened.")] = None,
    window_end: Annotated[int | None, _moment("Moment every session closes.")] = None,
    test_form: Annotated[str, typer.Option(metavar="FORM", help="Reference of the test form its sessions get.")] = "",
    max_attempts: Annotated[
        int, typer.Option(min=0, metavar="COUNT", help="Attempts of a session; 0 is unlimited.")
    ] = 0,
    counts: Annotated[
        Counts,
        typer.Option("--counts", case_sensitive=False, help="Which attempt counts; average is the mean of all."),
    ] = Counts.HIGHEST,
    grace_period: Annotated[
        int | None, _length("How late an offline attempt may be uploaded; 0s is not at all.", "no limit", least=0)
    ] = None,
    online_grace_period: Annotated[
        int | None, _length("How late answers are taken online, stamped late.", "not at all", least=0)
    ] = None,
    device_policy: Annotated[
        Devices,
        typer.Option(
            "--device-policy", case_sensitive=False, help="What a second device of the same candidate may do."
        ),
    ] = Devices.ANY,
    *,
    paper: Annotated[bool, typer.Option("--paper", help="It is sat on paper.")] = False,
    invigilated: Annotated[bool, typer.Option("--invigilated", help="A PIN or a hand lets each one in.")] = False,
    requires_check_in: Annotated[bool, typer.Option("--requires-check-in", help="Each one is checked in.")] = False,
    auto_create_pin: Annotated[
        bool, typer.Option("--auto-create-pin", help="Rooms get a PIN by themselves.")
    ] = False,
    moderated: Annotated[bool, typer.Option("--moderated", help="Marked scripts are moderated.")] = False,
    allow_multiple_open_sessions: Annotated[
        bool, typer.Option("--allow-multiple-open-sessions", help="A candidate may have another session open.")
    ] = False,
    allow_missing_form: MissingForm = False,
    allow_duplicate_name: DuplicateName = False,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Makes a release; it is open at once."""
    with connected(target, workspace) as client:
        release = client.create_release(
            name,
            window_start=window_start or 0,
            window_end=window_end or 0,
            duration=duration or 0,
            grace_period=grace_period,
            online_grace_period=online_grace_period or 0,
            paper=paper,
            test_form=test_form,
            max_attempts=max_attempts,
            attempt_strategy=f"ATTEMPT_STRATEGY_{counts.name}",
            device_policy=f"DEVICE_POLICY_{device_policy.name}",
            invigilated=invigilated,
            requires_check_in=requires_check_in,
            auto_create_pin=auto_create_pin,
            moderated=moderated,
            allow_multiple_open_sessions=allow_multiple_open_sessions,
            allow_missing_form=allow_missing_form,
            allow_duplicate_name=allow_duplicate_name,
        )
    if json:
        say(message_json(release))
        return
    show(facts((("release", release.id), *described(release))))
    note(f"next:  exam-sessions import ROSTER.csv --release {release.id}", style="dim")


@cli.command("show", epilog='[bold]Example[/]\nexam-sessions releases show "Maths, May"')
def show_release(
    release: Named, *, json: Json = False, target: Target = DEFAULT_TARGET, workspace: Workspace = "default"
) -> None:
    """Shows one release, with its counts and scores when it is finalized."""
    with connected(target, workspace) as client:
        found = find_release(client, release)
    show_whole(found, json=json)


@cli.command("unfinalize", epilog='[bold]Example[/]\nexam-sessions releases unfinalize "Maths, May"')
def unfinalize_release(
    release: Named, *, json: Json = False, target: Target = DEFAULT_TARGET, workspace: Workspace = "default"
) -> None:
    """Opens a finalized release again; what was submitted stays submitted."""
    with connected(target, workspace) as client:
        found = client.unfinalize(find_release(client, release).id)
    show_whole(found, json=json)


def show_whole(release: Release, *, json: bool) -> None:
    """Prints a release with its statistics."""
    if json:
        say(message_json(release))
        return
    show(facts((("release", release.id), *described(release))))
    if release.HasField("statistics"):
        say("")
        show(statistics_table(release.statistics))
    elif release.finalized:
        note("attempts are still being submitted; the statistics follow", "yellow")
        note(f"next:  exam-sessions releases show {release.id}", "dim")


def find_release(client: Client, wanted: str) -> Release:
    """The release with this id or, where no other has it, this name; ends the command when there is none."""
    try:
        return client.release(str(uuid.UUID(wanted)))
    except ValueError:
        found = list(client.releases(wanted))
    if len(found) == 1:
        return found[0]
    if found:
        ids = "".join(f"\n       {release.id}  {window_text(release)}" for release in found)
        fail(f"{len(found)} releases are called {wanted!r}", f"name one by its id:{ids}")
    return _unknown(client, wanted)


def find_releases(client: Client, wanted: list[str] | None) -> list[str]:
    """The ids of releases named by id or name; ends the command when there is no such one."""
    return [find_release(client, name).id for name in wanted or ()]


def _unknown(client: Client, wanted: str) -> NoReturn:
    names = {release.name for release in itertools.islice(client.releases(), COMPARED_AT_MOST)}
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "see `exam-sessions releases list`"
    fail(f"workspace {client.workspace} has no release called {wanted!r}", hint)
