"""The file an import leaves: who got which codes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from exam_sessions.cli.files.importer import Codes
from exam_sessions.cli.files.school_words import harmless
from exam_sessions.cli.shared.atomic_file import atomic_file
from exam_sessions.cli.shared.csv_rows import row_writer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class CodesDiffer(Exception):  # noqa: N818 - a fact about the file, shown to people
    """Another file is there."""


def default_path(roster: Path) -> Path:
    """Beside the roster: roster.csv gives roster-codes.csv."""
    return roster.with_name(f"{roster.stem}-codes.csv")


def leave_codes(path: Path, codes: Iterable[Codes], *, force: bool, raw: bool = False) -> bool:
    """Writes the file, in the order of the roster; False when it is there already, the same.

    What a spreadsheet would run is made harmless unless `raw`.

    Raises:
        CodesDiffer: a file with other content is there, and `force` is not given.
        OSError: it cannot be written.
    """
    text = io.StringIO(newline="")
    writer = row_writer(text)
    writer.writerow(Codes._fields)
    shown = str if raw else harmless
    writer.writerows([shown(str(cell)) for cell in row] for row in sorted(codes))
    if path.is_file() and path.read_bytes() == text.getvalue().encode():
        return False
    if path.exists() and not force:
        raise CodesDiffer
    with atomic_file(path) as file:
        file.write(text.getvalue())
    return True
