"""Every mutation of the service with a request that will be accepted."""

from __future__ import annotations

from forms import essay, mcq, mixed
from messages import ACTION_RPCS, booking, bookings, mask, new_id
from state_paths import ARGUMENTS, ON_PAPER, STARTED, bring_to, walk

from exam_sessions_client.v1 import (
    catalog_pb2,
    lifecycle_service_pb2,
    session_pb2,
    session_service_pb2,
    test_form_pb2,
)

LEGAL_IN = {
    "CreatePackage": "SCHEDULED_BUT_NOT_CREATED",
    "DownloadSession": "SCHEDULED_BUT_NOT_DOWNLOADED",
    "EnterKeycode": "READY",
    "CheckInSession": "REQUIRES_CHECK_IN",
    "EnterPin": "LOCKED_BY_PIN",
    "UnlockSession": "LOCKED_FOR_INVIGILATOR",
    "SetPin": "LOCKED_FOR_INVIGILATOR",
    "RemovePin": "LOCKED_BY_PIN",
    "GetPin": "LOCKED_BY_PIN",
    "PauseSession": "IN_PROGRESS",
    "ResumeSession": "PAUSED",
    "GoOffline": "IN_PROGRESS",
    "ReconnectSession": "OFFLINE",
    "FinishOffline": "OFFLINE",
    "UploadSession": "AWAITING_UPLOAD",
    "FinishSession": "IN_PROGRESS",
    "SendToMarking": "FINISHED",
    "SubmitMarkedSession": "AWAITING_MARKING",
    "VerifySession": "AWAITING_VERIFICATION",
    "ArchiveSession": "SCRIPT_VERIFIED",
    "VoidSession": "READY",
    "ResetSession": "READY",
    "RequestScan": "PAPER_RESPONSE_UPLOAD",
    "ReceiveScan": "LOCAL_SCAN_REQUESTED",
    "FailSession": "PAUSED",
    "RecoverSession": "EXCEPTION",
    "ReopenSession": "FINISHED",
    "RetakeSession": "FINISHED",
    "SetExtraTime": "IN_PROGRESS",
    "SetAccommodation": "IN_PROGRESS",
    "ClearResponses": "FINISHED",
}
"""A state in which each move is legal; OpenWindow and RequestVerification need more and have their own lines."""

ANSWERED = (*STARTED, "SetResponses", "FinishSession")
NEEDS_FORM = {
    "SetResponses": ({}, STARTED),
    "AssignItemMarks": (ON_PAPER, ()),
    "AssignItemResponses": (ON_PAPER, ()),
    "ScoreResponse": ({}, ANSWERED),
    "UnscoreResponse": ({}, (*ANSWERED, "ScoreResponse")),
    "RegradeSession": ({}, ANSWERED),
    "AllowTakeOver": ({"device_policy": catalog_pb2.DEVICE_POLICY_ONE_DEVICE}, STARTED),
}
"""For each move on a session of a release of its own: the release, which has a form, and the calls that lead to where
it is legal."""


def key_of(rpc, session):
    return {"keycode": session.keycode} if rpc == "EnterKeycode" else {"session_id": session.id}


def a_move(rpc):
    def prepare(api):
        if rpc == "RequestVerification":
            session = bring_to(api, "MARKED", moderated=True)
        elif rpc == "OpenWindow":
            session = bring_to(api, "SCHEDULED_BUT_LOCKED")
            opened = catalog_pb2.Release(id=session.release_id)
            api.call("UpdateRelease", release=opened, update_mask=mask("window_start"))
        elif rpc in NEEDS_FORM:
            fields, rpcs = NEEDS_FORM[rpc]
            reference = mixed(api, reference=new_id()).reference
            session = walk(api, api.book(api.release(test_form=reference, **fields)), *rpcs)
            if rpc == "RegradeSession":
                questions = [mcq("1", "B"), mcq("2", "B"), essay("3")]
                form = test_form_pb2.TestForm(reference=reference, questions=questions, mark_decimals=1)
                api.call("UpdateTestForm", test_form=form)
        else:
            session = bring_to(api, LEGAL_IN[rpc])
        return rpc, key_of(rpc, session) | ARGUMENTS.get(rpc, {})

    return prepare


def create(api):
    return "CreateSession", {"release_id": api.release().id, "booking": booking("anna", pin="abcdef")}


def batch_create(api):
    return "BatchCreateSessions", {"release_id": api.release().id, "bookings": bookings(3)}


def update(api):
    return "UpdateSession", {
        "session_id": api.book().id,
        "booking": booking(centre_id="north"),
        "update_mask": mask("centre_id"),
    }


def batch_update(api):
    release = api.release()
    rows = [
        session_service_pb2.SessionEdit(session_id=api.book(release).id, booking=booking(centre_id=f"c{n}"))
        for n in range(3)
    ]
    return "BatchUpdateSessions", {"edits": rows, "update_mask": mask("centre_id")}


def delete(api):
    return "DeleteSession", {"session_id": api.book().id}


def create_release(_):
    return "CreateRelease", {"release": catalog_pb2.Release(name="Physics", moderated=True)}


def update_release(api):
    new = catalog_pb2.Release(id=api.release().id, name="Chemistry")
    return "UpdateRelease", {"release": new, "update_mask": mask("name")}


def finalize_release(api):
    return "FinalizeRelease", {"release_id": bring_to(api, "IN_PROGRESS").release_id}


def unfinalize_release(api):
    release = api.release()
    api.call("FinalizeRelease", release_id=release.id)
    return "UnfinalizeRelease", {"release_id": release.id}


def create_form(_):
    return "CreateTestForm", {"test_form": test_form_pb2.TestForm(reference=new_id(), questions=[mcq("1")])}


def update_form(api):
    reference = mixed(api, reference=new_id()).reference
    new = test_form_pb2.TestForm(reference=reference, questions=[mcq("1"), essay("2")])
    return "UpdateTestForm", {"test_form": new}


def batch_transition(api):
    ids = lifecycle_service_pb2.SessionIds(session_ids=[api.book().id])
    return "BatchTransitionSessions", {"action": session_pb2.ACTION_CREATE_PACKAGE, "ids": ids}


MUTATIONS = {rpc: a_move(rpc) for rpc in ACTION_RPCS} | {
    "CreateSession": create,
    "BatchCreateSessions": batch_create,
    "UpdateSession": update,
    "BatchUpdateSessions": batch_update,
    "DeleteSession": delete,
    "CreateRelease": create_release,
    "UpdateRelease": update_release,
    "FinalizeRelease": finalize_release,
    "UnfinalizeRelease": unfinalize_release,
    "CreateTestForm": create_form,
    "UpdateTestForm": update_form,
    "BatchTransitionSessions": batch_transition,
}
