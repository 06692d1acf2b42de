"""Alembic's entry: runs migrations on the engine it is handed."""

from __future__ import annotations

from alembic import context

from exam_sessions.store.schema import metadata


def run() -> None:
    with context.config.attributes["engine"].connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
