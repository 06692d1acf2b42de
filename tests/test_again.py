"""`scripts/test --again` runs a few failed tests again, and nothing where failures are no chance."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

FAILS = "def test_that_fails():\n    assert 0\n"
ENDS = "import os\n\ndef test_that_ends_its_process():\n    os._exit(3)\n"
MANY = "import pytest\n\n@pytest.mark.parametrize('n', range(6))\ndef test_that_fails(n):\n    assert 0\n"
BROKEN = "import there_is_no_such_module\n"
SET_UP = """import pytest

@pytest.fixture
def broken():
    assert 0

def test_that_is_not_reached(broken):
    pass
"""


@pytest.mark.parametrize(
    ("contents", "again"),
    [
        ("def test_that_passes():\n    pass\n", []),
        (FAILS, ["test_it.py::test_that_fails"]),
        (SET_UP, ["test_it.py::test_that_is_not_reached"]),
        (MANY, []),
        (BROKEN, []),
        (ENDS, []),
    ],
    ids=["passes", "fails", "set-up fails", "many fail", "cannot be imported", "ends its process"],
)
def test_what_failed_by_chance_may_be_run_again(tmp_path, contents, again):
    (tmp_path / "test_it.py").write_text(contents)
    file = tmp_path / "again"
    parallel = ["-n", "1", "--max-worker-restart", "0"] if contents == ENDS else []
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(tmp_path), "-p", "again", *parallel]
    subprocess.run(
        [*command, "--again-file", str(file), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(TESTS), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        check=False,
    )
    assert file.read_text().splitlines() == again
