"""Everything that can be set, in one frozen object, with units. Read from the environment; flags win over it."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "EXAM_SESSIONS_"
TRANSPORTS = ("grpcio", "native")
YES, NO = frozenset({"1", "true", "t", "yes", "y", "on"}), frozenset({"0", "false", "f", "no", "n", "off", ""})


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field is also an environment variable: EXAM_SESSIONS_ and its name in capitals."""

    listen: str = "127.0.0.1:50051"
    """Host and port, or unix: and the path of a socket; several with commas between them. Port 0 takes a free one.
    Without TLS a host must be a loopback address. A Unix socket has no TLS and is closed to other users."""
    tls_cert: str = ""
    """The server's certificate and those between it and its CA, a PEM file. It is read again when it has changed."""
    tls_key: str = ""
    """The certificate's key, a PEM file that not everybody can read. It is read again when it has changed."""
    tls_client_ca: str = ""
    """Certificates of the CAs of clients, a PEM file. Callers without a certificate of theirs are not let in; with
    mtls_listen they are let in at listen. It is read again when it has changed."""
    mtls_listen: str = ""
    """Host and port where callers must have a certificate of tls_client_ca, beside listen, where none is asked for
    then."""
    insecure: bool = False
    """1 serves other machines without TLS. For servers behind something that encrypts, such as a service mesh."""
    auth: str = "none"
    """How callers are authenticated: some of keys, jwt and certificates, with commas between them. With none
    everybody may do everything, which is for callers on this machine."""
    auth_config: str = ""
    """Which tokens and client certificates are accepted, and whom they prove: a TOML file (docs/operate/security)."""
    open_reflection: bool = False
    """1 lets those without a credential ask which services there are, where callers are authenticated."""
    candidate_id_keys: str = ""
    """A file of keys outside of the database, with which candidate ids are stored as keyed hashes: in hexadecimal, a
    line each, the last is current (docs/operate/personal-data)."""
    database_url: str = "sqlite:///exam-sessions.db"
    """A SQLite file, made when it is missing; a relative path is relative to where the server starts."""
    direct_database_url: str = ""
    """The same database without its pooler, where database_url leads to one that pools transactions (PgBouncer)."""
    database_silence_s: float = 2.0
    """How long the database may say nothing before it is found out whether anybody works on an answer, in seconds."""
    lock_timeout_s: float = 4.0
    """How long PostgreSQL may wait for a lock that another program holds, in seconds."""
    statement_timeout_s: float = 60.0
    """How long PostgreSQL may work on one statement, in seconds; migrations take as long as they need."""
    linger_ms: float = 1.0
    """How long a queue waits for more requests when calls overlap, in milliseconds; 0 never waits."""
    tick_ms: float = 500.0
    """How often the clock looks for windows to open and attempts to end, in milliseconds."""
    max_message_bytes: int = 16 * 1024 * 1024
    """The largest request, in bytes."""
    bytes_in_flight: int = 64 * 1024 * 1024
    """Bytes of all requests that are not answered yet, as they are unpacked; more is refused. The largest request has
    room whatever this is, when it is alone. Requests of up to 16 KiB are counted apart, with as much room."""
    backlog: int = 10_000
    """Calls that may wait in line at most. Where more is asked than can be done, the line is kept shorter, so that
    what is accepted is answered within a quarter of a second."""
    drain_s: float = 10.0
    """How long calls under way may take after a stop was asked for, in seconds."""
    workers: int = 1
    """Processes that serve on one port."""
    transport: str = "grpcio"
    """What carries the calls, one of TRANSPORTS; native is an extra."""
    share_port: int = 0
    """1 lets several servers listen on one port; the kernel deals out the connections."""
    open_workspaces: int = 0
    """1 lets callers name workspaces that are not registered: the first change in one registers it."""
    watch_reach: int = 10_000_000
    """How many events back a watch may begin."""
    watchers: int = 2_000
    """Watches that may be open at once."""
    watcher_patience_s: float = 30.0
    """How long a watcher may take over one message before its watch is closed, in seconds."""
    wrong_codes_at_most: int = 20
    """Wrong keycodes, access codes and PINs, or wrong credentials, that lock out an address or a principal, beside
    one for each session entered; 0 locks nobody out."""
    wrong_codes_window_s: float = 600.0
    """How long wrong codes are counted together, in seconds."""
    lockout_s: float = 60.0
    """How long the first lock-out lasts, in seconds; each further one within a day lasts twice as long."""
    lockout_at_most_s: float = 3600.0
    """How long a lock-out lasts at most, in seconds."""
    limit_loopback: int = 0
    """1: wrong codes from loopback addresses and Unix sockets count as well; 0: those callers stand for many."""
    limits: str = ""
    """How many calls a principal or a workspace may make: a TOML file (docs/operate/security). Each server counts."""
    default_deadline_s: float = 0.0
    """After how many seconds a call is ended that set no deadline; 0: never. Streams go on. Not with native."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""

    @classmethod
    def from_environment(cls, **flags: object) -> Self:
        """The settings: flags that are not None, else the environment, else the defaults.

        Raises:
            ValueError: a value is not of its field's kind; the message names the variable.
        """
        values: dict[str, object] = {}
        for field in fields(cls):
            kind: Callable[[str], object] = _flag if isinstance(field.default, bool) else type(field.default)
            text = os.environ.get(PREFIX + field.name.upper())
            if text is not None:
                try:
                    values[field.name] = kind(text)
                except ValueError:
                    raise ValueError(f"{PREFIX}{field.name.upper()} must be a {field.type}, not {text!r}") from None
        return replace(cls(**values), **{k: v for k, v in flags.items() if v is not None})  # type: ignore[arg-type]


def _flag(text: str) -> bool:
    """Whether a variable switches something on. Raises ValueError when it says neither that nor the contrary."""
    word = text.strip().lower()
    if word not in YES | NO:
        raise ValueError(text)
    return word in YES
