"""Terminals without UTF-8: text typed in them, and characters they cannot show."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys

ESCAPES = "json_escapes"
"""The name of how characters are written that an encoding lacks."""


def as_typed(word: str) -> str:
    """A word of the command line as it was meant: where the locale cannot read it, as UTF-8, else as Latin-1."""
    if word.isascii() or word.isprintable():
        return word
    content = os.fsencode(word)
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _as_json_escapes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def show_what_can_be_shown() -> None:
    """Has characters that a terminal lacks written as escapes of JSON, in place of a failure."""
    codecs.register_error(ESCAPES, _as_json_escapes)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ESCAPES)
