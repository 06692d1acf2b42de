"""Counting what a request holds on its bytes, before anything is made of them.

Decoded, an empty submessage of two bytes takes up to sixty, and validation looks at element after element. So the
bytes of a long request are walked first: elements of repeated fields, lengths of texts and repetitions of singular
fields are held against their maxima (maxima.py), and the first breach refuses the request. A walk takes about 0.4 us
a field, goes no further than the maxima let it, and into submessages only where they could hold too much. What is
wrong within the maxima is left to the parser and to rules.py.

Not here: the bytes of all requests together, which are the transport's to limit.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from exam_sessions import errors
from exam_sessions.rpc.decoding.maxima import (
    FIXED32,
    FIXED64,
    GROUP,
    GROUP_END,
    LENGTH,
    LONGEST_VARINT,
    TOTALS,
    VARINT,
)
from exam_sessions.rpc.decoding.rule_sentences import too_many

if TYPE_CHECKING:
    from exam_sessions.rpc.decoding.maxima import Field, Shape

UNKNOWN_AT_MOST = 1_000
"""Fields of newer clients in one request."""

MORE = 0x80
"""The bit of a varint's byte that says another follows."""

PIECE = 100
"""Rows that are validated at a time: the interpreter is held meanwhile, about 8 us a row. A thousand
would hold it for 8 ms; the whole takes 2 % longer so."""


def pieces(data: bytes, shape: Shape) -> list[bytes]:
    """The request in requests of at most PIECE rows each, to be validated one by one; none where that is not needed.

    Raises:
        errors.InvalidField: it holds more than the maxima allow; the first breach is named.
        errors.MalformedMessage: it is cut off in the middle of a field.
    """
    walk = _Walk(data)
    try:
        walk.over(0, len(data), shape, None)
    except IndexError:
        raise errors.MalformedMessage from None
    marks = walk.marks
    if len(marks) <= 1:
        return []
    rest, ends = walk.rest(), [*marks[1:], len(data)]
    return [rest + data[start:end] for start, end in zip(marks, ends, strict=True)]


def outside_rows(data: bytes, shape: Shape) -> bytes:
    """The request without its rows, as far as it goes before it holds too much or is cut off."""
    walk = _Walk(data)
    with suppress(errors.Refusal, IndexError):
        walk.over(0, len(data), shape, None)
    return walk.rest()


class _Parent(NamedTuple):
    """Where a submessage stands: in which other, in which field, as which element."""

    outer: _Parent | None
    field: Field
    nth: int

    def path(self) -> str:
        subscript = f"[{self.nth}]" if self.field.repeated else ""
        return (f"{self.outer.path()}." if self.outer else "") + self.field.name + subscript


class _Walk:
    """One walk over the bytes of a request."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._totals = [0] * len(TOTALS)
        self._unknown = 0
        self.marks: list[int] = []
        """Where every PIECE-th row begins."""
        self.others: list[tuple[int, int]] = []
        """From where to where there is something else, where there are rows."""

    def rest(self) -> bytes:
        """The bytes of all that is no row."""
        return b"".join([self._data[start:end] for start, end in self.others])

    def over(  # noqa: C901, PLR0912 - in one piece, for a call costs as much as a field
        self, at: int, end: int, shape: Shape, parent: _Parent | None
    ) -> None:
        """Counts what a message holds, field by field. Raises IndexError where the data ends too early."""
        data, fields, counts, top = self._data, shape.fields, dict[str, int](), parent is None
        while at < end:
            begin = at
            tag = data[at]
            at += 1
            if tag >= MORE:
                tag, at = self._varint(begin)
            wire, size = tag & 7, 0
            if wire == LENGTH:
                size = data[at]
                at += 1
                if size >= MORE:
                    size, at = self._varint(at - 1)
            elif wire == VARINT:
                if data[at] < MORE:
                    at += 1
                else:
                    _, at = self._varint(at)
            elif wire == FIXED32:
                at += 4
            elif wire == FIXED64:
                at += 8
            elif wire not in {GROUP, GROUP_END}:
                raise errors.MalformedMessage
            start, at = at, at + size
            if at > end:
                raise errors.MalformedMessage
            field = fields.get(tag)
            if field is None:
                self._count_unknown(shape, parent)
                if top:
                    self.others.append((begin, at))
                continue
            more = self._numbers(start, at, field.packed) if field.packed else 1
            count = counts[field.name] = counts.get(field.name, 0) + more
            if count > field.most > 0:
                _refuse(field, parent)
            if size > field.limit:
                if field.shape is None:
                    _refuse_text(field, parent, count - 1)
                self.over(start, at, field.shape, _Parent(parent, field, count - 1))
            if field.total >= 0:
                self._add_up(field, parent, more)
            if top:
                if not field.sliced:
                    self.others.append((begin, at))
                elif count % PIECE == 1:
                    self.marks.append(begin)

    def _varint(self, at: int) -> tuple[int, int]:
        """A number, and where it ends."""
        value = 0
        for n in range(LONGEST_VARINT):
            byte = self._data[at + n]
            value |= (byte & ~MORE) << 7 * n
            if byte < MORE:
                return value, at + n + 1
        raise errors.MalformedMessage

    def _numbers(self, start: int, end: int, width: int) -> int:
        """How many numbers a packed record holds."""
        if width > 1:
            return (end - start) // width
        return len(self._data[start:end].translate(None, _CONTINUED))

    def _count_unknown(self, shape: Shape, parent: _Parent | None) -> None:
        self._unknown += 1
        if self._unknown > UNKNOWN_AT_MOST:
            path = parent.path() if parent else shape.name
            raise errors.invalid(path, f"must not hold more than {UNKNOWN_AT_MOST} fields the service does not know")

    def _add_up(self, field: Field, parent: _Parent | None, more: int) -> None:
        most, _ = TOTALS[field.total]
        self._totals[field.total] += more
        if self._totals[field.total] > most:
            path = _path(field, parent)
            raise errors.invalid(path, f"{too_many(most)} in the whole request")


_CONTINUED = bytes(range(MORE, 0x100))
"""Bytes of a varint that are not its last."""


def _path(field: Field, parent: _Parent | None) -> str:
    return (f"{parent.path()}." if parent else "") + field.name


def _refuse(field: Field, parent: _Parent | None) -> NoReturn:
    if field.repeated:
        raise errors.invalid(_path(field, parent), too_many(field.most))
    raise errors.invalid(_path(field, parent), f"must not come more than {field.most} times in one message")


def _refuse_text(field: Field, parent: _Parent | None, index: int) -> NoReturn:
    subscript = f"[{index}]" if field.repeated else ""
    raise errors.invalid(_path(field, parent) + subscript, f"must be at most {field.characters:,} characters")
