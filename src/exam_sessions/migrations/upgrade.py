"""Brings a database to the newest schema. Safe to call at every start."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError

from exam_sessions.migrations.ownership import UnknownRevision, check_after, check_before, newest_revision

if TYPE_CHECKING:
    from exam_sessions.store.engine import Store

log = logging.getLogger(__name__)

NEWEST = "head"


class Upgraded(NamedTuple):
    """The revision a database had, None when it was empty, and the one it has."""

    before: str | None
    after: str | None


def configuration(store: Store) -> Config:
    """Alembic's configuration for a database, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["engine"] = store.engine
    return config


def upgrade(store: Store, revision: str = NEWEST) -> Upgraded:
    """Applies every migration the database does not have yet.

    Raises:
        DatabaseDown: it does not answer, or cannot be written.
        NotOurs: its tables are another program's, or not all there.
        UnknownRevision: its schema is of another version.
    """
    with store.migrating():
        try:
            if store.engine.dialect.name == "sqlite":
                check_before(store)  # before another program's file is set up as one of ours
            store.writer().close()  # sets a file up for concurrent readers before anything is in it
            before = check_before(store)
            begun = time.monotonic()
            if revision != NEWEST or before != newest_revision():
                command.upgrade(configuration(store), revision)
            after = check_after(store) if revision == NEWEST else revision
            if before != after:
                facts = {"from": before or "empty", "to": after, "seconds": round(time.monotonic() - begun, 3)}
                log.info("the schema was brought to another revision", extra={"facts": facts})
        except CommandError as error:
            raise UnknownRevision(str(error)) from error
        except DBAPIError as error:
            with store.translated():
                raise error.orig or error from error
        store.install_planner_stats()
    return Upgraded(before, after)
