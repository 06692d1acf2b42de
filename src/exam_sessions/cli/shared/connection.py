"""Which server a command talks to, and what people are told when it refuses or does not answer."""

from __future__ import annotations

import getpass
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from exam_sessions.cli.shared.console import fail, note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exam_sessions.client.client import Client
    from exam_sessions.client.failures import Refused

DEFAULT_TARGET = "127.0.0.1:50051"

Target = Annotated[
    str,
    typer.Option(
        envvar="EXAM_SESSIONS_TARGET", metavar="HOST:PORT", help="The server to talk to.", rich_help_panel="Server"
    ),
]
Workspace = Annotated[
    str, typer.Option(metavar="NAME", help="The tenant whose sessions are meant.", rich_help_panel="Server")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line, with the names of the protos.")]

HINTS = {
    "SESSION_NOT_FOUND": "look it up with `exam-sessions sessions list`; is the --workspace right?",
    "RELEASE_NOT_FOUND": "see which there are with `exam-sessions releases list`; is the --workspace right?",
    "DUPLICATE_RELEASE_NAME": "commands find releases by name; choose another, or say --allow-duplicate-name",
    "OPERATION_NOT_FOUND": "see which there are with `exam-sessions operations list`; is the --workspace right?",
    "TEST_FORM_NOT_FOUND": "see which there are with `exam-sessions forms list`; is the --workspace right?",
    "DUPLICATE_TEST_FORM": "make the next revision of it: `exam-sessions forms import FORM.json --update`",
    "STALE_TEST_FORM": "somebody made a revision meanwhile; type the command again",
    "TEST_FORM_UNKNOWN": "bring the form with `exam-sessions forms import`, then reset the session, or book it anew",
    "RELEASE_FINALIZED": "open it again with `exam-sessions releases unfinalize RELEASE`",
    "ATTEMPT_NOT_FOUND": "without --attempt and --deciding the current attempt is shown",
    "SEQUENCE_TOO_OLD": "begin with that event: --from; a consumer is taken there by `exam-sessions events rewind`",
    "SEQUENCE_AHEAD": "begin with an event that has happened; `exam-sessions events rewind` sets a consumer back",
    "SNAPSHOT_TOO_LARGE": "narrow it with --release or --session, or do without a snapshot: --now",
    "TOO_MANY_WATCHERS": "end another watch, or name another server with --target",
    "TOO_MANY_WRONG_CODES": "an invigilator can lift it: `exam-sessions lockouts list`, then `lockouts lift ID`",
    "LOCKOUT_NOT_FOUND": "see which there are with `exam-sessions lockouts list --all`; is the --workspace right?",
    "MESSAGE_TOO_LARGE": "send fewer rows at once; `exam-sessions import` takes --chunk",
    "CANDIDATE_HAS_LIVE_SESSIONS": "end them first: void or archive them; or say --live",
    "CANDIDATE_IN_OPERATION": "see it with `exam-sessions operations list`; wait for it, or cancel it",
    "DATABASE_REPLACED": "restore the database's files, then start the server again; its log says which",
    "DATABASE_DAMAGED": "stop the server and restore the database from a backup; its log says more",
    "DATABASE_FULL": "make room where the database is kept, then type the command again",
    "INTERNAL": "this is a fault of the server; its log has more under the id above",
}


@contextmanager
def connected(target: str, workspace: str) -> Iterator[Client]:
    """A client for the length of a block; what it raises ends the command with words and exit code 1."""
    from exam_sessions.client.client import Client  # noqa: PLC0415 - `--help` needs no gRPC
    from exam_sessions.client.failures import NoServer, Refused  # noqa: PLC0415 - as above

    try:
        with Client(target, workspace, actor()) as client:
            yield client
    except NoServer as absent:
        fail(f"{absent}; {_way_out(target)}")
    except Refused as refused:
        tell(refused)
        raise typer.Exit(1) from None


def tell(refused: Refused) -> None:
    """Says what the service refused and why: its words, the reason to look up, and the fields at fault."""
    note(Text.assemble(("refused: ", "bold red"), str(refused)))
    known = ", ".join(f"{name}={value}" for name, value in sorted(refused.metadata.items()))
    note(Text.assemble(("reason:  ", "bold"), refused.reason, (f"  {known}" if known else "", "dim")))
    for violation in refused.violations:
        note(Text.assemble(("field:   ", "bold"), violation.field, " ", violation.description))
    if hint := HINTS.get(refused.reason):
        note(Text.assemble(("next:    ", "bold"), hint))


def _way_out(target: str) -> str:
    if target == DEFAULT_TARGET:
        return "start one with `exam-sessions serve`"
    if target.startswith(("127.", "localhost:", "[::1]:")):
        return f"start one with `exam-sessions serve --listen {target}`"
    return "is it running, and is --target right?"


def actor() -> str:
    """The name the history will know this caller by: `cli:` and the user's name, where it can be sent."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "cli"
    return f"cli:{name}" if re.fullmatch(r"[\x21-\x7e]{1,100}", name) else "cli"
