"""Writing CSV: how files of this command line end and quote their rows. Reading it is csv_file.py's."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

ROW_END = "\r\n"


class _LineFeeds:
    """Ends rows with a line feed alone. Python 3.11 quotes a carriage return only where one ends the rows."""

    def __init__(self, file: SupportsWrite[str]) -> None:
        self._file = file

    def write(self, row: str) -> None:
        """Writes one row."""
        self._file.write(f"{row.removesuffix(ROW_END)}\n")


def row_writer(file: SupportsWrite[str]) -> Any:
    """A csv.writer of comma separated rows that end with a line feed; cells with any line breaks are quoted."""
    return csv.writer(_LineFeeds(file), lineterminator=ROW_END)
