"""Histories on SQLite, where each event leads to the one before and hardly any is in the index by session."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from messages import booking
from rows import read
from state_paths import edit

from exam_sessions.domain.records import Event, Session
from exam_sessions.store.events import happening
from exam_sessions.store.repositories import Repositories
from exam_sessions.store.session_history import INDEX_EVERY
from sampling import examples

pytestmark = pytest.mark.sqlite(reason="elsewhere an index holds every event")

SCHEDULED, MOVED, DELETED = Event("schedule", 0, 1), Event("update", 1, 1), Event("delete", 1, 0)


def places(events):
    """Where events stand in the workspace's order."""
    return [event.sequence for event in events]


def stored(server, session):
    """The places of a session's events, as a look at every row finds them."""
    query = "SELECT sequence FROM events WHERE +session_id = ? ORDER BY sequence"
    return [place for (place,) in read(server, query, session.id)]


@pytest.mark.parametrize("size", [1, 7, INDEX_EVERY - 1, INDEX_EVERY, INDEX_EVERY + 1, 1000])
def test_a_long_history_is_read_in_pages_of_any_size(server, api, size):
    one, other = api.book(), api.book()
    for _ in range(4):
        edit(api, one, INDEX_EVERY - 10)
        edit(api, other, 3)
    assert places(api.history(one, size)) == stored(server, one)
    assert places(api.history(other, size)) == stored(server, other)


def test_the_history_of_a_deleted_session_is_whole(server, api):
    session = api.book()
    edit(api, session, INDEX_EVERY + 5)
    api.call("DeleteSession", session_id=session.id)
    assert places(api.history(session, 1000)) == stored(server, session)
    assert len(stored(server, session)) == INDEX_EVERY + 7


def test_hardly_an_event_is_in_the_index(server, api):
    session = api.book()
    edit(api, session, 3 * INDEX_EVERY)
    query = "SELECT count(*) FROM events WHERE session_id = ? AND previous <= 0"
    assert read(server, query, session.id) == [(4,)]


def test_a_roster_needs_no_links_to_begin_with(server, api):
    release = api.release()
    rows = api.call("BatchCreateSessions", release_id=release.id, bookings=[booking(f"c{n}") for n in range(600)])
    session = api.call("GetSession", session_id=rows.sessions[-1].id).session
    query = "SELECT max(last_event) FROM sessions WHERE workspace_id = ?"
    assert read(server, query, api.workspace) == [(0,)]
    edit(api, session, 3)
    assert places(api.history(session, 1000)) == stored(server, session)


class Histories:
    """Sessions of a workspace whose events are written as the history unit does, and what must be read of each."""

    def __init__(self, rows, db, workspace):
        self._rows, self._db, self.workspace = rows, db, workspace
        self.versions, self.heads, self.places, self.deleted = {}, {}, {}, set()
        self._next = itertools.count(1)

    def happen(self, name, event, *, linked, counts):
        """Writes an event; one not `linked` as servers did before events were, and another may not be counted."""
        self.versions[name] = self.versions.get(name, 0) + counts
        session = self._session(name)._replace(version=self.versions[name])
        before = self.heads.get(name, 0) if linked else 0
        self._rows.events.append(self._db, self.workspace, [happening(event, session, "", "", before, 1)])
        self.places.setdefault(name, []).append(next(self._next))
        if linked:
            self.heads[name] = self.places[name][-1]
        if event is DELETED:
            self.deleted.add(name)

    def settle(self):
        """Writes the rows of the sessions that live."""
        for name in self.places.keys() - self.deleted:
            self._rows.sessions.insert(self._db, [self._session(name)])

    def _session(self, name):
        blank = dict.fromkeys(Session._fields, 0) | {"due_time": None, "open_candidate": None, "draft": None}
        own = {"workspace_id": self.workspace, "release_id": "r", "last_event": self.heads.get(name, 0)}
        return Session(**(blank | own | dict.fromkeys(("id", "keycode", "candidate_id", "access_code"), name)))


ROOM = 1_000_000
"""Bytes of changes a page may hold: more than there are."""

HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.integers(1, INDEX_EVERY), st.sampled_from(("moved", "moved", "silent", "old"))
    ),
    max_size=12,
)


@given(bursts=HAPPENINGS, ends=st.sets(st.sampled_from("abc")), sizes=st.lists(st.integers(1, 150), min_size=1))
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happened_every_page_holds_what_comes_next(migrated, bursts, ends, sizes):
    rows = Repositories(migrated)
    with migrated.writer() as db:
        db.begin()
        told = Histories(rows, db, "w")
        for name in "abc":
            told.happen(name, SCHEDULED, linked=False, counts=True)
        # Servers of before wrote their events before those that link them.
        for name, times, how in sorted(bursts, key=lambda burst: burst[2] != "old"):
            for _ in range(times):
                told.happen(name, MOVED, linked=how != "old", counts=how == "moved")
        for name in ends:
            told.happen(name, DELETED, linked=True, counts=True)
        told.settle()
        for name, places in told.places.items():
            assert (rows.events.end(db, "w", name).to_state == 0) == (name in ends)
            size = itertools.cycle(sizes)
            seen, more = [], True
            while more:
                page, more = rows.events.page(db, "w", name, seen[-1] if seen else 0, most := next(size), ROOM)
                assert len(page) == most or not more
                seen += [row.sequence for row in page]
            assert seen == places
        db.rollback()
