"""Refusals of a request as such: its bytes, its size, its page token, its id."""

from __future__ import annotations

from dataclasses import dataclass

from exam_sessions.errors.refusal import Exhausted, InvalidArgument, OutOfRange, Violation


@dataclass(eq=False)
class MalformedMessage(InvalidArgument):
    """The bytes are not the message they should be; `at` is the path of the part at fault, where it is known."""

    at: str = ""

    def metadata(self) -> dict[str, str]:
        """Nothing: the part at fault is said by the violations."""
        return {}

    def violations(self) -> tuple[Violation, ...]:
        """The part at fault."""
        return (Violation(self.at, str(self), self.reason),) if self.at else ()

    def __str__(self) -> str:
        """Which part is at fault."""
        return f"{self.at or 'the request'} is not a valid message of this method; texts must be UTF-8"


@dataclass(eq=False)
class MessageTooLarge(Exhausted):
    """The message is larger than the server takes."""

    size: int
    limit: int
    text = "the request has {size} bytes, more than the {limit} this server takes; send fewer rows per call"


@dataclass(eq=False)
class ReplyTooLarge(OutOfRange):
    """The reply would be larger than a client takes that says nothing else. `fitting` elements fit."""

    size: int
    limit: int
    fitting: int
    text = "the reply would have {size} bytes, more than {limit}; ask for {fitting} at a time, or for less of each"


@dataclass(eq=False)
class InvalidPageToken(InvalidArgument):
    """The page token is damaged or belongs to another query."""

    text = "page_token is damaged or belongs to another query; start again without one"


@dataclass(eq=False)
class RequestIdReused(InvalidArgument):
    """The request id was used before with other content, or by another principal."""

    request_id: str
    text = "request_id {request_id} was used before for another request; use a new UUID for a new request"
