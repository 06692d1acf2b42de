from __future__ import annotations

import pytest
from grpc import StatusCode
from messages import booking, mask, moment
from rows import unchanged
from state_paths import bring_to, walk

from exam_sessions_client.v1 import catalog_pb2, session_service_pb2
from serving import Refused

EDIT = {"booking": booking(external_reference="r-1"), "update_mask": mask("external_reference")}


def test_every_change_of_a_session_changes_its_etag(api):
    session = api.book(api.release(invigilated=True, requires_check_in=True))
    before, after = (
        ("CreatePackage", "SetPin", "DownloadSession", "EnterKeycode", "CheckInSession"),
        ("RemovePin", "UnlockSession", "PauseSession", "VoidSession"),
    )
    etags = [session.etag, *(api.move(rpc, session).etag for rpc in before)]
    etags.append(api.call("UpdateSession", session_id=session.id, **EDIT).session.etag)
    etags += [api.move(rpc, session).etag for rpc in after]
    assert all(etags)
    assert len(set(etags)) == len(etags)
    assert api.get(session).etag == etags[-1]


def test_reading_a_session_leaves_its_etag(api):
    session = api.book()
    api.call("ExplainSession", session_id=session.id)
    assert api.get(session).etag == session.etag
    assert api.call("ListSessions").sessions[0].etag == session.etag


def test_a_fresh_etag_is_accepted_by_moves_edits_and_deletions(api):
    session = api.book()
    session = api.move("CreatePackage", session, etag=session.etag)
    session = api.call("UpdateSession", session_id=session.id, etag=session.etag, **EDIT).session
    row = session_service_pb2.SessionEdit(session_id=session.id, booking=booking(centre_id="n"), etag=session.etag)
    assert api.call("BatchUpdateSessions", edits=[row], update_mask=mask("centre_id")).updated_count == 1
    api.call("DeleteSession", session_id=session.id, etag=api.get(session).etag)


@pytest.mark.parametrize("etag", ["old", "v999", "nonsense", " "])
def test_a_stale_etag_is_refused_and_nothing_changes(api, server, etag):
    old = api.book()
    session = api.move("CreatePackage", old)
    stale = old.etag if etag == "old" else etag
    for rpc, fields in (
        ("DownloadSession", {"session_id": old.id}),
        ("EnterKeycode", {"keycode": old.keycode}),
        ("UpdateSession", {"session_id": old.id, **EDIT}),
        ("DeleteSession", {"session_id": old.id}),
        ("VoidSession", {"keycode": old.keycode}),
    ):
        with unchanged(server, api), pytest.raises(Refused) as refused:
            api.call(rpc, etag=stale, **fields)
        assert (refused.value.code, refused.value.reason) == (StatusCode.ABORTED, "STALE_SESSION")
        assert refused.value.metadata == {"session_id": old.id, "etag": session.etag}


def test_a_stale_etag_is_told_before_a_state_that_does_not_fit(api):
    old = bring_to(api, "READY")
    api.move("EnterKeycode", old)
    with pytest.raises(Refused) as refused:
        api.move("ResetSession", old, etag=old.etag)
    assert refused.value.reason == "STALE_SESSION"


def test_one_stale_row_refuses_the_whole_batch_and_is_named(api, server):
    release = api.release()
    sessions = [api.book(release) for _ in range(3)]
    api.move("CreatePackage", sessions[1])
    rows = [session_service_pb2.SessionEdit(session_id=s.id, booking=booking(), etag=s.etag) for s in sessions]
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("BatchUpdateSessions", edits=rows, update_mask=mask("centre_id"))
    assert (refused.value.code, refused.value.reason) == (StatusCode.ABORTED, "STALE_SESSION")
    assert list(refused.value.fields) == ["edits[1]"]
    assert refused.value.metadata["index"] == "1"
    assert refused.value.metadata["session_id"] == sessions[1].id


def test_a_wrong_pin_leaves_the_etag_of_the_invigilator(api):
    session = bring_to(api, "LOCKED_BY_PIN")
    with pytest.raises(Refused):
        api.move("EnterPin", session, pin="ZZZZZZ")
    assert api.move("RemovePin", session, etag=session.etag)


def test_every_change_of_a_release_changes_its_etag(api):
    release = api.release()
    etags = [release.etag]
    for edit, field in (
        (catalog_pb2.Release(id=release.id, name="Physics"), "name"),
        (catalog_pb2.Release(id=release.id, moderated=True), "moderated"),
        (catalog_pb2.Release(id=release.id, window_end=moment("2090-01-01T00:00:00+00:00")), "window_end"),
    ):
        changed = api.call("UpdateRelease", release=edit, update_mask=mask(field), etag=etags[-1]).release
        etags.append(changed.etag)
    assert len(set(etags)) == 4


def test_a_stale_etag_of_a_release_is_refused_and_nothing_changes(api, server):
    old, names = api.release(), mask("name")
    edit = catalog_pb2.Release(id=old.id, name="Physics")
    new = api.call("UpdateRelease", release=edit, update_mask=names).release
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("UpdateRelease", release=edit, update_mask=names, etag=old.etag)
    assert (refused.value.code, refused.value.reason) == (StatusCode.ABORTED, "STALE_RELEASE")
    assert refused.value.metadata == {"release_id": old.id, "etag": new.etag}


def test_the_etag_inside_the_edited_release_is_not_what_is_compared(api):
    old = api.release()
    walk(api, api.book(old), "CreatePackage")
    edit = catalog_pb2.Release(id=old.id, name="Physics", etag="v999", finalized=True)
    new = api.call("UpdateRelease", release=edit, update_mask=mask("name")).release
    assert (new.name, new.finalized) == ("Physics", False)
