"""The request log: a line for each call that has ended, or for those that were slow or refused.

It observes calls (rpc/observation.py) and has a logger of its own, `exam_sessions.calls`, whose level `--log-level`
does not change. A line names the session by its id and the caller by the principal's name; of the request it has
nothing else, so no candidate, no code and no text.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from google.rpc import code_pb2

from exam_sessions.rpc.observation import CODE_NAMES
from exam_sessions.rpc.server import streaming_methods

if TYPE_CHECKING:
    from exam_sessions.rpc.observation import CallRecord
    from exam_sessions.settings import Settings

log = logging.getLogger("exam_sessions.calls")

LONG_ON_PURPOSE = streaming_methods() | {"google.longrunning.Operations/WaitOperation"}
"""Methods whose calls last as long as their callers choose, and are never slow."""


def call_log_of(settings: Settings) -> CallLog | None:
    """What logs the calls that settings ask for; None where they ask for none."""
    if settings.log_calls == "off":
        return None
    return CallLog(settings.log_calls, settings.slow_call_ms / 1000)


class CallLog:
    """Logs calls: at INFO, and at WARNING those that took `slow_s` seconds or longer (0: none is slow).

    Args:
        which: slow, refused (and slow), or all.
        slow_s: in seconds.
    """

    def __init__(self, which: str, slow_s: float) -> None:
        self._all, self._refused = which == "all", which != "slow"
        self._slow_s = slow_s or float("inf")
        log.setLevel(logging.INFO)

    def __call__(self, record: CallRecord) -> None:
        """Logs a call, where it is one of those."""
        is_slow = record.duration_s >= self._slow_s and record.method not in LONG_ON_PURPOSE
        if not (self._all or is_slow or (self._refused and record.code != code_pb2.OK)):
            return
        call = record.call
        workspace, session_id, request_id = call.keys
        facts: dict[str, object] = {
            "method": record.method,
            "code": CODE_NAMES[record.code],
            "reason": record.reason,
            "principal": call.principal.name,
            "workspace": workspace,
            "session": session_id,
            "duration_ms": round(record.duration_s * 1000, 3),
            "queue_ms": None if record.queue_s is None else round(record.queue_s * 1000, 3),
            "request_id": request_id,
        }
        level, text = (logging.WARNING, "slow call") if is_slow else (logging.INFO, "call")
        said = {name: value for name, value in facts.items() if value not in {"", None}}
        # As Logger.log, without looking for the line of the program, which is always this one.
        entry = logging.LogRecord(log.name, level, __file__, 0, text, (), None)
        entry.facts = said
        log.handle(entry)
