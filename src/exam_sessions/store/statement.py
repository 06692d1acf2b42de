"""Statements of SQLAlchemy Core, compiled once and run through the driver.

A Core expression executed as such costs five times as much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.sql import ClauseElement
    from sqlalchemy.sql.compiler import SQLCompiler

Parameters = Sequence[Any] | Mapping[str, Any]
"""Values of a statement: in the driver's order where it is hot, by name elsewhere."""

Ask = tuple["Statement", Parameters]
"""A statement that gives rows, and its values."""

COMPILED = ("text", "names", "_constants")
"""Attributes of a statement that are set when it is compiled."""


class Statement:
    """A Core statement compiled once: its text, and the order of its parameters for the driver.

    It is compiled when it is first used: a server has 140 of them, which takes 60 ms, and most runs need a few.
    """

    __slots__ = ("_constants", "_source", "names", "text")

    text: str
    names: tuple[str, ...]
    _constants: dict[str, Any]

    def __init__(self, statement: ClauseElement, engine: Engine) -> None:
        self._source = (statement, engine)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Compiles the statement; called for an attribute that is not set yet, and so once."""
            if name not in COMPILED:
                raise AttributeError(name)
            self._compile()
            return object.__getattribute__(self, name)

    def compile_now(self) -> None:
        """Compiles it, unless that was done."""
        self.text  # noqa: B018 - asking for it does

    def _compile(self) -> None:
        # Threads that come here at once set equal values.
        statement, engine = self._source
        compiled = cast("SQLCompiler", statement.compile(engine))
        self.names = tuple(compiled.positiontup or ())
        self._constants = {name: value for name, value in (compiled.params or {}).items() if value is not None}
        self.text = str(compiled)

    def bind(self, values: Parameters) -> Sequence[Any]:
        """Returns values in the order in which the driver takes them; values in order are returned as they are."""
        if isinstance(values, Mapping):
            known = self._constants | dict(values)
            return [known[name] for name in self.names]
        return values
