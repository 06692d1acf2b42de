"""Picks the database by its URL."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from exam_sessions.store.postgres import PostgresStore
from exam_sessions.store.postgres_driver import Limits
from exam_sessions.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

    from exam_sessions.settings import Settings
    from exam_sessions.store.engine import Store

NO_LIMITS_SET = Limits()


def store_of(url: str, limits: Limits = NO_LIMITS_SET, direct_url: str = "") -> Store:
    """The database a URL names.

    `sqlite:///exam-sessions.db`, or what libpq takes: `postgresql://user:password@host1:5432,host2:5433/database`,
    with parameters such as `?target_session_attrs=read-write`. `direct_url` leads to the same database past a pooler.

    Raises:
        ValueError: it names none that is supported.
    """
    kind = url.partition(":")[0].partition("+")[0]
    if kind == "postgresql" and "://" in url:
        return PostgresStore(conninfo_of(url), limits, conninfo_of(direct_url) if direct_url else None)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError("database_url is not a database URL") from None
    if kind != "sqlite":
        raise ValueError("database_url must begin with sqlite:// or postgresql://")
    store = SqliteStore(parsed)
    store.silence_s = limits.silence_s
    return store


def store_for(settings: Settings) -> Store:
    """The database that a server is to use. Raises ValueError, as `store_of`."""
    limits = Limits(settings.database_silence_s, settings.lock_timeout_s, settings.statement_timeout_s)
    return store_of(settings.database_url, limits, settings.direct_database_url)


def store_of_file(path: Path) -> SqliteStore:
    """The SQLite database in a file, whatever its name is."""
    return SqliteStore(URL.create("sqlite", database=str(path)))


A_DAY_S = 86_400.0


def store_to_read_whole(url: str) -> Store:
    """The database of a URL, for statements that read all of it. Raises ValueError, as `store_of`."""
    return store_of(url, Limits(statement_s=A_DAY_S))


def conninfo_of(url: str) -> dict[str, str]:
    """Returns libpq's parameters of a URL. Hosts may also stand in its query one by one, as SQLAlchemy has them.

    Raises:
        ValueError: libpq cannot read it.
    """
    try:
        url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    except (ArgumentError, ValueError):
        # Several hosts with ports, which SQLAlchemy does not parse.
        url = "postgresql://" + url.partition("://")[2]
    try:
        parts = urlsplit(url)
        asked = parse_qsl(parts.query)
        hosts = [value for name, value in asked if name == "host"]
        others = urlencode([(name, value) for name, value in asked if name != "host"])
        conninfo: dict[str, str] = conninfo_to_dict(parts._replace(query=others).geturl())  # type: ignore[assignment]
    except (psycopg.Error, ValueError):
        raise ValueError("database_url is not a URL that libpq can read") from None
    if hosts:
        addresses = [
            address.rpartition(":") if ":" in address.rpartition("]")[2] else (address, "", "")
            for host in hosts
            for address in host.split(",")
        ]
        conninfo["host"] = ",".join(host.strip("[]") for host, _, _ in addresses)
        if any(port for _, _, port in addresses):
            conninfo["port"] = ",".join(port for _, _, port in addresses)
    if not all(port.isdecimal() for port in conninfo.get("port", "").split(",") if port):
        raise ValueError("database_url names a port that is no number")
    return conninfo
