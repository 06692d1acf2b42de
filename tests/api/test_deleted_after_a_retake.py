"""A booking that was deleted although it had been sat before: the history keeps its attempts and its score."""

from __future__ import annotations

import json

import pytest
from forms import answer, sitting, three_choices
from messages import new_id
from state_paths import walk

WRONG, RIGHT = "A", "C"


@pytest.mark.parametrize(("label", "points"), [(WRONG, "0"), (RIGHT, "1")])
def test_a_repeated_request_is_shown_the_score_of_the_deleted_booking(api, label, points):
    three_choices(api)
    session = api.move("SetResponses", sitting(api), responses=[answer("1", label)], submit_for_scoring=True)
    request = {"session_id": session.id, "request_id": new_id()}
    api.call("RetakeSession", **request)
    walk(api, session, "ResetSession")
    api.call("DeleteSession", session_id=session.id)
    again = api.call("RetakeSession", **request).session
    assert (again.attempt.number, again.points.actual, again.points.max) == (2, points, "3")


def test_a_repeated_request_is_shown_no_score_of_a_deleted_booking_that_had_none(api):
    three_choices(api)
    session, request = api.book(api.release(test_form="form-1")), {"request_id": new_id()}
    api.call("CreatePackage", session_id=session.id, **request)
    api.call("DeleteSession", session_id=session.id)
    again = api.call("CreatePackage", session_id=session.id, **request).session
    assert (again.form_revision, again.HasField("score"), again.HasField("points")) == (1, False, False)


def test_the_history_keeps_the_attempts_of_a_deleted_booking(api):
    three_choices(api)
    session = api.move("SetResponses", sitting(api), responses=[answer("1", RIGHT)], submit_for_scoring=True)
    session = walk(api, session, "RetakeSession", "ResetSession")
    api.call("DeleteSession", session_id=session.id)
    (kept,) = [change.old_value for change in api.history(session)[-1].changes if change.field == "scripts"]
    assert [record["responses"] for record in json.loads(kept)] == [{"1": 2}]
