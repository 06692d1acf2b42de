"""Whether a pooler such as PgBouncer stands before the database, and gives each connection a session of its own."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from exam_sessions.store.database_errors import UnfitPooler

if TYPE_CHECKING:
    from exam_sessions.store.postgres_driver import Connector, Driver

LOOKS = 5
"""A pooler that has two connections served by one session does so nearly always, but need not."""

SAME_DATABASE = "SELECT current_database(), pg_postmaster_start_time()::text"


def refuse_unfit_poolers(connector: Connector, direct: Connector) -> None:
    """Makes sure that `direct` leads to sessions of our own, and both to the same database.

    Raises:
        UnfitPooler: they do not.
        psycopg.Error: there is no connection.
    """
    with contextlib.closing(direct.connect_bare()) as one:
        if _says(one, "SELECT pg_backend_pid()") == (one.info.backend_pid,):
            pools_transactions = False
        else:
            with contextlib.closing(direct.connect_bare()) as other:
                pools_transactions = any(_share_a_session(one, other) for _ in range(LOOKS))
        if pools_transactions:
            raise UnfitPooler("a pooler before it has the transactions of one connection done by many sessions")
        if connector is direct:
            return
        with contextlib.closing(connector.connect_bare()) as pooled:
            if _says(pooled, SAME_DATABASE) != _says(one, SAME_DATABASE):
                raise UnfitPooler("the pooler leads to another database than direct_database_url")


def _share_a_session(one: Driver, other: Driver) -> bool:
    """Whether two connections were served by one session, which stays with the first where sessions are pooled."""
    return _says(one, "SELECT pg_backend_pid()") == _says(other, "SELECT pg_backend_pid()")


def _says(driver: Driver, question: str) -> object:
    return driver.execute(question).fetchone()
