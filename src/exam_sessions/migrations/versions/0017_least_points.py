"""The least that an attempt could have earned, beside the most: below 0 where its form has negative marks.

What was scored before gets it from the stored revisions of forms; where the revision is not stored, 0 stays.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

revision = "0017"
down_revision = "0016"
rewrites = ("scripts", "sessions")

ROWS = 1_000

RULE, LOWER = 14, 5
"""Where the rule of a question stands in its row, and the lower bound in the rule."""

WHOLE = 1_000_000
"""Hundred percent."""

LATEST, FIRST, AVERAGE = 2, 3, 4
"""How the attempt that counts is found; else the highest counts."""

Attempt = tuple[int, int, int | None, int]
"""Points, the most points, percent, and the least points."""

scripts = sa.table(
    "scripts",
    *map(sa.column, ("workspace_id", "session_id", "attempt", "test_form", "form_revision", "marking_revision")),
    *map(sa.column, ("points", "points_max", "score", "points_min")),
)
sessions = sa.table(
    "sessions", *map(sa.column, ("workspace_id", "id", "release_id", "points", "points_min", "score_min"))
)
releases = sa.table("releases", *map(sa.column, ("workspace_id", "id", "attempt_strategy")))


def upgrade() -> None:
    for table, column in (("scripts", "points_min"), ("sessions", "points_min"), ("sessions", "score_min")):
        op.add_column(table, sa.Column(column, sa.BigInteger(), nullable=False, server_default="0"))
    if least := _least_of_forms():
        _fill_scripts(least)
        _fill_sessions()


def downgrade() -> None:
    for table, column in (("sessions", "score_min"), ("sessions", "points_min"), ("scripts", "points_min")):
        op.drop_column(table, column)


def _least_of_forms() -> dict[tuple[str, str, int], int]:
    """The least points of the revisions that have negative marks."""
    forms = sa.table("test_forms", *map(sa.column, ("workspace_id", "reference", "revision")), sa.column("content"))
    content = sa.cast(forms.c.content, sa.Text)
    negative = sa.select(forms).where(content.contains('"negative_marks"', autoescape=True))
    found = {}
    for workspace, reference, number, text in op.get_bind().execute(negative):
        lowest = sum(row[RULE][LOWER] for row in json.loads(text)["questions"] if len(row) > RULE)
        if lowest:
            found[workspace, reference, number] = lowest
    return found


def _fill_scripts(least: dict[tuple[str, str, int], int]) -> None:
    c = scripts.c
    key = (c.workspace_id, c.session_id, c.attempt)
    scored = sa.select(*key, c.test_form, c.form_revision, c.marking_revision).where(c.points.is_not(None))
    write = sa.update(scripts).values(points_min=sa.bindparam("least"))
    write = write.where(*(column == sa.bindparam(f"its_{column.name}") for column in key))

    def values(page: Sequence[Any]) -> list[dict[str, Any]]:
        return [
            {"its_workspace_id": row[0], "its_session_id": row[1], "its_attempt": row[2], "least": lowest}
            for row in page
            if (lowest := least.get((row[0], row[3], row[5] or row[4])))
        ]

    _page_by_page(scored, key, write, values)


def _fill_sessions() -> None:
    c, s = scripts.c, sessions.c
    key = (s.workspace_id, s.id)
    its_scripts = sa.and_(c.workspace_id == s.workspace_id, c.session_id == s.id)
    its_release = sa.and_(releases.c.workspace_id == s.workspace_id, releases.c.id == s.release_id)
    scored = (
        sa.select(*key, releases.c.attempt_strategy)
        .join_from(sessions, releases, its_release)
        .where(s.points.is_not(None), sa.exists().where(its_scripts, c.points_min < 0))
    )
    attempts = sa.select(c.workspace_id, c.session_id, c.points, c.points_max, c.score, c.points_min)
    write = sa.update(sessions).where(*(column == sa.bindparam(f"its_{column.name}") for column in key))
    write = write.values(points_min=sa.bindparam("least"), score_min=sa.bindparam("least_score"))

    def values(page: Sequence[Any]) -> list[dict[str, Any]]:
        named = sa.tuple_(c.workspace_id, c.session_id).in_([(row[0], row[1]) for row in page])
        found: dict[tuple[str, str], list[Attempt]] = {}
        for workspace, session, *earned in op.get_bind().execute(
            attempts.where(named, c.points.is_not(None)).order_by(c.attempt)
        ):
            found.setdefault((workspace, session), []).append((*earned,))
        became = []
        for workspace, session, strategy in page:
            least, least_score = _least_that_counts(strategy, found[workspace, session])
            row = {"its_workspace_id": workspace, "its_id": session, "least": least, "least_score": least_score}
            became.append(row)
        return became

    _page_by_page(scored, key, write, values)


def _least_that_counts(strategy: int, attempts: list[Attempt]) -> tuple[int, int]:
    """The least points and percent of the attempt that counts."""
    marked = [attempt for attempt in attempts if attempt[2] is not None] or attempts
    if strategy == AVERAGE:
        pairs = [_least(attempt) for attempt in marked]
        points, scores = zip(*pairs, strict=True)
        return _half_up(sum(points), len(pairs)), _half_up(sum(scores), len(pairs))
    if strategy in {FIRST, LATEST}:
        return _least(marked[0 if strategy == FIRST else -1])
    return _least(max(marked, key=lambda attempt: attempt[2] or 0))


def _least(attempt: Attempt) -> tuple[int, int]:
    _, most, _, least = attempt
    return least, _half_up(least * WHOLE, most) if most else 0


def _half_up(number: int, by: int) -> int:
    return (2 * number + by) // (2 * by)


def _page_by_page(
    select: sa.Select[Any],
    key: tuple[sa.ColumnClause[Any], ...],
    write: sa.Update,
    values: Callable[[Sequence[Any]], list[dict[str, Any]]],
) -> None:
    """Writes what `values` makes of the rows selected, a thousand rows at a time in the order of the key."""
    connection = op.get_bind()
    select = select.order_by(*key).limit(ROWS)
    page = connection.execute(select).all()
    while page:
        if changed := values(page):
            connection.execute(write, changed)
        last = sa.tuple_(*(sa.literal(value) for value in page[-1][: len(key)]))
        page = connection.execute(select.where(sa.tuple_(*key) > last)).all()
