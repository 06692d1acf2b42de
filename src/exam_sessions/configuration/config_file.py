"""The file of `--config`: settings by their names, in TOML, without tables.

Everything in it is checked when it is read. A mistake names the file, the line and the key.
"""

from __future__ import annotations

import re
import stat
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions.configuration.database_urls import has_password
from exam_sessions.configuration.file_modes import open_to_others

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exam_sessions.configuration.option import Option

BYTES_AT_MOST = 1024 * 1024


class UnfitFile(ValueError):  # noqa: N818 - a condition the command line explains
    """A configuration file that cannot be used. `way_out` says what would help."""

    def __init__(self, what: str, way_out: str = "") -> None:
        super().__init__(what)
        self.way_out = way_out


class Declared(NamedTuple):
    """A setting that a file may have."""

    kind: type
    option: Option


class ConfigFile(NamedTuple):
    """What a configuration file says."""

    path: str
    values: dict[str, Any]
    lines: dict[str, int]
    """Where each setting stands, from 1; 0: it was not found, as with a key that is written with escapes."""
    everybody_reads: bool
    """Whether every user of this machine may read it."""

    @property
    def passwords(self) -> list[str]:
        """The settings that hold a password."""
        return [name for name, value in self.values.items() if isinstance(value, str) and has_password(value)]


def read_config(path: str, declared: Mapping[str, Declared]) -> ConfigFile:
    """Reads a file of these settings. Raises UnfitFile."""
    file = Path(path)
    try:
        with file.open("rb") as opened:
            content = opened.read(BYTES_AT_MOST + 1)
        mode = file.stat().st_mode
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or fault
        raise UnfitFile(f"{path} cannot be read: {reason}", "is it there, and may you read it?") from None
    if len(content) > BYTES_AT_MOST:
        raise UnfitFile(f"{path} has more than {BYTES_AT_MOST:,} bytes")
    try:
        text = content.decode().replace("\r\n", "\n")
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise UnfitFile(f"{path} is not valid TOML: {fault}", 'such as:  backlog = 5000  or  auth = "keys"') from None
    lines = {name: _line_of(name, text) for name in values}
    for name, value in values.items():
        where = f"{path}:{lines[name]}: {name}" if lines[name] else f"{path}: {name}"
        if name not in declared:
            raise UnfitFile(f"{where} is no setting", _nearest(name, value, declared))
        kind, option = declared[name]
        if wrong := option.fault(value, kind):
            raise UnfitFile(f"{where} {wrong}", f"{option.summary} (docs/reference/settings)")
        if option.choices:
            values[name] = option.choice(value)
    return ConfigFile(path, values, lines, open_to_others(mode, stat.S_IROTH) and stat.S_ISREG(mode))


def _nearest(name: str, value: object, declared: Mapping[str, Declared]) -> str:
    """What may have been meant by an unknown key."""
    if isinstance(value, dict):
        return "the file has no tables: settings stand one below the other, by their names"
    near = get_close_matches(name.lower().replace("-", "_").removeprefix("exam_sessions_"), declared, n=1)
    return f"did you mean {near[0]}?" if near else "docs/reference/settings names all of them"


def _line_of(name: str, text: str) -> int:
    """The line where a key stands, from 1, not within a text of several lines; 0: none."""
    begins = re.compile(rf"\s*\[*\s*[\"']?{re.escape(name)}[\"']?\s*[].=]")
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if begins.match(line) and _is_whole("\n".join(lines[:number])):
            return number + 1
    return 0


def _is_whole(text: str) -> bool:
    """Whether a text is TOML that ends where it is cut off."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True
