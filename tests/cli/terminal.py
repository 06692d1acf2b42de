"""A terminal to type commands in: the real command line, in this process or in one of its own."""

from __future__ import annotations

import csv
import json
import os
import subprocess

from typer.testing import CliRunner

from command_tree import cli
from forking import program


class Terminal:
    """Types commands that talk to one workspace of one server, and looks at the exit code."""

    def __init__(self, target, workspace):
        self.where = ("--target", target, "--workspace", workspace)
        self.workspace = workspace

    def __call__(self, *words, code=0):
        """What a command said; `code` is the exit code it must end with."""
        result = CliRunner().invoke(cli, [*map(str, words), *self.where], env={"COLUMNS": "200"})
        assert result.exit_code == code, f"{words} ended with {result.exit_code}: {result.output}{result.exception!r}"
        return result

    def json(self, *words):
        """The JSON objects a command printed."""
        return [json.loads(line) for line in self(*words, "--json").stdout.splitlines()]

    def start(self, *words):
        """A command in a process of its own."""
        return start(*words, *self.where)


def start(*words, stdin=None, stdout=subprocess.PIPE, stderr=subprocess.PIPE, user=None, **environment):
    """A command in a process of its own, its output to be read; of another user where one is given."""
    pipes = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
    return program(*words, env=os.environ | environment, **pipes, text=True, user=user)


def typed(*words, code=0):
    """What a command said that talks to no server, or says where."""
    result = CliRunner().invoke(cli, [*map(str, words)], env={"COLUMNS": "200"})
    assert result.exit_code == code, f"{words} ended with {result.exit_code}: {result.output}{result.exception!r}"
    return result


def rows_of(path):
    """The rows of a CSV file by its header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
