"""How a connection to PostgreSQL is made, and how long it waits for a server that does not answer.

No server-side limit helps where the wire is silent, and TCP's own limits do not where a proxy acknowledges what
the server does not read. So every wait of a connection is cut into pieces, and between two of them it finds out
whether its backend is at work: a statement that takes long is left alone, one without a working backend is given up.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import psycopg
from psycopg.errors import _WaitTimeout
from psycopg.types.numeric import Int8BinaryDumper
from psycopg.waiting import wait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from psycopg.abc import PQGen

    from exam_sessions.store.availability import Availability

Result = TypeVar("Result")

# Of a connection that is lost in a pipeline it says so once more than the exception does.
logging.getLogger("psycopg").setLevel(logging.ERROR)

CONNECT_S = 2
"""How long a connection to one host may take to come about, in seconds; libpq takes no less."""

KEEPALIVE = {"keepalives": 1, "keepalives_idle": 2, "keepalives_interval": 1, "keepalives_count": 2}
"""An idle connection whose other end is gone is detected within four seconds."""

STATEMENT_GRACE_S = 5.0
"""How much longer than the server's own limit a statement is waited for, in seconds."""

INTERVAL_S = 0.1
"""How often a wait lets Python handle signals, in seconds: psycopg's own value."""

END = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid = %s AND backend_start = %s::timestamptz AND wait_event IS DISTINCT FROM 'SyncRep'
"""
"""Ends a backend, unless it waits for the word of a standby: it would take its change for committed without."""

LOCK_SHARE = 0.7
"""Of the time a caller may wait for locks; a batch that is tried again by itself needs some as well."""

LOOK_AGAIN_S = 0.5
"""Seconds between two looks at a backend that does not seem to be at work."""

SELF = "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"

AT_WORK = """
    SELECT state IS NULL OR state = 'active' AND wait_event_type IS DISTINCT FROM 'Client'
        AND wait_event IS DISTINCT FROM 'SyncRep'
    FROM pg_stat_activity WHERE pid = %s AND backend_start = %s::timestamptz
"""
"""Whether a backend works on a statement. To wait for a lock is work, to wait for the word of a standby is not.

States of other roles are not shown.
"""


class Backend(NamedTuple):
    """A process of PostgreSQL's. What PgBouncer says on connecting is none."""

    pid: int
    start_time: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the database may take, in seconds."""

    silence_s: float = 2.0
    """Without an answer before it is found out whether the backend works."""
    lock_s: float = 4.0
    """Waiting for a lock that another transaction holds."""
    statement_s: float = 60.0
    """Over one statement."""


class Driver(psycopg.Connection[tuple[Any, ...]]):
    """A connection that waits only as long as its backend works."""

    silence_s: float = CONNECT_S
    """Seconds without an answer before `is_given_up` is asked."""

    is_given_up: Callable[[Driver, float], bool] = staticmethod(lambda _driver, _waited: True)
    """Whether what was waited for that many seconds will not be answered any more."""

    count_round_trip: Callable[[], None] = staticmethod(lambda: None)
    """Is called before each wait."""

    backend: Backend | None = None
    """What works for this connection; None when a pooler has each transaction done by another."""

    bytes_moved: bytes | None = None
    """What had gone over the wire when its backend was not at work; None when it was."""

    def wait(self, gen: PQGen[Result], interval: float = INTERVAL_S, timeout: float | None = None) -> Result:
        """Waits for the answer to a query, in place of psycopg's own `wait`.

        That one does no more but for Ctrl-C, and costs two calls for every wait.

        Args:
            gen: psycopg's generator of the query.
            interval: seconds between two looks at signals.
            timeout: seconds after which a database that does no work counts as silent.

        Raises:
            psycopg.OperationalError: no answer is to be expected.
        """
        self.count_round_trip()
        try:
            limit = self.silence_s if timeout is None else timeout
            return wait(gen, self.pgconn.socket, interval, limit)
        except _WaitTimeout:
            if timeout is not None:
                raise
            return self._wait_on(gen, interval)

    def _wait_on(self, gen: PQGen[Result], interval: float) -> Result:
        waited, self.bytes_moved = self.silence_s, None
        while not self.is_given_up(self, waited):
            piece = self.silence_s if self.bytes_moved is None else LOOK_AGAIN_S
            try:
                return wait(gen, self.pgconn.socket, interval, piece)
            except _WaitTimeout:
                waited += piece
        self.pgconn.finish()
        raise psycopg.OperationalError(f"the database has not answered within {waited:.1f} s")


class Connector:
    """Makes connections to one database. `conninfo` is libpq's, which may name several hosts."""

    def __init__(self, conninfo: Mapping[str, str], limits: Limits, availability: Availability) -> None:
        tcp = KEEPALIVE | {"tcp_user_timeout": int(limits.silence_s * 2_000)}
        own = {"connect_timeout": CONNECT_S, "application_name": "exam-sessions"} | tcp
        # What the URL says wins.
        self._conninfo: dict[str, Any] = own | dict(conninfo)
        self._limits, self._availability = limits, availability
        self._left: list[Backend] = []

    def connect(self, *, read_only: bool = False, synchronous_commit: str | None = None) -> Driver:
        """A connection that commits each statement by itself.

        Settings are made after connecting: PgBouncer refuses most of those that are sent with the connection, and
        libpq takes a server for a standby when its sessions are read-only.
        """
        settings = {
            "lock_timeout": milliseconds(self._limits.lock_s * LOCK_SHARE),
            # It would end a commit's wait for the standby too, and call that a success.
            "statement_timeout": milliseconds(self._limits.statement_s if read_only else 0),
            "idle_in_transaction_session_timeout": milliseconds(self._limits.statement_s),
            "default_transaction_read_only": "on" if read_only else "off",
            # The server too is to detect a cut connection, and release its locks.
            "tcp_keepalives_idle": "5",
            "tcp_keepalives_interval": "2",
            "tcp_keepalives_count": "3",
        }
        driver = self.connect_bare()
        with _closed_on_error(driver):
            calls = ", ".join(["set_config(%s, %s, false)"] * len(settings))
            values = [*chain(*settings.items()), synchronous_commit]
            driver.execute(SET_UP.format(calls), values)
            driver.backend = _backend_of(driver)
            self._end_what_was_left(driver)
        driver.prepare_threshold = 0
        driver.is_given_up, driver.silence_s = self._is_given_up, self._limits.silence_s
        driver.count_round_trip = self._availability.count_round_trip
        return driver

    def connect_pooled(self) -> Driver:
        """A connection whose transactions may each be another session's, by the pooler's will."""
        driver = self.connect_bare()
        driver.is_given_up, driver.silence_s = self._is_given_up, self._limits.silence_s
        driver.count_round_trip = self._availability.count_round_trip
        return driver

    def connect_bare(self) -> Driver:
        """A connection as the server makes it, on which nothing may take longer than a few seconds."""
        driver = Driver.connect(autocommit=True, prepare_threshold=None, **self._conninfo)
        # One type for whole numbers, whatever their size: a statement is prepared once for each combination of types.
        driver.adapters.register_dumper(int, Int8BinaryDumper)
        return driver

    def connect_for_migrations(self) -> Driver:
        """A connection whose statements take as long as they need, for the engine."""
        driver = self.connect_bare()
        with _closed_on_error(driver):
            driver.backend = _backend_of(driver)
        driver.is_given_up, driver.silence_s = self._is_silent, self._limits.silence_s
        driver.autocommit = False
        return driver

    def _is_given_up(self, driver: Driver, waited: float) -> bool:
        """Whether a statement has taken longer than any may, or its backend does not work on it."""
        too_long = waited > self._limits.statement_s + STATEMENT_GRACE_S
        if not (too_long or self._availability.unreachable or self._is_silent(driver, waited)):
            return False
        if driver.backend:
            self._left.append(driver.backend)
        return True

    def _end_what_was_left(self, driver: Driver) -> None:
        """Ends the backends of connections that were given up: they may still run, and hold locks."""
        while self._left:
            try:
                backend = self._left.pop()
            except IndexError:
                return  # another connection did it meanwhile
            try:
                driver.execute(END, backend)
            except psycopg.Error:
                self._left.append(backend)
                raise

    def _is_silent(self, driver: Driver, waited: float) -> bool:  # noqa: ARG002 - as Driver.is_given_up
        """Whether the server does not answer another connection either, or says that nobody works for this one.

        A large statement that is still being sent keeps its backend waiting, so bytes that went over the wire since
        the last time count as work.
        """
        before, driver.bytes_moved = driver.bytes_moved, None
        try:
            with contextlib.closing(self.connect_bare()) as asking:
                row = asking.execute(AT_WORK, driver.backend or (0, "epoch")).fetchone()
        except psycopg.Error as error:
            # What has a code was said by the server: it takes no more connections, perhaps.
            return error.sqlstate is None
        if not driver.backend:
            return False
        if row is None or row[0]:
            return row is None
        driver.bytes_moved = _bytes_moved(driver.pgconn.socket)
        return driver.bytes_moved == before


SET_UP = """
    SELECT {}, set_config('synchronous_commit', coalesce(%s,
        CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END), false)
"""
"""Nothing is acknowledged before it is durable, on the standby as well where the server says so."""


POOLED_SET_UP = """
    SELECT set_config('lock_timeout', %s, true), set_config('idle_in_transaction_session_timeout', %s, true),
        set_config('synchronous_commit',
            CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)
"""
"""The same for one transaction, where the next may be another session's."""


def milliseconds(seconds: float) -> str:
    """A time as a setting of PostgreSQL's."""
    return f"{seconds * 1000:.0f}ms"


def _backend_of(driver: Driver) -> Backend | None:
    row = driver.execute(SELF).fetchone()
    return Backend(*row) if row else None


@contextlib.contextmanager
def _closed_on_error(driver: Driver) -> Iterator[None]:
    """Closes a connection that could not be set up."""
    try:
        yield
    except BaseException:
        driver.close()
        raise


def _bytes_moved(number: int) -> bytes:
    """What TCP says of the bytes a socket's other end acknowledged, and of those it sent; empty where it does not."""
    if sys.platform != "linux":
        return b""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(number)) as wire:
        # tcpi_bytes_acked and tcpi_bytes_received of struct tcp_info.
        return wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 136)[120:136]
    return b""
