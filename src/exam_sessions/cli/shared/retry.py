"""Trying a call again while nothing answers, or what is refused may be accepted in a moment."""

from __future__ import annotations

import time
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from exam_sessions.client.channel import new_request_id
from exam_sessions.client.failures import NoServer, Refused, pause_after

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

PATIENCE = 20.0
"""Seconds to go on trying a call when nothing answers: a server that answered before may be restarting."""

TRIES = 10
"""How often it is tried again at most, which takes as long where each try fails at once."""


def retry(call: Callable[[], Result], tries: int = TRIES) -> Result:
    """Calls until an answer comes, a refusal that stays, or PATIENCE runs out; once where no server was reached."""
    end = time.monotonic() + PATIENCE
    for failures in count():
        try:
            return call()
        except (NoServer, Refused) as failure:
            is_absent = isinstance(failure, NoServer) and not failure.was_reached
            if is_absent or time.monotonic() > end:
                raise
            time.sleep(pause_after(failures, failure, tries))
    raise AssertionError


def once(call: Callable[..., Result], *arguments: Any, **fields: Any) -> Result:
    """Calls in the same way, each time under the same new request id: what is asked for is carried out once."""
    return retry(partial(call, *arguments, request_id=new_request_id(), **fields))
