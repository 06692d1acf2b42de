"""Streams end when the credential they were opened with does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from exam_sessions import errors

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType

    from exam_sessions.rpc.access.verified import Verified


class OpenStreams:
    """The streams under way, each with the credential it was opened with."""

    def __init__(self) -> None:
        self._open: set[OpenStream] = set()

    def hold(self, verified: Verified) -> OpenStream:
        """Returns the context in which a stream is served."""
        return OpenStream(self._open, verified)

    def credentials(self) -> set[str]:
        """The ids of their credentials."""
        return {stream.verified.credential for stream in self._open}

    def end(self, revoked: Collection[str], now: int) -> None:
        """Ends those whose credential is revoked, or has expired at `now`, in microseconds since 1970."""
        for stream in list(self._open):
            if stream.verified.credential in revoked:
                stream.end(errors.CredentialRevoked())
            elif 0 < stream.verified.expires <= now:
                stream.end(errors.CredentialExpired())


class OpenStream:
    """A stream under way. Leaving the context raises what ended it early, when something did."""

    def __init__(self, others: set[OpenStream], verified: Verified) -> None:
        self._others, self.verified = others, verified
        self._limit = asyncio.timeout(None)
        self._ended: errors.Refusal | None = None

    def end(self, why: errors.Refusal) -> None:
        """Ends it soon, for a reason that its caller is given."""
        if self._ended is None:
            self._ended = why
            self._limit.reschedule(asyncio.get_running_loop().time())

    async def __aenter__(self) -> Self:
        """Begins it."""
        await self._limit.__aenter__()
        self._others.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Ends it. Raises the refusal it was ended with."""
        self._others.discard(self)
        try:
            await self._limit.__aexit__(kind, error, at)
        except TimeoutError:
            assert self._ended is not None
            raise self._ended from None
