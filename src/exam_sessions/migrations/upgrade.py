"""Brings a database to the newest schema. Safe to call at every start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config

if TYPE_CHECKING:
    from exam_sessions.store.engine import Store


def configuration(store: Store) -> Config:
    """Alembic's configuration for a database, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["engine"] = store.engine
    return config


def upgrade(store: Store, revision: str = "head") -> None:
    """Applies every migration the database does not have yet."""
    with store.migrating():
        store.writer().close()  # sets a file up for concurrent readers before anything is in it
        command.upgrade(configuration(store), revision)
        store.presume()
