"""`exam-sessions serve`, and words for what goes wrong at start."""

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from exam_sessions import logs
from exam_sessions.cli.shared.console import MISUSED, REFUSED, fail, note
from exam_sessions.cli.shared.database_faults import database_faults
from exam_sessions.cli.shared.settings_options import DEFAULTS, takes_settings
from exam_sessions.configuration.database_place import names_new_file
from exam_sessions.configuration.database_urls import without_password
from exam_sessions.settings import Settings

if TYPE_CHECKING:
    from exam_sessions import app

EPILOG = """[bold]Examples[/]
exam-sessions serve
exam-sessions serve --listen 0.0.0.0:50051 --tls-cert server.crt --tls-key server.key --auth keys
exam-sessions serve --listen unix:/run/exam-sessions.sock
exam-sessions serve --workers 2 --database-url postgresql://exams:secret@db.example/exams
exam-sessions serve --config /etc/exam-sessions/exam-sessions.toml
EXAM_SESSIONS_LOG_LEVEL=WARNING exam-sessions serve

It prints one line, `serving on HOST:PORT`, when it is ready. SIGTERM or Ctrl-C ends it, once the
calls under way are answered. `exam-sessions config show` says which settings are in force, and why.
"""


@takes_settings()
def serve(**given: Any) -> None:
    """Brings the database to the newest schema and serves until it is stopped."""
    settings = Settings(**given)
    _check_listen(settings)
    logs.configure(settings.log_level, settings.log_format)

    made = ", which was made now" if names_new_file(settings.database_url) else ""

    def ready(addresses: Sequence[str]) -> None:
        note(f"database: {without_password(settings.database_url)}{made}", style="dim")
        typer.echo(f"serving on {', '.join(addresses)}")
        if sys.stderr.isatty():
            at = "" if settings.listen == DEFAULTS.listen else f" --target {addresses[0]}"
            at += " --tls --ca FILE" if settings.tls_cert and not addresses[0].startswith("unix:") else ""
            note(f"in another terminal, try:  exam-sessions demo{at}", style="dim")

    with database_faults(settings.database_url):
        from exam_sessions import app  # noqa: PLC0415 - other commands start faster without the server

        try:
            app.serve(settings, ready)
        except app.CannotServe as error:
            _cannot_serve(error)


def _check_listen(settings: Settings) -> None:
    """Ends the command where no server can listen: gRPC reports it late, and without the reason."""
    with _without_collections():
        from exam_sessions import app  # noqa: PLC0415 - other commands start faster without the server

    try:
        app.check_addresses(settings)
    except app.CannotServe as error:
        _cannot_serve(error)


@contextmanager
def _without_collections() -> Iterator[None]:
    """Looks for no garbage meanwhile: what is imported stays, and to look through it again and again takes 0.1 s."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _cannot_serve(error: "app.CannotServe") -> NoReturn:
    from exam_sessions import app  # noqa: PLC0415 - as above

    fail(str(error), error.way_out, REFUSED if isinstance(error, app.CannotListen) else MISUSED)
