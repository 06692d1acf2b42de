"""How the server's log looks."""

from __future__ import annotations

import logging

TALKATIVE = ("alembic", "transitions")

GRPC = "grpc._cython.cygrpc"
ENDED_BY_CORE = "ExecuteBatchError raised in core"
"""What gRPC says when it cannot end a stream that its core has ended already, because the client's deadline is over
or its compression is none we take. A traceback follows; nobody is left to be told."""


def configure(level: str) -> None:
    """Sets the log up for this process. Libraries that narrate are quiet unless everything is asked for."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s")
    if level != "DEBUG":
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        logging.getLogger(GRPC).addFilter(_is_of_use)


def _is_of_use(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(ENDED_BY_CORE)
