"""Times and lengths of time as people write and read them: in their zone (output.py), in files in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

import typer

from exam_sessions.cli.shared.csv_file import shown
from exam_sessions.cli.shared.output import zone, zone_name

if TYPE_CHECKING:
    from google.protobuf.message import Message

DAY, HOUR, MINUTE, SECOND = 86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")


DAY_ALONE = re.compile(r"\d{4}-\d\d-\d\d")
LENGTH = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)(?:\.(\d{1,6}))?s)?")


WRITTEN = "%Y-%m-%d %H:%M:%S"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def length(text: str) -> int:
    """Microseconds of a length of time such as 1h30m, 90m or 7d. Raises BadParameter."""
    try:
        return span(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def time_of(text: str) -> int:
    """Microseconds since 1970 of a time, in the zone of the command when it names none. Raises BadParameter."""
    try:
        return moment(text, zone())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def day_or_time_of(text: str) -> int:
    """The same, where a day alone is its beginning. Raises BadParameter."""
    return time_of(f"{text.strip()} 00:00" if DAY_ALONE.fullmatch(text.strip()) else text)


def when(message: Message, field: str) -> str:
    """A time of a message to the second, in the zone of the command; empty when it is unset."""
    if not message.HasField(field):
        return ""
    time: Any = getattr(message, field)
    return str(time.ToDatetime(UTC).astimezone(zone()).strftime(WRITTEN))


def zoned(message: Message, field: str) -> str:
    """The same with the zone behind it."""
    found = when(message, field)
    return f"{found} {zone_name()}" if found else ""


def in_utc(message: Message, field: str) -> str:
    """A time of a message to the second in UTC, as rosters write it; empty when it is unset."""
    if not message.HasField(field):
        return ""
    time: Any = getattr(message, field)
    return str(time.ToDatetime(UTC).strftime(WRITTEN))


def exactly(message: Message, field: str) -> str:
    """The same to the microsecond where it has a fraction; empty when it is unset."""
    if not message.HasField(field):
        return ""
    time: Any = getattr(message, field)
    fraction = f".{time.nanos // 1000:06}".rstrip("0") if time.nanos else ""
    return f"{in_utc(message, field)}{fraction}"


def how_long(message: Message, field: str) -> str:
    """A length of time of a message, such as 1:30:00; empty when it is unset."""
    if not message.HasField(field):
        return ""
    duration: Any = getattr(message, field)
    return str(duration.ToTimedelta())


def moment(cell: str, at: tzinfo | None = UTC) -> int:
    """Microseconds since 1970 of a time; in the zone `at` when it names none (None: this machine's)."""
    written = cell.upper()
    if not MOMENT.fullmatch(written):
        raise ValueError(
            f"{shown(cell)} is not a time such as 2026-05-04 09:00:00 (UTC) or 2026-05-04T09:00:00+02:00"
        )
    try:
        found = datetime.fromisoformat(written)
        since = (found if found.tzinfo else _placed(found, at)) - EPOCH
    except (ValueError, OverflowError):
        raise ValueError(f"{shown(cell)} does not exist in the calendar") from None
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if micros <= 0:
        raise ValueError(f"{shown(cell)} is not later than 1970-01-01 00:00:00")
    return micros


def _placed(found: datetime, at: tzinfo | None) -> datetime:
    """A time of a clock on a wall. Raises ValueError when that clock never shows it, as it is put forward."""
    placed = (found.replace(tzinfo=at) if at else found.astimezone()).astimezone(UTC)
    if placed.astimezone(at).replace(tzinfo=None) != found:
        raise ValueError
    return placed


def span(cell: str) -> int:
    """Microseconds of a length of time such as 1h30m, 90m, 7d or 1.5s."""
    found = LENGTH.fullmatch(cell.lower().replace(" ", ""))
    if not found or not any(found.groups()):
        raise ValueError(f"{shown(cell)} is not a length of time such as 1h30m, 90m or 7d")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[:4])
    fraction = int((found[5] or "").ljust(6, "0"))
    return days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND + fraction


def written_span(micros: int) -> str:
    """A length of time as `span` reads it, in seconds."""
    seconds, fraction = divmod(micros, SECOND)
    return f"{seconds}.{fraction:06}".rstrip("0").rstrip(".") + "s"
