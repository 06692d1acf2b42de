"""How the results of the command that runs are printed, and in which time zone: what -o and --tz say."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo


class Output(StrEnum):
    """A format of results, as it is typed."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    CSV = "csv"


_output: ContextVar[Output] = ContextVar("output", default=Output.TABLE)
_zone: ContextVar[tzinfo | None] = ContextVar("zone", default=None)


def output() -> Output:
    """The format."""
    return _output.get()


def set_output(chosen: Output) -> None:
    """Sets the format."""
    _output.set(chosen)


def zone() -> tzinfo | None:
    """The time zone; None is that of this machine."""
    return _zone.get()


def set_zone(name: str) -> None:
    """Sets the time zone by its IANA name; `local` or nothing is that of this machine. Raises ValueError."""
    if name.lower() in {"", "local"}:
        _zone.set(None)
    elif name.upper() in {"UTC", "Z"}:
        _zone.set(UTC)
    else:
        try:
            _zone.set(ZoneInfo(name))
        except (KeyError, OSError, ValueError):
            raise ValueError(f"{name!r} is not a time zone such as Europe/Berlin, UTC or local") from None


def zone_name() -> str:
    """What the zone is called."""
    chosen = zone()
    return str(chosen) if chosen else datetime.now().astimezone().tzname() or "local"
