"""The refusal of calls when the database fails: one for each kind of failure of the store."""

from __future__ import annotations

from exam_sessions import errors
from exam_sessions.store.database_errors import DatabaseDamaged, DatabaseDown, DatabaseFull, DatabaseReplaced

REFUSALS: dict[type[DatabaseDown], type[errors.Refusal]] = {
    DatabaseFull: errors.DatabaseFull,
    DatabaseDamaged: errors.DatabaseDamaged,
    DatabaseReplaced: errors.DatabaseReplaced,
    DatabaseDown: errors.DatabaseUnavailable,
}

OUTAGES = tuple(REFUSALS.values())
"""Refusals that were counted and logged where the database failed (store/availability.py)."""


def refusal_of(down: DatabaseDown) -> errors.Refusal:
    """The refusal of a call that met this failure."""
    return next(refusal for failure, refusal in REFUSALS.items() if isinstance(down, failure))()
