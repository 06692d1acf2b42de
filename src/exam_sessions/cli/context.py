"""`exam-sessions context`: servers by name, so that nobody types addresses, files and keys again and again."""

import json as json_text
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from exam_sessions.cli.shared.connection import Json, client_of
from exam_sessions.cli.shared.console import MISUSED, facts, fail, note, say, show, table
from exam_sessions.cli.shared.contexts import Context, Contexts, contexts_file
from exam_sessions.cli.shared.server_options import Reached
from exam_sessions.cli.shared.token_source import ASKED, FILE, asked, check_source, is_source

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

ADD_EPILOG = """[bold]Examples[/]
exam-sessions context add prod --target exams.example.org:50051 --ca ca.crt --token file:~/.exams-token
exam-sessions context add prod --target exams.example.org:50051 --ca ca.crt --token -
exam-sessions context use prod

--token - asks for the token and keeps it with the context, in a file that only you can read; otherwise only the place
of the token is kept. Flags win over the environment, and that over the context. A command with --target does not use
the context that `context use` has chosen, nor its credentials.
"""

cli = typer.Typer(no_args_is_help=True, help="Keep servers by name, with what is needed to reach them.")
Name = Annotated[str, typer.Argument(help="The name of the context.", metavar="NAME")]


def _file(told: str) -> Any:
    return typer.Option(help=told, metavar="FILE")


@cli.command("add", epilog=ADD_EPILOG)
def add(
    name: Name,
    *,
    target: Annotated[str, typer.Option(metavar="HOST:PORT", help="The server, or unix:PATH.")],
    workspace: Annotated[str, typer.Option(metavar="NAME", help="The tenant whose sessions are meant.")] = "",
    tls: Annotated[bool | None, typer.Option("--tls/--no-tls", help="Use TLS; so do the files below.")] = None,
    ca: Annotated[str, _file("The CAs of the server, PEM.")] = "",
    cert: Annotated[str, _file("Your certificate, PEM.")] = "",
    key: Annotated[str, _file("Its key, PEM.")] = "",
    token: Annotated[str, typer.Option(metavar="WHERE", help="file:PATH, env:NAME, or - to be asked.")] = "",
    insecure_token: Annotated[
        bool, typer.Option("--insecure-token", help="Send the token to another machine without TLS, too.")
    ] = False,
    over: Annotated[bool, typer.Option("--replace", help="Where there is one of that name.")] = False,
) -> None:
    """Adds a context; it is checked, but the server need not be there yet."""
    if not NAME.fullmatch(name):
        fail(f"{name!r} is no name of a context", "use letters, digits, dots, hyphens and underscores", MISUSED)
    contexts = Contexts.read()
    if name in contexts.all and not over:
        fail(f"there is a context {name} already", "say --replace, or choose another name")
    files = {each: _absolute(path) for each, path in (("ca", ca), ("cert", cert), ("key", key))}
    kept = _kept(token) if token else ""
    context = Context(target, workspace, tls, **files, token=kept, insecure_token=insecure_token or None)
    # Files that do not fit, and tokens in plain text, are found out now.
    with client_of(target, workspace, Reached(context, (lambda: lambda: "x") if kept else None)):
        pass
    contexts.all[name] = context
    contexts.write()
    note(f"{name} is kept in {contexts_file()}")
    if contexts.current != name:
        note(f"next:  exam-sessions context use {name}")


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute()) if path else ""


def _kept(token: str) -> str:
    check_source(token)
    if token == ASKED:
        return asked()
    return FILE + _absolute(token.removeprefix(FILE)) if token.startswith(FILE) else token


@cli.command("use")
def use(name: Name) -> None:
    """Has commands that name no server and no context use this one."""
    contexts = Contexts.read()
    context = contexts.named(name)
    contexts.current = name
    contexts.write()
    say(f"commands talk to {context.target} from now on")


@cli.command("list")
def list_contexts(*, json: Json = False) -> None:
    """Lists the contexts; the one in use has a star."""
    contexts = Contexts.read()
    if json:
        for name, context in sorted(contexts.all.items()):
            say(json_text.dumps({"name": name, "current": name == contexts.current, **_shown(context)}))
        return
    if not contexts.all:
        note("there are none; next:  exam-sessions context add NAME --target HOST:PORT")
        return
    shown = table("", "name", "target", "workspace", "TLS", whole=("name", "target"))
    for name, context in sorted(contexts.all.items()):
        star = "*" if name == contexts.current else ""
        tls = "yes" if context.has_tls else "no"
        shown.add_row(star, Text(name), Text(context.target), Text(context.workspace or "default"), tls)
    show(shown)


@cli.command("show")
def show_context(
    name: Annotated[str, typer.Argument(help="The context; the one in use without it.", metavar="[NAME]")] = "",
    *,
    json: Json = False,
) -> None:
    """Shows a context; a token that is kept with it is not shown."""
    contexts = Contexts.read()
    if not (name or contexts.current):
        fail("no context is in use", "name one, or choose one: exam-sessions context use NAME")
    name = name or contexts.current
    shown = _shown(contexts.named(name))
    if json:
        say(json_text.dumps({"name": name, "current": name == contexts.current, **shown}))
        return
    show(facts([("name", name), *((each.replace("_", " "), str(value)) for each, value in shown.items())]))


@cli.command("remove")
def remove(name: Name) -> None:
    """Removes a context, with the token that is kept with it."""
    contexts = Contexts.read()
    contexts.named(name)
    del contexts.all[name]
    if contexts.current == name:
        contexts.current = ""
        note("no context is in use now")
    contexts.write()
    say(f"{name} is removed")


def _shown(context: Context) -> dict[str, Any]:
    if context.token and not is_source(context.token):
        return context.given() | {"token": "kept with the context"}
    return context.given()
