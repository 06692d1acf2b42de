"""Plots as SVG: lines over scales that grow by factors, and bars. Drawn by hand, so that nothing is needed."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 76, 176, 48, 52
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Distinct to the colour-blind, too (Okabe and Ito)."""
INK, GRID = "#333", "#ddd"
LABEL_APART = 15


class Line(NamedTuple):
    """A series; a floor is drawn dashed."""

    name: str
    points: list[tuple[float, float]]
    dashed: bool = False


class Bar(NamedTuple):
    """One bar."""

    name: str
    value: float


def lines(title: str, across: str, up: str, series: Sequence[Line]) -> str:
    """A plot of lines, with a tick at every place that was measured."""
    xs = sorted({x for line in series for x, _ in line.points})
    ys = [y for line in series for _, y in line.points]
    ticks = _decades(min(ys), max(ys))

    def place(x: float, y: float) -> tuple[float, float]:
        return LEFT + _share(x, xs[0], xs[-1], log=True) * (WIDTH - LEFT - RIGHT), _height(y, ticks, log=True)

    drawn = [_frame(title, across, up, ticks, log=True)]
    for x in xs:
        at = place(x, ticks[-1])[0]
        drawn.append(f'<line x1="{at:.1f}" y1="{HEIGHT - BOTTOM}" x2="{at:.1f}" y2="{HEIGHT - BOTTOM + 5}" />')
        drawn.append(_text(at, HEIGHT - BOTTOM + 19, f"{x:,.0f}", "middle"))
    taken: list[float] = []
    order = sorted(range(len(series)), key=lambda n: -series[n].points[-1][1])
    for n in order:
        line, colour = series[n], COLOURS[n % len(COLOURS)]
        places = [place(*point) for point in line.points]
        dash = ' stroke-dasharray="6 4"' if line.dashed else ""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash} />')
        for (x, y), (a, b) in zip(places, line.points, strict=True):
            told = f"<title>{escape(line.name)}: {b:,.0f} at {a:,.0f}</title>"
            drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}" stroke="none">{told}</circle>')
        # Each line is named at its end, the names one below the other.
        at = max(places[-1][1] + 4, *(other + LABEL_APART for other in taken)) if taken else places[-1][1] + 4
        taken.append(at)
        drawn.append(_text(places[-1][0] + 10, at, line.name, "start", colour))
    return _whole(drawn)


def bars(title: str, up: str, values: Sequence[Bar]) -> str:
    """A plot of bars, each with its value."""
    ticks = _steps(max(bar.value for bar in values))
    drawn = [_frame(title, "", up, ticks, log=False)]
    room = (WIDTH - LEFT - RIGHT) / len(values)
    for n, bar in enumerate(values):
        x, y = LEFT + (n + 0.2) * room, _height(bar.value, ticks, log=False)
        size = f'width="{room * 0.6:.1f}" height="{HEIGHT - BOTTOM - y:.1f}"'
        drawn.append(f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{COLOURS[0]}" stroke="none" />')
        drawn.append(_text(x + room * 0.3, y - 6, f"{bar.value:,.0f}", "middle"))
        drawn.append(_text(x + room * 0.3, HEIGHT - BOTTOM + 19, bar.name, "middle"))
    return _whole(drawn)


def _frame(title: str, across: str, up: str, ticks: Sequence[float], *, log: bool) -> str:
    drawn = [_text(LEFT, 26, title, "start", INK, 'font-size="16" font-weight="600"')]
    for tick in ticks:
        y = _height(tick, ticks, log=log)
        drawn.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="{GRID}" />')
        drawn.append(_text(LEFT - 8, y + 4, f"{tick:,.0f}", "end"))
    middle = (HEIGHT - BOTTOM + TOP) / 2
    drawn.append(_text((WIDTH - RIGHT + LEFT) / 2, HEIGHT - 12, across, "middle"))
    drawn.append(_text(16, middle, up, "middle", INK, f'transform="rotate(-90 16 {middle:.0f})"'))
    drawn.append(f'<line x1="{LEFT}" y1="{HEIGHT - BOTTOM}" x2="{WIDTH - RIGHT}" y2="{HEIGHT - BOTTOM}" />')
    return "\n".join(drawn)


def _whole(drawn: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="12" stroke="{INK}">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff" stroke="none" />\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, anchor: str, colour: str = INK, more: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}" stroke="none" {more}>{escape(text)}</text>'


def _share(value: float, low: float, high: float, *, log: bool) -> float:
    """Where a value stands between two others, from 0 to 1."""
    if high <= low:
        return 0.5
    return math.log(value / low) / math.log(high / low) if log else (value - low) / (high - low)


def _height(value: float, ticks: Sequence[float], *, log: bool) -> float:
    return HEIGHT - BOTTOM - _share(value, ticks[0], ticks[-1], log=log) * (HEIGHT - BOTTOM - TOP)


def _steps(highest: float) -> list[float]:
    """From zero to above the highest, in round steps."""
    rough = max(highest, 1e-9) / 5
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * n for n in (1, 2, 2.5, 5, 10) if unit * n >= rough)
    return [step * n for n in range(math.ceil(highest / step) + 1)]


def _decades(lowest: float, highest: float) -> list[float]:
    return [10.0**n for n in range(math.floor(math.log10(lowest)), math.ceil(math.log10(highest)) + 1)]
