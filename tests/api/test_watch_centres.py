"""A watch of some centres: the snapshot and the events of the sessions there, and of those that move."""

from __future__ import annotations

from contextlib import closing

from exam_sessions.client.client import Client


def pieces_of(server, api, centres, **start):
    with (
        Client(server.target, api.workspace, "test") as client,
        closing(client.watch(centre_ids=centres, **start)) as watch,
    ):
        yield from watch


def test_a_watch_of_a_centre_has_its_sessions_and_their_events_only(server, api):
    release = api.release()
    here = api.book(release, centre_id="K-03")
    there = api.book(release, centre_id="K-04")
    watch = pieces_of(server, api, ["K-03"])
    seen = []
    for piece in watch:
        seen += [session.id for session in piece.sessions]
        if piece.snapshot_complete:
            break
    assert seen == [here.id]
    api.move("CreatePackage", there)
    api.move("CreatePackage", here)
    # Before the other moves: where a session is counts when its event is sent.
    assert [event.session_id for piece in _until_events(watch, 1) for event in piece.events] == [here.id]
    mask = {"paths": ["centre_id"]}
    api.call("UpdateSession", session_id=there.id, booking={"centre_id": "K-03"}, update_mask=mask)
    assert [event.session_id for piece in _until_events(watch, 1) for event in piece.events] == [there.id]
    watch.close()


def _until_events(watch, count):
    for piece in watch:
        yield piece
        count -= len(piece.events)
        if count <= 0:
            return
