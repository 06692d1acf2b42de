"""The matrix of states and actions, typed by hand from the contract."""

import pytest
from sample_sessions import HOUR, NOW, OPENS, PIN, STARTED, a_release, a_session

from exam_sessions import errors
from exam_sessions.domain.commands import Command
from exam_sessions.domain.decide import decide
from exam_sessions.domain.machine import ALLOWED, Move, fire, transitions_of_machine
from exam_sessions.domain.states import Action, State

# A number is the state the action leads to; `x` is a deleted booking; any other sign is a refusal, see REFUSALS.
MATRIX = """
                                  1   2   3   4  22   5  14   6   7   8  18  19  20   9  15  11  16  12  13  10  99
create_package                    2   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
download                          .   4   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
download, too early               .   3   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
open_window                       .   .   4   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
open_window, too early            .   .   W   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
enter_keycode                     .   .   6   6   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
enter_keycode, check-in           .   .  22  22   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
enter_keycode, invigilated        .   .   5   5   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
enter_keycode, room PIN           .   .  14  14   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
enter_keycode, too early          .   .   W   W   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
check_in                          .   .   .   .   6   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
check_in, invigilated             .   .   .   .   5   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
check_in, room PIN                .   .   .   .  14   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
enter_pin                         .   .   .   .   .   .   6   .   .   .   .   .   .   .   .   .   .   .   .   .   .
unlock                            .   .   .   .   .   6   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
set_pin                           1   2   3   4  22  14  14   .   .   .   .   .   .   .   .   .   .   .   .   .   .
remove_pin                        1   2   3   4  22   .   5   .   .   .   .   .   .   .   .   .   .   .   .   .   .
pause                             .   .   .   .   .   .   .   7   .   .   .   .   .   .   .   .   .   .   .   .   .
resume                            .   .   .   .   .   .   .   .   6   .   .   .   .   .   .   .   .   .   .   .   .
go_offline                        .   .   .   .   .   .   .   8   .   .   .   .   .   .   .   .   .   .   .   .   .
reconnect                         .   .   .   .   .   .   .   .   .   6   .   .   .   .   .   .   .   .   .   .   .
finish_offline                    .   .   .   .   .   .   .   .   .  18   .   .   .   .   .   .   .   .   .   .   .
upload                            .   .   .   .   .   .   .   .   .   .   9   .   .   .   .   .   .   .   .   .   .
finish                            .   .   .   .   .   .   .   9   9   .   .   .   .   .   .   .   .   .   .   .   .
send_to_marking                   .   .   .   .   .   .   .   .   .   .   .   .   .  15   .   .   .   .   .   .   .
submit_marked                     .   .   .   .   .   .   .   .   .   .   .   .   .   .  11   .   .   .   .   .   .
request_verification              .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   N   .   .   .   .   .
request_verification, moderated   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .  16   .   .   .   .   .
verify                            .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .  12   .   .   .   .
archive                           .   .   .   .   .   .   .   .   .   .   .   .   .   .   .  13   .  13   .   .   .
archive, moderated                .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   M   .  13   .   .   .
void                             10  10  10  10  10  10  10  10  10   H   H  10  10  10  10  10  10  10   V   V  10
void, by force                   10  10  10  10  10  10  10  10  10  10  10  10  10  10  10  10  10  10   V   V  10
reset                             1   1   1   1   R   R   R   R   R   R   R   R   R   R   R   R   R   R   R   R   R
assign_item_marks                 .   .   .   .   .   .   .   .   .   .   .  19   .   .   .   .   .   .   .   .   .
assign_item_responses             .   .   .   .   .   .   .   .   .   .   .  19   .   .   .   .   .   .   .   .   .
request_scan                      .   .   .   .   .   .   .   .   .   .   .  20   .   .   .   .   .   .   .   .   .
receive_scan                      .   .   .   .   .   .   .   .   .   .   .   .  19   .   .   .   .   .   .   .   .
set_responses                     .   .   .   .   .   .   .   6   .   .   .   .   .   .   .   .   .   .   .   .   .
clear_responses                   .   .   .   .   .   .   .   4   4   .   .   .   .   4   4   4   4   4   .   .   .
clear_responses, paper            .   .   .   .   .   .   .  19  19   .   .   .   .  19  19  19  19  19   .   .   .
reopen                            .   .   .   .   .   .   .   .   .   .   .   .   .   6   6   6   6   6   .   .   .
reopen, paper                     .   .   .   .   .   .   .   .   .   .   .   .   .  19  19  19  19  19   .   .   .
retake                            .   .   .   .   .   .   .   .   .   .   .   .   .   4   .   4   .   4   .   .   .
retake, paper                     .   .   .   .   .   .   .   .   .   .   .   .   .  19   .  19   .  19   .   .   .
fail                             99  99  99  99  99  99  99  99  99  99  99  99  99  99  99  99  99  99   .   .   .
recover                           .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   1
recover, attempt begun            .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   7
recover, paper                    .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .  19
update                            1   2   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E
update, name only                 1   2   3   4  22   5  14   6   7   8  18  19  20   9  15  11  16  12   E   E  99
delete                            x   x   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E
"""

REFUSALS = {
    ".": "INVALID_TRANSITION",
    "R": "SESSION_NOT_RESETTABLE",
    "E": "SESSION_NOT_EDITABLE",
    "V": "SESSION_NOT_VOIDABLE",
    "H": "HELD_OFFLINE",
    "W": "WINDOW_CLOSED",
    "N": "RELEASE_NOT_MODERATED",
    "M": "MODERATION_REQUIRED",
}
NOT_IN_THIS_STATE = frozenset(".REV")
DELETED = "x"

# What each setting changes: the release, the session, the command, the moment. Without one: an open, online release
# without invigilation, check-in or moderation, ten past nine started, and the window and the attempt have time left.
SETTINGS = {
    "": ({}, {}, {}, NOW),
    "too early": ({}, {}, {}, OPENS - HOUR),
    "check-in": ({"requires_check_in": 1, "invigilated": 1}, {"pin": PIN}, {}, NOW),
    "invigilated": ({"invigilated": 1}, {"pin": ""}, {}, NOW),
    "room PIN": ({"invigilated": 1}, {"pin": PIN}, {}, NOW),
    "moderated": ({"moderated": 1}, {}, {}, NOW),
    "paper": ({"delivery": 2}, {}, {}, NOW),
    "attempt begun": ({}, {"start_time": STARTED}, {}, NOW),
    "by force": ({}, {}, {"force": True}, NOW),
    "name only": ({}, {}, {"fields": (("name_last", "King"),)}, NOW),
}
SAID = {
    "enter_pin": {"pin": PIN},
    "set_pin": {"pin": "ASDFGH"},
    "fail": {"message": "the screen went dark"},
    "update": {"fields": (("centre_id", "centre-2"),)},
}

WITHOUT_EFFECTS_YET = frozenset(
    {"assign_item_marks", "assign_item_responses", "set_responses", "clear_responses", "reopen", "retake"}
)
"""Actions nobody can call yet; only the machine's table is tried."""


def rows():
    lines = MATRIX.strip("\n").splitlines()
    states = [int(code) for code in lines[0].split()]
    for line in lines[1:]:
        action, _, setting = line[:31].strip().partition(", ")
        yield action, setting, dict(zip(states, line[31:].split(), strict=True))


CELLS = [(action, setting, state, cell) for action, setting, row in rows() for state, cell in row.items()]


def outcome(action, setting, state):
    of_release, of_session, said, now = SETTINGS[setting]
    session = a_session(state, **of_session)
    command = Command(Action(action), **(SAID.get(action, {}) | said))
    try:
        if action in WITHOUT_EFFECTS_YET:
            return str(int(fire(Move(session, a_release(**of_release), command, now))))
        decision = decide(session, a_release(**of_release), command, now)
    except errors.Refusal as refusal:
        return refusal.reason
    return DELETED if decision.session is None else str(decision.session.state)


@pytest.mark.parametrize(
    ("action", "setting", "state", "cell"),
    [pytest.param(*c, id=f"{c[0]} {c[1]} in {State(c[2]).name}".replace("  ", " ")) for c in CELLS],
)
def test_a_cell_of_the_matrix_holds(action, setting, state, cell):
    assert outcome(action, setting, state) == REFUSALS.get(cell, cell)


def test_the_matrix_has_a_cell_for_every_action_in_every_state():
    tried = {(action, state) for action, _, state, _ in CELLS}
    assert tried == {(str(action), int(state)) for action in Action if action != "schedule" for state in State}
    assert len(tried) == 35 * 21


def test_the_machine_holds_the_moves_of_the_matrix_and_no_other():
    of_matrix = {(action, state, int(cell)) for action, _, state, cell in CELLS if cell.isdigit()}
    of_machine = {(str(action), int(source), int(dest)) for action, source, dest, _ in transitions_of_machine()}
    assert of_machine == of_matrix


@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
def test_the_allowed_actions_are_those_the_matrix_does_not_refuse_by_state(state):
    legal = {action for action, _, code, cell in CELLS if code == state and cell not in NOT_IN_THIS_STATE}
    assert set(ALLOWED[state]) == legal - WITHOUT_EFFECTS_YET
    assert len(ALLOWED[state]) == len(set(ALLOWED[state]))


@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
def test_a_refusal_by_state_names_the_state_the_action_and_what_is_legal(state):
    legal = {action for action, _, code, cell in CELLS if code == state and cell not in NOT_IN_THIS_STATE}
    refused = {action for action, _, code, cell in CELLS if code == state and cell in NOT_IN_THIS_STATE}
    for action in refused - legal - WITHOUT_EFFECTS_YET:
        with pytest.raises(errors.InvalidTransition) as refusal:
            decide(a_session(state), a_release(), Command(Action(action), **SAID.get(action, {})), NOW)
        facts = refusal.value.metadata()
        assert (facts["state"], facts["action"]) == (state.name, action)
        named = facts["allowed_actions"].split(",") if facts["allowed_actions"] else []
        assert set(named) == legal - WITHOUT_EFFECTS_YET
