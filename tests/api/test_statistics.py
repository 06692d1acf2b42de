"""The statistics of a finalized release are those of its sessions as they are: AggregateSessions has the same."""

from __future__ import annotations

import pytest
from forms import answer, essay, form, mcq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from messages import new_id
from state_paths import FETCHED

from sampling import examples
from serving import Refused

pytestmark = pytest.mark.both_databases("counts and averages are made by SQL")

SAT_OFFLINE = (*FETCHED, "EnterKeycode", "GoOffline")
SEATS = {
    "booked": (),
    "running": (*FETCHED, "EnterKeycode"),
    "paused": (*FETCHED, "EnterKeycode", "PauseSession"),
    "offline": SAT_OFFLINE,
    "to be uploaded": (*SAT_OFFLINE, "FinishOffline"),
    "answered": (*FETCHED, "EnterKeycode", "SetResponses"),
    "handed in": (*FETCHED, "EnterKeycode", "SetResponses", "FinishSession"),
    "marked": (*FETCHED, "EnterKeycode", "SetResponses", "FinishSession", "ScoreResponse", "SubmitMarkedSession"),
}
"""How sessions are brought to where they are when the release is finalized."""

FIELDS = {
    "SetResponses": {"responses": [answer("1", "A")]},
    "UploadSession": {"responses": [answer("1", "A"), answer("2", text="So.")]},
    "ScoreResponse": {"question_number": "2", "mark": "1"},
    "FailSession": {"message": "a fault"},
    "VoidSession": {"force": True},
}
LATER = ("UploadSession", "FinishOffline", "SubmitMarkedSession", "ScoreResponse", "UnscoreResponse", "VoidSession",
         "ArchiveSession", "FailSession", "RecoverSession", "FinishSession", "RequestVerification", "VerifySession",
         "RetakeSession", "ClearResponses", "ReopenSession")  # fmt: skip
TURNS = ("FinalizeRelease", "UnfinalizeRelease")


def move(api, session, rpc):
    fields = FIELDS.get(rpc, {"question_number": "2"} if rpc == "UnscoreResponse" else {})
    try:
        api.move(rpc, session, **fields)
    except Refused:
        return False
    return True


def assert_equal(api, release):
    shown = api.call("GetRelease", release_id=release.id).release
    (listed,) = api.call("ListReleases", name=release.name).releases
    assert listed == shown
    if shown.finalized:
        assert shown.statistics == api.call("AggregateSessions", release_ids=[release.id]).total
    else:
        assert not shown.HasField("statistics")


@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seats=st.lists(st.sampled_from(sorted(SEATS)), max_size=4),
    steps=st.lists(st.tuples(st.integers(0, 3), st.sampled_from((*LATER, *TURNS))), max_size=15),
    moderated=st.booleans(),
)
def test_statistics_equal_the_aggregates_whatever_happens_after_the_release_is_finalized(
    api, seats, steps, moderated
):
    try:
        form(api, mcq("1", "A"), essay("2"))
    except Refused as refused:
        assert refused.reason == "DUPLICATE_TEST_FORM"  # noqa: PT017 - the workspace is that of the example before
    release = api.release(test_form="form-1", moderated=moderated, max_attempts=0, name=new_id())
    sessions = [api.book(release) for _ in seats]
    for session, seat in zip(sessions, seats, strict=True):
        for rpc in SEATS[seat]:
            assert move(api, session, rpc)
    api.call("FinalizeRelease", release_id=release.id)
    assert_equal(api, release)
    for place, rpc in steps:
        if rpc in TURNS:
            try:
                shown = api.call(rpc, release_id=release.id).release
            except Refused:
                continue
            assert shown.HasField("statistics") == shown.finalized
            assert_equal(api, release)
        elif sessions and move(api, sessions[place % len(sessions)], rpc):
            assert_equal(api, release)


def test_a_late_upload_an_archive_and_a_void_are_in_the_statistics(api):
    form(api, mcq("1", "A"))
    release = api.release(test_form="form-1")
    late, other = (api.book(release) for _ in range(2))
    for session in (late, other):
        for rpc in (*SAT_OFFLINE, "FinishOffline"):
            move(api, session, rpc)
    statistics = api.call("FinalizeRelease", release_id=release.id).release.statistics
    assert (statistics.session_count, statistics.scored_count) == (2, 0)

    def scores():
        found = api.call("GetRelease", release_id=release.id).release.statistics
        return found.scored_count, found.min_score, found.max_score

    api.move("UploadSession", late, responses=[answer("1", "A")])
    assert scores() == (1, "100", "100")
    api.move("UploadSession", other, responses=[answer("1", "B")])
    assert scores() == (2, "0", "100")
    api.move("ArchiveSession", late)
    assert scores() == (2, "0", "100")
    api.move("VoidSession", other)
    assert scores() == (1, "100", "100")


def test_a_repeated_request_shows_the_statistics_as_they_are(api):
    form(api, mcq("1", "A"))
    release = api.release(test_form="form-1")
    session = api.book(release)
    for rpc in (*SAT_OFFLINE, "FinishOffline"):
        move(api, session, rpc)
    request = {"release_id": release.id, "request_id": new_id()}
    assert api.call("FinalizeRelease", **request).release.statistics.scored_count == 0
    api.move("UploadSession", session, responses=[answer("1", "A")])
    assert api.call("FinalizeRelease", **request).release.statistics.scored_count == 1
