"""What the mode of a file says of other users."""

from __future__ import annotations

import os


def open_to_others(mode: int, bits: int) -> bool:
    """Whether a mode has one of these bits (of `stat`). Never on Windows, where it says nothing of others."""
    return os.name != "nt" and bool(mode & bits)
