"""How to be refused with each reason of devices and attempt tokens; entered when it is imported."""

from __future__ import annotations

from unittest.mock import ANY

from grpc import StatusCode as Code
from refusal_cases import refused_with
from state_paths import FETCHED, bring_to, walk

from exam_sessions_client.v1 import catalog_pb2

ONE_DEVICE = {"device_policy": catalog_pb2.DEVICE_POLICY_ONE_DEVICE}
HOLDER = {"device": "Laptop 3", "since": ANY}


def held_session(api):
    """A session in progress that the device Laptop 3 holds."""
    session = walk(api, api.book(api.release(**ONE_DEVICE)), *FETCHED)
    return api.move("EnterKeycode", session, device_label="Laptop 3")


@refused_with(Code.FAILED_PRECONDITION)
def attempt_token_required(stage):
    session = held_session(stage.api)
    yield lambda: stage.api.move("FinishSession", session), HOLDER


@refused_with(Code.ABORTED)
def stale_attempt_token(stage):
    session = held_session(stage.api)
    yield lambda: stage.api.move("FinishSession", session, attempt_token="x" * 43), HOLDER


@refused_with(Code.FAILED_PRECONDITION)
def session_held(stage):
    session = held_session(stage.api)
    yield lambda: stage.api.move("EnterKeycode", session, device_label="Laptop 7"), HOLDER


@refused_with(Code.FAILED_PRECONDITION)
def session_not_held(stage):
    session = bring_to(stage.api, "IN_PROGRESS")
    yield lambda: stage.api.move("AllowTakeOver", session), {}
