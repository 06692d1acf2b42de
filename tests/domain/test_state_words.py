"""The states of the contract, typed by hand."""

import pytest

from exam_sessions.domain.states import (
    EDITABLE_STATES,
    MATURITY,
    OPEN,
    TERMINAL,
    Action,
    Maturity,
    State,
    maturity_of,
)
from exam_sessions.domain.transition_table import ALLOWED

# Code, state, maturity; then what may be done to the booking: delete and edit, reset, void.
STATES = """
 1  SCHEDULED_BUT_NOT_CREATED     NOT_STARTED  edit reset void
 2  SCHEDULED_BUT_NOT_DOWNLOADED  NOT_STARTED  edit reset void
 3  SCHEDULED_BUT_LOCKED          NOT_STARTED  -    reset void
 4  READY                         NOT_STARTED  -    reset void
22  REQUIRES_CHECK_IN             NOT_STARTED  -    -     void
 5  LOCKED_FOR_INVIGILATOR        NOT_STARTED  -    -     void
14  LOCKED_BY_PIN                 NOT_STARTED  -    -     void
 6  IN_PROGRESS                   IN_PROGRESS  -    -     void
 7  PAUSED                        IN_PROGRESS  -    -     void
 8  OFFLINE                       IN_PROGRESS  -    -     void
18  AWAITING_UPLOAD               IN_PROGRESS  -    -     void
19  PAPER_RESPONSE_UPLOAD         IN_PROGRESS  -    -     void
20  LOCAL_SCAN_REQUESTED          IN_PROGRESS  -    -     void
 9  FINISHED                      COMPLETE     -    -     void
15  AWAITING_MARKING              COMPLETE     -    -     void
11  MARKED                        COMPLETE     -    -     void
16  AWAITING_VERIFICATION         COMPLETE     -    -     void
12  SCRIPT_VERIFIED               COMPLETE     -    -     void
13  ARCHIVED                      COMPLETE     -    -     -
10  VOIDED                        VOID         -    -     -
99  EXCEPTION                     IN_PROGRESS  -    -     void
"""
ROWS = [line.split() for line in STATES.strip().splitlines()]


def test_the_states_are_the_surpass_codes():
    assert {state.name: int(state) for state in State} == {name: int(code) for code, name, *_ in ROWS}
    assert len(State) == 21


@pytest.mark.parametrize("code", [0, 17, 21])
def test_codes_the_vendor_does_not_know_are_no_states(code):
    with pytest.raises(ValueError, match=str(code)):
        State(code)


@pytest.mark.parametrize(("code", "maturity"), [(row[0], row[2]) for row in ROWS], ids=[row[1] for row in ROWS])
def test_the_maturity_of_a_state_is_the_contracts(code, maturity):
    assert maturity_of(State(int(code))) is Maturity[maturity]
    assert MATURITY[int(code)] == Maturity[maturity]


@pytest.mark.parametrize(
    ("code", "edit", "reset", "void"), [(row[0], *row[3:]) for row in ROWS], ids=[row[1] for row in ROWS]
)
def test_a_state_takes_the_edits_resets_and_voids_of_the_contract(code, edit, reset, void):
    state = State(int(code))
    assert (state in EDITABLE_STATES) is (edit == "edit")
    assert (Action.DELETE in ALLOWED[state]) is (edit == "edit")
    assert (Action.RESET in ALLOWED[state]) is (reset == "reset")
    assert (Action.VOID in ALLOWED[state]) is (void == "void")


def test_only_voided_and_archived_sessions_are_final():
    assert {state.name for state in TERMINAL} == {"VOIDED", "ARCHIVED"}
    assert [state.name for state in State if not ALLOWED[state]] == ["VOIDED", "ARCHIVED"]


def test_a_candidate_has_a_session_open_from_the_keycode_until_the_answers_are_in():
    assert {int(state) for state in OPEN} == {22, 5, 14, 6, 7, 8, 18}


def test_there_is_one_verb_per_action_of_the_contract():
    assert [str(action) for action in Action] == [
        *("schedule", "create_package", "download", "open_window", "enter_keycode", "check_in", "enter_pin"),
        *("unlock", "set_pin", "remove_pin", "get_pin", "pause", "resume", "go_offline", "reconnect"),
        *(
            "finish_offline",
            "upload",
            "finish",
            "send_to_marking",
            "submit_marked",
            "request_verification",
            "verify",
            "archive",
        ),
        *("void", "reset", "assign_item_marks", "assign_item_responses", "request_scan", "receive_scan"),
        *("set_responses", "clear_responses", "reopen", "retake", "fail", "recover", "update", "delete"),
        *("route", "score_response", "unscore_response", "set_extra_time", "set_accommodation", "regrade"),
        *("allow_take_over", "take_over"),
        "erase",
    ]
