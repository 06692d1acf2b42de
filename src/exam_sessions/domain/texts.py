"""The rules for texts by which people and things are found: codes, references, names. One for every way in.

A code is compared without regard to case; only ASCII letters have two cases in it. A reference (an id of a person, a
school, a form) and a name are compared as they are, so two texts that look the same must be the same: Unicode
normalization form C, no control or invisible character, no blank at either end.
"""

from __future__ import annotations

import re
import unicodedata
from string import ascii_lowercase, ascii_uppercase

_UPPER = str.maketrans(ascii_lowercase, ascii_uppercase)

_UNSEEN = re.compile(
    "["
    # Cc, Cf, Zl and Zp.
    "\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    # Invisible letters and marks (Default_Ignorable_Code_Point): fillers, variation selectors. The Braille blank.
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    # Noncharacters.
    "\ufdd0-\ufdef" + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)) + "]"
)
_JOINERS = "\u200c\u200d"
_VIRAMA = 9
"""The combining class of the signs after which Indic scripts need joiners."""


def fold_code(code: str) -> str:
    """A code as it is stored and looked up: ASCII letters in upper case, everything else as it is."""
    return code.upper() if code.isascii() else code.translate(_UPPER)


def fold_label(label: str) -> str:
    """The label of an option as labels are compared: in upper case, where that is the same letter in every sense.

    Labels are of any alphabet. A dotless i is no I, a long s no S, and nothing becomes two letters.
    """
    upper = label.upper()
    return upper if upper.lower() == label.lower() else label


def are_plain(*texts: str) -> bool:
    """Whether it takes no closer look to see that every text is in order; empty ones are.

    Most are: 10,000 bookings are passed in 5 ms, where a look at each text takes 25.
    """
    together = "|".join(texts)
    return (
        together.isascii()
        and together.isprintable()
        and " |" not in together
        and "| " not in together
        and together[:1] != " "
        and together[-1:] != " "
    )


def is_blank(text: str) -> bool:
    """Whether nothing of a text is seen: it has blanks, control and invisible characters only, or none at all."""
    return not _UNSEEN.sub("", text).strip()


def flaw_of(text: str, *, is_name: bool = False) -> str:
    """What is wrong with a reference or a name, in words that follow its field; empty when nothing is.

    Names of people may hold joiners where their script needs them (RFC 5892, A.1 and A.2): Persian and Indic names
    cannot be written without.
    """
    if not text or are_plain(text):
        return ""
    if text.isspace():
        return "must not be blank"
    for found in _UNSEEN.finditer(text):
        at = found.start()
        if not (is_name and _joins(text, at)):
            return f"must not contain {_named(text, at)}: control and invisible characters are not allowed"
    for at in (0, len(text) - 1):
        if text[at].isspace():
            return f"must not begin or end with a blank: {_named(text, at)}"
    composed = unicodedata.normalize("NFC", text)
    if composed != text:
        return f"must be in Unicode normalization form C (NFC); see {_named(text, _not_composed(text, composed))}"
    return ""


def _joins(text: str, at: int) -> bool:
    """Whether a character is a joiner that changes how its neighbours are written."""
    if text[at] not in _JOINERS or not at:
        return False
    before, after = text[at - 1], text[at + 1 : at + 2]
    between_arabic = unicodedata.bidirectional(before) == unicodedata.bidirectional(after or " ") == "AL"
    return unicodedata.combining(before) == _VIRAMA or (text[at] == "\u200c" and between_arabic)


def _not_composed(text: str, composed: str) -> int:
    """The index of the first character that normalization changes: of the mark, where a letter takes one in."""
    at = next(n for n, char in enumerate(text) if composed[n : n + 1] != char)
    return at + 1 if unicodedata.combining(text[at + 1 : at + 2] or " ") else at


def _named(text: str, at: int) -> str:
    """A character by its number, its name where it has one, and its position, counted from 1."""
    name = unicodedata.name(text[at], "")
    return f"U+{ord(text[at]):04X}{f' {name}' if name else ''} (character {at + 1})"
