"""A form that is named must be there, and a name of a release must be free, unless the caller says otherwise."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest
from forms import form, mcq
from grpc import StatusCode
from messages import at, booking, bookings, mask, new_id
from operations import OperationsApi, fields_of, info_of
from rows import unchanged
from state_paths import bring_to

from exam_sessions_client.v1 import catalog_pb2, session_pb2, session_service_pb2
from serving import ApiClient, Refused, serving

pytestmark = pytest.mark.both_databases("names are unique by the database")

STRICT = {"allow_missing_form": False, "allow_duplicate_name": False}


def create(api, name="Maths", test_form="", **fields):
    release = catalog_pb2.Release(name=name, test_form=test_form)
    return api.call("CreateRelease", release=release, **(STRICT | fields)).release


def update_release(api, test_form, **fields):
    release = catalog_pb2.Release(id=api.release(test_form="form-1").id, test_form=test_form, name="Maths")
    mask_ = mask("test_form", "name")
    return api.call("UpdateRelease", release=release, update_mask=mask_, **fields).release


def reset(api, test_form, **fields):
    return api.move("ResetSession", bring_to(api, "READY"), updated_form=test_form, **fields)


def reset_many(api, test_form, **fields):
    session = bring_to(api, "READY")
    api.call("BatchTransitionSessions", action=session_pb2.ACTION_RESET, ids={"session_ids": [session.id]},
              updated_form=test_form, **fields)  # fmt: skip
    return api.get(session)


def edit(api, test_form, **fields):
    session = api.book(test_form="form-1")
    changes, paths = booking(test_form=test_form), mask("test_form")
    return api.call("UpdateSession", session_id=session.id, booking=changes, update_mask=paths, **fields).session


def edit_many(api, test_form, **fields):
    session = api.book(test_form="form-1")
    edits = [session_service_pb2.SessionEdit(session_id=session.id, booking=booking(test_form=test_form))]
    api.call("BatchUpdateSessions", edits=edits, update_mask=mask("test_form"), **fields)
    return api.get(session)


def book(api, test_form, **fields):
    return api.call("CreateSession", release_id=api.release().id, booking=booking("c", test_form=test_form),
                     **fields).session  # fmt: skip


def batch_of(size):
    def book_many(api, test_form, **fields):
        rows = [*bookings(size - 1), booking("last", test_form=test_form)]
        request = {"release_id": api.release().id, "bookings": rows}
        found = api.call("BatchCreateSessions", **request, **fields).sessions
        return api.get(found[-1])

    return book_many


def importing(api, test_form, *, allow_missing_form):
    """An import of two chunks, of which the second names the form."""
    head = {"workspace_id": api.workspace, "release_id": api.release().id, "import_id": new_id()}
    chunks = [
        session_service_pb2.ImportSessionsRequest(**head, allow_missing_form=allow_missing_form),
        session_service_pb2.ImportSessionsRequest(chunk=1, bookings=bookings(2)),
        session_service_pb2.ImportSessionsRequest(chunk=2, bookings=[booking("last", test_form=test_form)]),
    ]
    *_, first, last = OperationsApi(api).imported(chunks)
    assert len(first.sessions) == 2
    if last.HasField("refusal"):
        info = info_of(last.refusal)
        assert fields_of(last.refusal) == ["chunks[2].bookings[0].test_form"]
        raise Refused(StatusCode.NOT_FOUND, info.reason, last.refusal.message, dict(info.metadata), {})
    return api.get(last.sessions[0])


NAMING = {
    "CreateSession": book,
    "BatchCreateSessions": batch_of(3),
    "BatchCreateSessions in chunks": batch_of(700),
    "ImportSessions": importing,
    "CreateRelease": lambda api, test_form, **fields: create(api, new_id(), test_form, **fields),
    "UpdateRelease": update_release,
    "ResetSession": reset,
    "BatchTransitionSessions": reset_many,
    "UpdateSession": edit,
    "BatchUpdateSessions": edit_many,
}


@pytest.mark.parametrize("rpc", NAMING)
def test_a_form_nobody_has_is_refused_unless_it_is_said_that_it_will_follow(api, rpc):
    name = NAMING[rpc]
    with pytest.raises(Refused) as refused:
        name(api, "lost", allow_missing_form=False)
    assert (refused.value.code, refused.value.reason) == (StatusCode.NOT_FOUND, "TEST_FORM_NOT_FOUND")
    assert refused.value.metadata["reference"] == "lost"
    assert name(api, "lost", allow_missing_form=True).test_form == "lost"
    form(api, mcq("1"), reference="found")
    assert name(api, "found", allow_missing_form=False).test_form == "found"


def test_the_same_request_without_the_flag_is_refused_by_a_check_too(api):
    with pytest.raises(Refused) as refused:
        create(api, test_form="lost", validate_only=True)
    assert refused.value.reason == "TEST_FORM_NOT_FOUND"


def test_a_booking_names_the_row_whose_form_nobody_has_and_nothing_is_booked(api, server):
    release = api.release()
    rows = [booking("a"), booking("b", test_form="lost"), booking("c", test_form="gone", window_start=at(5))]
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("BatchCreateSessions", release_id=release.id, bookings=rows, allow_missing_form=False)
    assert {path: reason for path, (reason, _) in refused.value.fields.items()} == {
        "bookings[1].test_form": "TEST_FORM_NOT_FOUND",
        "bookings[2].test_form": "TEST_FORM_NOT_FOUND",
    }
    with pytest.raises(Refused) as refused:
        book(api, "lost", allow_missing_form=False, validate_only=True)
    assert refused.value.reason == "TEST_FORM_NOT_FOUND"


def test_a_booking_without_a_form_or_with_that_of_its_release_needs_none(api):
    release = api.release(test_form="will-follow")
    for name, named in (("a", ""), ("b", "will-follow")):
        row = booking(name, test_form=named)
        request = {"release_id": release.id, "booking": row, "allow_missing_form": False}
        assert api.call("CreateSession", **request).session.test_form == "will-follow"


def test_a_release_without_a_form_and_an_edit_of_something_else_need_none(api):
    release = create(api)
    release = api.release(name="With a form that is lost", test_form="lost")
    named = catalog_pb2.Release(id=release.id, test_form="lost", name="Renamed")
    paths = mask("name", "test_form")
    assert api.call("UpdateRelease", release=named, update_mask=paths, allow_missing_form=False).release
    session = api.book(release)
    api.move("ResetSession", session, allow_missing_form=False)
    changes, paths = booking(test_form="lost", centre_id="north"), mask("test_form", "centre_id")
    same = {"session_id": session.id, "booking": changes, "update_mask": paths}
    assert api.call("UpdateSession", allow_missing_form=False, **same).session.centre_id == "north"
    api.call("UpdateSession", allow_missing_form=False, session_id=session.id, booking=booking(),
              update_mask=mask("test_form"))  # fmt: skip


def test_a_name_that_a_release_has_is_refused_unless_it_is_allowed(api):
    first = create(api)
    with pytest.raises(Refused) as refused:
        create(api)
    assert (refused.value.code, refused.value.reason) == (StatusCode.ALREADY_EXISTS, "DUPLICATE_RELEASE_NAME")
    assert refused.value.metadata == {"name": "Maths", "release_id": first.id}
    assert create(api, allow_duplicate_name=True).id != first.id
    assert create(api, "maths").name == "maths"
    assert create(api, workspace_id=new_id()).name == "Maths"


def test_a_release_is_not_renamed_to_the_name_of_another_unless_it_is_allowed(api):
    first, other = create(api), create(api, "Physics")
    edit = {"release": catalog_pb2.Release(id=other.id, name="Maths"), "update_mask": mask("name")}
    with pytest.raises(Refused) as refused:
        api.call("UpdateRelease", allow_duplicate_name=False, **edit)
    assert (refused.value.code, refused.value.reason) == (StatusCode.ALREADY_EXISTS, "DUPLICATE_RELEASE_NAME")
    assert refused.value.metadata == {"name": "Maths", "release_id": first.id}
    edit["release"].name = "Physics"
    api.call("UpdateRelease", allow_duplicate_name=False, **edit)
    edit["release"].name = "Maths"
    assert api.call("UpdateRelease", allow_duplicate_name=True, **edit).release.name == "Maths"


def test_a_repeated_request_is_no_second_release(api):
    request = {"request_id": new_id()}
    assert create(api, **request) == create(api, **request)


def test_of_many_who_want_one_name_at_once_on_two_servers_one_gets_it(database):
    with serving(database) as one, serving(database) as other:
        workspace, outcomes, ready = new_id(), [], threading.Barrier(8)

        def ask(target):
            with closing(ApiClient(target, workspace)) as api:
                ready.wait()
                try:
                    outcomes.append(create(api).id)
                except Refused as refused:
                    outcomes.append(refused.reason)

        askers = [threading.Thread(target=ask, args=(server.target,)) for server in (one, other) * 4]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        assert outcomes.count("DUPLICATE_RELEASE_NAME") == 7
        with closing(ApiClient(one.target, workspace)) as api:
            assert len(api.call("ListReleases").releases) == 1
