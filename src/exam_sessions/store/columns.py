"""The kinds of columns that tables have, and the metadata they are gathered in. The tables are in schema.py."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, DefaultClause, MetaData, SmallInteger, Text, text

metadata = MetaData()

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its bytes, on every database the same."""


def text_column(name: str, *, key: bool = False, before: str | None = None) -> Column[str]:
    """A column of text; `before` is what rows have that were there before it."""
    default = None if before is None else text(f"'{before}'")
    return Column(name, TEXT, primary_key=key, nullable=False, server_default=default)


def number_column(name: str, *, key: bool = False, before: str | None = None) -> Column[int]:
    """A column of integers; `before` is what rows have that were there before it."""
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False, server_default=before)


def added_column(column: Column[Any], default: str) -> Column[Any]:
    """A column that a later migration added, with what it gave the rows that were there."""
    column.server_default = DefaultClause(default)
    return column


def code_column(name: str) -> Column[int]:
    """A column of the numbers of an enumeration, or of 0 and 1."""
    return Column(name, SmallInteger, nullable=False)
