"""Values in the history of a session, as the contract writes them.

Events keep columns as they are stored: microseconds, ten-thousandths, codes. Each column has a kind here, which says
how its values are shown and which of them is unset; so old events are shown right as well.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from exam_sessions.domain.marks import text_of
from exam_sessions.domain.records import NO_LIMIT, AttemptRecord
from exam_sessions.rpc.convert.times import SECOND
from exam_sessions_client.v1 import session_pb2

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC, without the offset that isoformat would write


def _text(value: Any) -> str | None:
    return value or None


def _count(value: Any) -> str:
    return str(int(value))


def _boolean(value: Any) -> str:
    return "true" if value else "false"


def _decimal(value: Any) -> str:
    return text_of(value)


def _time(value: Any) -> str | None:
    if not value:
        return None
    # Half as long as strftime, and years are of four digits everywhere.
    text = (EPOCH + timedelta(microseconds=value)).isoformat()
    return f"{text[:-3]}Z" if value % SECOND and not value % 1000 else f"{text}Z"


def _duration(value: Any) -> str | None:
    if not value:
        return None
    seconds, rest = divmod(abs(value), SECOND)
    return f"{'-' if value < 0 else ''}{seconds}{_fraction(rest)}s"


def _unless_endless(kind: Callable[[Any], str | None]) -> Callable[[Any], str | None]:
    """The kind of a column that can be set to no limit, in the words of the request."""
    return lambda value: "no_limit" if value == NO_LIMIT else kind(value)


def _fraction(micros: int) -> str:
    """As in the JSON form of times: 0, 3 or 6 digits."""
    if not micros:
        return ""
    return f".{micros:06}" if micros % 1000 else f".{micros // 1000:03}"


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _name_in(enum: EnumTypeWrapper) -> Callable[[Any], str | None]:
    names = {number: name for name, number in enum.items()}

    def name(value: Any) -> str | None:
        # A number that a newer server has written is shown as it is.
        return names.get(value, str(value)) if value else None

    return name


_CLOCK = {
    "start_time": _time,
    "end_time": _time,
    "finish_reason": _name_in(session_pb2.FinishReason),
    "paused_time": _duration,
}


def _least(value: Any) -> str | None:
    return text_of(value) if value else None


_EARNED = {"points": _decimal, "points_max": _decimal, "score": _decimal, "points_min": _least, "score_min": _least}

KINDS: dict[str, Callable[[Any], str | None]] = {
    **dict.fromkeys(("workspace_id", "id", "release_id", "keycode", "access_code", "pin", "candidate_id"), _text),
    **dict.fromkeys(("name_first", "name_middle", "name_last", "school_id", "district_id"), _text),
    **dict.fromkeys(("external_reference", "activity_id", "centre_id", "test_form", "extra_reason"), _text),
    **dict.fromkeys(("client_os", "client_machine", "client_ip", "void_message", "exception_message"), _text),
    **dict.fromkeys(("open_candidate", "draft", "annotations", "device"), _text),
    **dict.fromkeys(("window_start", "window_end", "create_time", "update_time", "download_time"), _time),
    **dict.fromkeys(("pause_start_time", "due_time"), _time),
    "own_deadline": _unless_endless(_time),
    "time_limit": _unless_endless(_duration),
    "late_by": _duration,
    **dict.fromkeys(("attempt", "pin_failures", "version", "form_revision", "responses_revision"), _count),
    "marking_revision": _count,
    **dict.fromkeys(("extra_percent", "marking_progress", "last_event"), _count),
    "state": _name_in(session_pb2.State),
    "gender": _name_in(session_pb2.Gender),
    "grade_level": _name_in(session_pb2.GradeLevel),
    "ethnicity": _name_in(session_pb2.Ethnicity),
    "void_reason": _name_in(session_pb2.VoidReason),
    "held_offline": _boolean,
    "extra_time": _duration,
    **_CLOCK,
    **_EARNED,
    "device_label": _text,
    "device_enter_time": _time,
    "device_take_over_allowed": _boolean,
    "responses": _json,
    "marks": _json,
}
"""How each column is shown; `responses` and `marks` are those of an attempt that changed, by question number."""

ATTEMPT_COLUMNS = (*AttemptRecord._fields[2:14], "marking_revision", "late_by", "points_min")
"""The columns of an attempt that the event of a deletion keeps."""


def _attempts(value: Any) -> str:
    """The attempts of a deleted booking, each as an object of its columns; what is unset is left out."""
    return _json([_attempt(dict(zip(ATTEMPT_COLUMNS, row, strict=False))) for row in value])


def _attempt(columns: dict[str, Any]) -> dict[str, Any]:
    marks = columns.get("marks") or {}
    shown: dict[str, Any] = {
        "marks": {number: None if mark is None else text_of(mark) for number, mark in marks.items()}
    }
    for name, value in columns.items():
        if name == "responses" or KINDS[name] is _count:
            shown[name] = value
        elif name != "marks" and value is not None and (text := KINDS[name](value)) is not None:
            shown[name] = text
    return {name: shown[name] for name in columns if name in shown}


KINDS["scripts"] = _attempts


def shown_value(column: str, value: object) -> str | None:
    """A value of a column as the contract writes it; None when it is unset.

    What does not fit its column's kind, or is of a column of another version, is shown as it is stored.
    """
    if value is None:
        return None
    # Of one of several attempts: attempts[2].points.
    kind = KINDS.get(column.rpartition(".")[2])
    if kind is not None:
        try:
            return kind(value)
        except (TypeError, ValueError, AttributeError, OverflowError):
            pass
    return value if isinstance(value, str) else _json(value)
