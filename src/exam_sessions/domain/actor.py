"""Who did something, as history keeps it: a principal, and the person it acted for where it is trusted to say so."""

from __future__ import annotations

from typing import NamedTuple

ACTOR_AT_MOST = 128
"""Characters of a name."""

SEPARATOR = "\n"
"""Between the two in the one stored text; no name holds it. A column of its own would cost every event."""


class Actor(NamedTuple):
    """A principal, and whom it acted for; empty: itself."""

    principal: str
    acting_for: str = ""

    @classmethod
    def stored(cls, text: str) -> Actor:
        """From the text that is stored."""
        principal, _, acting_for = text.partition(SEPARATOR)
        return cls(principal, acting_for)

    def __str__(self) -> str:
        """The text that is stored."""
        return f"{self.principal}{SEPARATOR}{self.acting_for}" if self.acting_for else self.principal
