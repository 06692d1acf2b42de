"""One line to a server: the Python client in one workspace, with failures put into words for people."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from exam_sessions.client.failures import NoServer, read_failure
from exam_sessions.client.patience import Patience
from exam_sessions.client.security import Security
from exam_sessions_client import requests
from exam_sessions_client.client import Client
from exam_sessions_client.failures import CallFailed
from exam_sessions_client.v1.session_pb2 import AccessCodeKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.protobuf.message import Message

    from exam_sessions.client.failures import Failure

PAGE = 1_000
"""Rows of a page: the most the service gives."""

BATCH = 120.0
"""Seconds a batch may take."""

SILENCE = 20.0
"""Seconds a watch may be silent before it is given up: the server, or the way to it, is gone without a word."""

OPTIONS = (("grpc.max_receive_message_length", -1),)

Reply = TypeVar("Reply")

new_request_id = requests.new_id


class Channel:
    """A line to the server at `target` (host:port), for calls in one workspace, in the name of `actor`.

    It may be used by several threads at a time. `security` are fields of Security.
    """

    def __init__(self, target: str, workspace: str, actor: str, **security: Any) -> None:
        self.target, self.workspace = target, workspace
        self._security = Security(**security)
        self._rpc = Client(
            target,
            workspace=workspace,
            actor=actor,
            wait=False,
            silence=SILENCE,
            security=self._security,
            options=OPTIONS,
            pause_after=Patience(),
        )
        self._was_reached = False

    def __enter__(self) -> Self:
        """Gives the line for the length of a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hangs up."""
        self._rpc.close()

    @contextmanager
    def _calling(self) -> Iterator[None]:
        """Has the failure of a call in a block raised as Refused or NoServer."""
        try:
            yield
        except CallFailed as failed:
            raise self._failure(failed) from None
        self._was_reached = True

    def _failure(self, failed: CallFailed) -> Failure:
        """What a failed call means."""
        failure = read_failure(failed, self.target, has_tls=self._security.has_tls)
        if isinstance(failure, NoServer):
            failure.may_return = self._was_reached
        else:
            self._was_reached = True
        return failure

    def _pages(self, method: Callable[..., Reply], request: Message) -> Iterator[Reply]:
        with self._calling():
            for page in self._rpc.pages(method, request):
                self._was_reached = True
                yield page

    def _call(self, method: Callable[..., Reply], request: Message, **options: float) -> Reply:
        with self._calling():
            return method(request, **options)


def is_id(session: str) -> bool:
    """Whether a session is named by its id, a UUID."""
    try:
        uuid.UUID(session)
    except ValueError:
        return False
    return True


def which(session: str) -> dict[str, Any]:
    """Returns the field of a request that names a session, with its value.

    Args:
        session: a UUID is its id; RELEASE_ID/CODE its release and access code; anything else its keycode.
    """
    release, slash, code = session.partition("/")
    if slash:
        return {"access_code": AccessCodeKey(release_id=release, access_code=code)}
    return {"session_id" if is_id(session) else "keycode": session}
