"""Candidate ids as keyed hashes: HMAC-SHA-256, generation by generation.

The value of a generation is the HMAC, with its key, of the value of the generation before; that of generation 0 is
the id itself. So a stored value is brought to a newer generation without the id. A stored value says its generation.
"""

from __future__ import annotations

import base64
import hmac
import re
from typing import NamedTuple

from exam_sessions.domain.erasure import is_erased

STORED = re.compile(r"hmac(\d{3})-([A-Za-z0-9_-]{43})")
"""A stored value: its generation, and the 32 bytes in base64 (RFC 4648, 5) without padding."""

GENERATIONS_AT_MOST = 999
KEY_AT_LEAST = 32
"""Bytes of a key: as many as the hash has (RFC 2104, 3)."""

OF_A_KEY = b"\0which key this is"
"""Its HMAC distinguishes one key from another. It is no candidate id, for those hold no control characters."""

PLAIN = 0
"""The generation of an id that is stored as it is."""


class UnfitKeys(ValueError):  # noqa: N818 - a condition the command line explains
    """Keys that cannot be used; the message says which."""


def generation_of(stored: str) -> int | None:
    """The generation of a stored value, PLAIN for an id as it is; None for what an erasure has left."""
    if is_erased(stored):
        return None
    found = STORED.fullmatch(stored)
    return int(found[1]) if found else PLAIN


class CandidateIdKeys(NamedTuple):
    """The keys of all generations, the first first; the last is current."""

    keys: tuple[bytes, ...]

    @classmethod
    def parse(cls, text: str) -> CandidateIdKeys:
        """Keys in hexadecimal, one a line; empty lines and those that begin with `#` are passed over.

        Raises:
            UnfitKeys: a line is no key, or too short; two are the same; there is none.
        """
        keys: list[bytes] = []
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            try:
                key = bytes.fromhex(line.strip())
            except ValueError:
                raise UnfitKeys(f"line {number} is not hexadecimal") from None
            if len(key) < KEY_AT_LEAST:
                raise UnfitKeys(f"line {number} has {len(key)} bytes; a key has at least {KEY_AT_LEAST}")
            if key in keys:
                raise UnfitKeys(f"line {number} repeats a key")
            keys.append(key)
        if not 0 < len(keys) <= GENERATIONS_AT_MOST:
            raise UnfitKeys(f"it holds {len(keys)} keys; 1 to {GENERATIONS_AT_MOST} are possible")
        return cls(tuple(keys))

    @property
    def current(self) -> int:
        """The newest generation."""
        return len(self.keys)

    def check_values(self) -> dict[int, str]:
        """By what each generation's key is known again; it says nothing of the key, nor of a candidate."""
        return {number: hmac.digest(key, OF_A_KEY, "sha256").hex() for number, key in enumerate(self.keys, 1)}

    def hashed(self, candidate_id: str) -> str:
        """What is stored of a candidate id; a value that is stored already is brought to the newest generation.

        An empty id, what an erasure left and a value of a generation that has no key stay as they are.
        """
        generation = generation_of(candidate_id)
        if not candidate_id or generation is None or generation >= self.current:
            return candidate_id
        if generation == PLAIN:
            value = candidate_id.encode()
        else:
            value = base64.urlsafe_b64decode(candidate_id.partition("-")[2] + "=")
        for key in self.keys[generation:]:
            value = hmac.digest(key, value, "sha256")
        return f"hmac{self.current:03}-{base64.urlsafe_b64encode(value).rstrip(b'=').decode()}"
