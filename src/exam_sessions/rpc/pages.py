"""Page sizes and page tokens: opaque, the cursor behind the last page, good only with the same query."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING

from exam_sessions import errors

if TYPE_CHECKING:
    from google.protobuf.message import Message

DEFAULT = 50
AT_MOST = 1_000
TOKEN_AT_MOST = 1_024
"""Characters of a token, as the protos say."""
LARGEST = 2**63 - 1

UNBOUND = frozenset(
    {
        "page_size", "page_token", "view", "read_mask", "show_total_size", "show_statistics", "show_responses",
        "show_results", "show_keys",
    }
)  # fmt: skip
"""Fields that may change from page to page: how many rows, and how much of each is shown."""


def size(asked: int, default: int = DEFAULT) -> int:
    """Rows of a page: 50 when nothing was asked, where nothing else is said, and never more than 1,000."""
    return min(asked or default, AT_MOST)


def query_of(request: Message) -> str:
    """A digest of what a request asks for, page by page the same."""
    query = type(request)()
    query.CopyFrom(request)
    for name in UNBOUND:
        if name in query.DESCRIPTOR.fields_by_name:
            query.ClearField(name)
    content = query.DESCRIPTOR.full_name.encode() + query.SerializeToString(deterministic=True)
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def token(request: Message, number: int, name: str) -> str:
    """A token for the page after the cursor (number, name)."""
    content = json.dumps([query_of(request), number, name], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def cursor(request: Message, text: str) -> tuple[int, str] | None:
    """The cursor a token holds; None without a token.

    Raises:
        errors.InvalidPageToken: the token is damaged, or another query's.
    """
    if not text:
        return None
    if len(text) > TOKEN_AT_MOST:
        raise errors.InvalidPageToken
    try:
        padded = text + "=" * (-len(text) % 4)
        query, number, name = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise errors.InvalidPageToken from None
    sound = type(number) is int and 0 <= number <= LARGEST and isinstance(name, str) and _is_text(name)
    if not sound or query != query_of(request):
        raise errors.InvalidPageToken
    return number, name


def _is_text(name: str) -> bool:
    """Whether a database can hold it: no NUL, no half of a surrogate pair."""
    return "\0" not in name and not any("\ud800" <= letter <= "\udfff" for letter in name)
