"""Which tests run: on which database, with which transport, with the long proofs or not; what was left out, and why.

A test that needs a database asks for the fixture `database_kind`, mostly by way of others. It runs on SQLite, unless
a marker says otherwise, each with its reason: `both_databases` where the database matters, `postgresql` or `sqlite`
where another has no meaning. `--all` runs everything on both, `--database` everything on one.
"""

from __future__ import annotations

import gc
import os
from collections import Counter
from importlib.util import find_spec

import pytest
from hypothesis import settings

import sampling
from exam_sessions.settings import TRANSPORTS

KINDS = ("sqlite", "postgresql")
LONG = "a long proof: scripts/test --slow"
ALIKE = "one of many cases alike: scripts/test --all"
EXTRA = "the native transport is an extra: scripts/test --all"

for size in ("COLUMNS", "LINES"):
    # Set by GNU readline, which a process of pytest-xdist loads: a console made after that has this size for good.
    os.environ.pop(size, None)


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="run every test on both databases, and the native transport")
    parser.addoption("--slow", action="store_true", help="also run the long proofs")
    parser.addoption("--database", choices=KINDS, help="run what needs a database on this one")
    parser.addoption("--transport", choices=TRANSPORTS, help="what carries the calls where a test does not say it")


def pytest_configure(config):
    # A slow machine fails no property, and what an earlier run has found, or another process, changes none.
    settings.register_profile("tests", deadline=None, database=None)
    settings.load_profile("tests")
    sampling.full = config.getoption("--all") or config.getoption("--slow")
    if transport := config.getoption("--transport"):
        # Where servers of these tests look, and those that are processes of their own.
        os.environ["EXAM_SESSIONS_TRANSPORT"] = transport
    for kind in KINDS:
        config.addinivalue_line("markers", f"{kind}(reason): what has no meaning on another database")
    config.addinivalue_line("markers", "both_databases(reason): what the database matters for")
    config.addinivalue_line(
        "markers", "alike: one of many cases alike, of which the fast run has a few (sampling.py)"
    )
    config.addinivalue_line("markers", "native_transport: what tests the native transport")


def pytest_generate_tests(metafunc):
    if "database_kind" in metafunc.fixturenames:
        kinds = kinds_of(metafunc.config, metafunc.definition)
        metafunc.parametrize("database_kind", kinds, indirect=True, scope="session")


def kinds_of(config, test):
    """The databases that a test runs on."""
    chosen, marked = config.getoption("--database"), marks_of(test)
    if chosen:
        return [chosen]
    if marked:
        return sorted(marked)
    return KINDS if config.getoption("--all") or test.get_closest_marker("both_databases") else KINDS[:1]


def marks_of(test):
    return {mark.name for mark in test.iter_markers()}.intersection(KINDS)


def pytest_collection_modifyitems(config, items):
    for item in items:
        if reason := reason_against(config, item):
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish():
    # What was imported and collected stays: looking through it for garbage again and again takes a tenth of the time.
    gc.collect()
    gc.freeze()


def reason_against(config, item):
    """Why a test does not run here; None if it does."""
    values = item.callspec.params if hasattr(item, "callspec") else {}
    marked, kind = marks_of(item), values.get("database_kind") or config.getoption("--database")
    if marked and kind and kind not in marked:
        return f"has no meaning on {kind}"
    if "slow" in item.keywords and not config.getoption("--slow"):
        return LONG
    if "alike" in item.keywords and not config.getoption("--all"):
        return ALIKE
    if "native_transport" in item.keywords or "native" in values.values():
        if not config.getoption("--all") and config.getoption("--transport") != "native":
            return EXTRA
        if not find_spec("pygrpc_native"):
            return "pygrpc-native is not installed: scripts/install test native"
    return None


def pytest_terminal_summary(terminalreporter, config):
    """Says what did not run, by its reason: pytest itself does so by its place, in hundreds of lines."""
    skipped = terminalreporter.stats.get("skipped", ())
    for reason, number in Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped).most_common():
        terminalreporter.write_line(f"{number} skipped: {reason}")
    if not config.getoption("--all") and not config.getoption("--database"):
        terminalreporter.write_line("what is the same on every database ran on SQLite only: scripts/test --all")
