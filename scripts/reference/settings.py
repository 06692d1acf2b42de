"""docs/reference/settings.md: every setting with its flag, variable, default and bounds."""

from __future__ import annotations

import ast
import inspect

from exam_sessions import settings
from exam_sessions.configuration.option import within
from reference.protos import table

INTRODUCTION = """\
# Settings of a server

A setting is given as a flag of `exam-sessions serve` (and of `scripts/serve`), as an environment variable, or as a
key of a file in TOML, which `--config` or `EXAM_SESSIONS_CONFIG` names. A flag wins over its variable, a variable
over the file, the file over the default; a variable that is empty counts as not set. A value that a setting cannot
have, and a key of the file that is no setting, end the start with a message that names it, before the database is
touched.

In the file settings stand by their names, one below the other, without tables: the name is the flag's, with
underscores (`tls_cert = "server.crt"`, `workers = 2`, `insecure = true`). Relative paths are relative to where the
server starts. [exam-sessions.toml](../../deploy/exam-sessions.toml) is an example.

`exam-sessions config show` takes the same flags, variables and file, and shows what is in force and where each comes
from. Commands that open the database themselves (`migrate`, `keys bootstrap` and others) take `--config` too.

Other variables belong to the command line, not to the server: those that set which server commands call
([command line](cli.md#the-server)), and what gRPC reads itself (`no_grpc_proxy` and its like).
"""


def page() -> str:
    """The page."""
    rows: list[tuple[str, ...]] = []
    texts = _docstrings()
    for name, declared in settings.DECLARED.items():
        default, option = getattr(settings.Settings(), name), declared.option
        rows.append(
            (
                f"`--{name.replace('_', '-')}`",
                f"`{settings.PREFIX}{name.upper()}`",
                f"`{_shown(default)}`" if default != "" else "empty",
                within(option.least, option.most) if option.least is not None else ", ".join(option.choices),
                texts[name],
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
