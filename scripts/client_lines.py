"""Counts the lines of each client in clients/ that are written by hand.

Counted are lines of code of the library, with imports. Left out are blank lines, comments and docstrings, so that
nobody saves on explanations; examples and trials; files of build tools; and what scripts/generate writes. A client of
two interfaces counts for each, with what they share: programs have one of them.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

CLIENTS = Path(__file__).parent.parent / "clients"
SOURCES = {
    "cpp": ("include/**/*.h", "src/*"),
    "go": ("*.go",),
    "java": ("src/main/java/**/*.java",),
    "python-asyncio": ("src/exam_sessions_client/*.py",),
    "python": ("src/exam_sessions_client/*.py",),
    "rust": ("src/**/*.rs",),
    "typescript": ("src/**/*.ts",),
    "typescript/browser": ("src/**/*.ts",),
}
"""Where the library of a client is, by the client's folder and its interface."""
PROGRAMS = {"example", "trial"}
"""Programs beside the library in the same folder, by the file's name without its ending."""
OF_THE_OTHER = {"python-asyncio": "blocking", "python": "aio"}
"""What only the other interface of the language loads; the blocking client is generated of the asyncio one."""
GENERATED = re.compile(r"(?:Made|Generated|generated) by scripts/generate[.;]")
COMMENT = re.compile(r"^[ \t]*(?:/\*.*?\*/|//[^\n]*)", re.DOTALL | re.MULTILINE)
PYTHON_COMMENT = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)


class Lines(NamedTuple):
    """Lines of a client: of code, and all of its files, with comments and blank lines."""

    code: int
    written: int


def sources(client: str) -> list[Path]:
    """The files of a client's library that are written by hand."""
    files = sorted(path for pattern in SOURCES[client] for path in folder_of(client).glob(pattern))
    left_out = PROGRAMS | {OF_THE_OTHER.get(client, "")}
    return [path for path in files if path.stem not in left_out and not GENERATED.search(path.read_text("utf-8"))]


def folder_of(client: str) -> Path:
    """The folder of a client."""
    return CLIENTS / client.partition("-")[0]


def lines(client: str) -> Lines:
    """How many lines a client has."""
    files = sources(client)
    written = sum(len(path.read_text("utf-8").splitlines()) for path in files)
    return Lines(sum(len(code_of(path)) for path in files), written)


def code_of(path: Path) -> list[str]:
    """The lines of code of a file."""
    text = path.read_text("utf-8")
    bare = _without_docstrings(text) if path.suffix == ".py" else COMMENT.sub("", text)
    return [line for line in bare.splitlines() if line.strip()]


def _without_docstrings(text: str) -> str:
    kept = PYTHON_COMMENT.sub("", text).splitlines()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                last = node.end_lineno or node.lineno
                kept[node.lineno - 1 : last] = [""] * (last - node.lineno + 1)
    return "\n".join(kept)


if __name__ == "__main__":
    for name in SOURCES:
        print(f"{name:20} {lines(name).code:4} lines of code; {lines(name).written:4} with comments and blank lines")
