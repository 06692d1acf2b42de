"""The matrix of states and actions, typed by hand from the contract."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import pytest
from sample_forms import BY_MACHINE, MACHINE, MIXED, answer, answers, marking_context, revision
from sample_sessions import (
    CLOSES,
    ENDED,
    HELD,
    HOUR,
    MINUTE,
    NOW,
    OPENS,
    PIN,
    STARTED,
    TAKE_OVER_ALLOWED,
    a_release,
    a_session,
)

from exam_sessions import errors
from exam_sessions.domain.commands import Command
from exam_sessions.domain.decide import decide
from exam_sessions.domain.forms import Form
from exam_sessions.domain.states import Action, State
from exam_sessions.domain.transition_table import ALLOWED, transitions_of_machine

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
get_pin                           S   S   S   S   S   S  14   .   .   .   .   .   .   .   .   .   .   .   .   .   .
get_pin, room PIN                 1   2   3   4  22   5  14   .   .   .   .   .   .   .   .   .   .   .   .   .   .
set_extra_time                    1   2   3   4  22   5  14   6   7   .   .   .   .   .   .   .   .   .   .   .   .
set_extra_time, time over         1   2   3   4  22   5  14   T   7   .   .   .   .   .   .   .   .   .   .   .   .
set_accommodation                 1   2   3   4  22   5  14   6   7   .   .   .   .   .   .   .   .   .   .   .   .
set_accommodation, time over      1   2   3   4  22   5  14   T   7   .   .   .   .   .   .   .   .   .   .   .   .
pause                             .   .   .   .   .   .   .   7   .   .   .   .   .   .   .   .   .   .   .   .   .
resume                            .   .   .   .   .   .   .   .   6   .   .   .   .   .   .   .   .   .   .   .   .
go_offline                        .   .   .   .   .   .   .   8   .   .   .   .   .   .   .   .   .   .   .   .   .
reconnect                         .   .   .   .   .   .   .   .   .   6   .   .   .   .   .   .   .   .   .   .   .
finish_offline                    .   .   .   .   .   .   .   .   .  18   .   .   .   .   .   .   .   .   .   .   .
upload                            .   .   .   .   .   .   .   .   .   .   9   .   .   .   .   .   .   .   .   .   .
finish                            .   .   .   .   .   .   .   9   9   .   .   .   .   .   .   .   .   .   .   .   .
send_to_marking                   .   .   .   .   .   .   .   .   .   .   .   .   .  15   .   .   .   .   .   .   .
score_response                    .   .   .   .   .   .   .   .   .   .   .   .   .   .  15  11  16   .   .   .   .
score_response, no form           .   .   .   .   .   .   .   .   .   .   .   .   .   .   F   F   F   .   .   .   .
unscore_response                  .   .   .   .   .   .   .   .   .   .   .   .   .   .  15   .   .   .   .   .   .
unscore_response, no form         .   .   .   .   .   .   .   .   .   .   .   .   .   .   F   .   .   .   .   .   .
submit_marked                     .   .   .   .   .   .   .   .   .   .   .   .   .   .  11   .   .   .   .   .   .
request_verification              .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   N   .   .   .   .   .
request_verification, moderated   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .  16   .   .   .   .   .
verify                            .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .  12   .   .   .   .
archive                           .   .   .   .   .   .   .   .   .   .   .   .   .   .   .  13   .  13   .   .   .
archive, moderated                .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   M   .  13   .   .   .
void                             10  10  10  10  10  10  10  10  10   H   H  10  10  10  10  10  10  10   V   V  10
void, by force                   10  10  10  10  10  10  10  10  10  10  10  10  10  10  10  10  10  10   V   V  10
reset                             1   1   1   1   R   R   R   R   R   R   R   R   R   R   R   R   R   R   R   R   R
assign_item_marks                 P   P   P   P   P   P   P   P   P   P   P  19   P   P   P   P   P   P   P   P   P
assign_item_marks, no form        P   P   P   P   P   P   P   P   P   P   P   F   P   P   P   P   P   P   P   P   P
assign_item_responses             P   P   P   P   P   P   P   P   P   P   P  19   P   P   P   P   P   P   P   P   P
assign_item_responses, no form    P   P   P   P   P   P   P   P   P   P   P   F   P   P   P   P   P   P   P   P   P
request_scan                      .   .   .   .   .   .   .   .   .   .   .  20   .   .   .   .   .   .   .   .   .
receive_scan                      .   .   .   .   .   .   .   .   .   .   .   .  19   .   .   .   .   .   .   .   .
set_responses                     .   .   .   .   .   .   .   6   .   .   .   .   .   .   .   .   .   .   .   .   .
set_responses, no form            .   .   .   .   .   .   .   F   .   .   .   .   .   .   .   .   .   .   .   .   .
set_responses, time over          .   .   .   .   .   .   .   T   .   .   .   .   .   .   .   .   .   .   .   .   .
route                             .   .   .   .   .   .   .   .   .   .   .  15   .  15   .   .   .   .   .   .   .
route, machine                    .   .   .   .   .   .   .   .   .   .   .  11   .  11   .   .   .   .   .   .   .
route, machine, moderated         .   .   .   .   .   .   .   .   .   .   .  16   .  11   .   .   .   .   .   .   .
route, no form                    .   .   .   .   .   .   .   .   .   .   .   F   .   F   .   .   .   .   .   .   .
clear_responses                   .   .   .   .   .   .   .   4   4   .   .   .   .   4   4   4   4   4   .   .   .
clear_responses, paper            .   .   .   .   .   .   .  19  19   .   .   .   .  19  19  19  19  19   .   .   .
reopen                            .   .   .   .   .   .   .   .   .   .   .   .   .   6   6   6   6   6   .   .   .
reopen, deferred clock            .   .   .   .   .   .   .   .   .   .   .   .   .   7   7   7   7   7   .   .   .
reopen, too late                  .   .   .   .   .   .   .   .   .   .   .   .   .   W   W   W   W   W   .   .   .
reopen, time over                 .   .   .   .   .   .   .   .   .   .   .   .   .   T   T   T   T   T   .   .   .
reopen, till a deadline           .   .   .   .   .   .   .   .   .   .   .   .   .   6   6   6   6   6   .   .   .
reopen, paper                     .   .   .   .   .   .   .   .   .   .   .   .   .  19  19  19  19  19   .   .   .
regrade                           .   .   .   .   .   .   .   .   .   .   .   .   .   9  15  11  16  12   .   .   .
regrade, no form                  .   .   .   .   .   .   .   .   .   .   .   .   .   F   F   F   F   F   .   .   .
regrade, people mark              .   .   .   .   .   .   .   .   .   .   .   .   .  15  15  15  15  15   .   .   .
regrade, machine marks            .   .   .   .   .   .   .   .   .   .   .   .   .   9  11  11  16  12   .   .   .
regrade, machine, on paper         .   .   .   .   .   .   .   .   .   .   .   .   .   9  16  11  16  12   .   .   .
regrade, other questions          .   .   .   .   .   .   .   .   .   .   .   .   .   I   I   I   I   I   .   .   .
retake                            .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   A   .   A   .   .   .
retake, attempts left             .   .   .   .   .   .   .   .   .   .   .   .   .   4   .   4   .   4   .   .   .
retake, paper                     .   .   .   .   .   .   .   .   .   .   .   .   .  19   .  19   .  19   .   .   .
fail                             99  99  99  99  99  99  99  99  99  99  99  99  99  99  99  99  99  99   .   .   .
recover                           .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   1
recover, attempt begun            .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   7
recover, paper                    .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .  19
allow_take_over                   .   .   .   .   O   O   O   O   O   O   O   .   .   .   .   .   .   .   .   .   .
allow_take_over, held             .   .   .   .  22   5  14   6   7   8  18   .   .   .   .   .   .   .   .   .   .
take_over                         .   .   .   .   O   O   O   O   O   O   O   .   .   .   .   .   .   .   .   .   .
take_over, held                   .   .   .   .   K   K   K   K   K   K   K   .   .   .   .   .   .   .   .   .   .
take_over, allowed                .   .   .   .  22   5  14   6   7   8  18   .   .   .   .   .   .   .   .   .   .
take_over, last device            .   .   .   .  22   5  14   6   7   K   K   .   .   .   .   .   .   .   .   .   .
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
    "P": "PAPER_RESPONSE_UPLOAD_REQUIRED",
    "F": "TEST_FORM_UNKNOWN",
    "T": "ATTEMPT_TIME_EXPIRED",
    "A": "ATTEMPTS_EXHAUSTED",
    "S": "PIN_NOT_SET",
    "I": "FORM_REVISION_INCOMPATIBLE",
    "O": "SESSION_NOT_HELD",
    "K": "SESSION_HELD",
}
NOT_IN_THIS_STATE = frozenset(".REVP")
DELETED = "x"


class Setting(NamedTuple):
    """What a row changes. Without a change: an open, online release of one attempt without invigilation, check-in or
    moderation; the attempt started ten past nine; window and attempt have time left; people mark a question."""

    release: Mapping[str, object] = MappingProxyType({})
    session: Mapping[str, object] = MappingProxyType({})
    said: Mapping[str, object] = MappingProxyType({})
    now: int = NOW
    form: Form | None = MIXED
    revised: Form | None = None


SETTINGS = {
    "": Setting(),
    "too early": Setting(now=OPENS - HOUR),
    "too late": Setting(now=CLOSES),
    "time over": Setting(release={"duration": ENDED - STARTED}),
    "check-in": Setting({"requires_check_in": 1, "invigilated": 1}, {"pin": PIN}),
    "invigilated": Setting({"invigilated": 1}, {"pin": ""}),
    "room PIN": Setting({"invigilated": 1}, {"pin": PIN}),
    "moderated": Setting({"moderated": 1}),
    "paper": Setting({"delivery": 2, "max_attempts": 0}),
    "attempt begun": Setting(session={"start_time": STARTED}),
    "by force": Setting(said={"force": True}),
    "name only": Setting(said={"fields": (("name_last", "King"),)}),
    "no form": Setting(form=None),
    "machine": Setting(form=MACHINE),
    "machine, moderated": Setting({"moderated": 1}, form=MACHINE),
    "people mark": Setting(form=BY_MACHINE, revised=revision(MIXED, 2)),
    "machine marks": Setting(revised=revision(BY_MACHINE, 2)),
    "machine, on paper": Setting({"moderated": 1, "delivery": 2}, revised=revision(BY_MACHINE, 2)),
    "other questions": Setting(revised=revision(MACHINE, 2)),
    "deferred clock": Setting(said={"deferred_clock": True}),
    "till a deadline": Setting(said={"deadline": CLOSES + HOUR}, now=CLOSES),
    "held": Setting({"device_policy": 2}, {"device": HELD}),
    "allowed": Setting({"device_policy": 2}, {"device": TAKE_OVER_ALLOWED}),
    "last device": Setting({"device_policy": 3}, {"device": HELD}),
    "attempts left": Setting({"max_attempts": 2}),
}
SAID = {
    "enter_pin": {"pin": PIN},
    "set_pin": {"pin": "ASDFGH"},
    "fail": {"message": "the screen went dark"},
    "update": {"fields": (("centre_id", "centre-2"),)},
    "set_responses": {"responses": answers(q1="A")},
    "assign_item_marks": {"marks": (("1", "1"),)},
    "assign_item_responses": {"paper_responses": (answer("1", "A"),)},
    "score_response": {"marks": (("3", "2.5"),)},
    "unscore_response": {"marks": (("3", None),)},
    "set_extra_time": {"extra_time": MINUTE},
    "set_accommodation": {"fields": (("time_limit", 2 * HOUR),)},
}
"""What is said with a command. Papers stay incomplete: where a complete one goes is a row of `route`."""

NOBODY_CALLS = frozenset({"route", "take_over"})


def rows():
    lines = MATRIX.strip("\n").splitlines()
    states = [int(code) for code in lines[0].split()]
    for line in lines[1:]:
        action, _, setting = line[:31].strip().partition(", ")
        yield action, setting, dict(zip(states, line[31:].split(), strict=True))


CELLS = [(action, setting, state, cell) for action, setting, row in rows() for state, cell in row.items()]


def outcome(action, setting, state):
    """Where the action itself leads; what follows of itself in the same moment is test_hops.py's."""
    of_release, of_session, said, now, form, revised = SETTINGS[setting]
    command = Command(Action(action), **(SAID.get(action, {}) | dict(said)))
    try:
        known = marking_context(form)._replace(revised=revised, sat=(form,) if form else ())
        session = a_session(state, **({"form_revision": 1} if revised else {}), **of_session)
        decision = decide(session, a_release(**of_release), command, now, known)
    except errors.Refusal as refusal:
        return refusal.reason
    if decision.session is None:
        return DELETED
    # What changes nothing leaves no history.
    return str(decision.events[0].to_state if decision.events else decision.session.state)


@pytest.mark.parametrize(
    ("action", "setting", "row"), [pytest.param(*row, id=", ".join(filter(None, row[:2]))) for row in rows()]
)
def test_a_row_of_the_matrix_holds(action, setting, row):
    found = {State(state).name: outcome(action, setting, state) for state in row}
    assert found == {State(state).name: REFUSALS.get(cell, cell) for state, cell in row.items()}


def test_the_matrix_has_a_cell_for_every_action_in_every_state():
    tried = {(action, state) for action, _, state, _ in CELLS}
    assert tried == {
        (str(action), int(state)) for action in Action if action not in {"schedule", "erase"} for state in State
    }
    assert len(tried) == 44 * 21


def test_the_machine_holds_the_moves_of_the_matrix_and_no_other():
    of_matrix = {(action, state, int(cell)) for action, _, state, cell in CELLS if cell.isdigit()}
    of_machine = {(str(action), int(source), int(dest)) for action, source, dest, _ in transitions_of_machine()}
    assert of_machine == of_matrix


@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
def test_the_allowed_actions_are_those_the_matrix_does_not_refuse_by_state(state):
    legal = {action for action, _, code, cell in CELLS if code == state and cell not in NOT_IN_THIS_STATE}
    assert set(ALLOWED[state]) == legal - NOBODY_CALLS
    assert len(ALLOWED[state]) == len(set(ALLOWED[state]))


@pytest.mark.parametrize("state", State, ids=lambda state: state.name)
def test_a_refusal_by_state_names_the_state_the_action_and_what_is_legal(state):
    legal = {action for action, _, code, cell in CELLS if code == state and cell not in NOT_IN_THIS_STATE}
    refused = {action for action, _, code, cell in CELLS if code == state and cell in NOT_IN_THIS_STATE}
    for action in refused - legal:
        with pytest.raises(errors.InvalidTransition) as refusal:
            decide(
                a_session(state), a_release(), Command(Action(action), **SAID.get(action, {})), NOW, marking_context()
            )
        facts = refusal.value.metadata()
        assert (facts["state"], facts["action"]) == (state.name, action)
        named = facts["allowed_actions"].split(",") if facts["allowed_actions"] else []
        assert set(named) == legal - NOBODY_CALLS
