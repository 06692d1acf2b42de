"""The tree of commands, built once in a process: it takes longer than most commands run."""

from __future__ import annotations

from functools import cache

from typer import testing
from typer.main import get_command

from exam_sessions.cli import cli

# CliRunner builds it anew for every command.
testing._get_command = cache(get_command)


def tree():
    """The whole tree of commands."""
    return testing._get_command(cli)


@cache
def leaves():
    """Every command that does something, by its words."""

    def below(command, path):
        for name, inner in command.commands.items():
            if hasattr(inner, "commands"):
                yield from below(inner, (*path, name))
            else:
                yield " ".join((*path, name)), inner

    return dict(below(tree(), ()))
