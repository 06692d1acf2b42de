from __future__ import annotations

import pytest

from serving import Refused, State


def test_a_session_walks_from_its_booking_to_the_archive(api):
    session = api.book(api.release(invigilated=True, requires_check_in=True))
    walk = (
        "CreatePackage DownloadSession EnterKeycode CheckInSession UnlockSession PauseSession ResumeSession "
        "FinishSession SendToMarking SubmitMarkedSession ArchiveSession"
    )
    states = [State.Name(api.move(rpc, session).state).removeprefix("STATE_") for rpc in walk.split()]
    assert states == [
        "SCHEDULED_BUT_NOT_DOWNLOADED",
        "READY",
        "REQUIRES_CHECK_IN",
        "LOCKED_FOR_INVIGILATOR",
        "IN_PROGRESS",
        "PAUSED",
        "IN_PROGRESS",
        "FINISHED",
        "AWAITING_MARKING",
        "MARKED",
        "ARCHIVED",
    ]
    assert [event.actor for event in api.history(session)] == ["test"] * 12


def test_a_paused_session_cannot_be_reset(api):
    session = api.walk(api.book(), "CreatePackage", "DownloadSession", "EnterKeycode", "PauseSession")
    with pytest.raises(Refused) as refused:
        api.move("ResetSession", session)
    assert refused.value.reason == "SESSION_NOT_RESETTABLE"
    assert refused.value.metadata["state"] == "PAUSED"
