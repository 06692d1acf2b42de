"""docs/reference/settings.md: every setting with its flag, variable, default and bounds."""

from __future__ import annotations

import ast
import inspect
from dataclasses import fields

from exam_sessions import settings
from reference.command_line import commands, within
from reference.protos import table

INTRODUCTION = """\
# Settings of a server

A setting is given as a flag of `exam-sessions serve` (and of `scripts/serve`), or as an environment variable; a flag
wins. A value that a setting cannot have ends the start with a message that names it.

Other variables belong to the command line, not to the server: those that say which server commands talk to
([command line](cli.md#the-server)), and what gRPC reads itself (`no_grpc_proxy` and its like).
"""


def page() -> str:
    """The page."""
    flags = {p.name: p for name, command in commands() if name == "serve" for p in command.params}
    rows: list[tuple[str, ...]] = []
    texts = _docstrings()
    for field in fields(settings.Settings):
        flag = flags.get(field.name)
        rows.append(
            (
                f"`{flag.opts[0]}`" if flag else "",
                f"`{settings.PREFIX}{field.name.upper()}`",
                f"`{_shown(field.default)}`" if field.default != "" else "empty",
                within(flag) if flag else "",
                texts[field.name],
            )
        )
    return INTRODUCTION + "\n" + table(("Flag", "Variable", "Default", "Values", "Meaning"), rows)


def _docstrings() -> dict[str, str]:
    """The text below each field."""
    (kind,) = ast.parse(inspect.getsource(settings.Settings)).body
    assert isinstance(kind, ast.ClassDef)
    found: dict[str, str] = {}
    for field, text in zip(kind.body, kind.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            assert isinstance(field.target, ast.Name)
            assert isinstance(text.value, ast.Constant)
            found[field.target.id] = " ".join(str(text.value.value).split())
    return found


def _shown(value: object) -> str:
    return f"{value:_}" if isinstance(value, int) else str(value)
