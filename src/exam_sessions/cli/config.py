"""`exam-sessions config`: which settings a server would have, and where each comes from."""

import json as json_text
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import typer
from rich.text import Text

from exam_sessions.cli.shared.console import note, say, show, table
from exam_sessions.cli.shared.settings_options import config_file, takes_settings
from exam_sessions.settings import DECLARED, PREFIX

cli = typer.Typer(no_args_is_help=True, help="See which settings a server has, and where they come from.")

EPILOG = """[bold]Examples[/]
exam-sessions config show
exam-sessions config show --config /etc/exam-sessions/exam-sessions.toml -o json
exam-sessions config show --workers 2 --listen 0.0.0.0:50051

It takes every flag of `exam-sessions serve`, so that a command line can be tried: write `config show` for `serve`. A
flag wins over its variable, a variable over the file, the file over the default. Passwords are not shown.
"""


class Form(StrEnum):
    """How settings are written."""

    TABLE = "table"
    JSON = "json"
    TOML = "toml"


class InForce(NamedTuple):
    """A setting as a server would have it."""

    name: str
    value: Any
    """Without its secrets."""
    source: str
    """flag, environment, file or default."""
    place: str
    """The flag, the variable, or the line of the file."""
    has_secret: bool


@cli.command("show", epilog=EPILOG)
@takes_settings(hidden=True)
def show_config(
    ctx: typer.Context,
    *,
    output: Annotated[
        Form, typer.Option("--output", "-o", metavar="FORM", help=f"How: {', '.join(Form)}.")
    ] = Form.TABLE,
    **given: Any,
) -> None:
    """Shows every setting that is in force, with where it comes from; opens neither a port nor a database."""
    settings = [_in_force(ctx, name, value) for name, value in given.items()]
    if output is Form.JSON:
        file = config_file(ctx)
        shown = {each.name: {"value": each.value, "source": each.source, "place": each.place} for each in settings}
        say(json_text.dumps({"config": file.path if file else "", "settings": shown}))
    elif output is Form.TOML:
        for each in settings:
            say(_line(each))
        if any(each.has_secret for each in settings):
            note("what holds a password stands there as a comment, without it")
    else:
        rows = table("setting", "value", "from", "", whole=("setting", "from"))
        for each in settings:
            style = "" if each.source != "default" else "dim"
            rows.add_row(each.name, Text(_toml(each.value), style=style), Text(each.source, style), Text(each.place))
        show(rows)


def _in_force(ctx: typer.Context, name: str, value: Any) -> InForce:
    option = DECLARED[name].option
    shown = option.without_secrets(value)
    source = ctx.get_parameter_source(name)
    file = config_file(ctx)
    flag = name.replace("_", "-")
    match source.name if source else "":
        case "COMMANDLINE":
            source_place = ("flag", f"--{flag}" if value is not False else f"--no-{flag}")
        case "ENVIRONMENT":
            source_place = ("environment", PREFIX + name.upper())
        case "DEFAULT_MAP":
            assert file
            source_place = ("file", f"{file.path}:{file.lines[name]}")
        case _:
            source_place = ("default", "")
    return InForce(name, shown, *source_place, has_secret=shown != value)


def _line(setting: InForce) -> str:
    """A setting as a line of a configuration file; one that lacks its secret is a comment."""
    line = f"{setting.name} = {_toml(setting.value)}"
    place = f" {setting.place}" if setting.place else ""
    return f"{'# ' if setting.has_secret else ''}{line}  # {setting.source}{place}"


def _toml(value: Any) -> str:
    """A value as TOML writes it: JSON's texts, numbers and switches are written alike."""
    return json_text.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
