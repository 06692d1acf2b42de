"""Databases of every earlier revision are brought to the newest, and what that would do is said before."""

from __future__ import annotations

import csv
import itertools
import json
import re
from contextlib import closing

import pytest
from alembic import command
from forms import answer, form, hand_in, mcq, sitting
from sqlalchemy import event
from state_paths import STARTED, edit, walk
from typer.testing import CliRunner

from checked import found_in
from command_tree import cli
from exam_sessions.migrations.ownership import UnknownRevision, newest_revision, revisions
from exam_sessions.migrations.plan import plan
from exam_sessions.migrations.upgrade import configuration, upgrade
from exam_sessions.store.databases import store_of
from serving import ApiClient, serving

REVISIONS = revisions()
WRITES = re.compile(r"\s*(?:UPDATE|DELETE FROM) (\w+)")
INDEXES = re.compile(r"\s*CREATE (?:UNIQUE )?INDEX \w+ ON (\w+)")


def fill(database):
    """Sessions that are booked, sat, scored, taken again, voided and deleted, and a consumer of their events."""
    with serving(database) as server, closing(ApiClient(server.target, "w")) as api:
        form(api, mcq("1"), mcq("2"))
        release = api.release(name="History")
        booked, deleted, voided, sat = (api.book(release, external_reference=f"r{n}") for n in range(4))
        edit(api, booked, 3)
        api.call("DeleteSession", session_id=deleted.id)
        walk(api, voided, "VoidSession")
        walk(api, sat, *STARTED, "PauseSession", "ResumeSession", "FinishSession")
        scored = hand_in(api, sitting(api), answer("1", "A"))
        hand_in(api, sitting(api), answer("1", "B"))
        walk(api, scored, "RetakeSession")
        api.call("AcknowledgeEvents", consumer="billing", sequence=2)


@pytest.fixture
def filled(database):
    """A store on a database with something of everything."""
    fill(database)
    with closing(store_of(database.url)) as store:
        yield store


def test_a_database_of_every_earlier_revision_is_sound_after_its_upgrade(database, filled):
    fresh = database.definition()
    sessions = database.read("SELECT count(*) FROM sessions")
    events = database.read("SELECT workspace_id, sequence, session_id, action FROM events ORDER BY 1, 2")
    for revision in REVISIONS[-2::-1]:
        command.downgrade(configuration(filled), revision)
        assert database.read("SELECT version_num FROM alembic_version") == [(revision,)]
        assert upgrade(filled) == (revision, REVISIONS[-1])
        assert database.definition() == fresh, revision
        assert found_in(database) == [], revision
    assert database.read("SELECT count(*) FROM sessions") == sessions
    assert database.read("SELECT workspace_id, sequence, session_id, action FROM events ORDER BY 1, 2") == events
    with serving(database) as server, closing(ApiClient(server.target, "w")) as api:
        walk(api, api.book(), *STARTED)
    assert found_in(database) == []


def test_every_revision_declares_the_tables_whose_rows_it_works_through(database, filled):
    command.downgrade(configuration(filled), REVISIONS[0])
    steps = {step.revision: step for step in plan(filled).steps}
    said = []
    event.listen(filled.engine, "before_cursor_execute", lambda _, __, sql, *___: said.append(sql))
    for before, revision in itertools.pairwise(REVISIONS):
        tables = set(re.findall(r"\w+", " ".join(database.definition())))
        said.clear()
        upgrade(filled, revision)
        assert plan(filled).current == revision != before
        written = {found[1] for sql in said if (found := WRITES.match(sql))} & tables
        indexed = {found[1] for sql in said if (found := INDEXES.match(sql))} & tables
        assert written <= {*steps[revision].rewrites}, revision
        assert indexed <= {*steps[revision].indexes}, revision


def run(*arguments):
    return CliRunner().invoke(cli, ["migrate", *arguments])


def test_a_plan_names_what_is_to_come_and_touches_nothing(database, filled):
    command.downgrade(configuration(filled), "0005")
    before = database.definition()
    told = json.loads(run("--plan", "--json", "--database-url", database.url).stdout)
    assert (told["current"], told["newest"]) == ("0005", REVISIONS[-1])
    assert [step["revision"] for step in told["steps"]] == REVISIONS[REVISIONS.index("0005") + 1 :]
    renumbering = next(step for step in told["steps"] if step["revision"] == "0010")
    assert "sessions" in renumbering["rewrites"]
    assert renumbering["rows"] > 0
    rows = list(csv.DictReader(run("--plan", "-o", "csv", "--database-url", database.url).stdout.splitlines()))
    assert [row["REVISION"] for row in rows] == [step["revision"] for step in told["steps"]]
    shown = run("--plan", "--database-url", database.url)
    assert (shown.exit_code, "writes sessions" in shown.stdout) == (0, True)
    assert database.definition() == before
    assert database.read("SELECT version_num FROM alembic_version") == [("0005",)]


def test_a_status_is_0_for_the_newest_schema_only(database, empty_database):
    well = run("--status", "--database-url", database.url)
    assert (well.exit_code, f"at revision {newest_revision()}, the newest" in well.stdout) == (0, True)
    empty = run("--status", "--json", "--database-url", empty_database.url)
    told = {"current": None, "newest": REVISIONS[-1], "pending": len(REVISIONS)}
    assert (empty.exit_code, json.loads(empty.stdout)) == (1, told)
    assert json.loads(run("--status", "-o", "json", "--database-url", empty_database.url).stdout) == told
    (row,) = csv.DictReader(run("--status", "-o", "csv", "--database-url", database.url).stdout.splitlines())
    assert row == {"current": REVISIONS[-1], "newest": REVISIONS[-1], "pending": "0"}
    assert len(json.loads(run("--plan", "--json", "--database-url", empty_database.url).stdout)["steps"]) == len(
        REVISIONS
    )


def test_a_plan_makes_no_file(tmp_path):
    for option in ("--plan", "--status"):
        told = run(option, "--database-url", f"sqlite:///{tmp_path}/none.db")
        assert f"{len(REVISIONS)} to come" in told.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_a_newer_version_is_refused_by_a_server_and_has_no_plan(database):
    database.write("UPDATE alembic_version SET version_num = '9999'")
    before = database.definition()
    with pytest.raises(UnknownRevision):
        serving(database).__enter__()
    for arguments in ((), ("--plan",), ("--status",)):
        told = run(*arguments, "--database-url", database.url)
        assert (told.exit_code, "not of this version" in told.stderr) == (1, True)
    assert database.definition() == before
    assert database.read("SELECT version_num FROM alembic_version") == [("9999",)]


def test_options_that_do_not_go_together_are_a_wrong_command():
    assert run("--plan", "--status").exit_code == 2
    for words in (("--json",), ("-o", "json"), ("-o", "csv")):
        assert run(*words).exit_code == 2
