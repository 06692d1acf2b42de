"""What keeps replies below the 4 MiB that a client with gRPC's own limit takes.

Pages end early, what cannot be paged is refused before anything is done, and a single element that is too large by
itself is abridged, and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from exam_sessions import errors
from exam_sessions_client.v1 import session_service_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.protobuf.message import Message

    from exam_sessions.domain.records import Booking
    from exam_sessions_client.v1 import result_pb2, session_pb2

REPLY_AT_MOST = 3_500_000
"""Bytes of a reply."""

BESIDES = 8_192
"""Bytes of a reply kept free for what stands beside its elements: a page token, counts."""

AROUND = 5
"""Bytes of tag and length before an element."""

ELEMENT_AT_MOST = 3_000_000
"""Bytes of one element. An event may travel behind 256 KiB of others (watch_servicer.py)."""

SESSION_AT_MOST = {session_service_pb2.SESSION_VIEW_BASIC: 6_000, session_service_pb2.SESSION_VIEW_FULL: 20_000}
"""Bytes of a session without responses, results and annotations, by view, every text as long as it may be."""

AT_MOST_FOR_A_CHARACTER = 4
"""Bytes of UTF-8."""

EVENT_AT_MOST = 6_000
"""Bytes of an event without its changes, every text as long as it may be."""

BOOKED_AT_MOST = 68
"""Bytes of a BookedSession without candidate id and access code, every text as long as it may be."""

ACCESS_CODE_AT_MOST, DRAWN_CODE = 64, 8
"""Bytes of an access code: the most, and of one that is generated."""

CANDIDATE_AT_MOST = 512
"""Bytes of a candidate id: 128 characters."""


def fitting(messages: Sequence[Message], at_most: int) -> int:
    """How many messages, from the first, fit into a reply; one at least.

    Args:
        messages: those there are.
        at_most: bytes that no message can be larger than; where so many of them fit, nothing is measured.
    """
    room = REPLY_AT_MOST - BESIDES
    if len(messages) * at_most > room:
        for n, message in enumerate(messages):
            room -= message.ByteSize() + AROUND
            if room < 0:
                return n or 1
    return len(messages)


def check_reply(reply: Message, elements: Sequence[Message]) -> None:
    """Refuses a reply that cannot be paged. Raises ReplyTooLarge."""
    size = reply.ByteSize()
    if size > REPLY_AT_MOST:
        raise errors.ReplyTooLarge(size, REPLY_AT_MOST, fitting(elements, REPLY_AT_MOST))


def check_booked(bookings: Sequence[Booking]) -> None:
    """Refuses a batch of bookings whose reply could not be read, before it is booked. Raises ReplyTooLarge."""
    room = REPLY_AT_MOST - BESIDES
    if len(bookings) * (BOOKED_AT_MOST + ACCESS_CODE_AT_MOST + CANDIDATE_AT_MOST) <= room:
        return
    fit, size = 0, 0
    for booking in bookings:
        size += BOOKED_AT_MOST + (len(booking.access_code) or DRAWN_CODE) + len(booking.candidate_id.encode())
        fit += size <= room
    if size > room:
        raise errors.ReplyTooLarge(size, REPLY_AT_MOST, fit)


VALUES: tuple[Literal["old_value", "new_value"], ...] = ("old_value", "new_value")


def abridge_event(event: session_pb2.SessionEvent) -> None:
    """Cuts the values of an event that is too large."""
    if event.ByteSize() > ELEMENT_AT_MOST:
        texts = [(change, name) for change in event.changes for name in VALUES if change.HasField(name)]
        whole = [change.ByteSize() for change in event.changes]
        _cut(texts, event)
        for change, size in zip(event.changes, whole, strict=True):
            change.abridged = change.ByteSize() != size


def abridge_session(session: session_pb2.Session) -> None:
    """Takes from responses and results of a session that is too large what can be read elsewhere, or cuts it."""
    if session.ByteSize() > ELEMENT_AT_MOST:
        session.abridged = True
        _drop_contents(session.results)
        given = [row.response for item in session.responses for row in item.questions]
        _cut([(response, "text") for response in (*given, *_responses(session.results))], session)


def abridge_results(results: result_pb2.Results) -> None:
    """The same with results alone."""
    if results.ByteSize() > ELEMENT_AT_MOST:
        results.abridged = True
        _drop_contents(results)
        _cut([(response, "text") for response in _responses(results)], results)


def _drop_contents(results: result_pb2.Results) -> None:
    for item in results.items:
        for question in item.questions:
            for option in question.options:
                option.ClearField("content")


def _responses(results: result_pb2.Results) -> Iterable[result_pb2.Response]:
    return (q.response for item in results.items for q in item.questions if q.HasField("response"))


def _cut(texts: Sequence[tuple[Message, str]], whole: Message) -> None:
    """Cuts these texts at one length, which halves until the whole is small enough."""
    longest = max((len(getattr(holder, name).encode()) for holder, name in texts), default=0)
    while whole.ByteSize() > ELEMENT_AT_MOST and longest:
        longest //= 2
        for holder, name in texts:
            text = getattr(holder, name).encode()
            if len(text) > longest:
                setattr(holder, name, text[:longest].decode(errors="ignore") + "…")
