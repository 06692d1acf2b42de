"""From what is typed behind `exam-sessions sessions transition` to the fields of the call."""

from enum import StrEnum
from typing import Any

import typer

from exam_sessions.cli.files.roster_columns import extra_time
from exam_sessions.cli.shared.console import MISUSED, fail
from exam_sessions.cli.shared.times import length, time_of


class Reason(StrEnum):
    """Why a session is annulled, as it is typed."""

    ABSENT = "absent"
    WITHDRAWN = "withdrawn"
    PARTIALLY_COMPLETED = "partially_completed"
    NOT_YET_STARTED = "not_yet_started"
    OTHER = "other"
    AUTO = "auto"


class By(StrEnum):
    """Who ends the attempts, as it is typed."""

    CANDIDATE = "candidate"
    INVIGILATOR = "invigilator"


def end_of(deadline: int | None, time_from_now: int | None, *, no_limit: bool) -> dict[str, Any]:
    """When reopened attempts are to end, as fields of the call; ends the command when it is said twice."""
    if sum((deadline is not None, time_from_now is not None, no_limit)) > 1:
        fail("--deadline, --time-from-now and --no-limit are ways to say the same; give one", status=MISUSED)
    if time_from_now == 0:
        fail("--time-from-now is no time at all; leave it out for the usual end", status=MISUSED)
    times = {"deadline": deadline, "time_from_now": time_from_now}
    return {name: value for name, value in times.items() if value} | ({"no_limit": True} if no_limit else {})


def extra_of(text: str) -> dict[str, int]:
    """Extra time as a field of the call. Raises BadParameter."""
    if not text:
        return {}
    if not text.rstrip().endswith("%"):
        return {"extra_time": length(text)}
    try:
        return {"extra_time_percent": extra_time(text.strip())[1]}
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def accommodation_of(time_limit: str, window_start: str, window_end: str) -> dict[str, int | bool]:
    """What is given of an accommodation, as fields of the message. Raises BadParameter."""
    found: dict[str, int | bool] = {}
    if time_limit in {"none", "release"}:
        found["no_time_limit" if time_limit == "none" else "release_time_limit"] = True
    elif time_limit:
        found["time_limit"] = length(time_limit)
    for name, text in (("window_start", window_start), ("window_end", window_end)):
        if text == "release":
            found[f"release_{name}"] = True
        elif text:
            found[name] = time_of(text)
    return found
