"""Chance: ids, keycodes, access codes, PINs and attempt tokens, from a cryptographic source."""

from __future__ import annotations

import secrets
import string

import uuid_utils

ALPHABET = "".join(letter for letter in string.ascii_uppercase + "23456789" if letter not in "IO")
"""A-Z and 2-9 without the look-alikes I and O; 0 and 1 are not in the range. 32 letters, so a byte picks fairly."""

CODE_LENGTH = 8
PIN_LENGTH = 6
KEY_ID_BYTES, KEY_SECRET_BYTES = 6, 32
TOKEN_BYTES = 32
_LETTERS = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))


def new_ids(count: int) -> list[str]:
    """UUIDs of version 7, in growing order."""
    return [str(uuid_utils.uuid7()) for _ in range(count)]


def new_codes(count: int, *, shared: int = 0) -> list[str]:
    """Codes of eight letters (Surpass's keycodes have that length), each drawn on its own.

    With `shared` they have so many first letters in common, which are drawn, too: who has one can guess the others
    sooner, and they stand side by side in an index.
    """
    own = CODE_LENGTH - shared
    first, text = _letters(shared), _letters(count * own)
    return [first + text[at : at + own] for at in range(0, len(text), own)]


def _letters(count: int) -> str:
    return secrets.token_bytes(count).translate(_LETTERS).decode()


def new_token() -> str:
    """Eighty bits in hexadecimal: the random part of what takes the place of an erased value."""
    return secrets.token_hex(10)


def new_pin() -> str:
    """A PIN of six letters (Surpass, Starting invigilated tests)."""
    return "".join(secrets.choice(string.ascii_uppercase) for _ in range(PIN_LENGTH))


def new_credential() -> str:
    """The credential of a new API key: `es_`, an id of 48 bits and a secret of 256, both in hexadecimal."""
    return f"es_{secrets.token_hex(KEY_ID_BYTES)}_{secrets.token_hex(KEY_SECRET_BYTES)}"


def new_attempt_token() -> str:
    """A token of 256 random bits, in 43 characters of URL-safe base64."""
    return secrets.token_urlsafe(TOKEN_BYTES)
