from __future__ import annotations

import json

import pytest
from messages import booking, mask
from rows import unchanged
from state_paths import bring_to

from exam_sessions_client.v1 import session_pb2, session_service_pb2
from serving import Refused

CARRIED = {"lti_user_id": "29123", "Jos\u00e9": " two  words\n", "empty": ""}


def edited(api, session, annotations):
    fields = {"booking": session_pb2.Booking(annotations=annotations), "update_mask": mask("annotations")}
    return api.call("UpdateSession", session_id=session.id, **fields).session


def test_annotations_are_booked_and_shown_wherever_the_session_is(api):
    release = api.release()
    asked = booking("ann", annotations=CARRIED)
    created = api.call("CreateSession", release_id=release.id, booking=asked).session
    assert created.annotations == CARRIED
    assert api.call("GetSession", session_id=created.id).session == created
    assert api.call("BatchGetSessions", session_ids=[created.id]).sessions[0].annotations == CARRIED
    listed = api.call("ListSessions", filter=session_service_pb2.SessionFilter(release_ids=[release.id]))
    assert listed.sessions[0].annotations == CARRIED
    assert api.call("CreatePackage", session_id=created.id).session.annotations == CARRIED
    rows = [booking("bob", annotations={"k": "v"}), booking("cy")]
    bob, cy = api.call("BatchCreateSessions", release_id=release.id, bookings=rows).sessions
    assert api.call("GetSession", session_id=bob.id).session.annotations == {"k": "v"}
    assert not api.call("GetSession", session_id=cy.id).session.annotations


def test_an_edit_replaces_the_annotations_and_history_tells_both(api):
    session = bring_to(api, "IN_PROGRESS")
    assert edited(api, session, {"a": "1", "b": "2"}).annotations == {"a": "1", "b": "2"}
    assert edited(api, session, {"b": "3"}).annotations == {"b": "3"}
    assert not edited(api, session, {}).annotations
    changes = [change for event in api.history(session) for change in event.changes if change.field == "annotations"]
    assert [change.new_value for change in changes] == ['{"a":"1","b":"2"}', '{"b":"3"}', ""]


@pytest.mark.parametrize(
    "annotations",
    [{f"k{n}": "" for n in range(33)}, {"k" * 64: ""}, {"": "x"}, {"k": "v" * 256}, {"k": "a\0b"}],
    ids=["33 pairs", "long key", "no key", "long value", "NUL"],
)
def test_annotations_beyond_their_bounds_are_refused(api, server, annotations):
    release = api.release()
    with unchanged(server, api), pytest.raises(Refused) as refused:
        api.call("CreateSession", release_id=release.id, booking=booking("ann", annotations=annotations))
    assert refused.value.reason == "INVALID_FIELD"
    (path,) = refused.value.fields
    assert path.startswith("booking.annotations")


def test_annotations_at_their_bounds_are_booked(api):
    most = {f"{n:063}": "v" * 255 for n in range(32)}
    asked = booking("ann", annotations=most)
    assert api.call("CreateSession", release_id=api.release().id, booking=asked).session.annotations == most


@pytest.mark.parametrize(
    ("key", "value"),
    [("k" * 64, ""), ("", "x"), ("k", "v" * 256), ("k", "a\0b"), (" k", ""), ('"\x1b[31m', "v" * 256)],
    ids=["long key", "no key", "long value", "NUL", "blank", "escape sequence"],
)
def test_a_refused_annotation_is_named_by_its_key_in_json(api, key, value):
    with pytest.raises(Refused) as refused:
        api.book(annotations={key: value})
    assert list(refused.value.fields) == [f"booking.annotations[{json.dumps(key)}]"]
    assert refused.value.message.isprintable()
