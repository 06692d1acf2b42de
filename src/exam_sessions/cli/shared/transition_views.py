"""The preview of an action on many sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from exam_sessions.cli.shared.console import note, say, show, table
from exam_sessions.cli.shared.enum_names import word
from exam_sessions.cli.shared.event_lines import painted
from exam_sessions.client.failures import Refused

if TYPE_CHECKING:
    from exam_sessions.client.operations import Transitioned


def refusal_of_one(refused: Refused) -> Refused:
    """The refusal of a call for many sessions, where there was one: without its row."""
    if len(refused.violations) != 1 or not refused.violations[0].field.startswith("ids.session_ids["):
        return refused
    known = {name: value for name, value in refused.facts.items() if name not in {"bad_rows", "index"}}
    return Refused(refused.code, refused.reason, refused.violations[0].description, known)


def sessions_text(count: int) -> str:
    """A number of sessions."""
    return f"{count:,} session{'s' * (count != 1)}"


def show_preview(foreseen: Transitioned) -> None:
    """Prints how many would be moved from which state to which, and how many refused, in which and why."""
    preview = foreseen.preview
    say(
        f"{sessions_text(foreseen.session_count)} match: {preview.succeeded_count:,} would be moved, "
        f"{preview.failed_count:,} refused"
    )
    if preview.moves:
        moves = table("sessions", "from", "to", whole=("sessions",))
        for move in preview.moves:
            after = word(move, "to_state")
            became = painted(after, move.to_state) if after else Text("deleted", style="red")
            moves.add_row(f"{move.session_count:,}", painted(word(move, "from_state"), move.from_state), became)
        show(moves)
    if preview.refusals:
        refusals = table("refused", "in", "why", whole=("refused",))
        for refusal in preview.refusals:
            state = painted(word(refusal, "from_state"), refusal.from_state)
            why = Text.assemble(
                (refusal.reason, "red"), f"\nsuch as {refusal.session_ids[0]}: {refusal.first.message}"
            )
            refusals.add_row(f"{refusal.session_count:,}", state, why)
        show(refusals)
    if foreseen.session_count != preview.succeeded_count + preview.failed_count:
        note("sessions were changed meanwhile; the counts are of two moments", "yellow")
