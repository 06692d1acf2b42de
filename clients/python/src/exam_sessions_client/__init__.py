"""The Python client of the exam session service: typed calls, refusals read back, watches and imports that go on.

from exam_sessions_client import Client, Reason, Refused
from exam_sessions_client.v1.session_service_pb2 import GetSessionRequest

with Client("127.0.0.1:50051", actor="my-program") as client:
    print(client.sessions.GetSession(GetSessionRequest(keycode="4XK7RQ2M")).session.state)

AsyncClient is the same for asyncio. `v1` holds the generated code: messages, enumerations and stubs, with type stubs.
Who needs nothing else imports nothing else. Made by scripts/generate; never edited by hand.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exam_sessions_client.async_client import AsyncClient as AsyncClient
    from exam_sessions_client.client import Client as Client
    from exam_sessions_client.failures import CallFailed as CallFailed
    from exam_sessions_client.failures import NoAnswer as NoAnswer
    from exam_sessions_client.failures import Refused as Refused
    from exam_sessions_client.failures import Violation as Violation
    from exam_sessions_client.failures import refusal_in as refusal_in
    from exam_sessions_client.reasons import Reason as Reason
    from exam_sessions_client.requests import new_id as new_id
    from exam_sessions_client.security import PlainToken as PlainToken
    from exam_sessions_client.security import Security as Security

_FOUND_IN = {
    "AsyncClient": "async_client",
    "Client": "client",
    "CallFailed": "failures",
    "NoAnswer": "failures",
    "Refused": "failures",
    "Violation": "failures",
    "refusal_in": "failures",
    "Reason": "reasons",
    "new_id": "requests",
    "PlainToken": "security",
    "Security": "security",
}


def __getattr__(name: str) -> Any:
    """What the package offers, imported when it is asked for."""
    if name not in _FOUND_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_FOUND_IN[name]}"), name)
