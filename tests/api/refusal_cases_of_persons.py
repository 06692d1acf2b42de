"""How to be refused what concerns a person; entered with the others when it is imported."""

from __future__ import annotations

from grpc import StatusCode as Code
from operations import OperationsApi
from refusal_cases import refused_with

ERASE = {"candidate_id": "anna", "reason": "request of 3 May"}


@refused_with(Code.FAILED_PRECONDITION)
def candidate_has_live_sessions(stage):
    session = stage.api.book(candidate_id="anna")
    yield lambda: stage.api.call("EraseCandidate", **ERASE), {"session_ids": session.id, "count": "1"}


@refused_with(Code.FAILED_PRECONDITION)
def candidate_in_operation(stage):
    work, release = OperationsApi(stage.api), stage.api.release()
    names = ["anna", *(f"other-{n}" for n in range(5))]
    for name in names:
        stage.api.book(release, name)
    operation = work.transition("VOID", filter={"candidate_ids": names}, sessions_per_second=1).operation
    yield lambda: stage.api.call("EraseCandidate", include_live=True, **ERASE), {"name": operation.name}
    work.cancel(operation)
