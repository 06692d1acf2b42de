"""Everything that can be set, in one frozen object, with units.

A setting is declared here and nowhere else: its flag of `serve`, its variable, its key in the file of `--config` and
its row in docs/reference/settings.md are made from its field.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import get_type_hints

from exam_sessions.configuration.config_file import Declared
from exam_sessions.configuration.database_urls import without_password
from exam_sessions.configuration.option import setting

PREFIX = "EXAM_SESSIONS_"
TRANSPORTS = ("grpcio", "native")
LOG_FORMATS = ("text", "json")
LOGGED_CALLS = ("off", "slow", "refused", "all")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field is also a flag, a variable (EXAM_SESSIONS_ and its name in capitals), and a key of the file.

    The first text of each is for --help, the one below it for the reference.
    """

    listen: str = setting("127.0.0.1:50051", "Where to listen, or unix:PATH; several with commas.", "HOST:PORT")
    """Host and port, or unix: and the path of a socket; several with commas between them. Port 0 takes a free one.
    Without TLS a host must be a loopback address. A Unix socket has no TLS and is closed to other users."""
    tls_cert: str = setting("", "The server's certificate, with those up to its CA.", "FILE")
    """The server's certificate and those between it and its CA, a PEM file. It is read again when it has changed."""
    tls_key: str = setting("", "Its key.", "FILE")
    """The certificate's key, a PEM file that not everybody can read. It is read again when it has changed."""
    tls_client_ca: str = setting("", "The CA of clients: only those with its certificates may call.", "FILE")
    """Certificates of the CAs of clients, a PEM file. Callers without a certificate of theirs are not let in; with
    mtls_listen they are let in at listen. It is read again when it has changed."""
    mtls_listen: str = setting("", "Where a client certificate is needed; --listen then asks for none.", "HOST:PORT")
    """Host and port where callers must have a certificate of tls_client_ca, beside listen, where none is asked for
    then."""
    health_listen: str = setting("", "Where health is served without TLS, for probes.", "HOST:PORT")
    """Host and port where grpc.health.v1 is served and nothing else, without TLS and to everybody: for probes that
    have no TLS, such as those of Kubernetes. Empty: only where everything is served."""
    insecure: bool = setting(default=False, summary="Serve other machines without TLS.")
    """1 serves other machines without TLS. For servers behind something that encrypts, such as a service mesh."""
    auth: str = setting("none", "How callers are authenticated: none, or some of keys, jwt, certificates.", "WAYS")
    """How callers are authenticated: some of keys, jwt and certificates, with commas between them. With none
    everybody may do everything, which is for callers on this machine."""
    auth_config: str = setting("", "Whom tokens and client certificates prove, in TOML.", "FILE")
    """Which tokens and client certificates are accepted, and whom they prove: a TOML file (docs/operate/security)."""
    open_reflection: bool = setting(
        default=False, summary="Describe the services to callers without a credential, too."
    )
    """1 lets those without a credential ask which services there are, where callers are authenticated."""
    candidate_id_keys: str = setting("", "Keys with which candidate ids are hashed.", "FILE")
    """A file of keys outside of the database, with which candidate ids are stored as keyed hashes: in hexadecimal, a
    line each, the last is current (docs/operate/personal-data)."""
    database_url: str = setting(
        "",
        "sqlite:///FILE, made when it is missing, or postgresql://USER:PASSWORD@HOST/NAME.",
        "URL",
        shown=without_password,
    )
    """A SQLite file, made when it is missing, or a PostgreSQL database; a relative path is relative to where the
    server starts. When it is left out: `exam-sessions.db` in the directory where the server starts, if it is there,
    else in the user's data directory. The server says at start which it is."""
    direct_database_url: str = setting(
        "", "The same database without its pooler, where that pools transactions.", "URL", shown=without_password
    )
    """The same database without its pooler, where database_url leads to one that pools transactions (PgBouncer)."""
    database_silence_s: float = setting(2.0, "How long the database may say nothing.", "SECONDS", least=0.1)
    """How long the database may say nothing before it is found out whether anybody works on an answer, in seconds."""
    lock_timeout_s: float = setting(4.0, "How long PostgreSQL may wait for a lock.", "SECONDS", least=0.1)
    """How long PostgreSQL may wait for a lock that another program holds, in seconds."""
    statement_timeout_s: float = setting(60.0, "How long PostgreSQL may work on a statement.", "SECONDS", least=1)
    """How long PostgreSQL may work on one statement, in seconds; migrations take as long as they need."""
    start_check_s: float = setting(
        60.0, "How long a SQLite file may be checked after an unclean stop; 0 not at all.", "SECONDS", least=0
    )
    """How long a SQLite file that was not closed properly may be read before it is served, in seconds. A damaged one
    is not served; what takes longer is served with a warning in the log; 0 serves without."""
    linger_ms: float = setting(1.0, "How long overlapping calls wait for more of them; 0 never.", "MS", least=0)
    """How long a queue waits for more requests when calls overlap, in milliseconds; 0 never waits."""
    tick_ms: float = setting(500.0, "How often windows and deadlines are looked at.", "MS", least=1)
    """How often the clock looks for windows to open and attempts to end, in milliseconds."""
    max_message_bytes: int = setting(16 * 1024 * 1024, "The largest request.", "BYTES", least=1, most=2**30)
    """The largest request, in bytes."""
    bytes_in_flight: int = setting(
        64 * 1024 * 1024, "What all requests under way may take; more are refused.", "BYTES", least=1, most=2**62
    )
    """Bytes of all requests that are not answered yet, as they are unpacked; more is refused. The largest request has
    room whatever this is, when it is alone. Requests of up to 16 KiB are counted apart, with as much room."""
    backlog: int = setting(10_000, "Calls that may wait in line at most, however fast it moves.", "CALLS", least=1)
    """Calls that may wait in line at most. Where more is asked than can be done, the line is kept shorter, so that
    what is accepted is answered within a quarter of a second."""
    drain_s: float = setting(10.0, "How long calls under way may take after a stop.", "SECONDS", least=0)
    """How long calls under way may take after a stop was asked for, in seconds."""
    max_connection_age_s: float = setting(
        0.0,
        "After how long a connection is ended, so that its caller makes another; 0 never.",
        "SECONDS",
        least=0,
        most=2_000_000,
    )
    """After how many seconds a connection takes no more calls, give or take a tenth; its caller makes another, which
    a load balancer may lead elsewhere (docs/operate/deployment). 0: never. Not with native."""
    max_connection_age_grace_s: float = setting(
        60.0,
        "How long calls and streams may go on on a connection that has ended.",
        "SECONDS",
        least=0.1,
        most=2_000_000,
    )
    """How long calls and streams may still take on a connection that is past max_connection_age_s, in seconds; what
    goes on then is cut off as UNAVAILABLE: watches are resumed, and calls may be repeated with their request id."""
    workers: int = setting(1, "Processes that serve on this port; best with PostgreSQL.", "COUNT", least=1)
    """Processes that serve on one port."""
    transport: str = setting(
        "grpcio",
        f"What carries the calls: {' or '.join(TRANSPORTS)}; the latter is faster and an extra.",
        "NAME",
        choices=TRANSPORTS,
    )
    """What carries the calls, one of TRANSPORTS; native is an extra."""
    share_port: int = setting(0, "1: other servers may listen on this port too.", "0|1", least=0, most=1)
    """1 lets several servers listen on one port; the kernel deals out the connections."""
    open_workspaces: int = setting(
        0, "1: an unknown workspace is made by the first change in it.", "0|1", least=0, most=1
    )
    """1 lets callers name workspaces that are not registered: the first change in one registers it."""
    watch_reach: int = setting(10_000_000, "How many events back a watch may begin.", "EVENTS", least=0, most=2**62)
    """How many events back a watch may begin."""
    watchers: int = setting(2_000, "Watches that may be open at once.", "COUNT", least=0)
    """Watches that may be open at once."""
    watcher_patience_s: float = setting(30.0, "How long a watcher may take over one message.", "SECONDS", least=0)
    """How long a watcher may take over one message before its watch is closed, in seconds."""
    wrong_codes_at_most: int = setting(
        20,
        "Wrong codes that lock an address or a principal out, besides one per session entered; 0 never.",
        "COUNT",
        least=0,
    )
    """Wrong keycodes, access codes and PINs, or wrong credentials, that lock out an address or a principal, beside
    one for each session entered; 0 locks nobody out."""
    wrong_codes_window_s: float = setting(600.0, "How long wrong codes are counted together.", "SECONDS", least=1)
    """How long wrong codes are counted together, in seconds."""
    lockout_s: float = setting(60.0, "How long the first lock-out lasts; the next twice as long.", "SECONDS", least=1)
    """How long the first lock-out lasts, in seconds; each further one within a day lasts twice as long."""
    lockout_at_most_s: float = setting(3600.0, "How long a lock-out lasts at most.", "SECONDS", least=1)
    """How long a lock-out lasts at most, in seconds."""
    limit_loopback: int = setting(0, "1: wrong codes of this machine count too.", "0|1", least=0, most=1)
    """1: wrong codes from loopback addresses and Unix sockets count as well; 0: those callers stand for many."""
    limits: str = setting("", "How many calls a principal or a workspace may make, in TOML.", "FILE")
    """How many calls a principal or a workspace may make: a TOML file (docs/operate/security). Each server counts."""
    metrics: str = setting("", "Where Prometheus scrapes metrics; a port alone is on this machine.", "HOST:PORT")
    """Host and port where Prometheus scrapes metrics, or only the port, for this machine; none when empty. With
    workers each process has a port of its own, one after the other. Every client that can connect may read them."""
    default_deadline_s: float = setting(0.0, "When a call ends that set no deadline; 0 never.", "SECONDS", least=0)
    """After how many seconds a call is ended that set no deadline; 0: never. Streams go on. Not with native."""
    log_level: str = setting("INFO", f"How much is logged: {', '.join(LEVELS)}.", "LEVEL", choices=LEVELS)
    """DEBUG, INFO, WARNING or ERROR."""
    log_format: str = setting("text", f"How it is written: {', '.join(LOG_FORMATS)}.", "FORMAT", choices=LOG_FORMATS)
    """How entries of the log are written: text, or json, an object a line (docs/operate/logs-and-traces)."""
    log_calls: str = setting(
        "off", f"Which calls are logged: {', '.join(LOGGED_CALLS)}.", "WHICH", choices=LOGGED_CALLS
    )
    """Which calls have a line in the log: none, those that were slow, those that were slow or refused, or all."""
    slow_call_ms: float = setting(1_000.0, "From when on a logged call is slow; 0: none is.", "MS", least=0)
    """How long a call takes that is slow, in milliseconds; 0: none is. Streams and WaitOperation never are."""
    otlp_endpoint: str = setting(
        "", "Where traces are sent: a collector of OTLP over gRPC.", "URL", shown=without_password
    )
    """Where traces of sampled calls are sent, by OTLP over gRPC, such as http://127.0.0.1:4317; an extra. Without it
    OTEL_EXPORTER_OTLP_ENDPOINT says so; other variables of that kind hold too (docs/operate/logs-and-traces)."""
    trace_sample: float = setting(0.0, "The part of all calls that is traced.", "RATIO", least=0, most=1)
    """The part of all calls that is traced, beside those whose callers' traces are sampled; 0.01 is one of 100."""


DECLARED = {
    field.name: Declared(kind, field.metadata["option"])
    for field, kind in zip(fields(Settings), get_type_hints(Settings).values(), strict=True)
}
"""Every setting by its name."""
