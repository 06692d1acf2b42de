"""Commands that a message names: with the words that say which server is meant, so that they work as printed."""

from __future__ import annotations

import re
import shlex
from contextvars import ContextVar

IN_QUOTES = re.compile(r"`(exam-sessions [^`]+)`")
AT_THE_END = re.compile(r"(?:(?<=  )|^)(exam-sessions \S.*)$")
LOCAL = frozenset(
    {"serve", "context", "demo", "protos", "migrate", "backup", "restore", "check", "config", "diagram"}
)
"""Commands that call no server, or one of their own."""
OF_NO_WORKSPACE = frozenset({"keys", "workspaces", "health"})

_typed: ContextVar[tuple[str, ...]] = ContextVar("typed", default=())


def set_typed(words: tuple[str, ...]) -> None:
    """Sets the words of the command that runs that say which server and workspace are meant, option by option."""
    _typed.set(words)


def complete_commands(text: str) -> str:
    """A text whose commands have these words too."""
    return AT_THE_END.sub(
        lambda found: _completed(found[1]), IN_QUOTES.sub(lambda found: f"`{_completed(found[1])}`", text)
    )


def _completed(command: str) -> str:
    words = list(_typed.get())
    name = command.split()[1]
    if name in LOCAL or not words or words[0] in command.split():
        return command
    if name in OF_NO_WORKSPACE and "--workspace" in words:
        at = words.index("--workspace")
        del words[at : at + 2]
    return f"{command} {shlex.join(words)}" if words else command
