"""How the headings of a file stand for the columns of a roster: our own, or as a map says.

Those of OneRoster are in oneroster.py.
"""

from __future__ import annotations

import difflib
import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions.cli.files.roster_columns import BY_NAME, Column
from exam_sessions.cli.shared.csv_file import column_name, shown
from exam_sessions.cli.shared.file_faults import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OURS = frozenset(
    {
        "line", "session_id", "state", "maturity", "attempt", "start_dt", "end_dt", "finish_reason", "deadline_dt",
        "time_elapsed_s", "extra_time_s", "points", "points_max", "percent", "void_reason", "created", "modified",
        "activity_id", "opens_dt", "closes_dt", "form_revision", "marking_revision", "provisional",
        "marking_progress",
    }
)  # fmt: skip
"""Columns that `export`, `results export` and the file of codes have and a roster has no use for."""


class RosterFormat(NamedTuple):
    """How a file of a kind is read."""

    columns: Mapping[str, str] = {}
    """Headings, as column_name gives them, and the columns of a roster they are."""
    ignored: frozenset[str] = OURS
    """Headings that are passed over."""
    takes_any: bool = False
    """Whether every other heading is passed over too."""
    left_out: Callable[[Mapping[str, str]], bool] | None = None
    """Whether a row, given by its headings, is none of the roster's."""
    values: Mapping[str, Callable[[str], Any]] = {}
    """What reads a cell of a column, where it is not read as in a roster of ours."""
    instead_of_empty: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None
    """Cells, by their columns, that stand in for empty ones of a row, given by its headings."""
    gives_way: str = ""
    """A heading that is read only where no other stands for its column, or as `instead_of_empty` says."""
    is_unsure: bool = False
    """Whether a file without a column `role` does not say which of its rows are the roster's."""
    unwanted: str = ""
    """A heading that the file must not have, because what it says comes from another file."""

    def column_of(self, name: str) -> str:
        """The column of a roster that a heading is; empty for one that is passed over."""
        if self.columns:
            return self.columns.get(name, "")
        return name if name in BY_NAME else ""

    def reader_of(self, column: str) -> Column | None:
        """A column with what reads its cells here; None for one that is passed over."""
        known = BY_NAME.get(column)
        return known and known._replace(value=self.values.get(column, known.value))


OWN = RosterFormat()
"""A roster of ours, or what `export` and `import` write."""

FORMATS = ("csv", "oneroster")
"""Kinds of files that are known by a name."""


def read_map(data: bytes) -> RosterFormat:
    """The format that a map describes: TOML, `"heading" = "column"`, at the top or under [columns].

    Raises:
        Unreadable: it is no TOML, or names a column that no roster has.
    """
    try:
        found = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unreadable(f"it is no TOML: {error}") from error
    pairs = found.get("columns", found)
    if not isinstance(pairs, dict) or not pairs:
        raise Unreadable('it maps nothing; write a line such as "Student ID" = "candidate_id" for each column')
    columns: dict[str, str] = {}
    for heading, column in pairs.items():
        if not isinstance(column, str) or column not in BY_NAME:
            near = difflib.get_close_matches(str(column), BY_NAME, n=1, cutoff=0.6)
            hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(BY_NAME)}"
            raise Unreadable(f"{shown(heading)} stands for {shown(str(column))}, which no roster has; {hint}")
        if column in columns.values():
            raise Unreadable(f"two headings stand for {column}")
        columns[column_name(heading)] = column
    named = {name: name for name in BY_NAME if name not in columns.values()}
    return RosterFormat(named | columns, takes_any=True)
