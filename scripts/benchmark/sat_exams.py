"""A few sessions of an exam of fifty questions, in every state, to be copied (bulk_fill.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from benchmark.load_sessions import LARGE, Cohort, book, create_release
from benchmark.marking import QUESTIONS, answered, create_form
from exam_sessions_client.v1 import (
    lifecycle_service_pb2,
    lifecycle_service_pb2_grpc,
    marking_service_pb2_grpc,
)

if TYPE_CHECKING:
    from benchmark.processes import Process

SITTING = 8
"""Sessions that are started; of these one is in progress, one voided, and one in three of the others archived."""
SAVES = (10, 20, 30, 40)
"""Answers that a session has each time it is saved."""


def sat_exams(process: Process, releases: int) -> tuple[list[str], list[str]]:
    """Books a few sessions, and has all but one of them sat.

    Args:
        process: a server on a new database.
        releases: how many more releases to make.

    Returns:
        The ids of the sessions and those of the releases.
    """
    create_form(process)
    booked = [session.id for session in book(process.port, 1)]
    sitting = Cohort(process.port, SITTING).ids
    with grpc.insecure_channel(f"127.0.0.1:{process.port}", options=LARGE) as channel:
        lifecycle = lifecycle_service_pb2_grpc.LifecycleServiceStub(channel)
        marking = marking_service_pb2_grpc.MarkingServiceStub(channel)
        pb = lifecycle_service_pb2
        for n, session_id in enumerate(sitting):
            for answers in SAVES:
                marking.SetResponses(answered(session_id, answers, submit=False))
            if n == 0:
                continue
            lifecycle.PauseSession(pb.PauseSessionRequest(session_id=session_id))
            if n == 1:
                lifecycle.VoidSession(pb.VoidSessionRequest(session_id=session_id))
                continue
            lifecycle.ResumeSession(pb.ResumeSessionRequest(session_id=session_id))
            marking.SetResponses(answered(session_id, QUESTIONS, submit=True))
            if n % 3 == 0:
                lifecycle.ArchiveSession(pb.ArchiveSessionRequest(session_id=session_id))
        return booked + sitting, [create_release(channel) for _ in range(releases)]
