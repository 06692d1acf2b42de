"""Decoding: what bytes pass before they are a request. Size, counts (bounds.py), parsing, rules (rules.py).

Long requests pass it on threads of their own, a few for all calls.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from google.protobuf import message_factory
from google.protobuf.message import DecodeError

from exam_sessions import errors
from exam_sessions.rpc.decoding import bounds, candidate_ids, identifiers, maxima, rules
from exam_sessions.thread_priority import lower_own_priority

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from google.protobuf.descriptor import MethodDescriptor

    from exam_sessions.domain.access import Principal
    from exam_sessions.rpc.access.requirements import Requirement
    from exam_sessions.rpc.decoding.candidate_ids import CandidateIdHasher

Result = TypeVar("Result")

LONG = 4 * 1024
"""Bytes from which a request is counted, and read on another thread, so that others need not wait."""

LONG_UNLOOKED = maxima.LARGE
"""The same of a request whose rows validation passes over: to read it takes no time."""

ALONE = 256 * 1024
"""Bytes of a request that takes 20 ms or more to be read. Two of these at once held the interpreter by turns, for the
event loop got it after either: they are read one after the other."""

ALONE_ROWS = 4_000
"""Rows of such a request."""

THREADS = 2
"""Threads that read other long requests."""

NO_KEYS = candidate_ids.CandidateIdHasher(None)

_threads = ThreadPoolExecutor(THREADS, "decode", initializer=lower_own_priority)
_thread_alone = ThreadPoolExecutor(1, "decode-alone", initializer=lower_own_priority)


def start_aside(function: Callable[..., Result], *arguments: Any, alone: bool = False) -> asyncio.Future[Result]:
    """Calls a function that would keep the event loop too long on a thread for that; with `alone` one by one."""
    return asyncio.get_running_loop().run_in_executor(_thread_alone if alone else _threads, function, *arguments)


async def aside(function: Callable[..., Result], *arguments: Any, alone: bool = False) -> Result:
    """What a function returns, called as `start_aside` does."""
    return await start_aside(function, *arguments, alone=alone)


def read_with(read: Callable[[bytes], Any], data: bytes) -> Any:
    """A message. Raises MalformedMessage."""
    try:
        return read(data)
    except DecodeError:
        raise errors.MalformedMessage from None


class RequestReader(NamedTuple):
    """What reads the requests of a method, where that is not its message's own doing."""

    read: Callable[[bytes], Any]
    """Raises DecodeError."""
    counts: bool
    """Whether it counts what it reads, so that short requests are not counted before."""


class RequestDecoder:
    """What every request of a method passes: its size, its counts, its bytes, its rules."""

    def __init__(
        self,
        method: MethodDescriptor,
        limit: int,
        reader: RequestReader | None = None,
        requirement: Requirement | None = None,
        hasher: CandidateIdHasher | None = None,
    ) -> None:
        self._parse = reader.read if reader else message_factory.GetMessageClass(method.input_type).FromString
        self._limit = limit
        self._requirement = requirement
        self._candidates = candidate_ids.id_fields_of(method.input_type)
        self._hasher = (hasher or NO_KEYS) if any(self._candidates) else None
        self._shape = maxima.shape_of(method.input_type)
        self._shape_of_large = maxima.shape_of(method.input_type, large=True)
        always = self._shape.always and not (reader and reader.counts)
        self._counted_from = 0 if always else LONG
        self.long = LONG_UNLOOKED if always else LONG
        """Bytes from which a request is to be admitted on another thread."""

    def prepare(self) -> None:
        """Has the rules of its requests read before the first of them comes."""
        rules.prepare(self._parse(b""))

    def decode(self, data: bytes, principal: Principal) -> Any:
        """The request of a principal.

        Raises:
            errors.MessageTooLarge, errors.MalformedMessage, errors.InvalidField: it does not pass.
            errors.PermissionDenied: it asks for what the principal may not have.
        """
        size = len(data)
        if size > self._limit:
            raise errors.MessageTooLarge(size, self._limit)
        pieces: Sequence[bytes] = ()
        if size >= self._counted_from:
            pieces = bounds.pieces(data, self._shape if size < maxima.LARGE else self._shape_of_large)
        request = read_with(self._parse, data)
        if identifiers.NIL_BYTES in data:
            identifiers.refuse_nil(request)
        if pieces:
            breaks_rules = any(rules.first_violation(read_with(self._parse, piece)) for piece in pieces)
        else:
            breaks_rules = bool(rules.first_violation(request))
        if breaks_rules:
            rules.check(request)
        if b"\0" in data:
            rules.refuse_nul(request)
        if self._requirement:
            self._requirement.check_request(principal, request)
        if self._hasher and self._hasher.applies_to(data):
            self._hasher.hash_ids(request, self._candidates)
        return request

    async def read(self, data: bytes, principal: Principal) -> Any:
        """As `decode`; a long request is read on another thread."""
        if len(data) < self.long:
            return self.decode(data, principal)
        return await aside(self.decode, data, principal, alone=len(data) >= ALONE)
