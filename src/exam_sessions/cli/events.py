"""`exam-sessions events`: the events for other programs, and how far each of these has come."""

import difflib
import re
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import typer
from rich.text import Text

from exam_sessions.cli.releases import Releases, find_releases
from exam_sessions.cli.shared.acknowledger import OFTEN, Acknowledger
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import (
    Yes,
    confirm,
    ctrl_c_after,
    deliver,
    fail,
    note,
    say,
    show,
    table,
    until_the_reader_leaves,
)
from exam_sessions.cli.shared.enum_names import message_json
from exam_sessions.cli.shared.event_lines import as_cloudevent, as_json_line, as_line
from exam_sessions.cli.shared.resuming_watch import ResumingWatch, interruptible
from exam_sessions.cli.shared.times import when
from exam_sessions.cli.watch import Count, From
from exam_sessions.client.client import Client, SessionEvent
from exam_sessions.client.events import EventConsumer


class Format(StrEnum):
    """How an event is written."""

    TABLE = "table"
    JSON = "json"
    CLOUDEVENTS = "cloudevents"


FORMATS: dict[Format, Callable[[SessionEvent, str], str]] = {
    Format.TABLE: lambda event, _: as_line(event),
    Format.JSON: as_json_line,
    Format.CLOUDEVENTS: as_cloudevent,
}


def consumer_name(text: str) -> str:
    """A consumer's name, as the contract has it. Raises BadParameter."""
    if re.fullmatch(r"[a-z0-9_-]{1,64}", text):
        return text
    raise typer.BadParameter(f"{text!r} is no name for a consumer: up to 64 of a-z, 0-9, _ and -, such as results")


cli = typer.Typer(no_args_is_help=True, help="Hand the events to other programs, and see how far they have come.")


@cli.command(
    "tail",
    epilog="""[bold]Examples[/]
exam-sessions events tail --from 1
exam-sessions events tail --format json | jq 'select(.to_state == "STATE_FINISHED")'
exam-sessions events tail --consumer results --format cloudevents | ./forward-to-the-bus

[bold]Consumers[/]
Without --from and --consumer it begins with the next event. With --consumer the server stores how
far this consumer has come, and the next start goes on there; a new consumer begins with the oldest event.
An event is acknowledged once its line was written and flushed: every 100 events, each second, and at the
end. So an event is delivered [bold]at least once[/]: after a crash those of the last second come again, with
the same sequence (for CloudEvents: the same id), by which a reader recognises it. To read it all anew:
exam-sessions events rewind results 0

[bold]Formats[/]
table         for people
json          SessionEvent as the protos write JSON, as every command prints it
cloudevents   CloudEvents 1.0: id WORKSPACE/SEQUENCE, type exam_sessions.session.ACTION, subject the session

When the server goes away it tries again, and goes on behind the last line.
""",
)
def tail(
    consumer: Annotated[
        str | None,
        typer.Option(metavar="NAME", parser=consumer_name, help="Go on where this consumer is, and keep its place."),
    ] = None,
    from_: From = None,
    format_: Annotated[
        Format, typer.Option("--format", case_sensitive=False, help="How events are written.")
    ] = Format.TABLE,
    count: Count = None,
    release: Releases = None,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Prints one line for each event, as it happens; with --consumer every event arrives at least once."""
    otherwise: dict[str, Any] = {"consumer": consumer} if consumer else {"now": True}
    start = {"start_sequence": from_} if from_ else otherwise
    words = ["--consumer", consumer] if consumer else []
    words += ["--format", format_.value, *(word for name in release or () for word in ("--release", name))]
    with connected(target, workspace) as client:
        following = ResumingWatch(client, start, find_releases(client, release))
        with (
            interruptible(following, "events tail", *words),
            until_the_reader_leaves(),
            Acknowledger(client, consumer) as acknowledger,
        ):
            _print(following, acknowledger, lambda event: FORMATS[format_](event, workspace or "default"), count)


def _print(
    following: ResumingWatch, acknowledger: Acknowledger, line: Callable[[SessionEvent], str], count: int | None
) -> None:
    """Prints events until there were `count` of them; says what was delivered."""
    for piece in following.pieces(partial(note, style="yellow")):
        events = piece.events[:count]
        for first in range(0, len(events), OFTEN):
            some = events[first : first + OFTEN]
            with ctrl_c_after():
                deliver(map(line, some))
                acknowledger.delivered(some[-1].sequence, len(some))
            acknowledger.acknowledge_when_due()
        if count is not None:
            count -= len(events)
            if not count:
                return
        acknowledger.delivered(piece.sequence, 0)
        acknowledger.acknowledge_when_due()


@cli.command(
    "consumers",
    epilog="""[bold]Example[/]
exam-sessions events consumers

sequence is the last event a consumer has acknowledged, behind how many have happened since. One that
falls ever further behind is too slow, or does not run.
""",
)
def list_consumers(*, json: Json = False, target: Target = DEFAULT_TARGET, workspace: Workspace = "default") -> None:
    """Shows who works through the events, and how far each has come."""
    with connected(target, workspace) as client:
        found = client.consumers()
    if json:
        for consumer in found:
            say(message_json(consumer))
    elif not found:
        note(f"workspace {workspace} has no consumers; make one with `exam-sessions events tail --consumer NAME`")
    else:
        made = table(
            "name",
            "sequence",
            "behind",
            "last acknowledgement (UTC)",
            whole=("name",),
            spare=("last acknowledgement (UTC)",),
        )
        for consumer in found:
            row = (f"{consumer.sequence}", f"{consumer.behind:,}", when(consumer, "update_time"))
            made.add_row(Text(consumer.name), *row)
        show(made)


@cli.command(
    "rewind",
    epilog="""[bold]Examples[/]
exam-sessions events rewind results 120        (the next event it is sent is 121)
exam-sessions events rewind results 0 --yes    (everything anew)

Stop the consumer first: one that runs goes on from where it is, and acknowledges that.
""",
)
def rewind(
    name: Annotated[str, typer.Argument(metavar="NAME", parser=consumer_name, help="The consumer.")],
    sequence: Annotated[
        int, typer.Argument(min=0, metavar="SEQUENCE", help="The last event that counts as done; 0 for none.")
    ],
    *,
    yes: Yes = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Sets a consumer to another sequence: later events are sent again, or earlier ones are skipped."""
    with connected(target, workspace) as client:
        before = _find(client, name)
        if sequence > before.sequence:
            outcome = f"it will never be told events {before.sequence + 1} to {sequence}"
        else:
            outcome = f"it will be told again what happened since event {sequence}"
        if not yes:
            confirm(f"{name} has come to event {before.sequence}; {outcome}")
        client.acknowledge(name, sequence, rewind=True)
    say(f"{name} goes on with event {sequence + 1}")


def _find(client: Client, name: str) -> EventConsumer:
    found = {consumer.name: consumer for consumer in client.consumers()}
    if name not in found:
        near = difflib.get_close_matches(name, found, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "see `exam-sessions events consumers`"
        fail(f"workspace {client.workspace} has no consumer called {name}", hint)
    return found[name]
