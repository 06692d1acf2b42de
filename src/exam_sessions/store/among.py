"""`column IN (a list of any length)` as one parameter, so that a statement is compiled once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, bindparam, func, select

if TYPE_CHECKING:
    from collections.abc import Iterable


def among(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Whether the column holds one of the values of the parameter `name`, which is made by `listed`."""
    return column.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))


def listed(values: Iterable[str]) -> str:
    """The values as the parameter of `among`."""
    return json.dumps(list(values), ensure_ascii=False, separators=(",", ":"))
