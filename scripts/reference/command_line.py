"""docs/reference/cli.md: every command with its arguments and options, read from the command line itself."""

from __future__ import annotations

import inspect
import re
from enum import Enum
from typing import TYPE_CHECKING, Any

from typer.main import get_command

from exam_sessions.cli import cli
from exam_sessions.cli.shared.server_options import PANEL
from exam_sessions.cli.tree import EPILOG
from exam_sessions.configuration import option
from reference.protos import table

if TYPE_CHECKING:
    from collections.abc import Iterator

INTRODUCTION = """\
# Command line

`exam-sessions --help`, and `--help` after every command, says the same. Commands that talk to a server take the
options below and, where sessions belong to a tenant, `--workspace NAME` (default `default`). `-` stands for standard
input wherever a file is read.

Exit codes: 0 done, 1 refused or failed, 2 the command was wrong.

In a terminal commands show progress and colours; elsewhere they print plain lines. Nothing that a name, a file or a
server says is obeyed by the terminal.
"""
SERVER_INTRODUCTION = """\
## The server

A flag wins over its variable, and that over the context: one that is named, or the one that `context use` has chosen
for commands that name neither a server nor a context. The token itself is never given on the command line, where
others could see it.
"""
MARKUP = re.compile(r"\[/?(?:bold|dim|cyan|green|red|yellow)?\]")


def page() -> str:
    """The page."""
    rows: list[tuple[str, ...]] = [
        (f"[`{name}`](#{_anchor(name)})", _sentence(command)) for name, command in commands()
    ]
    server = next(command for name, command in commands() if name == "health")
    options = [(_flags(p), f"`{p.envvar}`" if p.envvar else "", help_of(p)) for p in server.params if is_server(p)]
    sections = [INTRODUCTION, SERVER_INTRODUCTION, table(("Option", "Variable", "Meaning"), options), "## Commands\n"]
    sections += [table(("Command", "What it does"), rows), f"```text\n{plain(EPILOG)}\n```\n"]
    return "\n".join([*sections, *(_command(name, command) for name, command in commands())])


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its whole name, in the order of --help."""
    for name, command in get_command(cli).commands.items():  # type: ignore[attr-defined]
        for inner, found in getattr(command, "commands", {"": command}).items():
            yield f"{name} {inner}".strip(), found


def plain(text: str) -> str:
    """A text without the marks of rich."""
    return MARKUP.sub("", inspect.cleandoc(text)).replace("\b\n", "").strip()


def _sentence(command: Any) -> str:
    return plain(command.help or "").split("\n\n")[0].replace("\n", " ")


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _command(name: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = own_options(command)
    words = " ".join(metavar(p) for p in arguments)
    usage = f"exam-sessions {name}{' [OPTIONS]' if command.params else ''} {words}".rstrip()
    lines = [f"## {name}\n", plain(command.help or "") + "\n", f"```text\n{usage}\n```\n"]
    lines.append(table(("Argument", "Meaning"), [(f"`{metavar(p)}`", help_of(p)) for p in arguments]))
    rows: list[tuple[str, ...]] = [(_flags(p), value(p), default(p), help_of(p)) for p in options]
    lines.append(table(("Option", "Value", "Default", "Meaning"), rows))
    if command.epilog:
        lines.append(f"```text\n{plain(command.epilog)}\n```\n")
    return "\n".join(line for line in lines if line)


def own_options(command: Any) -> list[Any]:
    """The options of a command, but for those of the server."""
    options = [p for p in command.params if p.param_type_name == "option" and p.opts[0] != "--help"]
    return [p for p in options if not (is_server(p) or p.hidden)]


def is_server(parameter: Any) -> bool:
    """Whether an option is one of those that say which server is meant, and how to reach it."""
    return getattr(parameter, "rich_help_panel", None) == PANEL


def metavar(parameter: Any) -> str:
    """An argument as usage lines show it."""
    name = str(parameter.metavar or parameter.name.upper()).strip("[]")
    return name if parameter.required else f"[{name}]"


def _flags(parameter: Any) -> str:
    return ", ".join(f"`{flag}`" for flag in (*parameter.opts, *parameter.secondary_opts))


def value(parameter: Any) -> str:
    """What an option takes; nothing for a switch."""
    if parameter.is_flag:
        return ""
    kind = parameter.type_descriptor.annotation
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return ", ".join(f"`{choice.value}`" for choice in kind)
    name = parameter.metavar or getattr(kind, "__name__", "value").upper()
    bounds = within(parameter)
    return f"`{name}`" + (f", {bounds}" if bounds else "")


def within(parameter: Any) -> str:
    """The bounds of a number, in words; those that only keep it within the types of libraries are left out."""
    least, most = parameter.min, parameter.max
    if least is None:
        return ""
    return option.within(least, most)


def default(parameter: Any) -> str:
    """What holds where an option is not given; `required` where it must be."""
    default = parameter.default
    if parameter.required:
        return "required"
    if isinstance(getattr(parameter, "show_default", None), str):
        return f"({parameter.show_default})"
    if parameter.is_flag or default in (None, "", [], ()) or callable(default):
        return ""
    return f"`{getattr(default, 'value', default)}`"


def help_of(parameter: Any) -> str:
    """What an option or argument is, on one line."""
    repeated = " May be repeated." if parameter.multiple and "repeated" not in (parameter.help or "") else ""
    return plain(parameter.help or "").replace("\n", " ") + repeated
