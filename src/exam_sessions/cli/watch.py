"""`exam-sessions watch`: what goes on in a workspace, as it happens."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

import typer
from rich.live import Live

from exam_sessions.cli.releases import Releases, find_releases
from exam_sessions.cli.session_names import read_named
from exam_sessions.cli.sessions import States
from exam_sessions.cli.shared.candidate_names import CandidateNames
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Target, Workspace, connected
from exam_sessions.cli.shared.console import out, until_the_reader_leaves
from exam_sessions.cli.shared.resuming_watch import ResumingWatch, interruptible
from exam_sessions.cli.shared.watch_views import Board, Lines, View
from exam_sessions.client.client import Client
from exam_sessions.domain.states import State

FRAMES = 8
"""How often the board is drawn in a second."""

EPILOG = """[bold]Examples[/]
exam-sessions watch
exam-sessions watch --release "Maths, May" --state IN_PROGRESS --state PAUSED
exam-sessions watch --school north --state EXCEPTION
exam-sessions watch --session H76RBD8P --from 1 --count 3
exam-sessions watch --now --state EXCEPTION | while read -r line; do notify-send "$line"; done

In a terminal it is a board: how many sessions rest in which state, and the newest events. Elsewhere it is
one line for each event. It begins with the sessions as they are, unless --from or --now say otherwise.
When the server goes away it tries again, and goes on behind the last event: nothing is missed, nothing is
printed twice. Only where events are no longer stored does it say so and begin again with the sessions as
they are. Ctrl-C ends it and shows the command that goes on from there.

A program that must not miss an event, even when it was not running, uses `exam-sessions events tail --consumer NAME`.
"""

From = Annotated[
    int | None, typer.Option("--from", min=1, metavar="SEQUENCE", help="Begin with this event; 1 is the first.")
]
Count = Annotated[int | None, typer.Option(min=1, metavar="EVENTS", help="End after so many events.")]


def _area(told: str) -> Any:
    return typer.Option(metavar="ID", help=f"{told} May be repeated.")


def watch(
    release: Releases = None,
    session: Annotated[
        str | None, typer.Option(metavar="ID|KEYCODE|CANDIDATE", help="What happens to this session.")
    ] = None,
    state: States = None,
    centre: Annotated[list[str] | None, _area("At this centre.")] = None,
    school: Annotated[list[str] | None, _area("Of candidates of this school.")] = None,
    district: Annotated[list[str] | None, _area("Of candidates of this district.")] = None,
    from_: From = None,
    *,
    now: Annotated[bool, typer.Option("--now", help="Begin with what happens next.")] = False,
    count: Count = None,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Shows events as they happen: a live board in a terminal, else one line for each event."""
    if from_ and now:
        raise typer.BadParameter("--from and --now exclude each other")
    start: dict[str, Any] = {"start_sequence": from_} if from_ else {"now": True} if now else {}
    wanted = state or []
    words = [word for name in release or () for word in ("--release", name)]
    words += ["--session", session] if session else []
    areas = {"centre": centre or [], "school": school or [], "district": district or []}
    words += [word for name, asked in areas.items() for area in asked for word in (f"--{name}", area)]
    words += [word for number in wanted for word in ("--state", State(number).name)]
    with connected(target, workspace) as client:
        # The history finds the id of a session by keycode, and deleted sessions by id.
        sessions = [read_named(client, session, partial(_id_of, client))] if session else []
        releases = find_releases(client, release)
        asked = {f"{name}_ids": values for name, values in areas.items()}
        following = ResumingWatch(client, start, releases, sessions, anew=True, **asked)
        title = f"{workspace} at {target}"
        with (
            interruptible(following, "watch", *words),
            _view(title, wanted, CandidateNames(client)) as view,
        ):
            _show(following, view, wanted, count)


def _id_of(client: Client, name: str) -> str:
    return next(client.history(name, page=1)).session_id


def _show(following: ResumingWatch, view: View, states: Sequence[int], count: int | None) -> None:
    """Shows events until there were `count` of them.

    The server is not asked to leave out other states, for what leaves a state must be counted too.
    """
    for piece in following.pieces(view.notice):
        view.look(piece)
        events = [event for event in piece.events if not states or event.to_state in states][:count]
        if events:
            view.tell(events)
        if count is not None:
            count -= len(events)
            if not count:
                return


@contextmanager
def _view(title: str, states: Sequence[int], names: CandidateNames) -> Iterator[View]:
    """A board on a terminal, else lines."""
    if sys.stdout.isatty() and not out.is_dumb_terminal:
        board = Board(title, states, names)
        with Live(board, console=out, refresh_per_second=FRAMES):
            yield board
    else:
        with until_the_reader_leaves():
            yield Lines(names)
