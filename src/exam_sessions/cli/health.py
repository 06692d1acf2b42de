"""`exam-sessions health`: whether a server serves, for people and for whatever watches over containers."""

from typing import Annotated

import typer

from exam_sessions.cli.shared.connection import DEFAULT_TARGET, Target, connected
from exam_sessions.cli.shared.console import REFUSED, say

WELL = "SERVING"
NAMES = {"readiness": "", "liveness": "liveness"}
"""What can be asked for, and its name in grpc.health.v1."""

EPILOG = """[bold]Examples[/]
exam-sessions health
exam-sessions health --target exams.example.org:50051 && echo "open for work"
exam-sessions health liveness

It prints the status of the server, SERVING or NOT_SERVING. Readiness: the database answers, can be
read and written, and the server is not being stopped. Liveness: the process works, whatever its database
does; restarting it would not help. The exit code is 0 only for SERVING.
"""


def _name(text: str) -> str:
    if text not in NAMES:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(NAMES)}")
    return text


def health(
    name: Annotated[
        str, typer.Argument(help=f"What to ask for: {' or '.join(NAMES)}.", metavar="[NAME]", parser=_name)
    ] = "readiness",
    target: Target = DEFAULT_TARGET,
) -> None:
    """Asks a server whether it serves; exit code 0 only when it does."""
    with connected(target, workspace="") as client:
        status = client.health(NAMES[name])
    say(status)
    if status != WELL:
        raise typer.Exit(REFUSED)
