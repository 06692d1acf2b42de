"""A watch of centres, schools or districts: the sessions there, their events, and those that move."""

from __future__ import annotations

from contextlib import closing

import pytest

from exam_sessions.client.client import Client
from exam_sessions_client.v1 import session_pb2


def pieces_of(server, api, centres=(), **more):
    with (
        Client(server.target, api.workspace, "test") as client,
        closing(client.watch(centre_ids=centres, **more)) as watch,
    ):
        yield from watch


def test_a_watch_of_a_centre_has_its_sessions_and_their_events_only(server, api):
    release = api.release()
    here = api.book(release, centre_id="K-03")
    there = api.book(release, centre_id="K-04")
    watch = pieces_of(server, api, ["K-03"])
    assert _ids_of_snapshot(watch) == [here.id]
    api.move("CreatePackage", there)
    api.move("CreatePackage", here)
    # Before the other moves: where a session is counts when its event is sent.
    assert _ids_of_next_events(watch) == [here.id]
    mask = {"paths": ["centre_id"]}
    api.call("UpdateSession", session_id=there.id, booking={"centre_id": "K-03"}, update_mask=mask)
    assert _ids_of_next_events(watch) == [there.id]
    watch.close()


def _ids_of_snapshot(watch):
    seen = []
    for piece in watch:
        seen += [session.id for session in piece.sessions]
        if piece.snapshot_complete:
            break
    return seen


def _ids_of_next_events(watch):
    """Of the next piece that has events."""
    return next([event.session_id for event in piece.events] for piece in watch if piece.events)


@pytest.mark.parametrize("area", ["school_id", "district_id"])
def test_a_watch_of_a_school_or_a_district_has_its_candidates_only(server, api, area):
    release = api.release()

    def booked(candidate, value):
        person = session_pb2.Candidate(candidate_id=candidate, **{area: value})
        return api.call("CreateSession", release_id=release.id, booking={"candidate": person}).session

    here, there = booked("1", "north"), booked("2", "south")
    watch = pieces_of(server, api, **{f"{area}s": ["north", "east"]})
    assert _ids_of_snapshot(watch) == [here.id]
    api.move("CreatePackage", there)
    api.move("CreatePackage", here)
    assert _ids_of_next_events(watch) == [here.id]
    mask = {"paths": [f"candidate.{area}"]}
    api.call("UpdateSession", session_id=there.id, booking={"candidate": {area: "east"}}, update_mask=mask)
    assert _ids_of_next_events(watch) == [there.id]
    api.call("DeleteSession", session_id=here.id)
    assert _ids_of_next_events(watch) == [here.id]
    watch.close()


def test_what_is_asked_for_must_all_hold(server, api):
    release = api.release()
    person = session_pb2.Candidate(candidate_id="1", school_id="north")
    api.call("CreateSession", release_id=release.id, booking={"candidate": person, "centre_id": "K-04"})
    both = api.call(
        "CreateSession",
        release_id=release.id,
        booking={"candidate": {"candidate_id": "2", "school_id": "north"}, "centre_id": "K-03"},
    ).session
    watch = pieces_of(server, api, ["K-03"], school_ids=["north"], start_sequence=1)
    assert _ids_of_next_events(watch) == [both.id]
    watch.close()


def test_a_session_that_moves_to_and_fro_is_followed_while_it_is_there(server, api):
    release = api.release()
    session, other = api.book(release, centre_id="K-03"), api.book(release, centre_id="K-03")

    def edit(field, value):
        mask = {"paths": [field]}
        api.call("UpdateSession", session_id=session.id, booking={field: value}, update_mask=mask)

    watch = pieces_of(server, api, ["K-03"])
    assert sorted(_ids_of_snapshot(watch)) == sorted([session.id, other.id])
    edit("external_reference", "seen here")
    assert _ids_of_next_events(watch) == [session.id]
    edit("centre_id", "K-04")
    assert _ids_of_next_events(watch) == [session.id]
    edit("external_reference", "not seen there")
    api.move("CreatePackage", other)
    assert _ids_of_next_events(watch) == [other.id]
    edit("centre_id", "K-03")
    assert _ids_of_next_events(watch) == [session.id]
    edit("external_reference", "seen again")
    assert _ids_of_next_events(watch) == [session.id]
    watch.close()
