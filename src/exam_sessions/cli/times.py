"""Times and lengths of time as people write and read them; always UTC."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import typer

from exam_sessions.cli.roster_columns import moment, span

if TYPE_CHECKING:
    from google.protobuf.message import Message


def length(text: str) -> int:
    """Microseconds of a length of time such as 1h30m, 90m or 7d. Raises BadParameter."""
    try:
        return span(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def time_of(text: str) -> int:
    """Microseconds since 1970 of a time. Raises BadParameter."""
    try:
        return moment(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def when(message: Message, field: str) -> str:
    """A time of a message to the second, as rosters write it; empty when it is unset."""
    if not message.HasField(field):
        return ""
    time: Any = getattr(message, field)
    return str(time.ToDatetime(UTC).strftime("%Y-%m-%d %H:%M:%S"))


def exactly(message: Message, field: str) -> str:
    """A time of a message to the microsecond where it has a fraction, else to the second; empty when it is unset."""
    if not message.HasField(field):
        return ""
    time: Any = getattr(message, field)
    fraction = f".{time.nanos // 1000:06}".rstrip("0") if time.nanos else ""
    return f"{when(message, field)}{fraction}"


def how_long(message: Message, field: str) -> str:
    """A length of time of a message, such as 1:30:00; empty when it is unset."""
    if not message.HasField(field):
        return ""
    duration: Any = getattr(message, field)
    return str(duration.ToTimedelta())
