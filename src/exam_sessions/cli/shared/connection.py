"""Which server a command calls, and what is printed when it refuses or does not answer."""

from __future__ import annotations

import getpass
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from exam_sessions.cli.shared.console import MISUSED, fail, note
from exam_sessions.cli.shared.hints import TARGET_VARIABLE, WORKSPACE_VARIABLE, complete_commands
from exam_sessions.cli.shared.server_options import PANEL, Reached, reached

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exam_sessions.client.client import Client
    from exam_sessions.client.failures import Refused

DEFAULT_TARGET = "127.0.0.1:50051"

Target = Annotated[
    str,
    typer.Option(
        envvar=TARGET_VARIABLE,
        metavar="HOST:PORT",
        help="The address of the server, or unix:PATH.",
        rich_help_panel=PANEL,
    ),
]
Workspace = Annotated[
    str,
    typer.Option(
        envvar=WORKSPACE_VARIABLE, metavar="NAME", help="The tenant whose sessions are meant.", rich_help_panel=PANEL
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line, with the names of the protos.")]

HINTS = {
    "SESSION_NOT_FOUND": "look it up with `exam-sessions sessions list`; is the --workspace right?",
    **dict.fromkeys(
        ("INVALID_TRANSITION", "SESSION_NOT_EDITABLE", "SESSION_NOT_VOIDABLE", "SESSION_NOT_RESETTABLE"),
        "see what it may do now, and why not the rest: `exam-sessions sessions show KEYCODE -v`",
    ),
    "RELEASE_NOT_FOUND": "see which there are with `exam-sessions releases list`; is the --workspace right?",
    "DUPLICATE_RELEASE_NAME": "commands find releases by name; choose another, or say --allow-duplicate-name",
    "OPERATION_NOT_FOUND": "see which there are with `exam-sessions operations list`; is the --workspace right?",
    "API_KEY_NOT_FOUND": "see which there are with `exam-sessions keys list`",
    "API_KEY_ENDED": "make another: `exam-sessions keys create NAME --role ROLE --all-workspaces`",
    "GRANT_EXCEEDS_CALLER": "see what you have yourself with `exam-sessions keys whoami`",
    "TEST_FORM_NOT_FOUND": "see which there are with `exam-sessions forms list`; is the --workspace right?",
    "DUPLICATE_TEST_FORM": "make the next revision of it: `exam-sessions forms import FORM.json --update`",
    "STALE_TEST_FORM": "somebody made a revision meanwhile; type the command again",
    "TEST_FORM_UNKNOWN": "bring the form with `exam-sessions forms import FORM.json`, then reset the session",
    "RELEASE_FINALIZED": "open it again with `exam-sessions releases unfinalize RELEASE`",
    "ATTEMPT_NOT_FOUND": "without --attempt and --deciding the current attempt is shown",
    "SEQUENCE_TOO_OLD": "begin with that event: --from, or `exam-sessions events rewind NAME SEQUENCE`",
    "SEQUENCE_AHEAD": "begin with an earlier event; for a consumer: `exam-sessions events rewind NAME SEQUENCE`",
    "SNAPSHOT_TOO_LARGE": "narrow it with --release or --session, or do without a snapshot: --now",
    "TOO_MANY_WATCHERS": "end another watch, or name another server with --target",
    "TOO_MANY_WRONG_CODES": "an invigilator can lift it: `exam-sessions lockouts list`, then `lockouts lift ID`",
    "LOCKOUT_NOT_FOUND": "see which there are with `exam-sessions lockouts list --all`; is the --workspace right?",
    "MESSAGE_TOO_LARGE": "send fewer rows at once; `exam-sessions import --help` says how: --chunk",
    "CANDIDATE_HAS_LIVE_SESSIONS": "end them first: void or archive them; or say --live",
    "CANDIDATE_IN_OPERATION": "see it with `exam-sessions operations list`; wait for it, or cancel it",
    "DATABASE_REPLACED": "restore the database's files, then start the server again; its log says which",
    "DATABASE_DAMAGED": "stop the server and restore the database from a backup; its log says more",
    "DATABASE_FULL": "make room where the database is kept, then type the command again",
    "CREDENTIAL_MISSING": "say where your API key or token is: --token file:PATH; or give --cert FILE and --key FILE",
    "CREDENTIAL_INVALID": "is it whole, and meant for this server? or ask an administrator for a new one",
    "CREDENTIAL_EXPIRED": "get a new one, and put it where --token says",
    "CREDENTIAL_REVOKED": "ask an administrator for a new one, and put it where --token says",
    "CREDENTIAL_NOT_YET_VALID": "compare this machine's clock with that of whoever issued it",
    "PERMISSION_DENIED": "ask an administrator for a role that may do this; --token says whose credential is used",
    "UNAUTHENTICATED": "something before the server asks for a credential: say --token file:PATH",
    "WORKSPACE_NOT_FOUND": "see which there are with `exam-sessions workspaces list`; is the --workspace right?",
    "WORKSPACE_CLOSED": "an administrator can open it again: `exam-sessions workspaces reopen NAME`",
    "INTERNAL": "this is a fault of the server; its log has more under the id above",
}


HANDSHAKE_HINTS = {
    "UNTRUSTED": "give the certificate of its CA: --ca FILE",
    "EXPIRED": "renew it where the server runs; or is the clock of this machine wrong?",
    "NOT_YET_VALID": "compare the clock of this machine with the server's",
    "WRONG_HOST": "name the server with --target as its certificate does",
    "NO_TLS": "say --no-tls, or is --target right?",
    "TLS_WANTED": "say --tls, and --ca FILE when its CA is not a public one; or is --target right?",
    "CLIENT_CERTIFICATE": "give --cert FILE and --key FILE, valid and of a CA that the server trusts",
    "OTHER": "is --target right?",
}


@contextmanager
def connected(target: str, workspace: str, how: Reached | None = None) -> Iterator[Client]:
    """A client for the length of a block; what it raises ends the command with words and exit code 1.

    `how` is how the server is reached; as the command says when it is left out.
    """
    from exam_sessions.client.failures import HandshakeFailed, NoServer, Refused  # noqa: PLC0415 - as below

    try:
        with client_of(target, workspace, how) as client:
            yield client
    except HandshakeFailed as failed:
        fail(str(failed), HANDSHAKE_HINTS[failed.fault.name])
    except NoServer as absent:
        fail(f"{absent}; {_way_out(target)}")
    except Refused as refused:
        tell(refused)
        raise typer.Exit(1) from None


def client_of(target: str, workspace: str, how: Reached | None = None) -> Client:
    """A client; ends the command when it cannot be made so. `how` as above."""
    from exam_sessions.client.client import Client  # noqa: PLC0415 - `--help` needs no gRPC
    from exam_sessions.client.security import PlainToken  # noqa: PLC0415 - as above
    from exam_sessions.pem import Unfit  # noqa: PLC0415 - as above

    how = how or reached()
    token = how.token() if how.token else None
    try:
        return Client(target, workspace, actor(), token=token, **how.security.for_client())
    except PlainToken as error:
        fail(str(error), "say --tls, and --ca FILE; or --insecure-token, where something else encrypts", MISUSED)
    except Unfit as error:
        fail(str(error), error.way_out)
    except ValueError as error:
        fail(str(error), "see --tls, --ca, --cert and --key in --help", MISUSED)


def tell(refused: Refused) -> None:
    """Says what the service refused and why: its words, the reason to look up, and the fields at fault."""
    note(Text.assemble(("refused: ", "bold red"), str(refused)))
    known = ", ".join(f"{name}={value}" for name, value in sorted(refused.facts.items()))
    note(Text.assemble(("reason:  ", "bold"), refused.reason, (f"  {known}" if known else "", "dim")))
    for violation in refused.violations:
        note(Text.assemble(("field:   ", "bold"), violation.field, " ", violation.description))
    if hint := HINTS.get(refused.reason):
        note(Text.assemble(("next:    ", "bold"), complete_commands(hint)))


def _way_out(target: str) -> str:
    if target == DEFAULT_TARGET:
        return "start one with `exam-sessions serve`"
    from exam_sessions.client.security import is_local  # noqa: PLC0415 - as above

    if is_local(target):
        return f"start one with `exam-sessions serve --listen {target}`"
    return "is it running, and is --target right?"


def actor() -> str:
    """The name of this caller in the history: `cli:` and the user's name, where it can be sent."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "cli"
    return f"cli:{name}" if re.fullmatch(r"[\x21-\x7e]{1,100}", name) else "cli"
