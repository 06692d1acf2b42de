"""Commands that a message names: with the words that say which server is meant, so that they work as printed."""

from __future__ import annotations

import re
import shlex
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

IN_QUOTES = re.compile(r"`(exam-sessions [^`]+)`")
AT_THE_END = re.compile(r"(?:(?<=  )|^)(exam-sessions \S.*)$")
TARGET_VARIABLE = "EXAM_SESSIONS_TARGET"
WORKSPACE_VARIABLE = "EXAM_SESSIONS_WORKSPACE"
"""The variables of these options, by which commands are known that call a server, and one of its workspaces."""

_typed: ContextVar[tuple[str, ...]] = ContextVar("typed", default=())
_variables_of: ContextVar[Callable[[Sequence[str]], set[str]]] = ContextVar("variables_of")


def set_typed(words: tuple[str, ...], variables_of: Callable[[Sequence[str]], set[str]]) -> None:
    """Sets what is known of the command that runs.

    Args:
        words: those that say which server and workspace are meant, option by option.
        variables_of: returns the environment variables of the options of a command, by its words.
    """
    _typed.set(words)
    _variables_of.set(variables_of)


def complete_commands(text: str) -> str:
    """A text whose commands have these words too."""
    return AT_THE_END.sub(
        lambda found: _completed(found[1]), IN_QUOTES.sub(lambda found: f"`{_completed(found[1])}`", text)
    )


def _completed(command: str) -> str:
    words = list(_typed.get())
    if not words or words[0] in command.split():
        return command
    variables = _variables_of.get()(command.split()[1:])
    if TARGET_VARIABLE not in variables:
        return command
    if WORKSPACE_VARIABLE not in variables and "--workspace" in words:
        at = words.index("--workspace")
        del words[at : at + 2]
    return f"{command} {shlex.join(words)}" if words else command
