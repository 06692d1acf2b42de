"""Running commands of the tree in this process."""

from __future__ import annotations

import io
import os
import shlex
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from typing import NamedTuple

from typer.testing import CliRunner

from command_tree import tree
from exam_sessions.cli.shared.console import out
from exam_sessions.cli.shared.terminal_texts import show_what_can_be_shown


def parsed(words):
    """Parses what is typed, and runs nothing. Raises what the parser raises."""
    command, context = tree(), None
    left = list(words)
    while hasattr(command, "commands"):
        context = command.make_context(command.name or "exam-sessions", left, parent=context, allow_extra_args=True)
        name, command, left = command.resolve_command(context, [*context._protected_args, *context.args])
    return command.make_context(name, left, parent=context)


class Run(NamedTuple):
    """What came of a command."""

    code: int
    stdout: str
    stderr: str
    exception: BaseException | None


def run(*words, charset="utf-8", **environment):
    """Runs a command; an exception that nobody handled is kept."""
    runner = CliRunner(charset=charset)
    with runner.isolation(env={"COLUMNS": "200", **environment}) as (out, err, _):
        show_what_can_be_shown()
        code, exception = ended(words)
        sys.stdout.flush()
        sys.stderr.flush()
        said = [stream.getvalue().decode(charset, "replace") for stream in (out, err)]
    return Run(code, *said, exception)


def ended(words):
    """The exit code of a command, -1 with an exception that nobody handled."""
    try:
        tree().main([*map(str, words)], prog_name="exam-sessions")
    except SystemExit as end:
        return end.code or 0, None
    except BaseException as unexpected:  # noqa: BLE001 - it is what the test is about
        return -1, unexpected
    return 0, None


def split(words):
    """Words as a shell splits them."""
    return shlex.split(words)


def run_for_nobody(*words):
    """Runs a command whose stdout is a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    code, exception = 0, None
    # What is left in the buffer when the file is closed has no reader either.
    with (
        suppress(BrokenPipeError),
        os.fdopen(writing, "w") as pipe,
        redirect_stderr(io.StringIO()) as said,
        redirect_stdout(pipe),
    ):
        code, exception = ended(words)
    # The console of the process is quiet after that, with what it could not write; elsewhere a process ends then.
    out.quiet = False
    out._buffer.clear()
    return Run(code, "", said.getvalue(), exception)
