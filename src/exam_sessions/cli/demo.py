"""`exam-sessions demo`: a release, ten thousand candidates, and a few sessions taken through their states.

What happens to the few is demo_walks.py's.
"""

import shlex
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from typing import Annotated

import typer
from google.protobuf import json_format
from rich.text import Text

from exam_sessions.cli.demo_walks import walk_on_paper, walk_online
from exam_sessions.cli.files.roster import EMPTY
from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Target, client_of, connected
from exam_sessions.cli.shared.console import coloured, note, say, show, table
from exam_sessions.cli.shared.progress import bar
from exam_sessions.cli.shared.server_options import Reached, reached
from exam_sessions.cli.shared.temporary_server import temporary_server
from exam_sessions.client.bookings import Booking
from exam_sessions.client.catalog import Release, TestForm
from exam_sessions.client.client import BookedSession, Client
from exam_sessions.client.failures import HandshakeFailed, NoServer, Refused
from exam_sessions.domain.states import MATURITY, Maturity, State

HOUR = 3_600_000_000
"""Microseconds."""

FIRST = ("Ada", "Blaise", "Chien-Shiung", "Dorothy", "Emmy", "Fatima", "Grace", "Hedy", "Isaac", "Jagadish")
LAST = ("Bose", "Hodgkin", "Hopper", "Lamarr", "Lovelace", "Mirzakhani", "Newton", "Noether", "Pascal", "Wu")
CHUNK = 1_000
ON_PAPER = 2
"""How many sit on paper."""

SAMPLE = "maths-year-5.json"


def demo(
    candidates: Annotated[
        int, typer.Option(min=10, max=1_000_000, metavar="COUNT", help="How many are booked.")
    ] = 10_000,
    target: Target = DEFAULT_TARGET,
    workspace: Annotated[
        str, typer.Option(metavar="NAME", help="The tenant it happens in.", rich_help_panel="Server")
    ] = "demo",
) -> None:
    """Makes a release, books ten thousand candidates, walks a few of them to their marks: in well under a minute.

    When no server answers, it starts one of its own on a temporary database.
    """
    with (
        _server(target, workspace) as (at, is_ours),
        connected(at, workspace, Reached() if is_ours else None) as client,
    ):
        _make_workspace(client)
        form = _bring_form(client)
        online, paper = _make_releases(client, form.reference)
        booked = _book(client, online, candidates)
        papers = client.book(paper.id, list(_bookings(paper, ON_PAPER)))
        walk_online(client, booked)
        walk_on_paper(client, papers)
        _print_states(client, [online.id, paper.id])
        _print_next(client, booked[0], is_ours=is_ours)


@contextmanager
def _server(target: str, workspace: str) -> Iterator[tuple[str, bool]]:
    """The server that answers at the target, or else one of our own; and whether it is ours."""
    try:
        with client_of(target, workspace) as client:
            next(client.releases(), None)
    except HandshakeFailed:
        yield target, False  # as below
        return
    except NoServer as absent:
        note(f"{absent}, so here is one on a temporary database, for this demonstration only", "yellow")
    except Refused:
        # A server answers; calls of the demonstration report what is wrong with it.
        yield target, False
        return
    else:
        yield target, False
        return
    with temporary_server() as at:
        yield at, True


def _make_workspace(client: Client) -> None:
    """Creates the workspace where there is none, and where the caller may; otherwise what follows is refused."""
    try:
        client.create_workspace(client.workspace)
    except Refused as refused:
        if refused.reason not in {"DUPLICATE_WORKSPACE", "PERMISSION_DENIED"}:
            raise


def _bring_form(client: Client) -> TestForm:
    """The sample form, as it is in the catalogue."""
    text = resources.files("exam_sessions.samples").joinpath(SAMPLE).read_text(encoding="utf-8")
    form = json_format.Parse(text, TestForm())
    try:
        form = client.create_form(form)
    except Refused as refused:
        if refused.reason != "DUPLICATE_TEST_FORM":
            raise
        form = client.form(form.reference)
    summary = f"  {form.name}: {len(form.questions)} questions, {form.available_mark} marks, some of them by people"
    say(Text.assemble(("A test form", "bold"), summary))
    return form


def _make_releases(client: Client, form: str) -> tuple[Release, Release]:
    """One at the computer and one on paper."""
    name = f"Demo {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())}"
    online = client.create_release(
        name,
        duration=HOUR * 3 // 2,
        test_form=form,
        invigilated=True,
        requires_check_in=True,
        allow_duplicate_name=True,
    )
    say(Text.assemble(("A release", "bold"), f"  {name}: 90 minutes, invigilated, with check-in"))
    paper = client.create_release(
        f"{name}, on paper", test_form=form, paper=True, max_attempts=2, allow_duplicate_name=True
    )
    say(Text.assemble(("Another", "bold"), f"  {paper.name}: two attempts, the higher one counts"))
    return online, paper


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


def _print_states(client: Client, releases: Sequence[str]) -> None:
    say("")
    made = table("state", "sessions")
    for state in State:
        if count := client.count(releases, [state]):
            made.add_row(coloured(state.name, Maturity(MATURITY[state]).name), f"{count:,}")
    show(made)


def _print_next(client: Client, booked: BookedSession, *, is_ours: bool) -> None:
    say("")
    if is_ours:
        say("That server and its database are gone now. For one that stays:  exam-sessions serve")
        say("Then, in another terminal:  exam-sessions demo, and  exam-sessions results show KEYCODE")
        return
    typed = reached().typed
    where = "" if "--workspace" in typed else f" --workspace {client.workspace}"
    where += f" {shlex.join(typed)}" if typed else ""
    say("Look for yourself:")
    say(f"    exam-sessions results show {booked.keycode}{where}")
    say(f"    exam-sessions sessions show {booked.keycode} -v{where}")
    say(f"    exam-sessions sessions list --state IN_PROGRESS{where}")
    if not reached().security.given():
        say(f"    grpcurl -plaintext {client.target} list")
