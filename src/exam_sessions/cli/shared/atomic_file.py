"""Files that are whole or not there: written beside their place, then moved into it. Readable by their owner only."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator


def is_possible(path: Path) -> bool:
    """Whether a file could be put there."""
    return path.parent.is_dir() and os.access(path.parent, os.W_OK) and not path.is_dir()


@contextmanager
def atomic_file(path: Path) -> Iterator[TextIO]:
    """A file to write UTF-8 to, which takes its place, on disk, when the block ends well. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
