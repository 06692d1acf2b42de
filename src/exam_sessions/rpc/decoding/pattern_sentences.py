"""What the patterns of the protos ask for, in words: a regular expression is no message for people."""

from __future__ import annotations

import re

RAW = re.compile(r"does not match regex pattern `(?P<pattern>.*)`", re.DOTALL)
"""What protovalidate says of a text that does not match."""

SENTENCES = {
    "^[a-z0-9_-]*$": "may hold the letters a to z, digits, hyphens and underscores only",
    "^[a-z0-9_-]+$": "must hold one or more of the letters a to z, digits, hyphens and underscores, and nothing else",
    "^[!-~]*$": "may hold printable ASCII characters without blanks only",
    "^[A-Za-z0-9]*$": "may hold the letters A to Z in either case and digits only",
    "^[A-Za-z]{6}$": "must be six letters, A to Z in either case",
    "^([A-Za-z]{6})?$": "must be six letters, A to Z in either case, or empty",
    "^-?[0-9]{1,9}([.][0-9]{1,9})?$": (
        "must be a decimal number such as 2.5, with at most 9 digits on either side of the point"
    ),
    "^([0-9]{1,6}([.][0-9]{1,4})?)?$": (
        "must be a decimal number such as 2.5, with at most 6 and 4 digits around the point"
    ),
    "^-?[0-9]{1,6}([.][0-9]{1,4})?$": (
        "must be a decimal number such as 2.5 or -0.5, with at most 6 and 4 digits around the point"
    ),
    "^(-?[0-9]{1,6}([.][0-9]{1,4})?)?$": (
        "must be a decimal number such as 2.5 or -0.5, with at most 6 and 4 digits around the point, or empty"
    ),
    r"\S": "must not be blank",
}
"""The words for each pattern; a test holds that every pattern of the protos is here."""


def in_words(message: str) -> str:
    """What a violated rule says, with words in place of its pattern."""
    found = RAW.fullmatch(message)
    return SENTENCES.get(found["pattern"], "has characters that are not allowed here") if found else message
