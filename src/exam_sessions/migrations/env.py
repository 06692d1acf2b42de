"""Alembic's entry: runs migrations on the engine it is handed."""

from __future__ import annotations

import logging
import time
from typing import Any

from alembic import context
from sqlalchemy import text

from exam_sessions.store.schema import metadata

LOCK = 0x6578616D


log = logging.getLogger("exam_sessions.migrations")


class Steps:
    """Logs each step of a migration once it is applied, with the time that it took.

    At INFO, and at DEBUG where an empty database gets all of them.
    """

    def __init__(self) -> None:
        self._begun, self._level = time.monotonic(), logging.INFO

    def __call__(self, *, step: Any, **_: Any) -> None:
        """Called by Alembic after each step."""
        now, before, after = time.monotonic(), step.source_revision_ids, step.destination_revision_ids
        if not before:
            self._level = logging.DEBUG
        facts = {
            "from": ", ".join(before) or "empty",
            "to": ", ".join(after) or "empty",
            "seconds": round(now - self._begun, 3),
        }
        log.log(self._level, "a migration was applied", extra={"facts": facts})
        self._begun = now


def run() -> None:
    with context.config.attributes["engine"].connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            on_version_apply=Steps(),  # type: ignore[arg-type] # it is called by names
        )
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                # Servers that start together wait for the one that migrates.
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            context.run_migrations()
        connection.commit()


run()
