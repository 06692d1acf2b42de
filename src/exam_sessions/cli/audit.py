"""`exam-sessions audit`: who did what, from the history of a workspace."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from exam_sessions.cli.releases import Releases, find_releases
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import note, say, show, table
from exam_sessions.cli.shared.enum_names import message_json, word
from exam_sessions.cli.shared.event_lines import details_of, moved
from exam_sessions.cli.shared.times import day_or_time_of, when
from exam_sessions.cli.shared.typed_names import action_of, complete_action
from exam_sessions.client.failures import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exam_sessions.cli.shared.tables import FittingTable
    from exam_sessions.client.client import Client, SessionEvent

EPILOG = """[bold]Examples[/]
exam-sessions audit --actor "M. Keller"
exam-sessions audit --action void --action delete --since 2026-06-01
exam-sessions audit --release "Maths, May" --action score_response -o csv > marks.csv

It reads the history from its oldest event in reach (serve --watch-reach), oldest first.
"""


def audit(
    actor: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Done by this actor. May be repeated.")
    ] = None,
    action: Annotated[
        list[int] | None,
        typer.Option(
            metavar="ACTION",
            parser=action_of,
            autocompletion=complete_action,
            help="This action, in any case. May be repeated.",
        ),
    ] = None,
    since: Annotated[
        int | None, typer.Option(metavar="TIME", parser=day_or_time_of, help="Then or later.", show_default="any")
    ] = None,
    until: Annotated[
        int | None, typer.Option(metavar="TIME", parser=day_or_time_of, help="Before then.", show_default="any")
    ] = None,
    release: Releases = None,
    limit: Annotated[int, typer.Option(min=1, metavar="ROWS", help="How many at most: the newest.")] = 1_000,
    *,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Shows who did what: the changes of sessions by actor, action and time, oldest first."""
    actors, actions = set(actor or ()), set(action or ())
    found: list[SessionEvent] = []
    left_out = 0
    with connected(target, workspace) as client:
        for event in past_events(client, find_releases(client, release)):
            at = event.time.ToMicroseconds()
            if until is not None and at >= until:
                break
            if since is not None and at < since:
                continue
            if (not actors or event.actor in actors) and (not actions or event.action in actions):
                found.append(event)
                if len(found) > limit:
                    del found[0]
                    left_out += 1
    if json:
        for event in found:
            say(message_json(event))
    elif found:
        show(_table(found))
    else:
        note("nothing matches")
    if left_out:
        note(f"{left_out:,} older changes match too; raise --limit, or name a time with --until", "dim")


def past_events(client: Client, release_ids: list[str]) -> Iterator[SessionEvent]:
    """What has happened until now, from the oldest event in reach on."""
    with closing(client.watch(release_ids, now=True)) as pieces:
        last = next(pieces).sequence
    start = 1
    while start <= last:
        try:
            with closing(client.watch(release_ids, start_sequence=start)) as pieces:
                for piece in pieces:
                    yield from (event for event in piece.events if event.sequence <= last)
                    start = piece.sequence + 1
                    if start > last:
                        return
        except Refused as refused:
            if refused.reason != "SEQUENCE_TOO_OLD" or start > 1:
                raise
            start = int(refused.facts["oldest_sequence"])


def _table(found: list[SessionEvent]) -> FittingTable:
    made = table(
        "time (UTC)", "actor", "action", "session", "from → to", "what",
        whole=("time (UTC)", "actor", "action", "session"), spare=("from → to", "session"),
    )  # fmt: skip
    for event in found:
        made.add_row(
            when(event, "time"),
            Text(event.actor),
            word(event, "action").lower(),
            event.session_id,
            moved(event),
            Text(details_of(event)),
        )
    return made
