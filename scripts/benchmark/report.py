"""The capacity page: figures of runs as a page of Markdown with plots beside it."""

from __future__ import annotations

import json
import re
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmark import plots
from benchmark.results import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

Record = dict[str, Any]
"""A figure as it stands in the JSON of a run."""

CORE_HOUR, GB_MONTH, UTILISATION, MONTHS, COPIES = 0.05, 0.12, 0.3, 12, 2
"""Of the worked example, in any currency: assumed, not anybody's prices."""
ABSENT = "Not measured. `scripts/bench --only capacity` measures it."
INTRODUCTION = """\
Written by `scripts/bench --report`. Every figure was taken on one machine, beside its floor, by turns in the same
run; another machine gives other figures and much the same ratios."""
COST = """\
    cost of M million sessions = M * CPU s / 3600 / utilisation * price of a core hour
                               + M * GB * copies * months kept * price of a GB month

`CPU s` and `GB` are those of a million sessions, from the tables above; `utilisation` is the share of the time in
which the cores you pay for work. Exams come all at once and the cores wait for them, so it is far below one."""


def report(directory: Path, files: Sequence[Path]) -> Path:
    """Writes the page from the JSON of runs. Where two have the same figure, the later file's is taken."""
    directory.mkdir(parents=True, exist_ok=True)
    runs = [json.loads(file.read_text()) for file in files]
    records = list(
        {(record["measure"], record["name"]): record for run in runs for record in run["figures"]}.values()
    )
    parts = [
        "# Capacity",
        INTRODUCTION,
        *_surroundings(runs),
        "## Callers",
        *_curve(directory, records, "callers", "Durable transitions by callers", "callers", "calls a second"),
        "## Rows per batch",
        *_curve(directory, records, "rows", "Bookings by rows per batch", "rows per BatchCreate", "rows a second"),
        "## Replicas",
        *_replicas(directory, records),
        "## What a million sessions cost",
        *_lives(records),
        "## Exam day",
        *_exam_days(directory, records),
        "## Every figure",
        _table(
            ("measure", "figure", "floor", "ratio", "target", "", "notes"),
            ([_cell(text) for text in _row(record)] for record in records),
        ),
    ]
    page = directory / "capacity.md"
    page.write_text("\n\n".join(parts) + "\n")
    return page


def _surroundings(runs: Sequence[Record]) -> Iterator[str]:
    seen: list[Record] = []
    for run in runs:
        about = {key: value for key, value in run["surroundings"].items() if key != "directory"}
        if about not in seen:
            seen.append(about)
            yield "\n".join(f"- {key.replace('_', ' ')}: {value}" for key, value in about.items())


def _curve(directory: Path, records: Sequence[Record], curve: str, title: str, across: str, up: str) -> Iterator[str]:
    found = [record for record in records if record["at"].get("curve") == curve]
    if not found:
        yield ABSENT
        return
    series: dict[str, dict[int, float]] = {}
    floors: set[str] = set()
    for record in found:
        at = record["at"]
        floor = at["floor"] if curve == "callers" else f"{at['floor']}, {at['series']}"
        floors.add(floor)
        series.setdefault(at["series"], {})[at["x"]] = _rate(record, "value")
        series.setdefault(floor, {}).setdefault(at["x"], _rate(record, "floor"))
    drawn = [plots.Line(name, sorted(points.items()), name in floors) for name, points in series.items()]
    (directory / f"{curve}.svg").write_text(plots.lines(title, across, up, drawn))
    yield f"![{title}]({curve}.svg)"
    places = sorted({x for points in series.values() for x in points})
    rows = ([name, *(f"{points[x]:,.0f}" if x in points else "" for x in places)] for name, points in series.items())
    yield _table((f"{up}, {across}:", *(f"{x:,}" for x in places)), rows)


def _replicas(directory: Path, records: Sequence[Record]) -> Iterator[str]:
    found = next((record for record in reversed(records) if record["at"].get("curve") == "replicas"), None)
    if not found:
        yield ABSENT
        return
    bars = [plots.Bar("one replica", _rate(found, "floor")), plots.Bar("two replicas", _rate(found, "value"))]
    title = "Durable transitions by replicas on PostgreSQL"
    (directory / "replicas.svg").write_text(plots.bars(title, "calls a second", bars))
    yield f"![{title}](replicas.svg)"
    yield f"{found['value']}; {found['floor']}; ratio {found['ratio']:.2f}. {found['notes']}."


def _lives(records: Sequence[Record]) -> Iterator[str]:
    found = [record["at"] for record in records if record["at"].get("curve") == "life"]
    if not found:
        yield ABSENT
        return
    yield "CPU seconds per million sessions, of the service and of the database's own processes:"
    heads = [f"{at['series']}, {who}" for at in found for who in ("service", "database")]
    steps = found[0]["steps"]
    rows = [
        [step, *(f"{at['steps'][step][w]:,.0f}" for at in found for w in ("service", "database"))] for step in steps
    ]
    sums = (f"{sum(cost[w] for cost in at['steps'].values()):,.0f}" for at in found for w in ("service", "database"))
    yield _table(("step", *heads), [*rows, ["all", *sums]])
    yield "GB on disk per million sessions, indexes and all. Requests are forgotten after 48 hours; the rest stays:"
    names = sorted({name for at in found for name in at["bytes"]})
    rows = [[name, *(f"{at['bytes'].get(name, 0) / 1e3:.2f}" for at in found)] for name in names]
    totals = [f"{at['total_bytes'] / 1e3:.2f}" for at in found]
    yield _table(("table", *(at["series"] for at in found)), [*rows, ["all", *totals]])
    yield COST
    yield "\n".join(_example(at) for at in found)


def _exam_days(directory: Path, records: Sequence[Record]) -> Iterator[str]:
    """What each verb waits at each load, and plots of the saves, which are nearly all calls."""
    found = [record["at"] for record in records if record["at"].get("curve") == "exam-day"]
    if not found:
        yield "Not measured. `scripts/bench --only exam-day` measures it."
        return
    for series in dict.fromkeys(at["series"] for at in found):
        days = [at for at in found if at["series"] == series]
        drawn = [plots.Line(name, points) for name, points in _saves(days).items()]
        title = f"What saving an answer waits on {series}"
        file = f"exam-day-{re.sub('[^a-z]+', '-', series.lower())}.svg"
        (directory / file).write_text(plots.lines(title, "load, % of capacity", "milliseconds", drawn))
        yield f"![{title}]({file})"
    yield "Milliseconds that each verb waited from when it was due, p50 / p99 / p99.9:"
    heads = ("verb", *(f"{at['series']}, {at['x']} %" for at in found))
    verbs = list(found[0]["waits"])
    yield _table(heads, [[verb, *(_stated(at["waits"].get(verb, {})) for at in found)] for verb in verbs])


def _saves(days: Sequence[Record]) -> dict[str, list[tuple[float, float]]]:
    """Load and milliseconds of each percentile of the saves, where it is stated."""
    places = [(day["x"], day["waits"]) for day in days] + [(days[0]["quiet_x"], days[0]["quiet"])]
    points: dict[str, list[tuple[float, float]]] = {}
    for x, waits in sorted(places, key=lambda place: place[0]):
        for name, wait in waits["SetResponses"].items():
            if wait is not None:
                points.setdefault(name, []).append((x, wait))
    return points


def _stated(waits: Record) -> str:
    return " / ".join("-" if wait is None else f"{wait:.1f}" for wait in waits.values())


def _example(at: Record) -> str:
    """The formula with numbers."""
    cpu = sum(sum(cost.values()) for cost in at["steps"].values())
    size = (at["total_bytes"] - at["bytes"].get("requests", 0)) / 1e3
    computing = cpu / 3600 / UTILISATION * CORE_HOUR
    keeping = size * COPIES * MONTHS * GB_MONTH
    return (
        f"- {at['series']}, one million sessions, at an assumed {CORE_HOUR} per core hour, {GB_MONTH} per GB month "
        f"and a utilisation of {UTILISATION:.0%}, kept {MONTHS} months in {COPIES} copies without the requests: "
        f"`{cpu:.0f} / 3600 / {UTILISATION} * {CORE_HOUR} + {size:.2f} * {COPIES} * {MONTHS} * {GB_MONTH}` = "
        f"{computing:.2f} + {keeping:.2f} = **{computing + keeping:.2f}**"
    )


def _rate(record: Record, side: str) -> float:
    return float(median(run[side]["rate"] for run in record["runs"]))


def _row(record: Record) -> list[str]:
    ratio = "" if record["ratio"] is None else f"{record['ratio']:.2f}"
    verdict = {True: "met", False: "missed", None: ""}[record["met"]]
    value = "skipped" if record["value"] == SKIPPED else record["value"]
    return [record["name"], value, record["floor"], ratio, record["target"], verdict, record["notes"]]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
