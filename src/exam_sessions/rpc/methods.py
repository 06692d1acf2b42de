"""What a servicer gives for each RPC; what a method reads of a call and its request. How it is served: handler.py."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from google.rpc import code_pb2

from exam_sessions import errors
from exam_sessions.commands.session_changes import Target
from exam_sessions.domain.access import Permission
from exam_sessions.domain.actor import ACTOR_AT_MOST, Actor
from exam_sessions.domain.api_keys import SYSTEM_WORKSPACE
from exam_sessions.domain.records import AccessCode
from exam_sessions.domain.texts import flaw_of, fold_code
from exam_sessions.execution.caller import SYSTEM_ACTOR, Caller
from exam_sessions.execution.session_reader import SessionKey
from exam_sessions.rpc.access.verified import ANYBODY, NOBODY, CallIdentity
from exam_sessions.rpc.convert.request import DEFAULT_WORKSPACE
from exam_sessions.rpc.decoding.identifiers import spell

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from google.protobuf.message import Message

    from exam_sessions.execution.known_workspaces import KnownWorkspaces
    from exam_sessions.execution.measures import GroupTimes
    from exam_sessions.execution.queue_protocols import QueuedRequest, ReplySink
    from exam_sessions.rpc.decoding.request_decoder import RequestReader


ACTOR = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,127}")

Method = Callable[[Any, "Call"], "Awaitable[Message]"]
"""A method that works on each call by itself: from the request and its call to the reply."""


class RequestKeys(NamedTuple):
    """What a request names, as it names it; empty what it does not, or cannot."""

    workspace: str = ""
    session_id: str = ""
    request_id: str = ""


NO_KEYS = RequestKeys()


class Call(CallIdentity):
    """What a method may read of the call it serves, and what handlers note for its observers (observation.py)."""

    __slots__ = ("_method", "began", "code", "group", "keys", "queued", "reason", "started", "workspaces")

    _method: str
    """The service's name and its own."""

    began: float
    """When it arrived, on the clock of `time.perf_counter`."""
    queued: float
    """When it was put in line, on the same clock; 0 where it stands in no queue. Noted where there is an observer."""
    group: GroupTimes | None
    """The group that it is in, the last one where it was in several. Noted where there is an observer."""
    started: float
    """When its group was started, on the same clock; 0 before, and where it stands in no queue."""
    code: int
    """Its gRPC status code. CANCELLED until it has ended, and where its caller has gone away."""
    reason: str
    """The name of the ErrorReason it was refused with; empty without one."""
    keys: RequestKeys
    """What its request names. Noted where there is an observer, once the request is decoded."""

    workspaces: KnownWorkspaces | None
    """Which workspaces there are; None where the method's requests name none."""

    def __init__(self) -> None:
        self.principal, self.code_workspace = NOBODY, ""
        self.began, self.queued, self.started = perf_counter(), 0.0, 0.0
        self.group = None
        self.code, self.reason, self.keys = code_pb2.CANCELLED, "", NO_KEYS

    def group_opens(self, group: GroupTimes) -> None:
        """Notes that its group opens it, now."""
        self.group = group
        if not self.started:
            self.started = perf_counter()

    def may_enter(self, workspace: str) -> bool:
        """Whether a workspace is one of its principal's."""
        own = self.principal.workspaces
        return own is None or workspace in own

    def workspace(self, request: Any) -> str:
        """The workspace that a request names. Raises WorkspaceNotFound, see `enter`."""
        return self.enter(request.workspace_id or DEFAULT_WORKSPACE)

    def enter(self, workspace: str) -> str:
        """The workspace itself, where the caller may enter it.

        Raises:
            errors.WorkspaceNotFound: it is none of the principal's, whether there is one of that name or not; or this
                server has seen none of that name, see `find`.
        """
        known = self.workspaces
        is_unknown = known and workspace not in known.names and not known.takes_any
        if is_unknown or not self.may_enter(workspace):
            raise errors.WorkspaceNotFound(workspace)
        return workspace

    def enter_new(self, workspace: str) -> str:
        """As `enter`, for a workspace that there need not be."""
        if not self.may_enter(workspace):
            raise errors.WorkspaceNotFound(workspace)
        return workspace

    async def find(self, workspace: str) -> None:
        """Looks in the database for a workspace that this server has not seen, so that `enter` takes it.

        Handlers do so when a method that has done nothing yet raises WorkspaceNotFound, and then call it again.
        """
        known = self.workspaces
        if known and workspace not in known.names and not known.takes_any and self.may_enter(workspace):
            await known.find(workspace)

    def session_key(self, request: Any) -> SessionKey:
        """The session that a request names, among those the caller may see. Raises WorkspaceNotFound, see `enter`."""
        target = target_of(request)
        return SessionKey(self.workspace(request), target.session_id, target.keycode, self.principal.centres)

    def caller(self, request: Any, *, makes_workspace: bool = False) -> Caller:
        """The caller, and the digest that distinguishes a repetition of this mutation from another request.

        With `makes_workspace` there need not be the workspace.

        Raises:
            errors.InvalidField: x-actor is not a short printable text, or is given twice.
            errors.WorkspaceNotFound: see `enter`.
        """
        workspace = self.enter_new(request.workspace_id) if makes_workspace else self.workspace(request)
        request_id = request.request_id.lower()
        digest = b""
        if request_id:
            request.workspace_id = workspace
            digest = self.digest_of(request)
        return Caller(workspace, self.actor(), request_id, digest, request.validate_only, self.principal.centres)

    def digest_of(self, request: Any, method: str = "") -> bytes:
        """The digest that distinguishes a repetition of a mutation from another request.

        Args:
            request: the mutation; it names its workspace.
            method: the full name of the RPC it is a request of, where the call is one of several such requests.
        """
        centres = self.principal.centres
        # A repetition shows the result of the first request: not to callers who may not see its sessions.
        bound_to = "" if centres is None else "\0".join(sorted(centres))
        # It may hold what was for the first caller alone, such as an attempt token.
        by = "" if self.principal is ANYBODY else f"\0{self.principal.name}"
        return self._digest(request, after=bound_to + by, method=method)

    def _digest(self, request: Any, before: str = "", after: str = "", method: str = "") -> bytes:
        """A digest of the method and a request in its normal form, with what stands before and after the request."""
        spell(request)
        content = f"{method or self._method}\0{before}".encode() + request.SerializeToString(deterministic=True)
        return hashlib.blake2b(content + after.encode(), digest_size=16).digest()

    def in_workspace(self, workspace: str) -> Caller:
        """The caller of a request that names its workspace in its own way and carries no request id."""
        return Caller(self.enter(workspace), self.actor(), centres=self.principal.centres)

    def outside_workspaces(self, request: Any) -> Caller:
        """The caller of a mutation of what belongs to no workspace, such as an API key; as `caller`.

        Raises:
            errors.InvalidField: as `caller`.
        """
        actor, request_id = self.actor(), request.request_id.lower()
        digest = b""
        if request_id:
            # Another principal that repeats the request has not seen its answer.
            digest = self._digest(request, before=f"{actor}\0")
        return Caller(SYSTEM_WORKSPACE, actor, request_id, digest, request.validate_only)

    def actor(self) -> str:
        """The principal's name, and the person it acts for; x-actor alone where callers are not authenticated.

        Where the principal may not act for others, x-actor is ignored.
        """
        principal = self.principal
        if principal is ANYBODY:
            return self._named() or principal.name
        if principal.may(Permission.ACT_FOR_OTHERS) and (acting_for := self._named()):
            return str(Actor(principal.name, acting_for))
        return principal.name

    def _named(self) -> str:
        """The person named in x-actor, or in UTF-8 in x-actor-bin; empty when none is. Raises InvalidField."""
        names = [*self.metadata("x-actor"), *self.metadata("x-actor-bin")]
        if not names:
            return ""
        if len(names) > 1:
            raise errors.invalid("x-actor", "must be given once")
        name = names[0]
        if isinstance(name, bytes):
            return _name_in(name)
        if not ACTOR.fullmatch(name) or name.strip().lower() == SYSTEM_ACTOR:
            raise errors.invalid("x-actor", f"must be 1 to 128 printable ASCII characters, and not {SYSTEM_ACTOR}")
        return name


def target_of(request: Any) -> Target:
    """The session a request names, and the version it saw."""
    # EnterKeycode names its session by no id, reads carry no etag.
    session_id, keycode = getattr(request, "session_id", ""), request.keycode
    handle: str | AccessCode = ""
    if keycode:
        handle = fold_code(keycode)
    elif not session_id:
        handle = AccessCode(request.access_code.release_id.lower(), fold_code(request.access_code.access_code))
    return Target(session_id.lower(), handle, getattr(request, "etag", ""))


def _name_in(value: bytes) -> str:
    """The name in x-actor-bin. Raises InvalidField."""
    try:
        name = value.decode()
    except UnicodeDecodeError:
        raise errors.invalid("x-actor-bin", "must be UTF-8") from None
    flaw = flaw_of(name, is_name=True)
    if flaw or not 0 < len(name) <= ACTOR_AT_MOST or name != name.strip() or name.lower() == SYSTEM_ACTOR:
        what = f"must be 1 to {ACTOR_AT_MOST} printable characters without blanks around them, and not {SYSTEM_ACTOR}"
        raise errors.invalid("x-actor-bin", flaw or what)
    return name


class Otherwise(NamedTuple):
    """What answers those calls of a queued method that need more than their group reads."""

    is_for: Callable[[bytes], bool]
    """Whether a request may be one of them; it is asked of every call."""
    method: Method


class QueuedMethod(NamedTuple):
    """A method whose calls are read and answered in groups (group_commit.py), not one by one."""

    queue: Callable[[QueuedRequest, ReplySink], None]
    """Puts an order into the queue."""
    open: Callable[[Any, Call], Any]
    """From the request to what the queue works on."""
    reply: Callable[[Any, Any], Message]
    """From the request and the result to the reply."""
    reader: RequestReader | None = None
    """From bytes to the request, where that is not its message's own doing."""
    otherwise: Otherwise | None = None


class CallerGone(Exception):  # noqa: N818 - its caller has gone
    """What was to be sent cannot be, because its caller has gone away."""


class ServerStreamMethod(NamedTuple):
    """A method that sends messages until its caller cancels."""

    stream: Callable[[Any, Call, Callable[[bytes], Awaitable[None]]], Awaitable[None]]
    """Takes the request, its call, and what sends one message and returns once there is room for the next."""


class RefusedMessage(NamedTuple):
    """A message of a stream that cannot be decoded. The method decides whether the stream goes on."""

    data: bytes
    refusal: errors.Refusal


class BidiMethod(NamedTuple):
    """A method that answers each message of a stream."""

    converse: Callable[[AsyncIterator[Any], Call, Callable[[bytes], Awaitable[None]]], Awaitable[None]]
    """Takes the requests as they come, RefusedMessages among them, the call, and what sends one message."""
    ends_itself: bool = False
    """Whether it ends by itself when the server stops, once it has answered what it took; others are cut off."""
