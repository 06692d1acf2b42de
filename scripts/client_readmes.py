"""Follows the README of each client from an empty folder to the end of its example, and says how long that takes.

The folder gets a copy of the client's files and nothing else of the repository; in it the README's first block of
commands is run, against a server that is started for it. Once with empty caches of packages, so that what a language
needs is downloaded, and once more in another folder with what the first has left in them. The tools that the README
names are there before: commands of apt-get are left out.

Usage: client_readmes.py [LANGUAGE ...]; without languages, all. Exit code 1 when one did not come to its last step.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmark.databases import SqliteFile
from benchmark.processes import Cores
from benchmark.servers import ROOT, service
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
TARGET = "127.0.0.1:50051"
"""The server, as READMEs call it."""
STEPS = list(range(1, 13))
STEP = re.compile(r"^ ?(\d+)  ", re.MULTILINE)
WITHIN_S = 1800.0
CACHES = {
    "CARGO_HOME": "cargo",
    "GOCACHE": "go-build",
    "GOPATH": "go",
    "MAVEN_OPTS": "-Dmaven.repo.local={}/maven",
    "NPM_CONFIG_CACHE": "npm",
    "PIP_CACHE_DIR": "pip",
}
"""Where the languages' tools keep packages, by the variable that says so."""
TAKEN_OVER = re.compile("EXAM_SESSIONS|CARGO_TARGET_DIR|GOBIN|GOFLAGS|PIP_FIND_LINKS|VIRTUAL_ENV|PYTHONPATH")
"""Variables of this process that would give a tool more than the README does."""


class Taken(NamedTuple):
    """What it took to follow a README once."""

    seconds: float
    cpu_seconds: float


def commands_of(readme: str) -> str:
    """The commands of a README, without those that install Debian's packages."""
    found = COMMANDS.search(readme)
    if not found:
        raise ValueError("there is no block of commands")
    return re.sub(r"^apt-get (?:.*\\\n)*.*\n", "", found[1], flags=re.MULTILINE)


def copied(language: str, folder: Path) -> None:
    """Copies the files of a client that are in the repository."""
    source = ROOT / "clients" / language
    listed = subprocess.run(["git", "ls-files", "."], cwd=source, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, folder / name)


def environment(caches: Path, programs: Path) -> dict[str, str]:
    """That of a shell which has the exam-sessions command, and caches of its own."""
    own = {name: value for name, value in os.environ.items() if not TAKEN_OVER.match(name)}
    cargo = Path(own.get("CARGO_HOME", Path.home() / ".cargo")) / "config.toml"
    for name, place in CACHES.items():
        own[name] = place.format(caches) if "{}" in place else str(caches / place)
    if cargo.exists():  # where packages come from
        (caches / "cargo").mkdir(exist_ok=True)
        shutil.copy(cargo, caches / "cargo")
    paths = [path for path in own["PATH"].split(":") if not path.startswith(str(ROOT))]
    return own | {"PATH": ":".join([str(programs), *paths])}


def followed(language: str, server: str, folder: Path, own: dict[str, str]) -> Taken | str:
    """Runs a README's commands in a folder that is empty at first; what that took, or what went wrong."""
    folder.mkdir()
    began, cpu = time.monotonic(), _cpu_seconds()
    copied(language, folder)
    commands = commands_of((folder / "README.md").read_text()).replace(TARGET, server)
    with (folder.parent / f"{folder.name}.log").open("w+") as log:
        process = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", commands], cwd=folder, env=own, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait(WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        seconds, cpu = time.monotonic() - began, _cpu_seconds() - cpu
        log.seek(0)
        said = log.read()
    steps = [int(number) for number in STEP.findall(said)]
    if code or not steps or steps != STEPS * (len(steps) // len(STEPS)):
        return f"{commands}\nended with {code}:\n{said}"
    return Taken(seconds, cpu)


def _cpu_seconds() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def main(names: Sequence[str]) -> int:
    """Follows the READMEs of the languages named, or all; the exit code."""
    languages = names or sorted(path.parent.name for path in ROOT.glob("clients/*/check"))
    console, table = Console(), Table("README of", "nothing cached", "CPU", "packages cached", "CPU")
    for column in table.columns[1:]:
        column.justify = "right"
    failed = False
    with tempfile.TemporaryDirectory(prefix="exam-sessions-readmes-") as name:
        work = Path(name)
        (work / "programs").mkdir()
        (work / "programs" / "exam-sessions").symlink_to(ROOT / ".venv" / "bin" / "exam-sessions")
        with service(Cores(None, None), SqliteFile(work / "readmes.db")) as server:
            for language in languages:
                (work / f"{language}-caches").mkdir()
                own = environment(work / f"{language}-caches", work / "programs")
                row = []
                for turn in ("first", "again"):
                    taken = followed(language, f"127.0.0.1:{server.port}", work / f"{language}-{turn}", own)
                    if isinstance(taken, str):
                        console.print(taken, style="red", markup=False, highlight=False)
                        failed = True
                        break
                    console.print(f"{language}, {turn}: {taken.seconds:.0f} s, CPU {taken.cpu_seconds:.0f} s")
                    row += [f"{taken.seconds:.0f} s", f"{taken.cpu_seconds:.0f} s"]
                table.add_row(language, *(row or ["failed"]))
    console.print(table)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
