"""Finds words that were given up for standard terms, in code, comments, messages and documents.

scripts/words.txt lists them, one a line: what to find, and what to say instead. A word is found as a whole word, in
any case when it is written in lower case; with capitals only as it is written. `name:` before it finds an identifier
only, not the word in prose; `prose:` finds it only in docstrings and comments of src, where no program has a mind.
History is left alone: the change log, migrations, decisions.

Usage: check_words.py [FILE ...]; without files, everything in git. Exit code 1 when a word is found.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
WORDS = Path(__file__).with_name("words.txt")
PLACES = (
    "src",
    "tests",
    "scripts",
    "protos",
    "docs",
    "clients/python",
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
)
LEFT_ALONE = re.compile(
    r"^src/exam_sessions/contract/|exam_sessions_client/v1/|migrations/versions/|docs/develop/decisions|[.](?:png|svg|json|csv)$"
    r"|^scripts/(?:check_words.py|words.txt)$"
)

DOCSTRING = ('"""', 'r"""')


class Word(NamedTuple):
    """A word that must not come back, and what to say instead."""

    text: str
    pattern: re.Pattern[str]
    instead: str
    in_prose: bool


def words() -> list[Word]:
    """The list."""
    found = []
    for line in WORDS.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        word, _, instead = line.partition("|")
        word = word.strip()
        name, prose = word.startswith("name:"), word.startswith("prose:")
        word = word.removeprefix("name:").removeprefix("prose:").strip()
        # An identifier stands next to what makes it one: a point, a parenthesis, quotes of code, an equals sign.
        text = rf"(?<![\w-]){re.escape(word)}(?![\w-])"
        if name:
            text = rf"(?:(?<=\.)|(?<=`)|(?<=def )|(?<=class )){text}(?=[(.`:\[ ,)])|{text}(?=[(\[=.]\w?)"
        pattern = re.compile(text, re.IGNORECASE if word.islower() and not name else 0)
        found.append(Word(word.lower(), pattern, instead.strip(), prose))
    return found


def prose_of(file: Path, text: str) -> str:
    """The docstrings and comments of a module of src, on their lines; empty for other files."""
    if file.suffix != ".py" or "src" not in file.parts:
        return ""
    lines = [""] * (text.count("\n") + 2)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.string.startswith(DOCSTRING)):
            for number, line in enumerate(token.string.split("\n"), token.start[0] - 1):
                lines[number] += line
    return "\n".join(lines)


def files() -> list[Path]:
    """The files that are looked through."""
    names = subprocess.run(
        ["git", "ls-files", "--", *PLACES], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    return [ROOT / name for name in names if name and not LEFT_ALONE.search(name) and (ROOT / name).is_file()]


def main(arguments: list[str]) -> int:
    """Prints what it finds, as file:line; the exit code."""
    listed, count = words(), 0
    for file in [Path(name) for name in arguments] or files():
        text = file.read_text(encoding="utf-8", errors="replace")
        lowered = text.lower()
        # Most words are in no file: to look for a text takes a tenth of the time of its pattern.
        present = [word for word in listed if word.text in lowered]
        prose = prose_of(file, text) if any(word.in_prose for word in present) else ""
        for word in present:
            searched = prose if word.in_prose else text
            for found in word.pattern.finditer(searched):
                line = searched.count("\n", 0, found.start()) + 1
                place = file.relative_to(ROOT) if file.is_absolute() else file
                print(f"{place}:{line}: {found[0]!r}: say {word.instead}")
                count += 1
    return min(count, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
