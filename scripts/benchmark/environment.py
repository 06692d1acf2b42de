"""What the figures depend on: the machine, its disk, and the versions of what runs on it."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.processes import Cores

PACKAGES = ("grpcio", "uvloop", "protobuf", "protovalidate", "sqlalchemy", "psycopg", "pygrpc-native")
COMMITS = 200


def environment(directory: Path, cores: Cores) -> dict[str, Any]:
    """All of it, in words."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), ""
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": f"{model or platform.processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}",
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "pinned": "no" if cores.server is None else f"server to core {cores.server}, load to core {cores.load}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: _version(name) for name in PACKAGES},
        "directory": str(directory),
        "commits_per_second": round(commits_per_second(directory)),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def commits_per_second(directory: Path) -> float:
    """What the disk allows: commits of one small row, WAL, synchronous=FULL, one after the other."""
    with sqlite3.connect(directory / "commits.db", isolation_level=None) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE row (n INTEGER)")
        began = time.perf_counter()
        for n in range(COMMITS):
            db.execute("INSERT INTO row VALUES (?)", (n,))
        took = time.perf_counter() - began
    return COMMITS / took
