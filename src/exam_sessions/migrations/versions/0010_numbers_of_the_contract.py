"""Numbers of grades and void reasons are those of the contract; sessions keep an activity id, releases no statistics.

Statistics are computed from the sessions when a release is read, so those that were stored are dropped.

Stored numbers stand in three places: columns of sessions, the changes of events, and requests kept as payloads of
operations. Fingerprints of remembered requests are hashes and stay: a repetition in the new numbers is another
request.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

revision = "0010"
down_revision = "0007"
rewrites = ("releases", "sessions", "events", "operations")

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

GRADES = {1: 13, 2: 14} | {grade + 2: grade for grade in range(1, 13)}
"""PK was 1, K 2, grade 1 was 3; AE stays 15."""

VOID_REASONS = {1: 6, 2: 1, 3: 2, 4: 3, 6: 4}
"""AUTO was 1, ABSENT 2, WITHDRAWN 3, PARTIALLY_COMPLETED 4, OTHER 6; NOT_YET_STARTED stays 5."""

NUMBERS = {"grade_level": GRADES, "void_reason": VOID_REASONS}

TRANSITION = 2
"""The kind of operations whose payload is a BatchTransitionSessionsRequest."""

VOID_REASON_TAG = 13 << 3
"""How its field void_reason begins on the wire."""

VARINT, FIXED64, LENGTH = 0, 1, 2
"""How the values of fields are written on the wire."""

CONTINUED = 128
"""What a byte of a varint is at least while others follow."""

ROWS = 1_000


def upgrade() -> None:
    op.add_column("sessions", sa.Column("activity_id", TEXT, nullable=False, server_default=""))
    op.drop_column("releases", "statistics")
    _renumber(NUMBERS)


def downgrade() -> None:
    _renumber({name: {new: old for old, new in numbers.items()} for name, numbers in NUMBERS.items()})
    op.add_column("releases", sa.Column("statistics", TEXT, nullable=False, server_default=""))
    op.drop_column("sessions", "activity_id")


def _renumber(numbers: Mapping[str, Mapping[int, int]]) -> None:
    for name, mapping in numbers.items():
        column: sa.ColumnClause[int] = sa.column(name)
        changed = sa.update(sa.table("sessions", column)).where(column.in_(list(mapping)))
        op.execute(changed.values({name: sa.case(mapping, value=column)}))
    _rewrite("events", ("workspace_id", "sequence"), "changes", _mentions(numbers), lambda text: _told(text, numbers))
    void_reasons = numbers["void_reason"]
    _rewrite(
        "operations",
        ("workspace_id", "id"),
        "payload",
        sa.column("kind") == TRANSITION,
        lambda payload: _with_field(payload, VOID_REASON_TAG, void_reasons),
    )


def _mentions(numbers: Mapping[str, Any]) -> sa.ColumnElement[bool]:
    changes = sa.column("changes", sa.Text())
    return sa.or_(*(changes.contains(f'"{name}"', autoescape=True) for name in numbers))


def _rewrite(
    table: str, key: tuple[str, str], name: str, where: sa.ColumnElement[bool], become: Callable[[Any], Any]
) -> None:
    """Writes a column anew where it becomes another, a thousand rows at a time in the order of the key."""
    first: sa.ColumnClause[Any] = sa.column(key[0])
    second: sa.ColumnClause[Any] = sa.column(key[1])
    column: sa.ColumnClause[Any] = sa.column(name)
    rows = sa.table(table, first, second, column)
    page = sa.select(first, second, column).select_from(rows).where(where).order_by(first, second).limit(ROWS)
    write = sa.update(rows).where(first == sa.bindparam("first"), second == sa.bindparam("second"))
    write = write.values({name: sa.bindparam("became")})
    connection = op.get_bind()
    found = connection.execute(page).all()
    while found:
        changed = [
            {"first": a, "second": b, "became": became} for a, b, old in found if (became := become(old)) != old
        ]
        if changed:
            connection.execute(write, changed)
        a, b, _ = found[-1]
        found = connection.execute(
            page.where(sa.tuple_(first, second) > sa.tuple_(sa.literal(a), sa.literal(b)))
        ).all()


def _told(text: str, numbers: Mapping[str, Mapping[int, int]]) -> str:
    """Changes of an event with their numbers replaced."""
    try:
        changes = json.loads(text)
    except ValueError:  # a damaged row stays as it is, and stands in nobody's way
        return text
    for name, mapping in numbers.items():
        if name in changes:
            changes[name] = [mapping.get(value, value) for value in changes[name]]
    return json.dumps(changes, separators=(",", ":"), ensure_ascii=False)


def _with_field(payload: bytes, tag: int, numbers: Mapping[int, int]) -> bytes:
    """A serialized message with the values of one varint field replaced."""
    payload = bytes(payload)
    became, at = bytearray(), 0
    while at < len(payload):
        start = at
        here, at = _varint(payload, at)
        kind = here & 7
        if kind == VARINT:
            value, at = _varint(payload, at)
            if here == tag and value in numbers:
                # All numbers are below 128, and so a byte each.
                became += payload[start : at - 1] + bytes([numbers[value]])
                continue
        elif kind == LENGTH:
            size, at = _varint(payload, at)
            at += size
        else:
            at += 8 if kind == FIXED64 else 4
        became += payload[start:at]
    return bytes(became)


def _varint(payload: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = payload[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < CONTINUED:
            return value, at
