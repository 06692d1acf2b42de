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


@contextmanager
def atomic_path(path: Path, *, replace: bool) -> Iterator[Path]:
    """An empty file for a program to write to, which takes its place, on disk, when the block ends well.

    Raises:
        FileExistsError: there is a file in its place by then, and it is not to be replaced.
        OSError: it cannot be written.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    os.close(handle)
    written = Path(name)
    try:
        yield written
        _sync(written)
        if not replace:
            # A rename would replace a file that was put there meanwhile.
            path.hardlink_to(written)
            written.unlink()
        else:
            written.replace(path)
        _sync(path.parent)
    finally:
        for beside in path.parent.glob(f"{written.name}*"):
            beside.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    if os.name == "nt":
        # Windows opens no directories.
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
