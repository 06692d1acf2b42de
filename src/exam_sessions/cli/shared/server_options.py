"""The options of every command that calls a server: how to reach it safely, and who calls.

They are added to each command that takes --target. Flags win over the environment, and that over the context.
"""

from __future__ import annotations

import os
from contextvars import ContextVar
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand
from typer.main import get_command

from exam_sessions.cli.shared.contexts import Context, Contexts
from exam_sessions.cli.shared.hints import TARGET_VARIABLE, set_typed
from exam_sessions.cli.shared.output import Output, set_output, set_zone
from exam_sessions.cli.shared.token_source import VARIABLE, check_source, token_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PANEL = "Server"
PREFIX = "EXAM_SESSIONS_"
ZONE_VARIABLE = f"{PREFIX}TZ"
NAMES = ("context", "tls", "ca", "cert", "key", "token", "insecure_token")
"""The options that are added."""


def option(*flags: str, told: str, **more: Any) -> Any:
    """An option in the panel of the server's."""
    return typer.Option(*flags, help=told, rich_help_panel=PANEL, **more)


Tls = Annotated[bool | None, option("--tls/--no-tls", told="Use TLS; so do the files below.", envvar=f"{PREFIX}TLS")]
Ca = Annotated[str, option(told="The CAs of the server, PEM.", metavar="FILE", envvar=f"{PREFIX}CA")]
Cert = Annotated[str, option(told="Your certificate, PEM.", metavar="FILE", envvar=f"{PREFIX}CERT")]
Key = Annotated[str, option(told="Its key, PEM.", metavar="FILE", envvar=f"{PREFIX}KEY")]
Token = Annotated[
    str,
    option(
        told=f"Where your API key or token is: file:PATH, env:NAME, or - to be asked. Or set {PREFIX}TOKEN.",
        metavar="WHERE",
    ),
]
InsecureToken = Annotated[
    bool | None,
    option(
        "--insecure-token/--no-insecure-token",
        told="Send the token to other machines without TLS, too.",
        envvar=f"{PREFIX}INSECURE_TOKEN",
    ),
]


def _options(
    context: Annotated[
        str, option(told="A server by its name: `context add`.", metavar="NAME", envvar=f"{PREFIX}CONTEXT")
    ] = "",
    tls: Tls = None,
    ca: Ca = "",
    cert: Cert = "",
    key: Key = "",
    token: Token = "",
    insecure_token: InsecureToken = None,
) -> None:
    """Never called: its parameters are the options."""


def _set_output(chosen: Output) -> Output:
    set_output(chosen)
    return chosen


def _set_zone(name: str) -> str:
    try:
        set_zone(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return name


def _shown(
    output: Annotated[
        Output,
        typer.Option(
            "--output",
            "-o",
            case_sensitive=False,
            is_eager=True,
            callback=_set_output,
            help="How results are printed: wide and csv have every column, json is --json.",
        ),
    ] = Output.TABLE,
) -> None:
    """Never called: the option of commands that print results."""


def _timed(
    tz: Annotated[
        str,
        option(
            "--tz",
            told="The time zone of times, such as Europe/Berlin or UTC.",
            metavar="ZONE",
            envvar=ZONE_VARIABLE,
            show_default="this machine's",
            is_eager=True,
            callback=_set_zone,
        ),
    ] = "",
) -> None:
    """Never called: the option of commands that show or take times."""


class Reached(NamedTuple):
    """How the server of a command is reached."""

    security: Context = Context()
    """Files and switches: of the flags, the environment and the context, each before the next."""
    token: Callable[[], Callable[[], str]] | None = None
    """Finds what returns the token; asked when a connection is made."""
    typed: tuple[str, ...] = ()
    """The words of the command line that say how."""


_reached: ContextVar[Reached] = ContextVar("reached", default=Reached())  # noqa: B039 - it is never changed


def reached() -> Reached:
    """How the server of the command that runs is reached."""
    return _reached.get()


class ServerCommand(TyperCommand):
    """A command that has these options too, where it takes --target; and target and workspace of the context."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._reaches = any(getattr(p, "envvar", None) == TARGET_VARIABLE for p in self.params)
        self._shows = any(p.name == "json" for p in self.params)
        if self._shows:
            self.params += options_of(_shown)
        if self._reaches:
            self.params += [*options_of(_timed), *options_of(_options)]

    def invoke(self, ctx: Any) -> Any:
        """Carries the command out."""
        ctx.params.pop("tz", None)
        if self._shows:
            is_json = ctx.params.pop("output") is Output.JSON or ctx.params["json"]
            ctx.params["json"] = is_json
            if is_json:
                set_output(Output.JSON)
        typed = _typed(self.params, ctx) if self._reaches else ()
        set_typed(typed, ctx.find_root().command.variables_of)
        if not self._reaches:
            return super().invoke(ctx)
        given = {name: ctx.params.pop(name) for name in NAMES}
        context = _context(given.pop("context"), target_is_given=_is_given(ctx, "target"))
        for name in ("target", "workspace"):
            if name in ctx.params and not _is_given(ctx, name):
                ctx.params[name] = getattr(context, name) or ctx.params[name]
        token = _token(given.pop("token"), context.token)
        before = _reached.set(Reached(_security(given, context), token, typed))
        try:
            return super().invoke(ctx)
        finally:
            _reached.reset(before)


def _is_given(ctx: Any, name: str, *sources: str) -> bool:
    return ctx.get_parameter_source(name).name in (sources or ("COMMANDLINE", "ENVIRONMENT"))


def _context(name: str, *, target_is_given: bool) -> Context:
    """The context that is named, or in use. Who names a server does not mean the one in use, nor its credentials."""
    if name:
        return Contexts.read().named(name)
    if target_is_given:
        return Context()
    contexts = Contexts.read()
    return contexts.named(contexts.current) if contexts.current else Context()


def _security(given: dict[str, Any], context: Context) -> Context:
    if given["tls"] is False:
        context = replace(context, ca="", cert="", key="")
    if given["cert"] or given["key"]:
        context = replace(context, cert="", key="")
    return replace(context, **{name: value for name, value in given.items() if value not in {"", None}})


def _token(flag: str, kept: str) -> Callable[[], Callable[[], str]] | None:
    """What finds the token that the flag, the environment or the context means."""
    if flag:
        check_source(flag)
    means = flag or os.environ.get(VARIABLE, "") or kept
    return cache(lambda: token_of(means)) if means else None


def _typed(parameters: Sequence[Any], ctx: Any) -> tuple[str, ...]:
    words: list[str] = []
    for parameter in parameters:
        name = parameter.name
        if name in {"target", "workspace", *NAMES} and _is_given(ctx, name, "COMMANDLINE"):
            value = ctx.params[name]
            switch = parameter.opts[0] if value is not False else parameter.secondary_opts[0]
            words += [switch] if isinstance(value, bool) else [switch, value]
    return tuple(words)


@cache
def options_of(function: Callable[..., None]) -> list[Any]:
    """The options in the signature of a function that is never called, as typer makes them."""
    app = typer.Typer(add_completion=False)
    app.command()(function)
    return [parameter for parameter in get_command(app).params if parameter.name != "help"]
