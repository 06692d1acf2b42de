"""The log: what a line may hold, that nobody waits for its reader, and what it says of a start and of migrations."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from contextlib import closing

import pytest

from exam_sessions.logs.lines import LONGEST, JsonLines, TextLines
from exam_sessions.logs.pipe import PipeHandler
from exam_sessions.migrations.upgrade import upgrade
from exam_sessions.settings import Settings
from exam_sessions.store.databases import store_of
from exam_sessions.telemetry.start_report import changed

STORED = "Wilhelmina Zzyzxford"
HOSTILE = "a\nb\r\x1b[31m\x9b2J\u2028\u202e\ud800\x00\x7f"
"""What begins a line, controls a terminal, turns the direction of a text, or is no character."""

FORMS = (TextLines(), JsonLines())


def entry(text="text", *args, fault=None, **more):
    record = logging.LogRecord("exam_sessions.x", logging.INFO, __file__, 1, text, args, None)
    record.exc_info = (type(fault), fault, fault.__traceback__) if fault else None
    for name, value in more.items():
        setattr(record, name, value)
    return record


def raised(fault, cause=None):
    try:
        raise fault from cause
    except type(fault) as caught:
        return caught


@pytest.mark.parametrize("form", FORMS)
def test_a_line_stays_one_line_and_controls_no_terminal_whatever_callers_choose(form):
    line = form.format(
        entry("%s", HOSTILE, facts={"principal": HOSTILE, "workspace": [HOSTILE], "deep": {"x": HOSTILE}})
    )
    assert line.isprintable() or form is FORMS[1]
    assert line.isascii()
    assert not any(ord(c) < 32 for c in line)
    assert line.encode()


def test_a_text_line_shows_where_a_value_ends():
    facts = {"a": 'x" b=forged', "c": "", "d": "plain", "e": 1.5, "f": None}
    line = TextLines().format(entry(facts=facts))
    assert line.endswith('exam_sessions.x: text a="x\\" b=forged" c="" d=plain e=1.5 f=None')


def test_an_object_of_json_has_the_facts_as_they_are():
    facts = {"principal": HOSTILE[:-4], "seconds": 0.25, "listen": ["a", "b"]}
    found = json.loads(JsonLines().format(entry("%d calls", 3, facts=facts)))
    assert found.pop("time").endswith("Z")
    assert found == {
        "level": "INFO",
        "process": os.getpid(),
        "logger": "exam_sessions.x",
        "message": "3 calls",
        **facts,
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "fault", [ValueError(STORED), KeyError(STORED), UnicodeDecodeError("utf-8", STORED.encode(), 0, 1, STORED)]
)
def test_the_text_of_an_exception_that_may_quote_what_is_stored_is_left_out(form, fault):
    line = form.format(entry(fault=raised(RuntimeError(STORED), raised(fault))))
    assert STORED not in line
    assert "Wilhelmina" not in line
    for shown in ("Traceback", "RuntimeError", type(fault).__name__, "test_logs.py", "in raised"):
        assert shown in line


@pytest.mark.parametrize("form", FORMS)
def test_the_text_of_an_exception_that_names_the_program_only_is_shown(form):
    assert "has no attribute 'nothing'" in form.format(
        entry(fault=raised(AttributeError("x has no attribute 'nothing'")))
    )
    assert "No space left" in form.format(entry(fault=raised(OSError(28, "No space left on device", STORED))))


@pytest.mark.parametrize("form", FORMS)
def test_a_line_has_an_end(form):
    line = form.format(entry("x" * 10**6, facts={"a": "y" * 10**6}, fault=raised(ValueError("z" * 10**6))))
    assert len(line) < 5 * LONGEST


def test_a_block_has_each_fact_on_a_line_of_its_own():
    line = TextLines().format(entry(is_block=True, facts={"a": "1\n2", "settings": {"b": 1, "c": "x y"}, "none": {}}))
    assert line.split("\n")[1:] == ['  a="1\\n2"', '  settings: b=1 c="x y"', "  none: none"]


def test_nobody_waits_while_the_reader_does_not_read_and_what_is_dropped_is_counted():
    read, write = os.pipe()
    with os.fdopen(read, encoding="utf-8") as reader, os.fdopen(write, "w", encoding="utf-8") as stream:
        handler = PipeHandler(stream, lines_at_most=100)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logged = 20_000
        for n in range(logged):
            handler.handle(entry(f"line {n} " + "x" * 80))
        written, dropped = [], 0
        while len(written) + dropped < logged:
            line = reader.readline()
            if "were dropped" in line:
                dropped += int(line.split()[0])
            else:
                written.append(int(line.split()[1]))
        assert len(written) + dropped == logged
        assert dropped > 0
        assert written == sorted(written)
        handler.handle(entry("after"))
        assert reader.readline() == "after\n"


PROGRAM = """
import logging, sys
from exam_sessions import logs
logs.configure("INFO")
for n in range(20_000):
    logging.getLogger("x").info("line %d %s", n, "x" * 80)
print("done")
"""


def test_a_process_ends_though_nobody_reads_its_log():
    read, write = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], stderr=write, stdout=subprocess.PIPE, text=True, timeout=60, check=False
        )
    finally:
        os.close(read)
        os.close(write)
    assert (done.returncode, done.stdout) == (0, "done\n")


def test_a_process_goes_on_when_the_reader_of_its_log_is_gone():
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], stderr=write, stdout=subprocess.PIPE, text=True, timeout=60, check=False
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stdout) == (0, "done\n")


def test_all_lines_are_written_when_a_process_ends():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    lines = done.stderr.splitlines()
    said = [line for line in lines if "were dropped" in line]
    dropped = sum(int(line.partition("pipe: ")[2].split()[0]) for line in said)
    assert len(lines) - len(said) + dropped == 20_000


def test_a_report_shows_what_was_set_and_no_password():
    url = "postgresql://exams:secret@h/d"
    shown = changed(Settings(database_url=url, direct_database_url=url, backlog=7, tls_key="/keys/tls.key"))
    assert shown == {
        "database_url": "postgresql://exams:***@h/d",
        "direct_database_url": "postgresql://exams:***@h/d",
        "backlog": 7,
        "tls_key": "/keys/tls.key",
    }


def facts_of(caplog, text):
    return [record.facts for record in caplog.records if record.getMessage() == text]


def test_migrations_say_from_where_to_where_and_how_long_they_took(empty_database, caplog):
    caplog.set_level(logging.INFO)
    with closing(store_of(empty_database.url)) as store:
        upgrade(store, "0018")
        assert facts_of(caplog, "a migration was applied") == []
        made = facts_of(caplog, "the schema was brought to another revision")
        assert [(made["from"], made["to"]) for made in made] == [("empty", "0018")]
        newest = upgrade(store).after
        upgrade(store)
    steps = facts_of(caplog, "a migration was applied")
    assert [step["from"] for step in steps] == ["0018", *(step["to"] for step in steps[:-1])]
    assert steps[-1]["to"] == newest
    assert all(step["seconds"] >= 0 for step in steps)
    assert len(facts_of(caplog, "the schema was brought to another revision")) == 2
