"""One action on many sessions, named one by one or all that match: foreseen, asked about, carried out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from rich.text import Text

from exam_sessions.cli.session_names import find_session
from exam_sessions.cli.shared.bulk_work import Asked, follow, may_go_on
from exam_sessions.cli.shared.connection import HINTS
from exam_sessions.cli.shared.console import fail, note, on_stderr, say
from exam_sessions.cli.shared.enum_names import message_json
from exam_sessions.cli.shared.in_flight import in_flight
from exam_sessions.cli.shared.operation_views import show_accommodated
from exam_sessions.cli.shared.retry import once, retry
from exam_sessions.cli.shared.transition_views import sessions_text, show_preview
from exam_sessions.client import messages
from exam_sessions.client.channel import is_id
from exam_sessions.client.failures import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exam_sessions.client.client import Client
    from exam_sessions.client.operations import Transitioned

AT = re.compile(r"ids\.session_ids\[(\d+)\]")

FOR_GOOD = frozenset({"void", "delete", "archive", "clear_responses"})
"""Actions that no other takes back: a person is asked, also where sessions are named."""


@dataclass(frozen=True)
class BulkMove:
    """What is asked for: the action with what it takes, under one request id."""

    action: int
    taken: dict[str, Any]
    asked: Asked

    @property
    def name(self) -> str:
        """The action as it was typed."""
        return messages.Action.Name(self.action).removeprefix("ACTION_").lower()

    def send(self, client: Client, **fields: Any) -> Any:
        """Sends it until there is an answer; it is carried out once."""
        return once(client.transition_many, self.action, **self.taken, **fields)


def move_named(client: Client, move: BulkMove, names: Sequence[str]) -> None:
    """Moves sessions that are named by id or keycode, all or none."""
    keycodes = [name for name in dict.fromkeys(names) if not is_id(name)]
    ids = {
        code: found.id
        for code, found in in_flight(lambda code: retry(lambda: client.session(find_session(client, code))), keycodes)
    }
    named = {ids.get(name, name): name for name in names}
    try:
        if move.asked.preview or (move.name in FOR_GOOD and not move.asked.yes):
            foreseen = move.send(client, session_ids=list(named), validate_only=True)
            what = f"{move.name} is possible for {sessions_text(foreseen.session_count)}"
            question = f"{sessions_text(len(named))}: {move.name}, which cannot be undone"
            if not may_go_on(move.asked, foreseen, lambda: _show_named(foreseen, named, what), question):
                return
        reply = move.send(client, session_ids=list(named))
    except Refused as refused:
        _reject(refused, list(named.values()))
    if move.asked.json:
        say(message_json(reply))
    else:
        _show_named(reply, named, f"{move.name}: {sessions_text(reply.session_count)} done")


def _show_named(reply: Transitioned, named: dict[str, str], what: str) -> None:
    show_accommodated(reply.sessions, named)
    say(what)


def _reject(refused: Refused, names: Sequence[str]) -> NoReturn:
    """Says of each session that cannot be moved why. Raises the refusal when it is about none of them."""
    bad = [(names[int(at[1])], v.description) for v in refused.violations if (at := AT.fullmatch(v.field))]
    if not bad:
        raise refused
    for name, why in bad:
        note(Text.assemble((f"{name}: ", "bold"), why))
    note(Text.assemble(("reason:  ", "bold"), refused.reason))
    hint = f"see what one may do now: exam-sessions sessions show {bad[0][0]} -v; or leave out what is refused"
    hint = HINTS["SESSION_NOT_FOUND"] if refused.reason == "SESSION_NOT_FOUND" else hint
    fail(f"refused for {len(bad):,} of {sessions_text(len(names))}; nothing was written", hint)


def move_matching(client: Client, move: BulkMove, criteria: dict[str, Any], rate: int) -> None:
    """Moves the sessions that match, each for itself, at most `rate` a second (0: no limit)."""
    if move.asked.needs_foresight:
        foreseen = move.send(client, criteria=criteria, validate_only=True, show_preview=True)
        if not move.asked.preview and not foreseen.preview.succeeded_count:
            with on_stderr():
                show_preview(foreseen)
            fail(f"{move.name} is possible for none of them", "the counts above say why; name others")
        question = f"{move.name} for {sessions_text(foreseen.preview.succeeded_count)}"
        question += ", which cannot be undone" if move.name in FOR_GOOD else ""
        if not may_go_on(move.asked, foreseen, partial(show_preview, foreseen), question):
            return
    reply = move.send(client, criteria=criteria, sessions_per_second=rate)
    note(f"{sessions_text(reply.session_count)} match")
    follow(client, reply.operation, move.asked)
