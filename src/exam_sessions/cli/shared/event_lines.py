"""An event as one line: for people, as JSON, and as a CloudEvent (CloudEvents 1.0, JSON event format)."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any, Literal

from rich.text import Text

from exam_sessions.cli.shared.console import coloured
from exam_sessions.cli.shared.enum_names import message_json, word
from exam_sessions.cli.shared.times import when
from exam_sessions.domain.states import MATURITY, Maturity

if TYPE_CHECKING:
    from exam_sessions.client.client import SessionEvent
    from exam_sessions.client.messages import FieldChange

LONGEST_SEQUENCE = 19
"""Digits of the greatest sequence. As texts of this length they have the order of the numbers, which CloudEvents'
extension for sequences demands."""

LONGEST_VALUE = 40
"""Characters of a value that a line for people shows."""

BOOKKEEPING = frozenset(
    {
        "state", "version", "update_time", "last_event", "due_time", "open_candidate", "draft", "device_enter_time",
        "device_take_over_allowed",
    }
)  # fmt: skip
"""Columns of the service's own, and those that the time and the action of the event say as well."""

BY_THE_MOVE = frozenset(
    {
        "start_time", "end_time", "finish_reason", "pause_start_time", "paused_time", "download_time", "client_os",
        "client_machine", "client_ip", "held_offline", "responses_revision", "pin_failures", "void_reason",
    }
)  # fmt: skip
"""Columns that a move from one state to another writes by itself, or that its reason says."""

SAID = frozenset({"void_message", "exception_message", "extra_reason"})
"""Columns that hold the message of an event."""

ENUMERATIONS = frozenset({"action", "from_state", "to_state"})

VALUES: tuple[Literal["old_value", "new_value"], ...] = ("old_value", "new_value")


def painted(state: str, number: int) -> Text:
    """The state an event leads to, in the colour of its maturity."""
    return coloured(state, Maturity(MATURITY[number]).name) if number in MATURITY else Text(state or "(deleted)")


def moved(event: SessionEvent) -> Text:
    """From which state to which."""
    return Text.assemble(
        word(event, "from_state") or "(new)", " → ", painted(word(event, "to_state"), event.to_state)
    )


def details_of(event: SessionEvent) -> str:
    """The reason that was given, then the fields that were written, each with its value before and after."""
    given = ": ".join(part for part in (event.reason, event.message) if part)
    moves = event.to_state not in {0, event.from_state}
    passed_over = BOOKKEEPING | BY_THE_MOVE if moves else BOOKKEEPING
    if event.message:
        passed_over |= SAID
    edits = ", ".join(_edit(change) for change in event.changes if change.field not in passed_over)
    return "; ".join(part for part in (given, edits) if part)


def _edit(change: FieldChange) -> str:
    """A field with its value before and after, such as `centre_id: - → north`."""
    before, after = (_short(getattr(change, name)) if change.HasField(name) else "-" for name in VALUES)
    return f"{change.field}: {before} → {after}"


def _short(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…"


def plain(text: str) -> str:
    """A text on one line, with nothing in it that a terminal would obey."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def as_line(event: SessionEvent, *who: str) -> str:
    """For people; `who` names the session, and its candidate where that is known."""
    columns = (
        f"{event.sequence:>6}",
        when(event, "time"),
        *(f"{plain(name) or '-':<8}" for name in who or (event.session_id,)),
        f"{word(event, 'action').lower():<14}",
        f"{moved(event).plain:<40}",
        plain(event.actor),
        plain(details_of(event)),
    )
    return "  ".join(columns).rstrip()


def _as_object(event: SessionEvent) -> dict[str, Any]:
    """Every field by its name in the protos; enumerations in the contract's words, empty where they are unset.

    Values of a change that are unset are null.
    """
    made: dict[str, Any] = {}
    for field in event.DESCRIPTOR.fields:
        made[field.name] = word(event, field.name) if field.name in ENUMERATIONS else getattr(event, field.name)
    made["time"] = event.time.ToDatetime(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    made["changes"] = [
        {"field": change.field}
        | {name: getattr(change, name) if change.HasField(name) else None for name in VALUES}
        | ({"abridged": True} if change.abridged else {})
        for change in event.changes
    ]
    return made


def as_json_line(event: SessionEvent, workspace: str) -> str:  # noqa: ARG001 - alike with as_cloudevent
    """An object, as every command prints events."""
    return message_json(event)


def as_cloudevent(event: SessionEvent, workspace: str) -> str:
    """A CloudEvent in structured JSON."""
    fields = _as_object(event)
    verb, sequence = fields.pop("action").lower(), fields.pop("sequence")
    attributes = {
        "specversion": "1.0",
        "id": f"{workspace}/{sequence}",
        "source": f"/exam-sessions/{workspace}",
        "type": f"exam_sessions.session.{verb}",
        "subject": fields.pop("session_id"),
        "time": fields.pop("time"),
        "datacontenttype": "application/json",
        "sequence": f"{sequence:0{LONGEST_SEQUENCE}}",
    }
    return json.dumps(attributes | {"data": fields})
