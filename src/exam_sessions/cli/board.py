"""`exam-sessions board`: the live state of a room on the terminal, with keys for the actions of an invigilator."""

import os
import shlex
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Annotated, Any

import typer
from rich.live import Live

from exam_sessions.cli.releases import Releases, find_releases
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Target, Workspace, connected
from exam_sessions.cli.shared.console import MISUSED, fail, out
from exam_sessions.cli.shared.resuming_watch import ResumingWatch
from exam_sessions.cli.shared.room import ConfirmedAction, Room
from exam_sessions.cli.shared.room_reads import sessions_to_read
from exam_sessions.cli.shared.transition_views import refusal_of_one
from exam_sessions.cli.shared.typed_names import action_of
from exam_sessions.cli.transition_fields import extra_of
from exam_sessions.client.client import Client, Session
from exam_sessions.client.events import Piece
from exam_sessions.client.failures import NoServer, Refused
from exam_sessions.domain.states import VoidReason

READ_AT_ONCE = 100
"""Sessions that are read in one call."""

FRAMES = 4
"""How often the room is drawn in a second."""

EPILOG = """[bold]Example[/]
exam-sessions board --centre K-03
exam-sessions board --centre K-03 --release "Maths, May"
exam-sessions board --school north

It shows candidate, state, time left, extra time, machine and last answer of every session of the room, those
first and in red that need a person. Keys: up and down choose a session; p pause, r resume, u unlock, c check in,
e extra time, v void with a reason; each is confirmed. Escape takes a question back, q ends the board.
"""


def board(
    centre: Annotated[str, typer.Option(metavar="ID", show_default=False, help="The room: a centre.")] = "",
    school: Annotated[str, typer.Option(metavar="ID", show_default=False, help="The candidates of a school.")] = "",
    district: Annotated[str, typer.Option(metavar="ID", show_default=False, help="Those of a district.")] = "",
    release: Releases = None,
    target: Target = DEFAULT_TARGET,
    workspace: Workspace = "default",
) -> None:
    """Shows a room, live, and does what an invigilator does there."""
    areas = [(name, area) for name, area in (("centre", centre), ("school", school), ("district", district)) if area]
    if not areas:
        fail("it is not said which room is meant", "name it: --centre ID, --school ID or --district ID", MISUSED)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        words = shlex.join(["sessions", "list", *(word for name, area in areas for word in (f"--{name}", area))])
        fail("a board needs a terminal", f"elsewhere there is `exam-sessions {words}`", MISUSED)
    room = Room(f"{', '.join(area for _, area in areas)} in {workspace}")
    with connected(target, workspace) as client:
        asked = {f"{name}_ids": [area] for name, area in areas}
        following = ResumingWatch(client, {}, find_releases(client, release), anew=True, **asked)
        failed: list[NoServer | Refused] = []

        def watch() -> None:
            try:
                for piece in following.pieces(partial(setattr, room, "notice")):
                    _take(room, client, piece, dict(areas))
            except (NoServer, Refused) as failure:
                failed.append(failure)
                room.notice = f"{failure}; q ends the board"
            except ValueError:
                """The channel was closed: the board has ended."""

        threading.Thread(target=watch, daemon=True).start()
        with suppress(KeyboardInterrupt), _raw_keys() as keys, _drawn(room):
            _obey(room, client, keys)
        if failed:
            raise failed[0]


def _drawn(room: Room) -> Live:
    return Live(room, console=out, refresh_per_second=FRAMES, screen=True)


def _obey(room: Room, client: Client, keys: Iterator[str]) -> None:
    """Does what keys ask for, until one ends the board; in a text, that key is a letter."""
    for key in keys:
        if key == "q" and not room.asks:
            return
        if confirmed := room.press(key):
            _carry_out(room, client, confirmed)


def _take(room: Room, client: Client, piece: Piece, areas: dict[str, str]) -> None:
    """Brings the room to where a piece of the watch has come."""
    room.put(piece.sessions)
    room.note_answers(piece.events)
    changed = sessions_to_read(piece.events)
    for first in range(0, len(changed), READ_AT_ONCE):
        session_ids = changed[first : first + READ_AT_ONCE]
        found = _read(client, session_ids)
        here = [session for session in found if is_of(session, **areas)]
        room.put(here)
        room.drop(set(session_ids) - {session.id for session in here})


def _read(client: Client, session_ids: list[str]) -> Sequence[Session]:
    """The sessions with these ids, as far as they are there and may be seen."""
    try:
        return client.sessions_by_id(session_ids, full=True)
    except Refused:
        # One of them is deleted, or is somewhere else now.
        return [session for session_id in session_ids for session in _read_one(client, session_id)]


def _read_one(client: Client, session_id: str) -> Sequence[Session]:
    try:
        return [client.session(session_id)]
    except Refused:
        return []


def is_of(session: Session, centre: str = "", school: str = "", district: str = "") -> bool:
    """Whether a session is of these areas; an empty one is any."""
    person = session.candidate
    pairs = ((centre, session.centre_id), (school, person.school_id), (district, person.district_id))
    return all(asked in {"", known} for asked, known in pairs)


def _carry_out(room: Room, client: Client, confirmed: ConfirmedAction) -> None:
    """Does what was confirmed; what came of it stands below the room."""
    given = dict(confirmed.fields)
    fields: dict[str, Any] = {}
    try:
        if "extra" in given:
            fields |= extra_of(given.pop("extra"))
        if "reason" in given:
            fields["void_reason"] = VoidReason[given.pop("reason")]
        client.transition_many(action_of(confirmed.action), [confirmed.session_id], **fields, **given)
        room.put([client.session(confirmed.session_id)])
        room.notice = f"{confirmed.action}: done"
    except (Refused, NoServer, typer.BadParameter) as failure:
        room.notice = f"{confirmed.action}: {refusal_of_one(failure) if isinstance(failure, Refused) else failure}"


@contextmanager
def _raw_keys() -> Iterator[Iterator[str]]:
    """What is typed, key by key, without echo."""
    try:
        import termios  # noqa: PLC0415 - Unix only
        import tty  # noqa: PLC0415 - Unix only
    except ImportError:
        fail("the board reads single keys, which it can on Unix only", status=MISUSED)
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    tty.setcbreak(handle)
    try:
        yield _keys(handle)
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)


def _keys(handle: int) -> Iterator[str]:
    while typed := os.read(handle, 64):
        text = typed.decode(errors="ignore").replace("\n", "\r")
        if text.startswith("\x1b"):
            # An arrow comes in one piece.
            yield text
        else:
            yield from text
