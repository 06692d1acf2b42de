"""The client of each language beside one server, by turns: calls a second, and the processor time of the client."""

from __future__ import annotations

import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import client_lines

from benchmark.load_sessions import Cohort
from benchmark.processes import cpu_seconds_of
from benchmark.results import Figure, Missing, median, skipped, spread
from benchmark.servers import ROOT, service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmark.bench import Bench

CALLERS = 64
"""Calls at a time, each on a session of its own, over one connection."""
CALLS_A_SECOND = 2_000
"""Calls of a run for each second that `--seconds` asks for."""
KINDS = {"reads": "GetSession", "moves": "Durable transitions"}
BARE = "bare"
"""What the kinds of Go's stub without the client begin with: the floor."""
SKIPPED = 77


class Language(NamedTuple):
    """A client that was built, and the program that makes its calls."""

    name: str
    program: Path
    lines: int


def clients(bench: Bench) -> Iterator[Figure]:
    """GetSession and pairs of PauseSession and ResumeSession, by each client that this machine can build."""
    languages = []
    for name, program in trial_programs().items():
        bench.say(f"building the client in {name}")
        with bench.cores.anywhere():
            why = build(program)
        if why:
            yield skipped(f"The client in {name}", why)
        else:
            languages.append(Language(name, program, client_lines.lines(name).code))
    if not languages:
        raise Missing("none of the clients in clients/ could be built here")
    floor = next((language for language in languages if language.name == "go"), None)
    with service(bench.cores, bench.database("clients")) as server:
        ids = Cohort(server.port, CALLERS).ids
        for kind, title in KINDS.items():
            runs: dict[str, list[dict[str, Any]]] = {language.name: [] for language in languages}
            floors: list[dict[str, Any]] = []
            for n in range(bench.runs):
                bench.say(f"{title}: run {n + 1} of {bench.runs}")
                if floor:
                    floors.append(_run(bench, floor.program, server.port, f"{BARE}-{kind}", ids))
                for language in languages:
                    runs[language.name].append(_run(bench, language.program, server.port, kind, ids))
            for language in languages:
                yield _figure(title, language, runs[language.name], floors)


def _figure(title: str, language: Language, mine: list[dict[str, Any]], floors: list[dict[str, Any]]) -> Figure:
    costs = [run["cpu_us_per_call"] for run in mine]
    ratios = [run["cpu_us_per_call"] / floor["cpu_us_per_call"] for run, floor in zip(mine, floors, strict=False)]
    return Figure(
        f"{title} by the client in {language.name}, {CALLERS} at a time",
        value=_said(mine),
        floor=f"Go's stub alone {_said(floors)}" if floors else "",
        ratio=median(ratios) if ratios else None,
        notes=f"{language.lines} lines; CPU of the client {spread(costs, 0)} µs a call; the ratio is of these costs",
        runs=[{"value": run} for run in mine] + [{"floor": run} for run in floors],
    )


def _said(runs: list[dict[str, Any]]) -> str:
    rate, cost = (median(run[key] for run in runs) for key in ("rate", "cpu_us_per_call"))
    return f"{rate:,.0f}/s, {cost:.0f} µs CPU of the client"


def trial_programs() -> dict[str, Path]:
    """What runs the trial program of each client, by its language, and its interface where it has two."""
    found = sorted(ROOT.glob("clients/*/run-trial*"))
    return {program.parent.name + program.name.removeprefix("run-trial"): program for program in found}


@cache
def protos() -> str:
    """The folder with the protos, of which clients are built."""
    command = [ROOT / "scripts" / "client_protos"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def build(program: Path) -> str:
    """Generates and builds a client; why not, where a tool is missing. Raises RuntimeError where that fails."""
    command = [str(program), "build", protos()]
    built = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if built.returncode not in {0, SKIPPED}:
        raise RuntimeError(f"{program} build failed:\n{built.stdout}")
    return built.stdout.strip().rpartition("\n")[2] if built.returncode else ""


def _run(bench: Bench, program: Path, port: int, kind: str, ids: list[str]) -> dict[str, Any]:
    """Calls on the load's core, after a warm-up of the client's own: the rate, and the processor time of one."""
    count = int(CALLS_A_SECOND * bench.seconds)
    command = [str(program), "calls", f"127.0.0.1:{port}", kind, str(count), *ids]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        before = cpu_seconds_of(process.pid)
        words = process.stdout.readline().split()
        # A process that has ended is counted until it is waited for.
        spent = cpu_seconds_of(process.pid) - before
    if line.strip() != "begin" or words[:1] != ["made"]:
        raise RuntimeError(f"{' '.join(command[:5])} ended with {process.returncode}")
    calls, seconds = int(words[1]), float(words[2])
    return {"rate": calls / seconds, "cpu_us_per_call": spent / calls * 1e6, "calls": calls}
