"""Edits of a booking, and its deletion."""

import pytest
from sample_sessions import (
    CLOSES,
    DEADLINE,
    HOUR,
    MINUTE,
    NOW,
    OPENS,
    PIN,
    a_release,
    a_session,
    became,
    decided,
    told,
)

from exam_sessions import errors
from exam_sessions.domain.commands import Command
from exam_sessions.domain.decide import with_derived_columns
from exam_sessions.domain.states import Action, State

EDITABLE_STATES = (1, 2)
FIXED = (3, 4, 22, 5, 14, 6, 7, 8, 18, 19, 20, 9, 15, 11, 16, 12, 99)
FINAL = (13, 10)
SCHEDULE = {
    "candidate_id": "candidate-2",
    "access_code": "ACCESS33",
    "centre_id": "centre-2",
    "test_form": "form-b",
    "window_start": OPENS + MINUTE,
    "window_end": CLOSES - MINUTE,
}
PERSON = {
    "name_first": "Augusta",
    "name_middle": "Ada",
    "name_last": "King",
    "gender": 3,
    "grade_level": 4,
    "ethnicity": 1,
    "school_id": "school-2",
    "district_id": "district-2",
    "external_reference": "ref-2",
}


def edited(session, release=None, **fields):
    release = release or a_release()
    return became(session, release, Action.UPDATE, fields=tuple(fields.items()), allow_missing_form=True)


@pytest.mark.parametrize("state", EDITABLE_STATES)
@pytest.mark.parametrize("name", [*SCHEDULE, *PERSON])
def test_everything_may_be_edited_before_the_package_is_downloaded(state, name):
    value = (SCHEDULE | PERSON)[name]
    after = edited(a_session(state), **{name: value})
    assert (after.state, getattr(after, name)) == (state, value)


@pytest.mark.parametrize("state", FIXED)
@pytest.mark.parametrize("name", SCHEDULE)
def test_the_schedule_is_fixed_once_the_package_is_downloaded(state, name):
    with pytest.raises(errors.SessionNotEditable) as refusal:
        edited(a_session(state), **{name: SCHEDULE[name]})
    assert refusal.value.metadata()["action"] == "update"


@pytest.mark.parametrize("state", FIXED)
def test_the_person_may_be_edited_until_the_session_is_final(state):
    after = edited(a_session(state), **PERSON)
    assert after.state == state
    assert {name: getattr(after, name) for name in PERSON} == PERSON


@pytest.mark.parametrize("state", FINAL)
@pytest.mark.parametrize("fields", [SCHEDULE, PERSON], ids=["schedule", "person"])
def test_nothing_may_be_edited_in_a_final_session(state, fields):
    with pytest.raises(errors.SessionNotEditable):
        edited(a_session(state), **fields)


def test_one_field_of_the_schedule_is_enough_to_refuse_the_whole_edit():
    with pytest.raises(errors.SessionNotEditable):
        edited(a_session(State.IN_PROGRESS), name_last="King", centre_id="centre-2")


@pytest.mark.parametrize(
    ("name", "field"), [("candidate_id", "candidate.candidate_id"), ("access_code", "access_code")]
)
def test_a_session_keeps_its_candidate_and_its_access_code(name, field):
    with pytest.raises(errors.InvalidField) as refusal:
        edited(a_session(State.SCHEDULED_BUT_NOT_CREATED), **{name: ""})
    assert [violation.field for violation in refusal.value.violations()] == [field]


def test_an_emptied_test_form_is_the_releases_again():
    session = a_session(State.SCHEDULED_BUT_NOT_CREATED, test_form="form-z")
    assert edited(session, a_release(test_form="form-r"), test_form="").test_form == "form-r"


def test_an_emptied_window_is_the_releases_again():
    session = a_session(1, window_start=OPENS + MINUTE, window_end=OPENS + HOUR)
    after = edited(session, window_start=0, window_end=0)
    assert (after.window_start, after.window_end) == (0, 0)


@pytest.mark.parametrize(
    ("own", "edit"),
    [
        ({}, {"window_start": OPENS + HOUR, "window_end": OPENS + HOUR}),
        ({}, {"window_start": CLOSES}),
        ({}, {"window_end": OPENS}),
        ({"window_end": OPENS + HOUR}, {"window_start": OPENS + HOUR}),
        ({"window_start": OPENS + HOUR}, {"window_end": OPENS + HOUR}),
        ({"window_start": OPENS - HOUR, "window_end": OPENS}, {"window_start": 0}),
        ({"window_start": CLOSES, "window_end": CLOSES + HOUR}, {"window_end": 0}),
    ],
)
def test_an_edit_never_leaves_a_window_that_cannot_open(own, edit):
    with pytest.raises(errors.InvalidField) as refusal:
        edited(a_session(1, **own), **edit)
    assert [violation.field for violation in refusal.value.violations()] == ["window_end"]


def test_an_edit_of_the_name_is_not_stopped_by_a_window_that_cannot_open():
    session = a_session(1, window_start=OPENS, window_end=OPENS)
    assert edited(session, name_last="King").name_last == "King"


def test_an_edit_is_one_row_of_history_with_the_values_before_and_after():
    event = told(a_session(1), a_release(), Action.UPDATE, fields=(("name_first", "Ada"), ("centre_id", "centre-2")))
    assert (event.action, event.from_state, event.to_state) == ("update", 1, 1)
    assert event.changes == {"centre_id": ("centre-1", "centre-2")}


def test_a_pin_that_is_edited_stays_hidden_in_the_history():
    event = told(a_session(1, pin=PIN), a_release(), Action.UPDATE, fields=(("pin", "ASDFGH"),))
    assert event.changes == {"pin": ("***", "***")}


def test_an_edit_of_a_running_session_leaves_its_clock_alone():
    running = with_derived_columns(a_session(State.IN_PROGRESS), a_release(), NOW)
    after = edited(running, name_last="King")
    assert (after.start_time, after.due_time, after.open_candidate) == (running.start_time, DEADLINE, "candidate-1")


def test_extra_time_given_to_a_running_session_moves_its_deadline():
    assert edited(a_session(State.IN_PROGRESS), extra_time=10 * MINUTE).due_time == DEADLINE + 10 * MINUTE


@pytest.mark.parametrize("name", SCHEDULE)
def test_a_command_knows_that_it_touches_the_schedule(name):
    assert Command(Action.UPDATE, fields=(("name_last", "King"), (name, "x"))).touches_schedule


@pytest.mark.parametrize("names", [(), tuple(PERSON)], ids=["nothing", "person"])
def test_a_command_knows_that_it_leaves_the_schedule_alone(names):
    assert not Command(Action.UPDATE, fields=tuple((name, "x") for name in names)).touches_schedule


@pytest.mark.parametrize("state", EDITABLE_STATES)
def test_a_booking_is_deleted_before_its_package_is_downloaded(state):
    decision = decided(a_session(state), a_release(), Action.DELETE)
    assert decision.session is None
    assert decision.refusal is None


@pytest.mark.parametrize("state", [*FIXED, *FINAL])
def test_a_session_whose_package_was_downloaded_is_never_deleted(state):
    with pytest.raises(errors.SessionNotEditable) as refusal:
        decided(a_session(state), a_release(), Action.DELETE)
    assert refusal.value.metadata()["action"] == "delete"


def test_a_deleted_booking_is_kept_whole_in_the_last_row_of_its_history():
    event = told(a_session(State.SCHEDULED_BUT_NOT_DOWNLOADED), a_release(), Action.DELETE)
    assert (event.action, event.from_state, event.to_state) == ("delete", 2, 0)
    assert event.changes == {
        "workspace_id": ("default", None),
        "id": ("session-1", None),
        "release_id": ("release-1", None),
        "state": (2, None),
        "keycode": ("KEYCODE2", None),
        "access_code": ("ACCESS22", None),
        "candidate_id": ("candidate-1", None),
        "name_first": ("Ada", None),
        "name_middle": ("King", None),
        "name_last": ("Lovelace", None),
        "gender": (2, None),
        "grade_level": (3, None),
        "school_id": ("school-1", None),
        "district_id": ("district-1", None),
        "external_reference": ("ref-1", None),
        "centre_id": ("centre-1", None),
        "test_form": ("form-a", None),
        "create_time": (OPENS - 24 * HOUR, None),
        "attempt": (1, None),
        "update_time": (OPENS - 24 * HOUR, None),
        "version": (7, None),
    }


def test_a_deleted_booking_takes_its_pin_with_it():
    event = told(a_session(State.SCHEDULED_BUT_NOT_CREATED, pin=PIN), a_release(), Action.DELETE)
    assert PIN not in repr(event)


def test_what_an_older_version_took_stays_where_it_is_not_changed():
    session = a_session(State.SCHEDULED_BUT_NOT_CREATED, candidate_id="u1 ", centre_id="c\t1")
    fields = (("candidate_id", "u1 "), ("centre_id", "c-2"), ("name_last", "King"))
    after = became(session, a_release(), Action.UPDATE, fields=fields)
    assert (after.candidate_id, after.centre_id, after.name_last) == ("u1 ", "c-2", "King")
    with pytest.raises(errors.InvalidField) as refusal:
        became(session, a_release(), Action.UPDATE, fields=(("candidate_id", "u2 "), ("centre_id", "c\t2")))
    assert [violation.field for violation in refusal.value.at] == ["candidate.candidate_id", "centre_id"]
