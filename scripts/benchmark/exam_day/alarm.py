"""The fire alarm in the middle of an exam day: everybody at work in one centre is paused, and resumed."""

from __future__ import annotations

import threading
import time
import uuid

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc

from exam_sessions_client.v1 import (
    lifecycle_service_pb2,
    lifecycle_service_pb2_grpc,
    session_pb2,
    session_service_pb2,
)

WAIT_S = 60
"""How long it may take, in seconds."""


class Alarm:
    """The alarm in one centre, beside the load, and the seconds that each half of it took."""

    def __init__(self, port: int, centre: str) -> None:
        self._port, self._centre = port, centre
        self._threads: list[threading.Thread] = []
        self._failed: list[Exception] = []
        self.seconds: list[float] = []

    def pause(self) -> None:
        """Begins to pause all who are in progress there."""
        self._begin(session_pb2.ACTION_PAUSE, session_pb2.STATE_IN_PROGRESS)

    def resume(self) -> None:
        """Begins to resume all who are paused there."""
        self._begin(session_pb2.ACTION_RESUME, session_pb2.STATE_PAUSED)

    def settle(self) -> list[float]:
        """Waits for both; the seconds they took. Raises what went wrong."""
        for thread in self._threads:
            thread.join()
        if self._failed:
            raise self._failed[0]
        return self.seconds

    def _begin(self, action: session_pb2.Action, state: session_pb2.State) -> None:
        def carry_out() -> None:
            try:
                # One after the other: who is paused late is resumed all the same.
                for before in self._threads[:-1]:
                    before.join()
                self.seconds.append(self._carried_out(action, state))
            except Exception as error:  # noqa: BLE001 - raised in the main thread
                self._failed.append(error)

        self._threads.append(threading.Thread(target=carry_out))
        self._threads[-1].start()

    def _carried_out(self, action: session_pb2.Action, state: session_pb2.State) -> float:
        began = time.monotonic()
        request = lifecycle_service_pb2.BatchTransitionSessionsRequest(
            action=action,
            filter=session_service_pb2.SessionFilter(centre_id=self._centre, states=[state]),
            request_id=str(uuid.uuid4()),
        )
        with grpc.insecure_channel(f"127.0.0.1:{self._port}") as channel:
            stub = lifecycle_service_pb2_grpc.LifecycleServiceStub(channel)
            wait = operations_pb2.WaitOperationRequest(name=stub.BatchTransitionSessions(request).operation.name)
            wait.timeout.FromSeconds(WAIT_S)
            operation = operations_pb2_grpc.OperationsStub(channel).WaitOperation(wait)
        if not operation.done or operation.HasField("error"):
            raise RuntimeError(f"the alarm was not carried out: {operation}")
        return time.monotonic() - began
