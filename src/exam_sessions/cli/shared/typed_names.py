"""Names of states, actions and the like as people type them: in any case, with the one that is meant as a hint."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import typer

from exam_sessions.domain.states import Action, FinishReason, Maturity, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from enum import IntEnum

FOR_MANY = tuple(
    sorted(
        set(Action)
        - {
            *(Action.SCHEDULE, Action.UPDATE, Action.ROUTE, Action.REGRADE, Action.ERASE, Action.TAKE_OVER),
            *(Action.ENTER_KEYCODE, Action.ENTER_PIN, Action.SET_PIN, Action.GET_PIN),
            *(Action.ASSIGN_ITEM_MARKS, Action.ASSIGN_ITEM_RESPONSES, Action.SET_RESPONSES),
            *(Action.SCORE_RESPONSE, Action.UNSCORE_RESPONSE),
        }
    )
)
"""Actions that can be done to many sessions at once; the transition table says so too, but takes long to import."""


def member_of(names: Iterable[str], what: str, text: str) -> str:
    """The name a text means, in any case and with hyphens for underscores. Raises BadParameter with the nearest."""
    known = {name.lower(): name for name in names}
    asked = text.strip().lower().replace("-", "_")
    if asked in known:
        return known[asked]
    near = difflib.get_close_matches(asked, known, n=1, cutoff=0.5)
    hint = f"did you mean {known[near[0]]}?" if near else f"there are: {', '.join(known.values())}"
    raise typer.BadParameter(f"{text!r} is not a{'n' * (what[0] in 'aeiou')} {what}; {hint}")


def number_of(kind: type[IntEnum], what: str, text: str) -> int:
    """The number of a member of an enumeration. Raises BadParameter."""
    return int(kind[member_of(kind.__members__, what, text)])


def state_of(text: str) -> int:
    """The code of a state. Raises BadParameter."""
    return number_of(State, "state", text)


def maturity_of(text: str) -> int:
    """The number of a maturity. Raises BadParameter."""
    return number_of(Maturity, "maturity", text)


def finish_reason_of(text: str) -> int:
    """The number of who ended an attempt. Raises BadParameter."""
    return number_of(FinishReason, "finish reason", text)


def action_of(text: str) -> int:
    """The number of an action. Raises BadParameter."""
    from exam_sessions.client import messages  # noqa: PLC0415 - `--help` needs no protos

    return int(messages.Action.Value(f"ACTION_{member_of(map(str, Action), 'action', text).upper()}"))


def completer(names: Iterable[str]) -> Callable[[str], list[str]]:
    """What completes names for a shell: those that begin so, in the case in which the first letters are typed."""
    known = tuple(names)

    def complete(incomplete: str) -> list[str]:
        asked = incomplete.lower().replace("-", "_")
        found = [name for name in known if name.lower().startswith(asked)]
        if "-" in incomplete:
            found = [name.replace("_", "-") for name in found]
        if incomplete.islower():
            return [name.lower() for name in found]
        return [name.upper() for name in found] if incomplete.isupper() else found

    return complete


complete_state = completer(State.__members__)
complete_maturity = completer(Maturity.__members__)
complete_finish_reason = completer(FinishReason.__members__)
complete_action = completer(map(str, Action))
complete_action_for_many = completer(map(str, FOR_MANY))
