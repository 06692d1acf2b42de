"""What a backup of a large served file takes, and what calls wait meanwhile; then restore, check and start."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmark.load import Driver
from benchmark.load_sessions import Cohort
from benchmark.results import Figure
from benchmark.servers import service
from benchmark.stored_databases import exams_in_sqlite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.bench import Bench
    from benchmark.load import Run

CALLERS, SESSIONS = 16, 500


def backup(bench: Bench) -> Iterator[Figure]:
    """On a file of `--stored` sessions of sat exams, with all of their history, so that `check` finds nothing."""
    stored = exams_in_sqlite(bench, bench.stored, bench.keep)
    size = stored.database.bytes_on_disk()
    copy, restored = (bench.directory / name for name in ("backup.db", "restored.db"))
    with service(bench.cores, stored.database) as process:
        bench.say("calls without a backup")
        cohort = Cohort(process.port, SESSIONS, stored.sessions)
        driver = Driver(process.port, bench.callers(CALLERS))
        before = driver.run(cohort.moves(), bench.seconds * bench.runs)
        bench.say("calls beside a backup")
        began = time.perf_counter()
        with _command("backup", str(copy), "--database-url", stored.database.url) as running:
            beside: list[Run] = []
            while running.poll() is None:
                beside.append(driver.run(cohort.moves(), bench.seconds))
        took = time.perf_counter() - began
        driver.close()
    worst = max(run.p99 for run in beside)
    rate = sum(run.rate for run in beside) / len(beside)
    yield Figure(
        f"Backup of {size / 1e9:.1f} GB while served",
        value=f"{took:.0f} s; transitions {rate:,.0f}/s, p99 at most {worst:.0f} ms",
        floor=f"without {before.rate:,.0f}/s, p99 {before.p99:.0f} ms",
        ratio=rate / before.rate,
        notes=f"{stored.sessions:,} sessions; {CALLERS} callers; errors {sum(run.errors for run in beside)}; "
        f"the longest call {max(run.longest for run in beside):.0f} ms (without {before.longest:.0f})",
        runs=[{"seconds": took, "bytes": size, "beside": [run._asdict() for run in beside]}],
    )
    url = f"sqlite:///{restored}"
    for name, arguments in (
        ("Restore", ("restore", str(copy), "--database-url", url)),
        ("Check", ("check", "-o", "json", "--database-url", url)),
    ):
        bench.say(name)
        began = time.perf_counter()
        with _command(*arguments) as running:
            code = running.wait()
        took = time.perf_counter() - began
        yield Figure(f"{name} of {size / 1e9:.1f} GB", value=f"{took:.0f} s", notes=f"exit code {code}")
    for file in (copy, restored):
        file.unlink()


def _command(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "exam_sessions", *arguments], stdout=subprocess.DEVNULL)
