from __future__ import annotations

import pytest
from sample_forms import papers
from sample_sessions import NOW, a_release, a_session

from exam_sessions import errors
from exam_sessions.domain.commands import Command
from exam_sessions.domain.machine import machine, sources_of
from exam_sessions.domain.move import Move, fire
from exam_sessions.domain.states import Action, State

RELEASES = {
    "open": a_release(),
    "invigilated, with check-in": a_release(invigilated=1, requires_check_in=1),
    "moderated": a_release(moderated=1),
    "on paper": a_release(delivery=2),
    "finalized": a_release(finalized=1),
    "with attempts left": a_release(max_attempts=2),
}


def outcome(move, moved):
    try:
        move()
    except errors.Refusal as refusal:
        return refusal.reason
    return moved.state


@pytest.mark.parametrize("release", RELEASES.values(), ids=RELEASES.keys())
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", [action for action in Action if action.value in machine.events])
def test_the_compiled_table_moves_as_the_machine_itself_does(action, state, release):
    session = a_session(state, pin="QWERTY")
    by_table, by_machine = (Move(session, release, Command(action), NOW, papers()) for _ in range(2))
    compiled = outcome(lambda: fire(by_table), by_table)
    if state in sources_of(action):
        assert compiled == outcome(lambda: machine.events[action.value].trigger(by_machine), by_machine)
    else:
        assert compiled in {
            "INVALID_TRANSITION",
            "SESSION_NOT_RESETTABLE",
            "SESSION_NOT_EDITABLE",
            "SESSION_NOT_VOIDABLE",
            "PAPER_RESPONSE_UPLOAD_REQUIRED",
        }
