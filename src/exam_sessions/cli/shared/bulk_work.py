"""Work on many sessions, or for good: its preview, the question, the operation, and Ctrl-C meanwhile."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from exam_sessions.cli.shared.console import REFUSED, confirm, err, note, on_stderr, say
from exam_sessions.cli.shared.enum_names import message_json, word
from exam_sessions.cli.shared.operation_views import show_operation, tell_ways_on, wait_for
from exam_sessions.client.operations import id_of, progress_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.longrunning.operations_pb2 import Operation
    from google.protobuf.message import Message

    from exam_sessions.client.client import Client

Preview = Annotated[bool, typer.Option("--preview", help="Say what it would come to; write nothing.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Give the operation's id, and do not wait for it.")]


class Asked(NamedTuple):
    """The options of such a command."""

    preview: bool
    yes: bool
    json: bool
    no_wait: bool = False

    @property
    def needs_foresight(self) -> bool:
        """Whether the preview is shown."""
        return self.preview or not self.yes


def may_go_on(asked: Asked, foreseen: Message, show: Callable[[], None], question: str) -> bool:
    """Whether the work is to be done: not when it is only previewed. Ends the command when nobody agrees to it.

    Args:
        asked: the options.
        foreseen: the preview, for --json.
        show: prints the same for people.
        question: what a person agrees to.
    """
    if asked.preview:
        if asked.json:
            say(message_json(foreseen))
        else:
            show()
        note("nothing was written", "dim")
        return False
    if not asked.yes:
        # stdout is for what comes of it.
        with on_stderr():
            show()
        confirm(question)
    return True


def follow(client: Client, operation: Operation, asked: Asked) -> None:
    """Waits for an operation that was accepted, or gives its id; exit code 1 unless every row was done."""
    if asked.no_wait:
        say(message_json(operation) if asked.json else id_of(operation))
        tell_ways_on(operation)
        return
    note(f"cancel:  exam-sessions operations cancel {id_of(operation)}", "dim")
    watch_to_the_end(client, operation, json=asked.json)


def watch_to_the_end(
    client: Client, operation: Operation, *, json: bool = False, seconds: float = float("inf")
) -> None:
    """Waits, shows what came of it, and ends the command with 1 unless every row was done."""
    try:
        operation = wait_for(client, operation, seconds)
    except KeyboardInterrupt:
        if not _is_to_be_cancelled(operation):
            note("it goes on without being watched", "yellow")
            tell_ways_on(operation)
            raise typer.Exit(REFUSED) from None
        client.cancel(id_of(operation))
        note("asked to end after the step it is in; what was done stays done", "yellow")
        operation = wait_for(client, operation, seconds)
    if json:
        say(message_json(operation))
    else:
        show_operation(operation)
    progress = progress_of(operation)
    if word(progress, "status") != "COMPLETED" or progress.failed_count:
        raise typer.Exit(REFUSED)


def _is_to_be_cancelled(operation: Operation) -> bool:
    """Asks a person; an operation goes on where there is no terminal, or answers with Ctrl-C again."""
    if not (sys.stdin.isatty() and err.is_terminal):
        return False
    note("")
    note(f"operation {id_of(operation)} is under way")
    try:
        return typer.confirm("Cancel it? Otherwise it goes on", err=True)
    except typer.Abort:
        note("")
        return False
