"""The log of the server: its levels, its lines (lines.py) and how they are written (pipe.py).

A line says what happened and to which session, by ids. It holds no personal data, no codes and no credentials.
"""

from __future__ import annotations

import logging
import sys

from exam_sessions.logs.lines import JsonLines, TextLines
from exam_sessions.logs.pipe import PipeHandler

VERBOSE = ("alembic", "transitions")

GRPC = "grpc._cython.cygrpc"
ENDED_BY_CORE = "ExecuteBatchError raised in core"
"""What gRPC says when it cannot end a stream that its core has ended already, because the client's deadline is over
or its compression is none we take. A traceback follows; there is no caller left to answer."""


def configure(level: str, form: str = "text") -> None:
    """Sets the log up for this process, on standard error. Verbose libraries are quiet unless the level is DEBUG.

    Args:
        level: DEBUG, INFO, WARNING or ERROR.
        form: text, or json: an object a line.
    """
    root = logging.getLogger()
    if not root.handlers:
        handler = PipeHandler(sys.stderr)
        handler.setFormatter(JsonLines() if form == "json" else TextLines())
        root.addHandler(handler)
        root.setLevel(level)
    if level != "DEBUG":
        for name in VERBOSE:
            logging.getLogger(name).setLevel(logging.WARNING)
        logging.getLogger(GRPC).addFilter(_is_of_use)


def _is_of_use(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(ENDED_BY_CORE)
