from __future__ import annotations

import pytest
from grpc import StatusCode
from messages import booking, mask, moment
from rows import unchanged
from state_paths import bring_to, walk

from exam_sessions.v1 import catalog_pb2, session_service_pb2
from serving import Refused

EDIT = {"booking": booking(external_reference="r-1"), "update_mask": mask("external_reference")}


def test_every_change_of_a_session_changes_its_etag(desk):
    session = desk.book(desk.release(invigilated=True, requires_check_in=True))
    before, after = (
        ("CreatePackage", "SetPin", "DownloadSession", "EnterKeycode", "CheckInSession"),
        ("RemovePin", "UnlockSession", "PauseSession", "VoidSession"),
    )
    etags = [session.etag, *(desk.move(rpc, session).etag for rpc in before)]
    etags.append(desk.call("UpdateSession", session_id=session.id, **EDIT).session.etag)
    etags += [desk.move(rpc, session).etag for rpc in after]
    assert all(etags)
    assert len(set(etags)) == len(etags)
    assert desk.get(session).etag == etags[-1]


def test_reading_a_session_leaves_its_etag(desk):
    session = desk.book()
    desk.call("ExplainSession", session_id=session.id)
    assert desk.get(session).etag == session.etag
    assert desk.call("ListSessions").sessions[0].etag == session.etag


def test_a_fresh_etag_is_accepted_by_moves_edits_and_deletions(desk):
    session = desk.book()
    session = desk.move("CreatePackage", session, etag=session.etag)
    session = desk.call("UpdateSession", session_id=session.id, etag=session.etag, **EDIT).session
    row = session_service_pb2.SessionEdit(session_id=session.id, booking=booking(centre_id="n"), etag=session.etag)
    assert desk.call("BatchUpdateSessions", edits=[row], update_mask=mask("centre_id")).updated_count == 1
    desk.call("DeleteSession", session_id=session.id, etag=desk.get(session).etag)


@pytest.mark.parametrize("etag", ["old", "v999", "nonsense", " "])
def test_a_stale_etag_is_refused_and_nothing_changes(desk, server, etag):
    old = desk.book()
    session = desk.move("CreatePackage", old)
    stale = old.etag if etag == "old" else etag
    for rpc, fields in (
        ("DownloadSession", {"session_id": old.id}),
        ("EnterKeycode", {"keycode": old.keycode}),
        ("UpdateSession", {"session_id": old.id, **EDIT}),
        ("DeleteSession", {"session_id": old.id}),
        ("VoidSession", {"keycode": old.keycode}),
    ):
        with unchanged(server, desk), pytest.raises(Refused) as refused:
            desk.call(rpc, etag=stale, **fields)
        assert (refused.value.code, refused.value.reason) == (StatusCode.ABORTED, "STALE_SESSION")
        assert refused.value.metadata == {"session_id": old.id, "etag": session.etag}


def test_a_stale_etag_is_told_before_a_state_that_does_not_fit(desk):
    old = bring_to(desk, "READY")
    desk.move("EnterKeycode", old)
    with pytest.raises(Refused) as refused:
        desk.move("ResetSession", old, etag=old.etag)
    assert refused.value.reason == "STALE_SESSION"


def test_one_stale_row_refuses_the_whole_batch_and_is_named(desk, server):
    release = desk.release()
    sessions = [desk.book(release) for _ in range(3)]
    desk.move("CreatePackage", sessions[1])
    rows = [session_service_pb2.SessionEdit(session_id=s.id, booking=booking(), etag=s.etag) for s in sessions]
    with unchanged(server, desk), pytest.raises(Refused) as refused:
        desk.call("BatchUpdateSessions", edits=rows, update_mask=mask("centre_id"))
    assert (refused.value.code, refused.value.reason) == (StatusCode.ABORTED, "STALE_SESSION")
    assert list(refused.value.fields) == ["edits[1]"]
    assert refused.value.metadata["index"] == "1"
    assert refused.value.metadata["session_id"] == sessions[1].id


def test_a_wrong_pin_leaves_the_etag_of_the_invigilator(desk):
    session = bring_to(desk, "LOCKED_BY_PIN")
    with pytest.raises(Refused):
        desk.move("EnterPin", session, pin="ZZZZZZ")
    assert desk.move("RemovePin", session, etag=session.etag)


def test_every_change_of_a_release_changes_its_etag(desk):
    release = desk.release()
    etags = [release.etag]
    for edit, field in (
        (catalog_pb2.Release(id=release.id, name="Physics"), "name"),
        (catalog_pb2.Release(id=release.id, moderated=True), "moderated"),
        (catalog_pb2.Release(id=release.id, window_end=moment("2090-01-01T00:00:00+00:00")), "window_end"),
    ):
        changed = desk.call("UpdateRelease", release=edit, update_mask=mask(field), etag=etags[-1]).release
        etags.append(changed.etag)
    assert len(set(etags)) == 4


def test_a_stale_etag_of_a_release_is_refused_and_nothing_changes(desk, server):
    old, names = desk.release(), mask("name")
    edit = catalog_pb2.Release(id=old.id, name="Physics")
    new = desk.call("UpdateRelease", release=edit, update_mask=names).release
    with unchanged(server, desk), pytest.raises(Refused) as refused:
        desk.call("UpdateRelease", release=edit, update_mask=names, etag=old.etag)
    assert (refused.value.code, refused.value.reason) == (StatusCode.ABORTED, "STALE_RELEASE")
    assert refused.value.metadata == {"release_id": old.id, "etag": new.etag}


def test_the_etag_inside_the_edited_release_is_not_what_is_compared(desk):
    old = desk.release()
    walk(desk, desk.book(old), "CreatePackage")
    edit = catalog_pb2.Release(id=old.id, name="Physics", etag="v999", finalized=True)
    new = desk.call("UpdateRelease", release=edit, update_mask=mask("name")).release
    assert (new.name, new.finalized) == ("Physics", False)
