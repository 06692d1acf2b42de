"""The commands of README.md and docs/tour.md, run in order with the real grpcurl against a real server.

A block of output shows all that the commands above it print; one marked `text excerpt` shows lines of it, in order.
Where outputs were changed on purpose, REWRITE_OUTPUTS=1 in the environment writes those that are whole anew.
"""

from __future__ import annotations

import os

import pytest

from documents import BLOCK, ROOT, Step, compare, rewritten, run, section, steps
from serving import serving

PAGES = (("README.md", "A first exam"), ("docs/tour.md", None))


@pytest.mark.parametrize(("page", "title"), PAGES)
def test_commands_print_what_the_document_shows(page, title, tmp_path, database):
    path = ROOT / page
    text = path.read_text()
    part = section(text, title) if title else text
    found = steps(part)
    with serving(database) as server:
        outputs = run(found, server.target, tmp_path)
    if os.environ.get("REWRITE_OUTPUTS"):
        path.write_text(text.replace(part, rewritten(part, found, outputs)))
        found = steps(rewritten(part, found, outputs))
    for step, output in zip(found, outputs, strict=True):
        compare(step, output)


def test_the_demo_prints_what_the_readme_shows(tmp_path, database):
    (shown,) = [
        block for block in BLOCK.finditer(section((ROOT / "README.md").read_text(), "Two commands")) if block[2]
    ]
    step = Step("exam-sessions demo --candidates 10", shown[3], is_excerpt=True, span=shown.span(3))
    path = 'export PATH="$PWD/.venv/bin:$PATH"\n'
    with serving(database) as server:
        (output,) = run([step._replace(commands=path + step.commands)], server.target, tmp_path)
    compare(step, output)


def test_the_client_in_python_prints_what_its_page_shows(database, capsys):
    blocks = list(BLOCK.finditer(section((ROOT / "docs/clients/python.md").read_text(), "With the client")))
    program = "".join(block[3] for block in blocks if block[1] == "python")
    (shown,) = [block[3] for block in blocks if block[1] == "text"]
    with serving(database) as server:
        exec(program.replace("127.0.0.1:50051", server.target), {})
    assert capsys.readouterr().out == shown


@pytest.mark.parametrize(("page", "title"), PAGES)
def test_every_step_shows_an_output(page, title):
    text = (ROOT / page).read_text()
    found = steps(section(text, title) if title else text)
    assert len(found) >= 5
    assert all(step.shown for step in found)
