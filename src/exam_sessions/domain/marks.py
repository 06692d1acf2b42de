"""Marks and scores: exact decimals, kept as whole ten-thousandths, never as floats."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

UNIT = 10_000
"""One mark, or one percent, in ten-thousandths: four decimals are the finest a form may allow."""

DECIMALS = 4
WHOLE = 100 * UNIT
"""Hundred percent."""


REMEMBERED = 4_096
"""Marks of which it is kept what they are: papers have few different ones, and to look one up takes a tenth."""


@lru_cache(REMEMBERED)
def decimals_of(text: str) -> int:
    """How many decimals a number needs: `2.50` needs one."""
    return len(text.partition(".")[2].rstrip("0"))


@lru_cache(REMEMBERED)
def mark_of(text: str) -> int:
    """A decimal such as `2.5` in ten-thousandths. What is finer is cut off: ask `decimals_of` first."""
    sign = -1 if text.startswith("-") else 1
    whole, _, fraction = text.lstrip("-").partition(".")
    return sign * (int(whole or 0) * UNIT + int(fraction[:DECIMALS].ljust(DECIMALS, "0")))


@lru_cache(REMEMBERED)
def text_of(mark: int) -> str:
    """Ten-thousandths as the shortest decimal: 25,000 is `2.5`."""
    whole, rest = divmod(abs(mark), UNIT)
    sign = "-" if mark < 0 else ""
    return f"{sign}{whole}.{rest:04}".rstrip("0") if rest else f"{sign}{whole}"


def div_half_up(number: int, by: int) -> int:
    """A quotient of whole numbers, of which `by` is positive, rounded half up."""
    return (2 * number + by) // (2 * by)


def percent(points: int, most: int) -> int:
    """Points out of the most there were, in ten-thousandths of a percent, rounded half up."""
    return div_half_up(points * WHOLE, most)


class Total(NamedTuple):
    """Points earned, the most there were, and their percentage (None when nothing counts); the least there were."""

    points: int
    points_max: int
    score: int | None
    points_min: int = 0
    score_min: int = 0
