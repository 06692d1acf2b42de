"""`exam-sessions demo`: a release, ten thousand candidates, and a few sessions walked through, told as it happens."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.text import Text

from exam_sessions.cli.connection import DEFAULT_TARGET, Target, connected
from exam_sessions.cli.console import coloured, note, say, show, table
from exam_sessions.cli.progress import bar
from exam_sessions.cli.roster import EMPTY
from exam_sessions.cli.sessions import allowed_actions, show_events, state_text
from exam_sessions.cli.temporary_server import temporary_server
from exam_sessions.domain.records import Booking
from exam_sessions.domain.states import MATURITY, Maturity, State, VoidReason
from exam_sessions.rpc.client import BookedSession, Client, Release
from exam_sessions.rpc.failures import NoServer, Refused

HOUR = 3_600_000_000
"""Microseconds."""

FIRST = ("Ada", "Blaise", "Chien-Shiung", "Dorothy", "Emmy", "Fatima", "Grace", "Hedy", "Isaac", "Jagadish")
LAST = ("Bose", "Hodgkin", "Hopper", "Lamarr", "Lovelace", "Mirzakhani", "Newton", "Noether", "Pascal", "Wu")
CHUNK = 1_000
ARRIVE = ("CreatePackage", "DownloadSession", "EnterKeycode", "CheckInSession")
SIT = (*ARRIVE, "UnlockSession")


class _Walk:
    """One session on its way, each step told in a line."""

    def __init__(self, client: Client, booked: BookedSession, who: str) -> None:
        # By its keycode: the one name that EnterKeycode takes too.
        self._client, self._session = client, booked.keycode
        say("")
        say(Text.assemble((who, "bold"), (f"  keycode {booked.keycode}", "dim")))

    def steps(self, *rpcs: str, **fields: object) -> "_Walk":
        """Actions, one after the other; fields go with each."""
        for rpc in rpcs:
            session = self._client.move(rpc, self._session, **fields)
            self._tell(rpc, Text.assemble("→ ", state_text(session)))
        return self

    def refused(self, rpc: str, **fields: object) -> "_Walk":
        """An action that the rules refuse, and what they would allow."""
        try:
            self._client.move(rpc, self._session, **fields)
        except Refused as refused:
            self._tell(rpc, Text.assemble(("refused ", "bold red"), refused.reason))
            say(Text(f"    {'':<16} {refused}", style="dim"))
            return self
        raise AssertionError(rpc)

    def explained(self) -> "_Walk":
        """What the session may do now."""
        explanation = self._client.explain(self._session)
        self._tell("ExplainSession", Text(f"it may: {allowed_actions(explanation)}"))
        return self

    def history(self) -> "_Walk":
        """The session's history."""
        say("")
        show_events(list(self._client.history(self._session)))
        return self

    @staticmethod
    def _tell(rpc: str, outcome: Text) -> None:
        say(Text.assemble(f"    {rpc:<16} ", outcome))


def demo(
    candidates: Annotated[
        int, typer.Option(min=10, max=1_000_000, metavar="COUNT", help="How many are booked.")
    ] = 10_000,
    target: Target = DEFAULT_TARGET,
    workspace: Annotated[
        str, typer.Option(metavar="NAME", help="The tenant it happens in.", rich_help_panel="Server")
    ] = "demo",
) -> None:
    """Makes a release, books ten thousand candidates, and walks a few of them through, in well under a minute.

    When no server answers, it starts one of its own on a temporary database.
    """
    with _server(target, workspace) as (at, is_ours), connected(at, workspace) as client:
        release = _make_release(client)
        booked = _book(client, release, candidates)
        _walk_through(client, booked)
        _tell_states(client, release)
        _tell_next(client, booked[0], is_ours=is_ours)


@contextmanager
def _server(target: str, workspace: str) -> Iterator[tuple[str, bool]]:
    """The server that answers at the target, or else one of our own; and whether it is ours."""
    try:
        with Client(target, workspace, "cli") as client:
            next(client.releases(), None)
    except NoServer as absent:
        note(f"{absent}, so here is one on a temporary database, for this demonstration only", "yellow")
    except Refused:
        # Somebody answers; the demonstration itself will say what it does not like.
        yield target, False
        return
    else:
        yield target, False
        return
    with temporary_server() as at:
        yield at, True


def _make_release(client: Client) -> Release:
    release = client.create_release(
        f"Demo {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())}",
        duration=HOUR * 3 // 2,
        invigilated=True,
        requires_check_in=True,
    )
    say(Text.assemble(("A release", "bold"), f"  {release.name}: 90 minutes, invigilated, with check-in"))
    return release


def _book(client: Client, release: Release, count: int) -> list[BookedSession]:
    bookings = list(_bookings(release, count))
    booked: list[BookedSession] = []
    start = time.monotonic()
    with bar("booking", count) as advance:
        for at in range(0, count, CHUNK):
            part = client.book(release.id, bookings[at : at + CHUNK])
            booked += part
            advance(len(part))
    took = time.monotonic() - start
    say(
        Text.assemble(
            (f"{count:,} sessions", "bold"),
            f"  booked in {took:.1f} s ({count / took:,.0f} a second), each durable and with its history",
        )
    )
    return booked


def _bookings(release: Release, count: int) -> Iterator[Booking]:
    """Candidates of this release alone: nobody may have two sessions open, and a demo may be run twice."""
    for n in range(count):
        first, last = FIRST[n % len(FIRST)], LAST[n // len(FIRST) % len(LAST)]
        yield EMPTY._replace(candidate_id=f"{release.id[-6:]}-{n + 1:05}", name_first=first, name_last=last)


def _walk_through(client: Client, booked: Sequence[BookedSession]) -> None:
    sits = _Walk(client, booked[0], "Ada sits her exam")
    sits.steps(*SIT, "PauseSession", "ResumeSession", "FinishSession").history()

    early = _Walk(client, booked[1], "Blaise is to be paused before he has begun").steps(*ARRIVE[:2])
    early.refused("PauseSession").explained()

    room = _Walk(client, booked[2], "Chien-Shiung opens hers with the room's PIN")
    room.steps(*ARRIVE).steps("SetPin", pin="QUARKS").refused("EnterPin", pin="LEPTON").steps(
        "EnterPin", pin="QUARKS"
    )

    away = _Walk(client, booked[3], "Dorothy loses the connection, and her answers come back later")
    away.steps(*SIT, "GoOffline", "FinishOffline", "UploadSession")

    absent = _Walk(client, booked[4], "Emmy does not come")
    absent.steps("VoidSession", reason=VoidReason.ABSENT).refused("ResetSession")


def _tell_states(client: Client, release: Release) -> None:
    say("")
    made = table("state", "sessions")
    for state in State:
        if count := client.count([release.id], [state]):
            made.add_row(coloured(state.name, Maturity(MATURITY[state]).name), f"{count:,}")
    show(made)


def _tell_next(client: Client, booked: BookedSession, *, is_ours: bool) -> None:
    say("")
    if is_ours:
        say("That server and its database are gone now. For one that stays:  exam-sessions serve")
        return
    where = f" --workspace {client.workspace}" + (
        f" --target {client.target}" if client.target != DEFAULT_TARGET else ""
    )
    say("Look for yourself:")
    say(f"    exam-sessions sessions show {booked.keycode} -v{where}")
    say(f"    exam-sessions sessions list --state IN_PROGRESS{where}")
    say(f"    grpcurl -plaintext {client.target} list")
