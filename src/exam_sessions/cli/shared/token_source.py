"""Where a command finds its token: in a file, in the environment, or typed when it asks; not on the command line."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from exam_sessions.cli.shared.console import MISUSED, fail
from exam_sessions.client.security import checked
from exam_sessions.configuration.file_modes import open_to_others

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = "EXAM_SESSIONS_TOKEN"
ASKED = "-"
FILE, ENVIRONMENT = "file:", "env:"
WAYS = f"--token file:PATH, --token env:NAME or --token - (asks for it); or set {VARIABLE}"


def is_source(text: str) -> bool:
    """Whether a text says where a token is, rather than being one."""
    return text == ASKED or text.startswith((FILE, ENVIRONMENT))


def check_source(text: str) -> None:
    """Ends the command when a text does not say where a token is; the text is not repeated, for it may be one."""
    if not is_source(text):
        fail(
            "--token says where the token is; the token itself could be seen by everybody on this machine, in `ps`",
            f"put it into a file that only you can read, and say {WAYS}",
            MISUSED,
        )


def token_of(text: str) -> Callable[[], str]:
    """What returns the token that a text is, or says where to find.

    A file is read before each call, so that it may be renewed.
    """
    if text.startswith(FILE):
        path = Path(text.removeprefix(FILE)).expanduser()
        _of_file(path)  # words for what is wrong, before anything is begun
        return lambda: _of_file(path)
    if text == ASKED:
        token = asked()
    elif text.startswith(ENVIRONMENT):
        name = text.removeprefix(ENVIRONMENT)
        token = _valid(os.environ.get(name, ""), f"the variable {name}")
    else:
        token = _valid(text, f"the variable {VARIABLE}")
    return lambda: token


def asked() -> str:
    """The token that is typed at a terminal, or stands on standard input."""
    if sys.stdin.isatty():
        return _valid(str(typer.prompt("Token", hide_input=True, err=True)).strip(), "what was typed")
    return _valid(sys.stdin.readline().strip(), "the first line of standard input")


def _of_file(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"the token file {path} cannot be read: {getattr(error, 'strerror', None) or error}", f"say {WAYS}")
    if stat.S_ISREG(mode) and open_to_others(mode, stat.S_IRWXG | stat.S_IRWXO):
        fail(f"others on this machine may read or write the token file {path}", f"chmod 600 {path}")
    return _valid(text.strip(), f"the token file {path}")


def _valid(token: str, where: str) -> str:
    try:
        return checked(token)
    except ValueError as error:
        fail(f"{where} holds no token: {error}", f"say {WAYS}", MISUSED)
