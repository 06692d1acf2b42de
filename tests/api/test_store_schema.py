from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from messages import lasting
from sqlalchemy import insert, inspect
from state_paths import bring_to, walk

from exam_sessions.domain import forms, question_types, records, states
from exam_sessions.domain.stored_records import EventRow
from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.store import schema
from exam_sessions.store.database_errors import DatabaseDown
from exam_sessions.store.databases import store_of
from exam_sessions.store.requests import RequestRow
from exam_sessions_client.v1 import catalog_pb2, lifecycle_service_pb2, session_pb2, test_form_pb2
from processes import ServerProcess, calling
from serving import ApiClient, serving, until

pytestmark = pytest.mark.both_databases("the tables and indexes are of each database")


def shown(db, *names):
    """Settings of a connection, by name."""
    return {name: db._driver.execute(f"SHOW {name}").fetchone()[0] for name in names}


def test_the_migrations_build_what_the_schema_says(migrated):
    with migrated.engine.connect() as connection:
        # Alembic looks away from what a schema says is for one database only.
        elsewhere = () if connection.dialect.name == "sqlite" else ("sessions_by_state",)
        opts = {
            "compare_type": True,
            "compare_server_default": True,
            "include_object": lambda _, name, *__: name not in elsewhere,
        }
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, schema.metadata) == []


def test_the_migrations_build_every_table_and_index_to_the_letter(database, empty_database):
    with closing(store_of(empty_database.url)) as created:
        schema.metadata.create_all(created.engine)
    assert database.definition() == empty_database.definition() != {}


def test_migrating_twice_changes_nothing(migrated, database):
    before = database.definition()
    upgrade(migrated)
    assert database.definition() == before


def test_migrating_keeps_what_is_stored(migrated, database):
    database.write("INSERT INTO consumers VALUES ('w', 'billing', 7, 0)")
    upgrade(migrated)
    assert database.read("SELECT * FROM consumers") == [("w", "billing", 7, 0)]


def test_servers_that_start_together_on_an_empty_database_migrate_it_once(empty_database):
    with ExitStack() as running, ThreadPoolExecutor(3) as pool:
        servers = list(pool.map(lambda _: running.enter_context(ServerProcess(empty_database)), range(3)))
        desks = [running.enter_context(calling(server, "w")) for server in servers]
        session = desks[0].book()
        assert [api.get(session) for api in desks] == [session] * 3


def test_the_workspace_leads_every_key_and_index_the_database_has(migrated):
    seen = inspect(migrated.engine)
    tables = set(seen.get_table_names()) - {"alembic_version"}
    assert tables == set(schema.metadata.tables)
    for table in tables:
        assert seen.get_pk_constraint(table)["constrained_columns"][0] == "workspace_id", table
        for index in seen.get_indexes(table):
            assert index["column_names"][0] == "workspace_id", index["name"]


def test_texts_stand_in_the_order_of_their_bytes(migrated, database):
    names = ["a", "B", "b", "Z", "z", "ä", "10", "9", "_", "-", "穆", "\N{GRINNING FACE}", "\ufffd"]
    for name in names:
        database.write("INSERT INTO consumers VALUES (?, '', 0, 0)", name)
    ordered = [name for (name,) in database.read("SELECT workspace_id FROM consumers ORDER BY workspace_id")]
    assert ordered == sorted(names, key=str.encode)


@pytest.mark.postgresql(reason="elsewhere a text is compared byte by byte unless told otherwise")
def test_texts_are_compared_byte_by_byte_whatever_the_database_is_set_to(migrated, database):
    columns = [column for table in schema.metadata.tables for column in database.definition()[table]]
    assert {collation for _, kind, *_, collation in columns if "int" not in kind and kind != "bytea"} == {"C"}


def test_a_reader_cannot_write(migrated):
    write, row = migrated.statement(insert(schema.consumers)), ("w", "billing", 7, 0)
    with migrated.reader() as db, pytest.raises(DatabaseDown):
        db.execute(write, row)
    with migrated.writer() as db:
        assert db.execute(write, row) == 1


@pytest.mark.sqlite(reason="this is how its files are set up")
def test_a_database_is_durable_and_lets_readers_read(migrated):
    db = migrated.writer()
    pragmas = {name: db._driver.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
    db.close()
    full = 2
    assert pragmas == {"journal_mode": "wal", "synchronous": full}


@pytest.mark.postgresql(reason="this is how its connections are set up")
def test_a_connection_is_durable_and_waits_for_nobody_for_ever_whatever_the_database_is_set_to(migrated, database):
    own = {"synchronous_commit": "off", "lock_timeout": "0", "statement_timeout": "0"}
    own["idle_in_transaction_session_timeout"] = "0"
    name = database.read("SELECT current_database()")[0][0]
    for setting, value in own.items():
        database.write(f"ALTER DATABASE {name} SET {setting} = {value}")
    with migrated.reader() as db:
        assert shown(db, "statement_timeout") != {"statement_timeout": "0"}
    with migrated.writer() as db:
        settings = shown(db, *own)
    assert settings.pop("synchronous_commit") == "on"
    # A commit ended while it waits for its standby is told as a success: how long a writer waits, its client limits.
    assert settings.pop("statement_timeout") == "0"
    assert "0" not in settings.values()


@pytest.mark.postgresql(reason="SQLite writes only the indexes whose columns change")
def test_a_session_that_moves_stays_in_its_indexes_as_it_is(database):
    def updates():
        return database.read("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'sessions'")[0]

    with serving(database) as server, closing(ApiClient(server.target, "w")) as api:
        session = bring_to(api, "IN_PROGRESS", duration=lasting(3600))
    until(lambda: updates()[0] == 3)
    before = updates()
    with serving(database) as server, closing(ApiClient(server.target, "w")) as api:
        walk(api, session, *["PauseSession", "ResumeSession"] * 3)
    until(lambda: updates()[0] >= before[0] + 6)
    after = updates()
    assert (after[0] - before[0], after[1] - before[1]) == (6, 6)


@pytest.mark.parametrize(
    ("record", "table"),
    [
        (records.Session, schema.sessions),
        (records.Release, schema.releases),
        (EventRow, schema.events),
        (RequestRow, schema.requests),
        (records.AttemptRecord, schema.attempts),
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
        (catalog_pb2.AttemptStrategy, states.AttemptStrategy, "ATTEMPT_STRATEGY_"),
        (test_form_pb2.QuestionType, question_types.QuestionType, "QUESTION_TYPE_"),
        (test_form_pb2.Marking, forms.Marking, "MARKING_"),
    ],
)
def test_the_numbers_on_the_wire_are_those_of_the_domain(wire, word, prefix):
    numbers = {name.removeprefix(prefix): number for name, number in wire.items()}
    assert numbers.pop("UNSPECIFIED") == 0
    assert numbers == {member.name: member.value for member in word}


def test_every_verb_of_the_domain_has_its_number_on_the_wire():
    wire = {name.removeprefix("ACTION_").lower() for name, number in session_pb2.Action.items() if number}
    assert wire == {action.value for action in states.Action}
    assert sorted(session_pb2.Action.values()) == list(range(len(states.Action) + 1))


def test_the_states_of_the_wire_are_the_vendors():
    assert sorted(session_pb2.State.values()) == [*range(17), 18, 19, 20, 22, 99]
    assert lifecycle_service_pb2.StateRules(state=session_pb2.STATE_REQUIRES_CHECK_IN).state == 22
