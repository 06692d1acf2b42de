"""Picks the database by its URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from exam_sessions.store.postgres import PostgresStore
from exam_sessions.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from exam_sessions.store.engine import Store


def store_of(url: str) -> Store:
    """The database a URL names: `sqlite:///exam-sessions.db` or `postgresql://user:password@host/database`.

    Raises:
        ValueError: it names none we know.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError("database_url is not a database URL") from None
    kinds = {"sqlite": SqliteStore, "postgresql": PostgresStore}
    kind = kinds.get(parsed.get_backend_name())
    if kind is None:
        raise ValueError("database_url must begin with sqlite:// or postgresql://")
    return kind(parsed)
