"""PostgreSQL's array literals, a whole column at a time, and statements that take them: many rows, a few parameters.

The driver's own arrays cost ten times as much, and their types change with the values, so that a statement would be
prepared again and again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, LargeBinary, SmallInteger, Text

from exam_sessions.store.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Column


def texts(values: Sequence[str | None]) -> str:
    """Returns the text form of a text[].

    Raises:
        ValueError: a text holds NUL, which PostgreSQL cannot store.
    """
    if None in values:
        return "{" + ",".join("NULL" if value is None else _quoted(value) for value in values) + "}"
    # One pass over the whole column; a NUL, which no text can hold, keeps the values apart meanwhile.
    joined = "\0".join(values)  # type: ignore[arg-type] # without None
    if joined.count("\0") != max(0, len(values) - 1):
        raise ValueError("a text holds a NUL")
    if "\\" in joined or '"' in joined:
        joined = joined.replace("\\", "\\\\").replace('"', '\\"')
    return '{"' + joined.replace("\0", '","') + '"}' if values else "{}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def numbers(values: Sequence[int | None]) -> str:
    """A bigint[] or smallint[]."""
    return "{" + ",".join("NULL" if value is None else f"{value:d}" for value in values) + "}"


def byte_strings(values: Sequence[bytes]) -> str:
    """A bytea[]."""
    return "{" + ",".join('"\\\\x' + value.hex() + '"' for value in values) + "}"


def kind_of(column: Column[Any]) -> tuple[str, Callable[[Sequence[Any]], str]]:
    """The type of an array of a column's values, and what writes one."""
    if isinstance(column.type, Text):
        return "text[]", texts
    if isinstance(column.type, LargeBinary):
        return "bytea[]", byte_strings
    if isinstance(column.type, SmallInteger):
        return "smallint[]", numbers
    assert isinstance(column.type, BigInteger), column
    return "bigint[]", numbers


class UnnestStatement(Statement):
    """A statement on any number of rows, whose parameters are its columns, each an array."""

    __slots__ = ("arrays",)

    def __init__(self, text: str, columns: Sequence[Column[Any]]) -> None:
        self.text = text.replace("ROWS", ", ".join(f"%s::{kind_of(column)[0]}" for column in columns))
        self.names = tuple(column.name for column in columns)
        self.arrays = [kind_of(column)[1] for column in columns]

    def parameters(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Rows as the statement takes them."""
        return [write(column) for write, column in zip(self.arrays, zip(*rows, strict=True), strict=True)]


class CheckedUpdate(UnnestStatement):
    """An UPDATE that compares the number of rows it found with how many there were to be."""

    __slots__ = ()

    def parameters(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Rows as the statement takes them, and their number."""
        return [*super().parameters(rows), len(rows)]


class SequencedInsert(UnnestStatement):
    """An INSERT that takes the next sequence numbers of a workspace for its rows, which are numbered from 1."""

    __slots__ = ()

    def parameters(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Rows of one workspace as the statement takes them, behind the values of what counts them."""
        workspace, count = rows[0][0], len(rows)
        return [workspace, count, count, count, *super().parameters(rows)]
