"""How long what identifies a candidate is kept: the moment before which a session must have ended."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONTHS = 12


def months_before(moment: int, months: int) -> int:
    """The same day and time so many calendar months earlier, or the last day of a shorter month.

    Times are microseconds since 1970; one that would lie before is 1, the earliest there is.
    """
    then = EPOCH + timedelta(microseconds=moment)
    year, month = divmod(then.year * MONTHS + then.month - 1 - months, MONTHS)
    if year < EPOCH.year:
        return 1
    day = min(then.day, calendar.monthrange(year, month + 1)[1])
    found = then.replace(year=year, month=month + 1, day=day) - EPOCH
    return max(1, found // timedelta(microseconds=1))
