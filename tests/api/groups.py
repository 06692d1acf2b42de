"""Calls that a server takes in one transaction."""

from __future__ import annotations

import pytest
from messages import new_id, outcome_of, send

from exam_sessions_client.v1 import catalog_pb2
from serving import Refused


def arrived(api):
    """Waits until what this connection sent before has reached the server.

    Calls arrive in the order sent, or together: native takes over several at once, and begins those in line first.
    """
    with pytest.raises(Refused):
        api.call("GetSession", session_id=new_id())


def grouped(server, api, *calls):
    """Sends calls so that the server takes them in one transaction, in this order; their outcomes."""
    with server.database.locked_for_writing():
        blocker = send(api, "CreateRelease", release=catalog_pb2.Release(name="in front"))
        arrived(api)
        sent = []
        for rpc, fields in calls:
            sent.append(send(api, rpc, **fields))
            arrived(api)
    blocker.result()
    return [outcome_of(call) for call in sent]


def told(outcomes, read):
    """What is read from each outcome, or the reason of its refusal."""
    return [outcome.reason if isinstance(outcome, Refused) else read(outcome) for outcome in outcomes]
