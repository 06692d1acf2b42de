"""`exam-sessions serve` and `migrate`: settings from flags and environment, words for what goes wrong at start."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from exam_sessions import logs
from exam_sessions.cli.shared.console import MISUSED, REFUSED, fail, note, say
from exam_sessions.settings import PREFIX, TRANSPORTS, Settings

if TYPE_CHECKING:
    from exam_sessions import app

DEFAULTS = Settings()
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LARGEST = 2**31 - 1
"""What libraries and databases take for a number: a setting is no larger."""


def setting(name: str, told: str, **more: Any) -> Any:
    """The option of one setting, with its environment variable."""
    if "min" in more:
        more.setdefault("max", LARGEST)
    return typer.Option(envvar=PREFIX + name.upper(), help=told, **more)


def _level(text: str) -> str:
    if text.upper() not in LEVELS:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(LEVELS)}")
    return text.upper()


def _transport(text: str) -> str:
    if text not in TRANSPORTS:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(TRANSPORTS)}")
    return text


DatabaseUrl = Annotated[
    str,
    setting(
        "database_url",
        "sqlite:///FILE, made when it is missing, or postgresql://USER:PASSWORD@HOST/NAME.",
        metavar="URL",
    ),
]

EPILOG = """[bold]Examples[/]
exam-sessions serve
exam-sessions serve --listen 0.0.0.0:50051 --tls-cert server.crt --tls-key server.key --auth keys
exam-sessions serve --listen unix:/run/exam-sessions.sock
exam-sessions serve --workers 2 --database-url postgresql://exams:secret@db.example/exams
EXAM_SESSIONS_LOG_LEVEL=WARNING exam-sessions serve

It prints one line, `serving on HOST:PORT`, when it is ready. SIGTERM or Ctrl-C ends it, once the
calls under way are answered.
"""


def serve(
    listen: Annotated[
        str,
        setting("listen", "Where to listen, or unix:PATH; several with commas.", metavar="HOST:PORT"),
    ] = DEFAULTS.listen,
    tls_cert: Annotated[
        str, setting("tls_cert", "The server's certificate, with those up to its CA.", metavar="FILE")
    ] = DEFAULTS.tls_cert,
    tls_key: Annotated[str, setting("tls_key", "Its key.", metavar="FILE")] = DEFAULTS.tls_key,
    tls_client_ca: Annotated[
        str, setting("tls_client_ca", "The CA of clients: only those with its certificates may call.", metavar="FILE")
    ] = DEFAULTS.tls_client_ca,
    mtls_listen: Annotated[
        str,
        setting(
            "mtls_listen",
            "Where a client certificate is needed; --listen then asks for none.",
            metavar="HOST:PORT",
        ),
    ] = DEFAULTS.mtls_listen,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", envvar=f"{PREFIX}INSECURE", help="Serve other machines without TLS."),
    ] = DEFAULTS.insecure,
    auth: Annotated[
        str,
        setting("auth", "How callers are authenticated: none, or some of keys, jwt, certificates.", metavar="WAYS"),
    ] = DEFAULTS.auth,
    auth_config: Annotated[
        str, setting("auth_config", "Whom tokens and client certificates prove, in TOML.", metavar="FILE")
    ] = DEFAULTS.auth_config,
    candidate_id_keys: Annotated[
        str, setting("candidate_id_keys", "Keys with which candidate ids are hashed.", metavar="FILE")
    ] = DEFAULTS.candidate_id_keys,
    open_reflection: Annotated[
        bool,
        typer.Option(
            "--open-reflection",
            envvar=f"{PREFIX}OPEN_REFLECTION",
            help="Describe the services to callers without a credential, too.",
        ),
    ] = DEFAULTS.open_reflection,
    database_url: DatabaseUrl = DEFAULTS.database_url,
    direct_database_url: Annotated[
        str,
        setting(
            "direct_database_url",
            "The same database without its pooler, where that pools transactions.",
            metavar="URL",
        ),
    ] = DEFAULTS.direct_database_url,
    database_silence_s: Annotated[
        float,
        setting("database_silence_s", "How long the database may say nothing.", min=0.1, metavar="SECONDS"),
    ] = DEFAULTS.database_silence_s,
    lock_timeout_s: Annotated[
        float,
        setting("lock_timeout_s", "How long PostgreSQL may wait for a lock.", min=0.1, metavar="SECONDS"),
    ] = DEFAULTS.lock_timeout_s,
    statement_timeout_s: Annotated[
        float,
        setting("statement_timeout_s", "How long PostgreSQL may work on a statement.", min=1, metavar="SECONDS"),
    ] = DEFAULTS.statement_timeout_s,
    linger_ms: Annotated[
        float, setting("linger_ms", "How long overlapping calls wait for more of them; 0 never.", min=0, metavar="MS")
    ] = DEFAULTS.linger_ms,
    tick_ms: Annotated[
        float, setting("tick_ms", "How often windows and deadlines are looked at.", min=1, metavar="MS")
    ] = DEFAULTS.tick_ms,
    max_message_bytes: Annotated[
        int, setting("max_message_bytes", "The largest request.", min=1, max=2**30, metavar="BYTES")
    ] = DEFAULTS.max_message_bytes,
    bytes_in_flight: Annotated[
        int,
        setting(
            "bytes_in_flight",
            "What all requests under way may take; more are refused.",
            min=1,
            max=2**62,
            metavar="BYTES",
        ),
    ] = DEFAULTS.bytes_in_flight,
    backlog: Annotated[
        int, setting("backlog", "Calls that may wait in line at most, however fast it moves.", min=1, metavar="CALLS")
    ] = DEFAULTS.backlog,
    workers: Annotated[
        int, setting("workers", "Processes that serve on this port; best with PostgreSQL.", min=1, metavar="COUNT")
    ] = DEFAULTS.workers,
    transport: Annotated[
        str,
        setting(
            "transport",
            f"What carries the calls: {' or '.join(TRANSPORTS)}; the latter is faster and an extra.",
            metavar="NAME",
            parser=_transport,
        ),
    ] = DEFAULTS.transport,
    open_workspaces: Annotated[
        int,
        setting(
            "open_workspaces",
            "1: an unknown workspace is made by the first change in it.",
            min=0,
            max=1,
            metavar="0|1",
        ),
    ] = DEFAULTS.open_workspaces,
    watch_reach: Annotated[
        int,
        setting("watch_reach", "How many events back a watch may begin.", min=0, max=2**62, metavar="EVENTS"),
    ] = DEFAULTS.watch_reach,
    watchers: Annotated[
        int, setting("watchers", "Watches that may be open at once.", min=0, metavar="COUNT")
    ] = DEFAULTS.watchers,
    watcher_patience_s: Annotated[
        float,
        setting("watcher_patience_s", "How long a watcher may take over one message.", min=0, metavar="SECONDS"),
    ] = DEFAULTS.watcher_patience_s,
    share_port: Annotated[
        int, setting("share_port", "1: other servers may listen on this port too.", min=0, max=1, metavar="0|1")
    ] = DEFAULTS.share_port,
    drain_s: Annotated[
        float, setting("drain_s", "How long calls under way may take after a stop.", min=0, metavar="SECONDS")
    ] = DEFAULTS.drain_s,
    wrong_codes_at_most: Annotated[
        int,
        setting(
            "wrong_codes_at_most",
            "Wrong codes that lock an address or a principal out, besides one per session entered; 0 never.",
            min=0,
            metavar="COUNT",
        ),
    ] = DEFAULTS.wrong_codes_at_most,
    wrong_codes_window_s: Annotated[
        float,
        setting("wrong_codes_window_s", "How long wrong codes are counted together.", min=1, metavar="SECONDS"),
    ] = DEFAULTS.wrong_codes_window_s,
    lockout_s: Annotated[
        float,
        setting("lockout_s", "How long the first lock-out lasts; the next twice as long.", min=1, metavar="SECONDS"),
    ] = DEFAULTS.lockout_s,
    lockout_at_most_s: Annotated[
        float, setting("lockout_at_most_s", "How long a lock-out lasts at most.", min=1, metavar="SECONDS")
    ] = DEFAULTS.lockout_at_most_s,
    limit_loopback: Annotated[
        int, setting("limit_loopback", "1: wrong codes of this machine count too.", min=0, max=1, metavar="0|1")
    ] = DEFAULTS.limit_loopback,
    limits: Annotated[
        str, setting("limits", "How many calls a principal or a workspace may make, in TOML.", metavar="FILE")
    ] = DEFAULTS.limits,
    default_deadline_s: Annotated[
        float,
        setting("default_deadline_s", "When a call ends that set no deadline; 0 never.", min=0, metavar="SECONDS"),
    ] = DEFAULTS.default_deadline_s,
    log_level: Annotated[
        str, setting("log_level", f"How much is logged: {', '.join(LEVELS)}.", metavar="LEVEL", parser=_level)
    ] = DEFAULTS.log_level,
) -> None:
    """Brings the database to the newest schema and serves until it is told to stop."""
    settings = _settings(**locals())
    _check_listen(settings)
    logs.configure(settings.log_level)

    def ready(addresses: Sequence[str]) -> None:
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


def migrate(database_url: DatabaseUrl = DEFAULTS.database_url) -> None:
    """Brings the database to the newest schema; `serve` does the same by itself."""
    url = _settings(database_url=database_url).database_url
    with database_faults(url):
        from exam_sessions.migrations.upgrade import upgrade  # noqa: PLC0415 - as below
        from exam_sessions.store.databases import store_of  # noqa: PLC0415 - as below

        with closing(store_of(url)) as store:
            before, after = upgrade(store)
    url = without_password(url)
    if before == after:
        say(f"{url} is at revision {after} already, the newest")
    else:
        say(f"{url} went from {f'revision {before}' if before else 'empty'} to revision {after}, the newest")


def without_password(url: str) -> str:
    """A URL that may be shown."""
    url = re.sub(r"(//[^:/?#@]*):[^?#]*@", r"\1:***@", url)
    return re.sub(r"(password=)[^&]*", r"\1***", re.sub(r":[^:/@]*@", ":***@", url))


def _settings(**flags: object) -> Settings:
    try:
        return Settings.from_environment(**flags)
    except ValueError as error:
        fail(str(error), "see `exam-sessions serve --help`", MISUSED)


def _check_listen(settings: Settings) -> None:
    """Ends the command when nobody could listen there: gRPC says so late, and without the reason."""
    from exam_sessions import app  # noqa: PLC0415 - other commands start faster without the server

    try:
        app.check_places(settings)
    except app.CannotServe as error:
        _cannot_serve(error)


def _cannot_serve(error: "app.CannotServe") -> NoReturn:
    from exam_sessions import app  # noqa: PLC0415 - as above

    fail(str(error), error.way_out, REFUSED if isinstance(error, app.CannotListen) else MISUSED)


@contextmanager
def database_faults(url: str) -> Iterator[None]:
    """Words for a database that cannot be opened or brought to the newest schema."""
    from exam_sessions.errors import Refusal  # noqa: PLC0415 - other commands need no database
    from exam_sessions.migrations.ownership import NotOurs, UnknownRevision  # noqa: PLC0415 - as above
    from exam_sessions.store.database_errors import (  # noqa: PLC0415 - as above
        DatabaseDamaged,
        DatabaseDown,
        DatabaseFull,
        UnfitPooler,
    )

    url = without_password(url)
    usable = "does its directory exist, may you write there, and is the file a database?"
    reachable = "does the server run, and do user, password and database exist?"
    try:
        yield
    except ValueError as error:
        if "database_url" not in str(error):
            raise
        known = "give a SQLite file, such as sqlite:///exam-sessions.db, or postgresql://USER:PASSWORD@HOST/NAME"
        fail(f"{url!r} names no database", known, MISUSED)
    except NotOurs as error:
        other = "another file" if url.startswith("sqlite") else "an empty database of its own"
        fail(
            f"the database {url} is not this service's: {error}",
            f"give {other} with --database-url, or restore a backup",
        )
    except DatabaseDown as error:
        ways_out = {
            DatabaseFull: "make room where the database is kept",
            DatabaseDamaged: "restore it from a backup, or give another",
            UnfitPooler: "give the database's own URL with --direct-database-url, or have the pooler pool sessions",
        }
        way_out = ways_out.get(type(error), reachable if url.startswith("postgresql") else usable)
        fail(f"the database {url} cannot be used: {' '.join(str(error).split())}", way_out)
    except Refusal as error:
        # It failed between the newest schema and the first call.
        fail(f"the database {url} cannot be used: {error}", reachable if url.startswith("postgresql") else usable)
    except OSError as error:
        if error.filename is None:
            raise
        fail(f"the database {url} cannot be used: {error.strerror}", usable)
    except UnknownRevision as error:
        fail(f"the schema of {url} is not one this version knows: {error}", "serve it with the version that made it")
