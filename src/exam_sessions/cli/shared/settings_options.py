"""The options that settings are given with, made from their declarations in settings.py, and `--config` beside them.

Click decides which counts: a flag, else the variable, else the file (its `default_map`), else the default.
"""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from exam_sessions.cli.shared.console import MISUSED, fail, note
from exam_sessions.cli.shared.server_options import ServerCommand, options_of
from exam_sessions.configuration.config_file import ConfigFile, UnfitFile, read_config
from exam_sessions.configuration.database_place import default_database_url
from exam_sessions.configuration.option import LARGEST
from exam_sessions.settings import DECLARED, PREFIX, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., None]")

DEFAULTS = Settings()
CONFIG_VARIABLE = f"{PREFIX}CONFIG"
VARIABLES = {PREFIX + name.upper(): name for name in DECLARED}
"""The setting of each environment variable."""


def option_of(name: str, **more: Any) -> Any:
    """The option of a setting, as typer takes it."""
    kind, option = DECLARED[name]
    words: list[str] = []
    if kind is bool:
        flag = name.replace("_", "-")
        words = [f"--{flag}/--no-{flag}"]
    else:
        more["metavar"] = option.metavar
    if option.least is not None:
        more |= {"min": option.least, "max": LARGEST if option.most is None else option.most}
    if option.choices:
        more["parser"] = _chooser(name)
    if name == "database_url":
        more["show_default"] = "./exam-sessions.db if it exists, else in your data directory"
    return typer.Option(*words, envvar=PREFIX + name.upper(), help=option.summary, **more)


def _chooser(name: str) -> Callable[[str], str]:
    option = DECLARED[name].option

    def choose(text: str) -> str:
        found = option.choice(text)
        if found is None:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(option.choices)}")
        return found

    return choose


DatabaseUrl = Annotated[str, option_of("database_url")]


def takes_settings(*, hidden: bool = False) -> Callable[[Command], Command]:
    """Gives a command that takes `**given` an option for each setting, beside its own parameters."""

    def give(command: Command) -> Command:
        taken = Signature.from_callable(command, eval_str=True).parameters.values()
        own = [parameter for parameter in taken if parameter.kind != Parameter.VAR_KEYWORD]
        options = [
            Parameter(
                name,
                Parameter.KEYWORD_ONLY,
                default=getattr(DEFAULTS, name),
                annotation=Annotated[declared.kind, option_of(name, hidden=hidden)],
            )
            for name, declared in DECLARED.items()
        ]
        command.__signature__ = Signature([*own, *options])  # type: ignore[attr-defined]
        return command

    return give


class SettingsCommand(ServerCommand):
    """A command that also takes --config, where it takes a setting."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if any(getattr(parameter, "envvar", None) in VARIABLES for parameter in self.params):
            self.params[:0] = options_of(_options)

    def invoke(self, ctx: Any) -> Any:
        """Carries the command out; the file has been read by now."""
        ctx.params.pop("config", None)
        if ctx.params.get("database_url") == "":
            ctx.params["database_url"] = _database_of_its_own()
        return super().invoke(ctx)


def _database_of_its_own() -> str:
    try:
        return default_database_url()
    except OSError as error:
        fail(f"no database is named, and {error.filename} cannot be made: {error.strerror}", "say --database-url")


def _read(ctx: typer.Context, path: str) -> str:
    """Has what the file says stand in for what neither a flag nor a variable does."""
    if not path:
        return path
    try:
        file = read_config(path, DECLARED)
    except UnfitFile as error:
        fail(str(error), error.way_out, MISUSED)
    if file.everybody_reads and file.passwords:
        note(
            f"warning: everybody on this machine can read {path}, which holds a password; chmod 640 {path}", "yellow"
        )
    ctx.default_map = dict(file.values)
    ctx.obj = file
    return path


def config_file(ctx: typer.Context) -> ConfigFile | None:
    """The configuration file that a command was given."""
    return ctx.obj if isinstance(ctx.obj, ConfigFile) else None


def _options(
    config: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            envvar=CONFIG_VARIABLE,
            help="Settings in TOML; flags and variables win over it.",
            is_eager=True,
            callback=_read,
        ),
    ] = "",
) -> None:
    """Never called: its parameter is the option."""
