"""Reads a whole database from one snapshot and finds what does not hold in it; writes nothing.

Sessions, their attempts and their events are read as three streams in the order of the session's id, so that nothing
is kept but one session at a time. The rules on a session are domain/invariants.py's. What can be compared in SQL is.
"""

from __future__ import annotations

from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, func, select

from exam_sessions.domain.attempts import is_sound
from exam_sessions.domain.invariants import Finding, PastEvent, Rule, StoredSession, check_session
from exam_sessions.domain.records import Release, Session
from exam_sessions.domain.sequences import follows, is_given
from exam_sessions.domain.states import STATE_BY_CODE, Action
from exam_sessions.domain.stored_forms import from_json
from exam_sessions.store.attempts import record_of_row
from exam_sessions.store.check_queries import QUERIES
from exam_sessions.store.schema import attempts, drafts, events, releases, sessions, test_forms, workspaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Select

    from exam_sessions.domain.forms import Form
    from exam_sessions.store.engine import Db, Store

    Advance = Callable[[int], None]
    """Called with how many rows were read since the last call."""

Key = tuple[str, str]
"""Workspace and session."""

FORMS_KEPT = 1_000
"""Test forms kept for the sessions to come."""

ACTIONS = frozenset(Action)


class DatabaseCheck:
    """The check of one database, whose schema must be this version's."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._forms: dict[tuple[str, str, int], Form | None] = {}
        e, s = events.c, sessions.c
        ordered = (e.workspace_id, e.session_id, e.sequence)
        rest = (e.action, e.from_state, e.to_state, e.reason, e.time, e.previous)
        self._in_order = select(e.workspace_id, e.sequence, e.action, e.to_state, e.changes).order_by(
            e.workspace_id, e.sequence
        )
        self._histories = select(*ordered, *rest).order_by(*ordered)
        self._sessions = select(sessions).order_by(s.workspace_id, s.id)
        self._attempts = select(attempts).order_by(*attempts.primary_key.columns)
        self._releases = store.statement(select(releases).where(releases.c.workspace_id == bindparam("workspace")))
        c = test_forms.c
        form = select(c.reference, c.revision, c.name, c.mark_decimals, c.content)
        this = (c.workspace_id, c.reference, c.revision)
        self._form = store.statement(form.where(*(column == bindparam(f"its_{column.name}") for column in this)))

    def pages(self) -> Iterator[Finding]:
        """What cannot be read, or contradicts an index."""
        for text in self._store.damaged_pages():
            yield Finding(Rule.PAGES, "", "database", text)

    def rows(self, db: Db) -> int:
        """About how many rows `contents` reads, for its progress."""
        return sum(self._count(db, table) for table in (sessions, attempts, events, events))

    def _count(self, db: Db, table: Any) -> int:
        return int(db.query(self._store.statement(select(func.count()).select_from(table)))[0][0])

    def contents(self, db: Db, advance: Advance) -> Iterator[Finding]:
        """What does not hold among the rows; `db` is in a transaction that reads one snapshot."""
        self._forms.clear()
        yield from self._queries(db)
        yield from self._test_forms(db)
        yield from self._order_of_events(db, advance)
        yield from self._every_session(db, advance)

    def _rows(self, db: Db, query: Select[Any], advance: Advance = lambda _: None) -> Iterator[Any]:
        for rows in db.stream(self._store.statement(query)):
            yield from rows
            advance(len(rows))

    def _queries(self, db: Db) -> Iterator[Finding]:
        for rule, query, text in QUERIES:
            for workspace, subject in self._rows(db, query):
                yield Finding(rule, str(workspace), str(subject), text)

    def _test_forms(self, db: Db) -> Iterator[Finding]:
        c = test_forms.c
        columns = (c.workspace_id, c.reference, c.revision, c.name, c.mark_decimals, c.content, c.available)
        for row in self._rows(db, select(*columns).order_by(c.workspace_id, c.reference, c.revision)):
            subject = f"test form {row[1]}, {row[2]}"
            form = _form(row[1:6])
            if form is None:
                yield Finding(Rule.ROWS, row[0], subject, "its questions cannot be read")
            elif form.available != row[6]:
                yield Finding(Rule.SCORES, row[0], subject, f"{row[6]} is available, and {form.available} in sum")

    def _order_of_events(self, db: Db, advance: Advance) -> Iterator[Finding]:
        """Numbers without gaps, up to the last that the workspace has given; events that can be read."""
        given = dict(map(tuple, self._rows(db, select(workspaces.c.workspace_id, workspaces.c.last_sequence))))
        workspace, before = "", 0
        for row in self._rows(db, self._in_order, advance):
            if row[0] != workspace:
                yield from _check_end(workspace, before, given.pop(workspace, before))
                workspace, before = row[0], 0
            if not isinstance(row[1], int) or not follows(row[1], before):
                text = f"it comes after event {before}" if before else "it is the first of its workspace"
                yield Finding(Rule.SEQUENCES, workspace, f"event {row[1]}", text)
            yield from _check_event(*row)
            before = row[1] if isinstance(row[1], int) else before
        for name, last in chain([(workspace, given.pop(workspace, before))], given.items()):
            yield from _check_end(name, before if name == workspace else 0, last)

    def _every_session(self, db: Db, advance: Advance) -> Iterator[Finding]:
        d = drafts.c
        unpublished = set(map(tuple, self._rows(db, select(d.workspace_id, d.id))))
        known: dict[str, dict[str, Release]] = {}
        rows = _keyed(self._rows(db, self._sessions, advance))
        attempt_rows = _keyed(self._rows(db, self._attempts, advance))
        histories = _keyed(self._rows(db, self._histories, advance))
        for (workspace, session_id), (row, its_attempts, history) in _merged(rows, attempt_rows, histories):
            if workspace not in known:
                known = {workspace: self._releases_of(db, workspace)}
            session = Session._make(row[0]) if row else None
            if session and (workspace, session.draft) in unpublished:
                continue
            stored = StoredSession(
                workspace,
                session_id,
                session,
                [record_of_row(attempt) for attempt in its_attempts],
                [PastEvent._make(event[2:]) for event in history],
                known[workspace].get(session.release_id) if session else None,
            )
            form_of = self._form_of(db, workspace)
            yield from check_session(stored, form_of, linked=self._store.links_events)

    def _releases_of(self, db: Db, workspace: str) -> dict[str, Release]:
        found = db.query(self._releases, {"workspace": workspace})
        return {release.id: release for release in map(Release._make, found) if is_sound(release)}

    def _form_of(self, db: Db, workspace: str) -> Callable[[str, int], Form | None]:
        def form_of(reference: str, revision: int) -> Form | None:
            key = (workspace, reference, revision)
            if key not in self._forms:
                if len(self._forms) >= FORMS_KEPT:
                    self._forms.clear()
                self._forms[key] = self._load_form(db, *key)
            return self._forms[key]

        return form_of

    def _load_form(self, db: Db, workspace: str, reference: str, revision: int) -> Form | None:
        values = {"its_workspace_id": workspace, "its_reference": reference, "its_revision": revision}
        return next(map(_form, db.query(self._form, values)), None)


def _form(row: Any) -> Form | None:
    """A form from reference, revision, name, decimals and content; None where its content cannot be read."""
    try:
        reference, revision, name, mark_decimals, content = row
        return from_json(reference, revision, name, mark_decimals, orjson.loads(content))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        return None


def _check_end(workspace: str, last: int, given: int) -> Iterator[Finding]:
    """Nothing is missing behind the last event of a workspace."""
    if not is_given(given, last):
        text = f"its last event is {last}, and it has given the numbers up to {given}"
        yield Finding(Rule.SEQUENCES, workspace, f"workspace {workspace}", text)


def _check_event(workspace: str, sequence: int, action: str, to_state: int, changes: str) -> Iterator[Finding]:
    subject = f"event {sequence}"
    if action not in ACTIONS or (to_state and to_state not in STATE_BY_CODE):
        yield Finding(Rule.ROWS, workspace, subject, f"{action!r} to {to_state} is nothing that can happen")
    if changes:
        try:
            readable = isinstance(orjson.loads(changes), dict)
        except (ValueError, TypeError):
            readable = False
        if not readable:
            yield Finding(Rule.ROWS, workspace, subject, "its changes are not a JSON object")


Keyed = tuple[Key, list[Any]]


def _keyed(rows: Iterable[Any]) -> Iterator[Keyed]:
    """Rows that begin with a workspace and a session, by them."""
    for key, group in groupby(rows, itemgetter(0, 1)):
        yield key, list(group)


def _merged(*streams: Iterator[Keyed]) -> Iterator[tuple[Key, list[list[Any]]]]:
    """What several streams in the order of their keys hold under each key of any of them."""
    heads = [next(stream, None) for stream in streams]
    while any(heads):
        key = min(head[0] for head in heads if head)
        found: list[list[Any]] = []
        for place, head in enumerate(heads):
            if head and head[0] == key:
                found.append(head[1])
                heads[place] = next(streams[place], None)
            else:
                found.append([])
        yield key, found
