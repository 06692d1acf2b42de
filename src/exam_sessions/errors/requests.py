"""Refusals of a request as such: its bytes, its size, its page token, its id."""

from __future__ import annotations

from dataclasses import dataclass

from exam_sessions.errors.refusal import Exhausted, InvalidArgument


@dataclass(eq=False)
class MalformedMessage(InvalidArgument):
    """The bytes are not the message they should be."""

    text = "the request is not a valid message of this method; texts must be UTF-8"


@dataclass(eq=False)
class MessageTooLarge(Exhausted):
    """The message is larger than the server takes."""

    size: int
    limit: int
    text = "the request has {size} bytes, more than the {limit} this server takes; send fewer rows per call"


@dataclass(eq=False)
class InvalidPageToken(InvalidArgument):
    """The page token is damaged or belongs to another query."""

    text = "page_token is damaged or belongs to another query; start again without one"


@dataclass(eq=False)
class RequestIdReused(InvalidArgument):
    """The request id was used before with other content."""

    request_id: str
    text = "request_id {request_id} was used before for another request; use a new UUID for a new request"
