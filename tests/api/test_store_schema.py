from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from exam_sessions.domain import records, states
from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.store import schema
from exam_sessions.store.databases import store_of
from exam_sessions.store.events import EventRow
from exam_sessions.store.requests import RequestRow
from exam_sessions.v1 import catalog_pb2, lifecycle_service_pb2, session_pb2


@pytest.fixture
def migrated(tmp_path):
    """A store on a database the migrations have built."""
    store = store_of(f"sqlite:///{tmp_path}/migrated.db")
    upgrade(store)
    yield store
    store.close()


def statements_of(path):
    """What a database says of its own tables and indexes, without the migrations' own."""
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: re.sub(r'[\s"]+', " ", sql).strip() for name, sql in rows if name != "alembic_version"}


def columns_of(path):
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {t: db.execute(f"PRAGMA table_xinfo({t})").fetchall() for t in tables if t != "alembic_version"}


def test_the_migrations_build_what_the_schema_says(migrated):
    with migrated.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []


def test_the_migrations_build_every_table_and_index_to_the_letter(migrated, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/created.db")
    schema.metadata.create_all(engine)
    engine.dispose()
    assert columns_of(migrated.path) == columns_of(tmp_path / "created.db")
    built, meant = statements_of(migrated.path), statements_of(tmp_path / "created.db")
    assert set(built) == set(meant)
    for name, statement in meant.items():
        if name.startswith("sessions_") or "INDEX" in statement:
            assert built[name] == statement
        assert ("WITHOUT ROWID" in built[name]) == ("WITHOUT ROWID" in statement)


def test_migrating_twice_changes_nothing(migrated):
    before = statements_of(migrated.path)
    upgrade(migrated)
    assert statements_of(migrated.path) == before


def test_migrating_keeps_what_is_stored(migrated):
    with closing(sqlite3.connect(migrated.path)) as db, db:
        db.execute("INSERT INTO workspaces VALUES ('w', 7)")
    upgrade(migrated)
    with closing(sqlite3.connect(migrated.path)) as db:
        assert db.execute("SELECT * FROM workspaces").fetchall() == [("w", 7)]


def test_a_database_is_durable_and_lets_readers_read(migrated):
    db = migrated.writer()
    pragmas = {name: db._driver.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
    db.close()
    full = 2
    assert pragmas == {"journal_mode": "wal", "synchronous": full}


@pytest.mark.parametrize(
    ("record", "table"),
    [
        (records.Session, schema.sessions),
        (records.Release, schema.releases),
        (EventRow, schema.events),
        (RequestRow, schema.requests),
    ],
)
def test_a_record_has_the_columns_of_its_table_in_order(record, table):
    assert list(record._fields) == [column.name for column in table.columns]


@pytest.mark.parametrize("table", schema.metadata.tables.values(), ids=str)
def test_the_workspace_leads_every_key_and_index(table):
    assert next(iter(table.primary_key.columns)).name == "workspace_id"
    for index in table.indexes:
        assert next(iter(index.columns)).name == "workspace_id", index.name


@pytest.mark.parametrize(
    ("wire", "word", "prefix"),
    [
        (session_pb2.State, states.State, "STATE_"),
        (session_pb2.Maturity, states.Maturity, "MATURITY_"),
        (session_pb2.FinishReason, states.FinishReason, "FINISH_REASON_"),
        (session_pb2.VoidReason, states.VoidReason, "VOID_REASON_"),
        (catalog_pb2.Delivery, states.Delivery, "DELIVERY_"),
    ],
)
def test_the_numbers_on_the_wire_are_those_of_the_domain(wire, word, prefix):
    numbers = {name.removeprefix(prefix): number for name, number in wire.items()}
    assert numbers.pop("UNSPECIFIED") == 0
    assert numbers == {member.name: member.value for member in word}


def test_every_verb_of_the_domain_has_its_number_on_the_wire_in_order():
    wire = [name.removeprefix("ACTION_").lower() for name, number in session_pb2.Action.items() if number]
    assert wire == [action.value for action in states.Action]
    assert sorted(session_pb2.Action.values()) == list(range(37))


def test_the_states_of_the_wire_are_the_vendors():
    assert sorted(session_pb2.State.values()) == [*range(17), 18, 19, 20, 22, 99]
    assert lifecycle_service_pb2.StateRules(state=session_pb2.STATE_REQUIRES_CHECK_IN).state == 22
