"""Which commands there are, and in which modules. A module is imported when its command runs, or all are listed."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command

if TYPE_CHECKING:
    from collections.abc import Sequence

EPILOG = """[bold]Begin here[/]
exam-sessions demo     something to see within a minute; it needs nothing
exam-sessions serve    a server that stays; then, in another terminal:
exam-sessions releases create "Maths, May" --duration 1h30m
exam-sessions import roster.csv --release "Maths, May"
exam-sessions watch    what goes on, as it happens
exam-sessions results show KEYCODE

[bold]Exit codes[/]  0 done, 1 refused or failed, 2 the command was wrong. --help after a command explains it.
"""

COMPLETION = "_EXAM_SESSIONS_COMPLETE"
"""The variable with which a shell asks for completions."""


class Part(NamedTuple):
    """A function of a module of this room, or its group `cli`."""

    module: str
    name: str = "cli"
    command: str = ""
    """Its name within the group that the first part of an entry is."""
    epilog: str = ""
    """The name of its epilog in the module."""


TREE: dict[str, tuple[Part, ...]] = {
    "demo": (Part("demo", "demo"),),
    "serve": (Part("serve", "serve", epilog="EPILOG"),),
    "protos": (Part("protos", "protos", epilog="EPILOG"),),
    "migrate": (Part("migrate", "migrate", epilog="EPILOG"),),
    "backup": (Part("backup", "backup", epilog="EPILOG"),),
    "restore": (Part("restore", "restore", epilog="EPILOG"),),
    "check": (Part("check", "check", epilog="EPILOG"),),
    "health": (Part("health", "health", epilog="EPILOG"),),
    "version": (Part("version", "version"),),
    "forms": (Part("forms"),),
    "releases": (
        Part("releases"),
        Part("release_edit", "edit_release", "edit", "EPILOG"),
        Part("release_finalize", "finalize_release", "finalize", "EPILOG"),
        Part("regrade", "regrade_release", "regrade", "EPILOG"),
    ),
    "import": (Part("import_command", "import_roster", epilog="EPILOG"),),
    "export": (Part("export", "export", epilog="EPILOG"),),
    "sessions": (
        Part("sessions"),
        Part("transition", "transition", "transition", "EPILOG"),
        Part("regrade", "regrade_session", "regrade", "SESSION_EPILOG"),
        Part("session_verbs", "book", "book"),
        Part("session_verbs", "edit", "edit"),
        Part("session_verbs", "delete", "delete"),
        Part("session_verbs", "pause", "pause"),
        Part("session_verbs", "resume", "resume"),
        Part("session_verbs", "check_in", "check-in"),
        Part("session_verbs", "unlock", "unlock"),
        Part("session_verbs", "extra_time", "extra-time"),
        Part("session_verbs", "finish", "finish"),
        Part("session_verbs", "reopen", "reopen"),
        Part("session_verbs", "retake", "retake"),
        Part("session_score", "score", "score", "EPILOG"),
        Part("session_verbs", "verify", "verify"),
        Part("session_verbs", "void", "void"),
    ),
    "marks": (Part("marks"),),
    "results": (Part("results"), Part("results_export", "export_results", "export", "EPILOG")),
    "operations": (Part("operations"),),
    "lockouts": (Part("lockouts"),),
    "candidates": (Part("candidates"),),
    "retention": (Part("candidates", "retention"),),
    "watch": (Part("watch", "watch", epilog="EPILOG"),),
    "board": (Part("board", "board", epilog="EPILOG"),),
    "stuck": (Part("stuck", "stuck", epilog="EPILOG"),),
    "audit": (Part("audit", "audit", epilog="EPILOG"),),
    "events": (Part("events"),),
    "workspaces": (Part("workspaces"),),
    "keys": (Part("keys"),),
    "context": (Part("context"),),
    "config": (Part("config"),),
    "diagram": (Part("diagram", "diagram"),),
}
"""The commands by their first word, in the order in which they are listed."""


def tree_for(words: Sequence[str]) -> typer.Typer:
    """The commands: all of them, unless what is typed begins with the word of one."""
    if words and words[0] in TREE and COMPLETION not in os.environ:
        return _tree((words[0],))
    return _tree(tuple(TREE))


def _print_version(wanted: bool) -> None:
    if wanted:
        from exam_sessions.version import VERSION  # noqa: PLC0415 - it reads the metadata of the distribution

        typer.echo(f"exam-sessions {VERSION}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """The session service of record for exams: a server, and the tools around it."""


class Root(TyperGroup):
    """The commands. Those whose module was not needed so far are found, too."""

    def variables_of(self, words: Sequence[str]) -> set[str]:
        """Returns the environment variables of a command's options, by its words; none where it is no command."""
        command: Any = get_command(tree_for(words))
        for word in words:
            command = getattr(command, "commands", {}).get(word, command)
        return {parameter.envvar for parameter in command.params if isinstance(parameter.envvar, str)}


@cache
def _tree(names: tuple[str, ...]) -> typer.Typer:
    cli = typer.Typer(
        cls=Root,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        help=_root.__doc__,
        epilog=EPILOG,
    )
    cli.callback()(_root)
    for name in names:
        head, *rest = TREE[name]
        found = _found(head)
        if isinstance(found, typer.Typer):
            group = _copied(found)
            for part in rest:
                _add(group, part.command, part)
            cli.add_typer(group, name=name)
        else:
            _add(cli, name, head)
    return cli


def _found(part: Part) -> Any:
    return getattr(import_module(f"exam_sessions.cli.{part.module}"), part.name)


def _add(group: typer.Typer, name: str, part: Part) -> None:
    module = import_module(f"exam_sessions.cli.{part.module}")
    epilog = getattr(module, part.epilog) if part.epilog else None
    group.command(name, epilog=epilog, cls=_command_class())(getattr(module, part.name))


def _copied(group: typer.Typer) -> typer.Typer:
    """A group with the same commands, each with the options that commands have in common."""
    copy = typer.Typer(no_args_is_help=True, help=group.info.help)
    copy.registered_callback = group.registered_callback
    for command in group.registered_commands:
        command.cls = _command_class()
        copy.registered_commands.append(command)
    return copy


@cache
def _command_class() -> Any:
    from exam_sessions.cli.shared.settings_options import SettingsCommand  # noqa: PLC0415 - `--help` of the root needs it not

    return SettingsCommand
