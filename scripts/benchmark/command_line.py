"""How long a command of the command line takes: its start is most of it."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmark.load_sessions import Cohort
from benchmark.results import Figure, median, spread
from benchmark.servers import ROOT, service

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmark.bench import Bench

PROGRAM = str(ROOT / ".venv" / "bin" / "exam-sessions")
FLOOR = (sys.executable, "-c", "pass")


def command_line(bench: Bench) -> Iterator[Figure]:
    """`--version`, and `sessions show` against a running server, against an interpreter that does nothing."""
    with service(bench.cores, bench.database("command_line")) as process:
        session = Cohort(process.port, 1).ids[0]
        show = (PROGRAM, "sessions", "show", session, "--target", f"127.0.0.1:{process.port}")
        for name, command in (("--version", (PROGRAM, "--version")), ("sessions show", show)):
            times, floors = [], []
            for n in range(bench.runs):
                bench.say(f"exam-sessions {name}: run {n + 1} of {bench.runs}")
                floors.append(_seconds(FLOOR))
                times.append(_seconds(command))
            yield Figure(
                f"exam-sessions {name}",
                value=f"{median(times) * 1000:.0f} ms",
                floor=f"{median(floors) * 1000:.0f} ms",
                ratio=median([took / floor for took, floor in zip(times, floors, strict=True)]),
                notes=f"until it has ended; the floor is python -c pass; {spread(times)} s",
                runs=[
                    {"value": {"seconds": took}, "floor": {"seconds": floor}}
                    for took, floor in zip(times, floors, strict=True)
                ],
            )


def _seconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
