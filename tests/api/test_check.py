"""`exam-sessions check`: each rule is broken by hand in a real database, and found. test_linearizable.py checks that
nothing is found after random lives.
"""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg
import pytest
from forms import answer, form, hand_in, mcq, sitting
from state_paths import STARTED, walk
from typer.testing import CliRunner

from checked import found_in, rules_broken_in
from command_tree import cli
from databases import TABLES
from exam_sessions.configuration.database_urls import without_password
from exam_sessions.domain.invariants import MEANING, Rule
from exam_sessions.domain.sequences import RANGE
from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.store.checks import DatabaseCheck
from exam_sessions.store.databases import store_of, store_to_read_whole
from serving import ApiClient, serving

both_databases = pytest.mark.both_databases("what is compared is asked in SQL, and read by cursors")

NOBODY = "00000000-0000-0000-0000-000000000000"
SOMEBODY = "00000000-0000-0000-0000-000000000001"

DAMAGES = {
    "UPDATE sessions SET state = 6 WHERE keycode = 'ONE'": Rule.STATES,
    "UPDATE sessions SET state = 77 WHERE keycode = 'ONE'": Rule.STATES,
    "UPDATE sessions SET open_candidate = candidate_id WHERE keycode = 'ONE'": Rule.STATES,
    "DELETE FROM events WHERE session_id = (SELECT id FROM sessions WHERE keycode = 'ONE')": Rule.STATES,
    "UPDATE sessions SET version = version + 1 WHERE keycode = 'ONE'": Rule.HISTORIES,
    "UPDATE events SET from_state = 2 WHERE action = 'enter_keycode'": Rule.HISTORIES,
    "UPDATE events SET time = 1 WHERE action = 'enter_keycode'": Rule.HISTORIES,
    "DELETE FROM events WHERE sequence = 2": Rule.SEQUENCES,
    f"UPDATE events SET sequence = sequence + {RANGE} WHERE sequence > 2": Rule.SEQUENCES,
    "UPDATE workspaces SET last_sequence = last_sequence + 1 WHERE workspace_id = 'w'": Rule.SEQUENCES,
    "UPDATE events SET changes = '{' WHERE sequence = 2": Rule.ROWS,
    "UPDATE events SET action = 'dance' WHERE sequence = 2": Rule.ROWS,
    "UPDATE sessions SET annotations = '[]' WHERE keycode = 'ONE'": Rule.ROWS,
    "UPDATE sessions SET device = '{}' WHERE keycode = 'ONE'": Rule.ROWS,
    "UPDATE sessions SET create_time = -2 WHERE keycode = 'ONE'": Rule.ROWS,
    "UPDATE scripts SET responses = '{'": Rule.ROWS,
    "UPDATE test_forms SET content = '{}'": Rule.ROWS,
    "UPDATE releases SET duration = -1": Rule.ROWS,
    "UPDATE scripts SET attempt = 2": Rule.ATTEMPTS,
    "UPDATE sessions SET attempt = 0 WHERE keycode = 'ONE'": Rule.ATTEMPTS,
    "UPDATE sessions SET start_time = end_time + 1 WHERE end_time > 0": Rule.ATTEMPTS,
    "UPDATE scripts SET points = points + 1": Rule.SCORES,
    "UPDATE sessions SET score = 1 WHERE score IS NOT NULL": Rule.SCORES,
    "UPDATE test_forms SET available = 7": Rule.SCORES,
    "UPDATE sessions SET keycode = 'ONE' WHERE keycode = 'TWO'": Rule.CODES,
    "UPDATE sessions SET access_code = 'SAME'": Rule.CODES,
    "UPDATE sessions SET candidate_id = 'same'": Rule.CODES,
    "DELETE FROM sessions WHERE keycode = 'ONE'": Rule.ORPHANS,
    "DELETE FROM sessions WHERE score IS NOT NULL": Rule.ORPHANS,
    "DELETE FROM releases": Rule.ORPHANS,
    "DELETE FROM test_forms": Rule.ORPHANS,
    "DELETE FROM workspaces": Rule.ORPHANS,
    f"INSERT INTO outcomes VALUES ('w', '{NOBODY}', 1, '', 0, '', 0, 0)": Rule.ORPHANS,
    f"INSERT INTO pins VALUES ('w', '{NOBODY}', '', 1, 'QWERTY')": Rule.ORPHANS,
    "INSERT INTO consumers VALUES ('w', 'billing', 1000, 0)": Rule.CONSUMERS,
    "UPDATE operations SET failed = done + 1": Rule.OPERATIONS,
}
"""What is done to a sound database, and the rule that is broken, perhaps beside others."""

LINKS = {
    "UPDATE sessions SET last_event = 1 WHERE keycode = 'ONE'": Rule.HISTORIES,
    "UPDATE sessions SET last_event = 0 WHERE keycode = 'ONE'": Rule.HISTORIES,
    "UPDATE events SET previous = 1 WHERE action = 'create_package'": Rule.HISTORIES,
    "UPDATE events SET previous = 0 WHERE action = 'enter_keycode'": Rule.HISTORIES,
}
"""The same where events lead to the one before."""


OPERATION = {
    "workspace_id": "w", "id": SOMEBODY, "kind": 2, "status": 4, "actor": "ada", "request_id": "", "action": "void",
    "payload": b"", "done": 0, "total": 1, "failed": 0, "place": "", "create_time": 1, "update_time": 1,
    "end_time": 1, "owner": "", "lease_until": 0, "next_time": 0, "cancel_requested": 0, "reason": "", "message": "",
}  # fmt: skip


def insert(database, table, row):
    names = ", ".join(row)
    database.write(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", *row.values())


@pytest.fixture
def lived_in(database):
    """A database with a booked session, an open one, a deleted one, one that has a score, and an operation."""
    with serving(database) as server:
        api = ApiClient(server.target, "w")
        form(api, mcq("1"))
        release = api.release(name="History")
        one, two, three = (api.book(release, keycode=code) for code in ("ONE", "TWO", "THREE"))
        walk(api, one, "CreatePackage", "DownloadSession")
        walk(api, two, *STARTED)
        api.call("DeleteSession", session_id=three.id)
        hand_in(api, sitting(api), answer("1", "B"))
        api.close()
    insert(database, "operations", OPERATION)
    return database


def test_nothing_is_found_in_a_database_that_was_only_served(lived_in):
    assert found_in(lived_in) == []


@contextmanager
def undone(database, statement):
    """The tables that a statement names are at the end of the block as they were at its begin."""
    tables = [name for name in TABLES if re.search(rf"\b{name}\b", statement)]
    before = {name: database.read(f"SELECT * FROM {name}") for name in tables}
    yield
    for name, rows in before.items():
        database.write(f"DELETE FROM {name}")
        for row in rows:
            database.write(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", *row)


@both_databases
def test_every_rule_is_found_broken_where_it_was_broken_by_hand(lived_in, database_kind):
    for index in ("keycode", "access_code", "candidate"):
        lived_in.write(f"DROP INDEX sessions_one_per_{index}")
    damages = DAMAGES | (LINKS if database_kind == "sqlite" else {})
    with closing(store_to_read_whole(lived_in.url)) as store:
        checking = DatabaseCheck(store)
        assert broken(store, checking) == set()
        for statement, rule in damages.items():
            with undone(lived_in, statement):
                assert lived_in.write(statement), statement
                assert rule in broken(store, checking), statement
        assert broken(store, checking) == set()
    assert {*damages.values(), Rule.SCHEMA, Rule.PAGES} == set(Rule) == set(MEANING)


def broken(store, checking):
    with store.reader() as db:
        db.begin_read()
        return {finding.rule for finding in checking.contents(db, lambda _: None)}


@both_databases
@pytest.mark.parametrize(
    "statement",
    [
        "DROP INDEX sessions_by_release",
        "CREATE INDEX sessions_by_pin ON sessions (workspace_id, pin)",
        "ALTER TABLE sessions ADD COLUMN shoe_size BIGINT",
        "CREATE TABLE shoes (workspace_id TEXT)",
    ],
)
def test_a_table_column_or_index_that_is_not_of_the_schema_is_found(database, statement):
    database.write(statement)
    assert rules_broken_in(database) == {"schema"}


@pytest.mark.sqlite(reason="its files are where we can write to them")
def test_a_page_that_cannot_be_read_is_found_and_the_rest_is_checked(lived_in):
    with closing(sqlite3.connect(lived_in.path)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'sessions_by_release'").fetchone()
        (page,) = db.execute("PRAGMA page_size").fetchone()
    with lived_in.path.open("r+b") as file:
        file.seek((root - 1) * page)
        file.write(b"\xde" * page)
    assert rules_broken_in(lived_in) == {"pages"}


@both_databases
@pytest.mark.postgresql(reason="the other reads its pages by itself")
def test_amcheck_is_used_where_it_is_installed(lived_in):
    try:
        lived_in.write("CREATE EXTENSION amcheck")
    except psycopg.Error:
        pytest.skip("this PostgreSQL has no amcheck")
    assert found_in(lived_in) == []


def run(*arguments):
    return CliRunner().invoke(cli, ["check", *arguments])


def test_the_command_says_how_much_it_found_and_where(lived_in):
    well = run("--database-url", lived_in.url)
    assert (well.exit_code, well.stdout.splitlines()[-1]) == (
        0,
        f"{without_password(lived_in.url)}: everything holds",
    )
    lived_in.write("UPDATE sessions SET state = 6 WHERE keycode = 'ONE'")
    found = run("--database-url", lived_in.url)
    assert found.exit_code == 1
    assert "states: w: session " in found.stdout
    lines = [json.loads(line) for line in run("--database-url", lived_in.url, "-o", "json").stdout.splitlines()]
    assert {line["rule"]: line["count"] for line in lines} == dict.fromkeys(map(str, Rule), 0) | {"states": 1}
    (example,) = next(line["examples"] for line in lines if line["count"])
    assert example["workspaceId"] == "w"
    as_csv = run("--database-url", lived_in.url, "-o", "csv")
    assert {row["RULE"]: row["FOUND"] for row in csv.DictReader(as_csv.stdout.splitlines())}["states"] == "1"
    assert "states: w: session " in as_csv.stderr


def test_a_format_that_is_none_is_a_wrong_command(database):
    assert run("--database-url", database.url, "-o", "xml").exit_code == 2


def test_a_database_without_this_version_s_schema_is_not_checked(empty_database):
    empty = run("--database-url", empty_database.url)
    assert (empty.exit_code, "is not this service's" in empty.stderr) == (1, True)
    with closing(store_of(empty_database.url)) as store:
        upgrade(store, "0020")
    older = run("--database-url", empty_database.url)
    assert (older.exit_code, "exam-sessions migrate" in older.stderr) == (1, True)


@both_databases
def test_a_served_database_is_checked_while_it_is_written(database):
    with serving(database) as server, ThreadPoolExecutor(1) as pool:
        api = ApiClient(server.target)
        release = api.release()
        checked = pool.submit(lambda: [found_in(database) for _ in range(3)])
        while not checked.done():
            api.book(release)
        assert checked.result() == [[], [], []]
        api.close()
