"""Times and lengths of time as people write and read them; always UTC."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Any

import typer

from exam_sessions.cli.roster_columns import moment

if TYPE_CHECKING:
    from google.protobuf.message import Message

SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
LENGTH = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def length(text: str) -> int:
    """Microseconds of a length of time such as 1h30m, 90m or 7d. Raises BadParameter."""
    found = LENGTH.fullmatch(text.lower().replace(" ", ""))
    if not found or not any(found.groups()):
        raise typer.BadParameter(f"{text!r} is not a length of time such as 1h30m, 90m or 7d")
    return sum(int(n) * s for n, s in zip(found.groups(), SECONDS.values(), strict=True) if n) * 1_000_000


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


def how_long(message: Message, field: str) -> str:
    """A length of time of a message, such as 1:30:00; empty when it is unset."""
    if not message.HasField(field):
        return ""
    duration: Any = getattr(message, field)
    return str(duration.ToTimedelta())
