"""How entries of the log are written: as text or as JSON, each on one line of its own.

What a caller may have chosen (a principal, a workspace, a method) is escaped, so that it can neither begin a line nor
control a terminal. The text of an exception is left out where it can quote a stored value: type and traceback remain.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Facts = Mapping[str, object]

LONGEST = 16_000
"""Characters of a text and of a traceback; the rest is cut off."""

VALUE_AT_MOST = 1_000
"""Characters of a fact."""

UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, what ends a line or turns its direction, and what is no character."""

PLAIN = re.compile(r"[^\s\"'=\\]+")
"""A value that needs no quotes."""

WITHOUT_VALUES: tuple[type[BaseException], ...] = (
    AttributeError,
    ImportError,
    NameError,
    NotImplementedError,
    TypeError,
)
"""Exceptions whose text names types and names of the program."""


def escaped(text: str) -> str:
    """The text with every control character as an escape sequence; tabs and line ends too."""
    return UNSAFE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]


class TextLines(logging.Formatter):
    """Time in UTC, level, process, logger and text; then facts as key=value.

    A record with the attribute `is_block` has each fact on a line of its own, indented.
    """

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        head = f"{_time(record)} {record.levelname} {record.process} {record.name}: "
        pairs = [_pair(name, value) for name, value in _facts(record).items()]
        between = "\n  " if getattr(record, "is_block", False) else " "
        line = between.join([head + escaped(record.getMessage()), *pairs])[:LONGEST]
        if record.exc_info and record.exc_info[1]:
            trace = "\n".join(escaped(line) for line in _trace(record.exc_info[1]))
            line += "\n" + trace[:LONGEST]
        return line


class JsonLines(logging.Formatter):
    """An object a line: time, level, process, logger, message, the facts, and the traceback as `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        entry: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname,
            "process": record.process,
            "logger": record.name,
            "message": record.getMessage()[:LONGEST],
            **_facts(record),
        }
        if record.exc_info and record.exc_info[1]:
            entry["exception"] = "\n".join(_trace(record.exc_info[1]))[:LONGEST]
        return json.dumps(entry, default=str)


def _facts(record: logging.LogRecord) -> Facts:
    return {name: _bounded(value) for name, value in getattr(record, "facts", {}).items()}


def _bounded(value: object) -> object:
    if isinstance(value, str):
        return value[:VALUE_AT_MOST]
    if isinstance(value, list | tuple):
        return [_bounded(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _bounded(inner) for name, inner in value.items()}
    return value


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _pair(name: str, value: object) -> str:
    if isinstance(value, dict):
        return f"{name}: " + (" ".join(_pair(*inner) for inner in value.items()) or "none")
    return f"{name}={_quoted(value)}"


def _quoted(value: object) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    text = escaped(str(value))
    return text if PLAIN.fullmatch(text) else '"' + text.replace('"', '\\"') + '"'


def _trace(fault: BaseException) -> Iterator[str]:
    """The lines of a traceback, those of its causes first."""
    cause = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    if cause is not None:
        yield from _trace(cause)
        yield "which led to:"
    if fault.__traceback__:
        yield "Traceback (most recent call last):"
        for entry in traceback.format_tb(fault.__traceback__):
            yield from entry.rstrip("\n").split("\n")
    yield described(fault)


def described(fault: BaseException) -> str:
    """The type of an exception, and as much of its text as quotes no value."""
    name = type(fault).__qualname__
    if isinstance(fault, OSError) and fault.strerror:
        return f"{name}: {fault.strerror}"
    if isinstance(fault, WITHOUT_VALUES):
        return f"{name}: {fault}"
    code: Any = getattr(fault, "sqlstate", None) or getattr(fault, "sqlite_errorname", None)
    if code:
        return f"{name}: {code}"
    return f"{name} (its text is left out, it may quote what is stored)" if str(fault) else name
