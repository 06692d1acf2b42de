"""Which tests may be run again: `--again-file FILE` has their ids written there, for `scripts/test --again`.

A test that fails once in CI, and passes alone, mostly failed because the machine was busy. Of many failures, a file
that cannot be imported or a process that ended nobody says that, so nothing is written then.
"""

from __future__ import annotations

from pathlib import Path

import pytest

AT_MOST = 5
"""So many failures can be chance; more are a fault."""


def pytest_addoption(parser):
    parser.addoption("--again-file", type=Path, help="where to write which tests may be run again")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, exitstatus, config):
    if (file := config.getoption("--again-file")) and not hasattr(config, "workerinput"):
        stats = terminalreporter.stats
        again = to_run_again(exitstatus, [*stats.get("failed", ()), *stats.get("error", ())])
        file.write_text("".join(f"{test}\n" for test in again))


def to_run_again(exitstatus, failures):
    """The ids of tests to run again, by how pytest ended and the reports of what failed; none if it is no chance."""
    tests = sorted({report.nodeid for report in failures})
    # Of a file that cannot be collected the report has no phase; of a process that ended it is unknown.
    phases = {getattr(report, "when", None) for report in failures}
    chance = exitstatus == pytest.ExitCode.TESTS_FAILED and phases <= {"setup", "call", "teardown"}
    return tests if chance and len(tests) <= AT_MOST else []
