"""The files that commands take: read whole from their place, or from standard input where `-` is given."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import typer

from exam_sessions.cli.shared.console import MISUSED, fail

STDIN = Path("-")

LARGEST = 256 * 1024 * 1024
"""Bytes of a file; a roster of a million rows has half of them."""


def input_file(metavar: str, help_text: str) -> Any:
    """The argument of a command for a file it reads."""
    return typer.Argument(metavar=f"{metavar}|-", help=f"{help_text}; - is standard input.")


def name_of(file: Path) -> str:
    """What a file is called in messages."""
    return "standard input" if file == STDIN else str(file)


def read_input(file: Path) -> bytes:
    """The bytes of a file. Ends the command where it cannot be read."""
    try:
        if file == STDIN:
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with file.open("rb") as opened:
                data = opened.read(LARGEST + 1)
    except FileNotFoundError:
        fail(f"{file} does not exist", "name another file, or - for standard input", MISUSED)
    except IsADirectoryError:
        fail(f"{file} is a directory", "name a file in it", MISUSED)
    except (OSError, ValueError) as error:
        fail(f"{name_of(file)} cannot be read: {getattr(error, 'strerror', None) or error}", status=MISUSED)
    if len(data) > LARGEST:
        fail(f"{name_of(file)} has more than {LARGEST:,} bytes", "divide it into several files")
    return data


def text_of(data: bytes, kind: str) -> str:
    """The text of a file: UTF-8, with or without a byte order mark.

    Args:
        data: the file.
        kind: what programs call this encoding when they save such a file.

    Raises:
        UnreadableText: it is in another encoding, or no text.
    """
    if data.startswith(b"PK\x03\x04"):
        raise UnreadableText(f"it is a zip archive or a workbook (.xlsx), not text; save it as `{kind}`")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4096]:
        raise UnreadableText(f"it is not UTF-8 text (UTF-16, it seems, or no text at all); save it as `{kind}`")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        bad = [n for n, line in enumerate(data.split(b"\n"), 1) if not _is_utf8(line)]
    named = ", ".join(map(str, bad[:10])) + (f" and {len(bad) - 10:,} more" if len(bad) > 10 else "")  # noqa: PLR2004
    raise UnreadableText(f"it is not UTF-8 text (line{'s' * (len(bad) > 1)} {named}); save it as `{kind}`")


class UnreadableText(Exception):  # noqa: N818 - shown to people as it is
    """The bytes are no text in UTF-8; the text says where, and what to do."""


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
