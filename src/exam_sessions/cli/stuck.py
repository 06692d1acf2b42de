"""`exam-sessions stuck`: what does not go on without a person, and the command that looks after it."""

from __future__ import annotations

import time
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.text import Text

from exam_sessions.cli.releases import find_release
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Json, Target, Workspace, connected
from exam_sessions.cli.shared.console import note, say, show, table
from exam_sessions.cli.shared.enum_names import message_json, word
from exam_sessions.cli.shared.hints import complete_commands
from exam_sessions.cli.shared.session_views import state_text
from exam_sessions.cli.shared.times import DAY, HOUR, length, when
from exam_sessions.client.messages import time_range
from exam_sessions.client.operations import progress_of
from exam_sessions.domain.states import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.longrunning.operations_pb2 import Operation

    from exam_sessions.cli.shared.tables import FittingTable
    from exam_sessions.client.client import Client, Session

EPILOG = """[bold]Examples[/]
exam-sessions stuck
exam-sessions stuck --centre K-03 --offline-for 30m
exam-sessions stuck --json | jq -r .keycode

Exit code 1 where something is stuck, 0 where nothing is: for a check that runs by itself.
"""

OVERDUE_AFTER = 60_000_000
"""Microseconds after its deadline that the service may take to end an attempt, and far more than it takes."""


class Stuck(NamedTuple):
    """A session, why it does not go on, and a command that helps."""

    session: Session
    why: str
    command: str


class _Search(NamedTuple):
    """Which sessions are looked through."""

    client: Client
    releases: list[str]
    centre: str
    now: int
    offline_for: int

    def matching(self, states: list[State], **more: Any) -> Iterator[Session]:
        """The sessions in these states."""
        numbers = [int(state) for state in states]
        return self.client.sessions(self.releases, numbers, whole=True, centre_id=self.centre, **more)

    def set_aside(self) -> Iterator[Stuck]:
        """Those that were set aside as failed, by the service or by a person."""
        for session in self.matching([State.EXCEPTION]):
            said = session.exception_message or "set aside without a message"
            yield Stuck(session, said, f"exam-sessions sessions transition recover {session.keycode}")

    def overdue(self) -> Iterator[Stuck]:
        """Those whose time is over, and which the service has not ended."""
        over = time_range(None, self.now - OVERDUE_AFTER)
        for session in self.matching([State.IN_PROGRESS], deadline=over):
            said = f"its time was over at {when(session.attempt, 'deadline')}, and it goes on"
            yield Stuck(session, said, f"exam-sessions sessions finish {session.keycode}")

    def offline(self) -> Iterator[Stuck]:
        """Those without a connection for too long."""
        for session in self.matching([State.OFFLINE], update_time=time_range(None, self.now - self.offline_for)):
            machine = session.client.machine or session.device.device_label
            where = f" on {machine}" if machine else ""
            said = f"offline since {when(session, 'update_time')}{where}"
            yield Stuck(session, said, f"exam-sessions sessions show {session.keycode}")

    def blocked(self) -> Iterator[Stuck]:
        """Those whose PIN was entered wrongly too often."""
        for session in self.matching([State.LOCKED_BY_PIN]):
            verdicts = self.client.explain(session.id).verdicts
            if any(verdict.reason == "PIN_BLOCKED" for verdict in verdicts):
                command = f"exam-sessions sessions pin {session.keycode} --new"
                yield Stuck(session, "its PIN was wrong too often", command)


FINDERS: tuple[Callable[[_Search], Iterator[Stuck]], ...] = (
    _Search.set_aside,
    _Search.overdue,
    _Search.offline,
    _Search.blocked,
)


def stuck(
    release: Annotated[
        str | None, typer.Option("--release", metavar="ID|NAME", help="Of this release, by its id or its name.")
    ] = None,
    centre: Annotated[str, typer.Option(metavar="ID", help="At this centre.")] = "",
    offline_for: Annotated[
        int | None,
        typer.Option(metavar="LENGTH", parser=length, help="Offline for longer than this.", show_default="1h"),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="ROWS", help="How many at most.")] = 200,
    *,
    json: Json = False,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Shows sessions that are set aside, overdue, offline for long or locked out, and operations with such rows."""
    now = time.time_ns() // 1000
    with connected(target, workspace) as client:
        releases = [find_release(client, release).id] if release else []
        search = _Search(client, releases, centre, now, HOUR if offline_for is None else offline_for)
        found = list(islice(chain.from_iterable(find(search) for find in FINDERS), limit + 1))
        failed = [] if release or centre else list(_with_refused_rows(client, now))
    if json:
        for one in found[:limit]:
            say(message_json(one.session))
    elif found:
        show(_table(found[:limit]))
    for operation in failed:
        said = progress_of(operation)
        note(f"{said.failed_count:,} rows of an operation ({word(said, 'kind')}) were refused")
        note(f"next:  exam-sessions operations show {operation.name.rpartition('/')[2]}")
    if len(found) > limit:
        note(f"there are more than {limit}; raise --limit, or name a release or a centre", "dim")
    if found or failed:
        raise typer.Exit(1)
    note("nothing is stuck")


def _with_refused_rows(client: Client, now: int) -> Iterator[Operation]:
    """The operations of the last day that could not do everything."""
    for operation in client.operations():
        progress = progress_of(operation)
        if progress.failed_count and progress.update_time.ToMicroseconds() > now - DAY:
            yield operation


def _table(found: list[Stuck]) -> FittingTable:
    made = table(
        "keycode", "state", "candidate", "centre", "why", "next",
        whole=("keycode", "state", "next"), spare=("centre", "candidate"),
    )  # fmt: skip
    for one in found:
        made.add_row(
            one.session.keycode,
            state_text(one.session),
            Text(one.session.candidate.candidate_id),
            Text(one.session.centre_id),
            Text(one.why),
            Text(complete_commands(one.command)),
        )
    return made
