"""What SQLite does for the hot statements, as long as it knows nothing of the rows: it must search, never scan."""

from __future__ import annotations

import sqlite3

import pytest

from exam_sessions.domain.records import AccessCode
from exam_sessions.domain.session_filter import ID_SCAN, PageCursor, SessionFilter
from exam_sessions.domain.states import OperationStatus
from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.store.databases import store_of
from exam_sessions.store.repositories import Repositories

pytestmark = pytest.mark.sqlite(reason="PostgreSQL chooses its plans by what it has counted")


@pytest.fixture
def asked(database):
    """The plans of every statement that is run meanwhile, by its text."""
    store = store_of(database.url)
    plans = {}
    with store.writer() as db:

        def explain(text):
            if text.startswith(("SELECT", "WITH")):
                with sqlite3.connect(database.url.removeprefix("sqlite:///")) as other:
                    plans[text] = [row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {text}")]

        db._driver.set_trace_callback(explain)
        yield Repositories(store), db, plans
        db._driver.set_trace_callback(None)
    store.close()


def scans(plans):
    """Steps that go through a table or a whole workspace, a list handed over in a parameter aside."""
    return [
        (step, text)
        for text, steps in plans.items()
        for step in steps
        if "json_each" not in step
        and (step.startswith("SCAN sessions") or step.endswith("(workspace_id=?)"))
        and "drafts" not in step
    ]


@pytest.mark.parametrize(
    "named", [(("a", "b"), ()), ((), ("K1", "K2")), (("a",), ("K1",))], ids=["ids", "keycodes", "both"]
)
def test_sessions_are_searched_for_by_their_keys(asked, named):
    rows, db, plans = asked
    rows.sessions.load(db, "w", *named)
    rows.sessions.load_with_releases(db, "w", *named, ("r",), to_write=True)
    rows.sessions.read_many(db, "w", *named)
    assert plans
    assert scans(plans) == []


def test_a_single_session_and_its_attempts_are_searched_for(asked):
    rows, db, plans = asked
    rows.sessions.read(db, "w", "a", "")
    rows.sessions.read(db, "w", "", "K1")
    rows.attempts.load(db, "w", ("a", "b"))
    rows.forms.load(db, "w", "form-1", 1)
    rows.forms.load(db, "w", "form-1")
    # Two more look for a session without a release, where none is found.
    assert len(plans) == 7
    assert scans(plans) == []


def test_what_is_taken_is_searched_for(asked):
    rows, db, plans = asked
    rows.conflicts.find(db, "w", "r", ids=["a"], keycodes=["K1"], candidates=["c1"], access_codes=["A1"])
    assert len(plans) == 4
    assert scans(plans) == []


def test_the_events_of_a_session_are_followed_one_by_one(asked):
    rows, db, plans = asked
    rows.events.page(db, "w", "a", 0, 100, 1_000_000)
    rows.events.end(db, "w", "a")
    steps = [step for steps in plans.values() for step in steps]
    assert [step for step in steps if "events" in step or "before" in step] == [
        "SEARCH events USING INDEX events_by_session (workspace_id=? AND session_id=? AND sequence>?)",
        "SEARCH events USING PRIMARY KEY (workspace_id=? AND sequence=?)",
        "SEARCH before USING PRIMARY KEY (workspace_id=? AND sequence=?)",
        "SEARCH events USING PRIMARY KEY (workspace_id=? AND sequence=?)",
        "SEARCH events USING INDEX events_by_session (workspace_id=? AND session_id=?)",
    ]


def test_counts_and_scores_of_a_release_are_read_from_an_index_alone(asked):
    rows, db, plans = asked
    rows.aggregates.of(db, "w", ("r",))
    (steps,) = [steps for text, steps in plans.items() if "FROM sessions" in text]
    assert steps == ["SEARCH sessions USING COVERING INDEX sessions_by_state (workspace_id=? AND release_id=?)"]


def test_what_is_known_already_is_not_written_again(database):
    store = store_of(database.url)
    upgrade(store)
    with store.writer() as db:
        before = db.data_version()
        upgrade(store)
        assert db.data_version() == before
    assert database.read("SELECT count(*) FROM sqlite_stat1")[0][0] > 20
    store.close()


@pytest.mark.parametrize("releases", [(), ("r",), ("r", "s")])
def test_a_page_of_a_large_snapshot_is_read_in_the_order_of_the_key(asked, releases):
    rows, db, plans = asked
    rows.pages.page(db, "w", SessionFilter(release_ids=releases), ID_SCAN, PageCursor(0, "a"), 200)
    steps = [step for steps in plans.values() for step in steps]
    assert any("workspace_id=? AND id>?" in step for step in steps)
    assert not any("ORDER BY" in step for step in steps)


@pytest.mark.parametrize(
    ("criteria", "index"),
    [
        (
            SessionFilter(external_reference="r-1"),
            "sessions_by_external_reference (workspace_id=? AND external_reference=?)",
        ),
        (SessionFilter(release_ids=("r",), test_forms=("f",), attempt=2, finish_reasons=(1,)), "release_id=?"),
        (SessionFilter(release_ids=("r",), deadline_until=1, exception=1), "release_id=?"),
    ],
    ids=["by reference", "by form", "by deadline"],
)
def test_what_a_school_office_looks_for_is_searched_in_an_index(asked, criteria, index):
    rows, db, plans = asked
    rows.pages.page(db, "w", criteria, "create_time", PageCursor(1, "a"), 51)
    rows.pages.count(db, "w", criteria)
    rows.pages.aggregates(db, "w", criteria)
    for text, steps in plans.items():
        assert any(index in step for step in steps if "sessions" in step), (text, steps)
    assert scans(plans) == []


def test_a_session_is_searched_for_by_its_access_code(asked):
    rows, db, plans = asked
    code = AccessCode("r", "A1")
    rows.sessions.read(db, "w", "", code)
    rows.sessions.ids_of(db, "w", {code})
    steps = [step for steps in plans.values() for step in steps if "sessions" in step]
    assert len(steps) == 2
    assert all("sessions_one_per_access_code" in step for step in steps)


def test_what_is_at_work_is_searched_for_among_itself_and_not_among_all_there_ever_was(asked):
    rows, db, plans = asked
    rows.operations.to_do(db)
    rows.operations.page(db, "w", "z", 2, status=OperationStatus.RUNNING)
    rows.catalog.finalizing(db)
    assert [steps[0] for steps in plans.values()] == [
        "SCAN operations USING INDEX operations_under_way",
        "SEARCH operations USING INDEX operations_under_way (workspace_id=? AND id<?)",
        "SCAN releases USING INDEX releases_being_finalized",
    ]
