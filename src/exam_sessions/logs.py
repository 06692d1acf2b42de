"""How the server's log looks."""

from __future__ import annotations

import logging

TALKATIVE = ("alembic", "transitions")


def configure(level: str) -> None:
    """Sets the log up for this process. Libraries that narrate are quiet unless everything is asked for."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s")
    if level != "DEBUG":
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
