"""Alembic's entry: runs migrations on the engine it is handed."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from exam_sessions.store.schema import metadata

LOCK = 0x6578616D


def run() -> None:
    with context.config.attributes["engine"].connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                # Servers that start together wait for the one that migrates.
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            context.run_migrations()
        connection.commit()


run()
