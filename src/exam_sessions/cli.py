"""The command line. Thin: arguments in, words out; the work is elsewhere."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from exam_sessions.settings import Settings

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="The session service of record for exams.")


@cli.command()
def serve(
    listen: Annotated[str | None, typer.Option(help="Host and port.")] = None,
    database_url: Annotated[str | None, typer.Option(help="The database.")] = None,
) -> None:
    """Migrates the database and serves until it is told to stop."""
    from exam_sessions import app  # noqa: PLC0415 - the rest of the command line starts faster without the server

    settings = Settings.from_environment(listen=listen, database_url=database_url)
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    app.serve(settings, lambda port: typer.echo(f"serving on {settings.listen.rsplit(':', 1)[0]}:{port}"))


@cli.command()
def migrate() -> None:
    """Brings the database to the newest schema."""


def main() -> None:
    """Runs the command line."""
    cli()
