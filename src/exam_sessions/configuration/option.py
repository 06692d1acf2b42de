"""How a setting is declared: once, as a field of Settings. Flag, variable, key of the file and reference follow."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 2**31 - 1
"""What libraries and databases take for a number: a setting is no larger, unless it says so."""

KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotation marks"}


@dataclass(frozen=True, slots=True)
class Option:
    """What is said of a setting beside its name, its type and its default."""

    summary: str
    """A sentence for --help."""
    metavar: str
    least: float | None
    most: float | None
    choices: tuple[str, ...]
    """All values there are, in any case; empty: any text."""
    shown: Callable[[str], str] | None
    """What hides the secret parts of the value; None: there are none."""

    def fault(self, value: object, kind: type) -> str:
        """What is wrong with a value for a setting of this type, to stand after its name; empty: nothing."""
        fits = type(value) is kind or (kind is float and type(value) is int)
        if not fits:
            return f"must be {KINDS[kind]}, not {_text(value)}"
        if isinstance(value, str) and self.choices and self.choice(value) is None:
            return f"must be one of {', '.join(self.choices)}, not {value!r}"
        if isinstance(value, int | float) and self.least is not None:
            most = LARGEST if self.most is None else self.most
            if not (math.isfinite(value) and self.least <= value <= most):
                return f"must be {within(self.least, self.most)}, not {value}"
        return ""

    def choice(self, text: str) -> str | None:
        """The value that a text means, whatever its case; None: none of them."""
        return next((choice for choice in self.choices if choice.lower() == text.lower()), None)

    def without_secrets(self, value: object) -> object:
        """A value that may be shown."""
        return self.shown(str(value)) if self.shown else value


def setting(
    default: Any,
    summary: str,
    metavar: str = "",
    *,
    least: float | None = None,
    most: float | None = None,
    choices: tuple[str, ...] = (),
    shown: Callable[[str], str] | None = None,
) -> Any:
    """Declares a setting, as a field of Settings; numbers need `least`, and end at LARGEST without `most`."""
    return field(default=default, metadata={"option": Option(summary, metavar, least, most, choices, shown)})


def within(least: float, most: float | None) -> str:
    """The bounds of a number, in words."""
    return f"{least:,} or more" if most is None or most >= LARGEST else f"{least:,} to {most:,}"


def _text(value: object) -> str:
    """A value of a TOML file as it stands there, roughly."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    return "a list" if isinstance(value, list) else repr(value)
