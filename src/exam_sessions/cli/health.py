"""`exam-sessions health`: whether a server serves, for people and for whatever watches over containers."""

from __future__ import annotations

import typer

from exam_sessions.cli.connection import DEFAULT_TARGET, Target, connected
from exam_sessions.cli.console import REFUSED, say

WELL = "SERVING"

EPILOG = """[bold]Examples[/]
exam-sessions health
exam-sessions health --target exams.example.org:50051 && echo "open for work"

It prints what the server says of itself, SERVING or NOT_SERVING: a server serves while its database
answers and nobody has told it to stop. The exit code is 0 only for SERVING.
"""


def health(target: Target = DEFAULT_TARGET) -> None:
    """Asks a server whether it serves; exit code 0 only when it does."""
    with connected(target, workspace="") as client:
        status = client.health()
    say(status)
    if status != WELL:
        raise typer.Exit(REFUSED)
