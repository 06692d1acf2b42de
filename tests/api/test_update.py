from __future__ import annotations

import pytest
from grpc import StatusCode
from messages import booking, mask, moment, new_id
from rows import unchanged
from state_paths import STATE_PATHS, bring_to

from exam_sessions_client.v1 import session_pb2
from serving import Refused

SCHEDULE = {
    "candidate.candidate_id": booking("someone-else"),
    "access_code": booking(access_code="new-1"),
    "centre_id": booking(centre_id="elsewhere"),
    "test_form": booking(test_form="form-9"),
    "window_start": booking(window_start=moment("2031-01-01T00:00:00+00:00")),
    "window_end": booking(window_end=moment("2099-01-01T00:00:00+00:00")),
}
PERSON = session_pb2.Candidate(
    candidate_id="someone-else",
    name_first="A",
    name_middle="B",
    name_last="C",
    gender=3,
    grade_level=4,
    ethnicity=5,
    school_id="s",
    district_id="d",
)
OTHERS = {f"candidate.{name}": booking(candidate=PERSON) for name in (
    "name_first", "name_middle", "name_last", "gender", "grade_level", "ethnicity", "school_id", "district_id",
)} | {"external_reference": booking(external_reference="r-1")}  # fmt: skip


def edit(api, session, message, *paths, **fields):
    request = {"session_id": session.id, "booking": message, "update_mask": mask(*paths)} | fields
    return api.call("UpdateSession", **request).session


def field_of(message, path):
    return getattr(message.candidate, path.split(".")[1]) if "." in path else getattr(message, path)


@pytest.mark.parametrize("state", STATE_PATHS)
def test_the_schedule_is_edited_before_the_package_is_fetched_and_never_after(api, server, state):
    session = bring_to(api, state)
    for path, message in SCHEDULE.items():
        if state in {"SCHEDULED_BUT_NOT_CREATED", "SCHEDULED_BUT_NOT_DOWNLOADED"}:
            edited = edit(api, session, message, path)
            expected = "NEW-1" if path == "access_code" else field_of(message, path)
            assert field_of(edited, path) == expected
            assert edited.state == session.state
        else:
            with unchanged(server, api), pytest.raises(Refused) as refused:
                edit(api, session, message, path)
            assert (refused.value.code, refused.value.reason) == (
                StatusCode.FAILED_PRECONDITION,
                "SESSION_NOT_EDITABLE",
            )
            assert (refused.value.metadata["state"], refused.value.metadata["action"]) == (state, "update")


@pytest.mark.parametrize("state", STATE_PATHS)
def test_the_person_is_edited_in_every_state_but_the_final_ones(api, server, state):
    session = bring_to(api, state)
    for path, message in OTHERS.items():
        if state in {"VOIDED", "ARCHIVED"}:
            with unchanged(server, api), pytest.raises(Refused) as refused:
                edit(api, session, message, path)
            assert refused.value.reason == "SESSION_NOT_EDITABLE"
        else:
            assert field_of(edit(api, session, message, path), path) == field_of(message, path)


def test_only_what_the_mask_names_is_written(api):
    session = api.book(centre_id="north", external_reference="r-1", access_code="code")
    message = booking(candidate=PERSON, centre_id="south", external_reference="r-2", access_code="other")
    edited = edit(api, session, message, "centre_id")
    expected = session_pb2.Session()
    expected.CopyFrom(session)
    expected.centre_id, expected.etag = "south", edited.etag
    expected.update_time.CopyFrom(edited.update_time)
    assert edited == expected == api.get(session)


@pytest.mark.parametrize("path", ["*", "candidate"])
def test_a_mask_may_name_a_group_of_fields(api, path):
    session = api.book(centre_id="north", access_code="old")
    edited = edit(api, session, booking(candidate=PERSON, access_code="new", centre_id="south"), path)
    assert edited.candidate == PERSON
    assert (edited.access_code, edited.centre_id) == (("NEW", "south") if path == "*" else ("OLD", "north"))


def test_an_unset_field_is_cleared_when_the_mask_names_it(api):
    release = api.release(test_form="form-1")
    end = moment("2090-01-01T00:00:00+00:00")
    session = api.book(release, test_form="form-2", centre_id="north", window_end=end)
    edited = edit(api, session, booking(), "centre_id", "window_end", "test_form")
    assert (edited.centre_id, edited.HasField("window_end"), edited.test_form) == ("", False, "form-1")


@pytest.mark.parametrize("path", ["candidate.candidate_id", "access_code"])
def test_what_a_session_cannot_do_without_is_not_cleared(api, server, path):
    session = api.book()
    with unchanged(server, api), pytest.raises(Refused) as refused:
        edit(api, session, booking(), path)
    assert list(refused.value.fields) == [f"booking.{path}"]


@pytest.mark.parametrize(
    "path", ["session_id", "keycode", "pin", "state", "candidate.age", "", " ", "candidate.*", "CENTRE_ID"]
)
def test_a_mask_is_refused_that_names(api, server, path):
    session = api.book()
    with unchanged(server, api), pytest.raises(Refused) as refused:
        edit(api, session, booking("x", pin="ABCDEF"), "centre_id", path)
    assert list(refused.value.fields) == ["update_mask"]


def test_an_edit_that_takes_what_another_has_is_refused_by_name(api, server):
    release = api.release()
    api.book(release, "anna", access_code="CODE")
    session = api.book(release, "ben")
    for path, message, reason in (
        ("candidate.candidate_id", booking("anna"), "DUPLICATE_CANDIDATE"),
        ("access_code", booking(access_code="code"), "DUPLICATE_ACCESS_CODE"),
    ):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            edit(api, session, message, path)
        assert (refused.value.code, refused.value.reason) == (StatusCode.ALREADY_EXISTS, reason)


def test_an_edit_may_say_what_is_so_already(api):
    session = api.book(access_code="CODE", candidate_id="anna")
    edited = edit(api, session, booking("anna", access_code="code"), "candidate.candidate_id", "access_code")
    assert (edited.access_code, edited.candidate.candidate_id) == ("CODE", "anna")


def test_an_edit_may_take_what_another_release_has_or_another_gave_up(api):
    release = api.release()
    first, second = api.book(release, "anna", access_code="A1"), api.book(release, "ben")
    api.book(None, "cleo", access_code="C1")
    assert edit(api, second, booking(access_code="c1"), "access_code").access_code == "C1"
    edit(api, first, booking("anna-2", access_code="A2"), "candidate.candidate_id", "access_code")
    taken = edit(api, second, booking("anna", access_code="A1"), "candidate.candidate_id", "access_code")
    assert (taken.candidate.candidate_id, taken.access_code) == ("anna", "A1")


def test_a_session_is_edited_by_its_keycode(api):
    session = api.book()
    request = {"booking": booking(centre_id="south"), "update_mask": mask("centre_id")}
    assert api.call("UpdateSession", keycode=session.keycode.lower(), **request).session.centre_id == "south"


def test_a_session_of_a_finalized_release_is_not_edited(api, server):
    release = api.release()
    session = api.book(release)
    api.call("FinalizeRelease", release_id=release.id)
    with unchanged(server, api), pytest.raises(Refused) as refused:
        edit(api, session, booking(centre_id="x"), "centre_id")
    assert refused.value.reason == "RELEASE_FINALIZED"


def test_a_session_nobody_booked_is_not_edited(api):
    missing = session_pb2.Session(id=new_id())
    with pytest.raises(Refused) as refused:
        edit(api, missing, booking(centre_id="x"), "centre_id")
    assert refused.value.reason == "SESSION_NOT_FOUND"


def test_an_edited_candidate_is_found_and_watched_under_the_new_id(api):
    release = api.release()
    session = edit(api, api.book(release, "anna"), booking("bella"), "candidate.candidate_id")
    with pytest.raises(Refused):
        api.book(release, "bella")
    assert api.book(release, "anna").id != session.id
