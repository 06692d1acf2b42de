"""Trying a call again while nothing answers, or what is refused may be accepted in a moment."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from exam_sessions.client.channel import new_request_id
from exam_sessions.client.failures import NoServer, Refused
from exam_sessions.client.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


def retry(call: Callable[[], Result], tries: float = float("inf")) -> Result:
    """Calls until an answer comes, a refusal that stays, or PATIENCE runs out; once where no server may return."""
    pause_after, failures = Patience(tries), 0
    while True:
        try:
            return call()
        except (NoServer, Refused) as failure:
            if isinstance(failure, NoServer) and not failure.may_return:
                raise
            time.sleep(pause_after(failures, failure))
        failures += 1


def once(call: Callable[..., Result], *arguments: Any, **fields: Any) -> Result:
    """Calls in the same way, each time under the same new request id: what is asked for is carried out once."""
    return retry(partial(call, *arguments, request_id=new_request_id(), **fields))
