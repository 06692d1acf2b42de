"""The commands of the pages for clients and for users of the vendors, run in order against one real server.

The blocks are as in the tour (test_tour.py), REWRITE_OUTPUTS=1 too. The pages share a workspace: their names differ.
"""

from __future__ import annotations

import os

import pytest

from documents import ROOT, compare, rewritten, run, steps

PAGES = [
    page for folder in ("clients", "reference/vendors") for page in sorted((ROOT / "docs" / folder).glob("*.md"))
]
ELSEWHERE = {"gateways.md"}
"""Run by a test of their own, with what they need besides a server."""
RUN = [page for page in PAGES if page.name not in ELSEWHERE and steps(page.read_text())]


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_commands_print_what_the_page_shows(page, tmp_path, server):
    text = page.read_text()
    found = steps(text)
    outputs = run(found, server.target, tmp_path)
    if os.environ.get("REWRITE_OUTPUTS"):
        page.write_text(rewritten(text, found, outputs))
        found = steps(page.read_text())
    for step, output in zip(found, outputs, strict=True):
        compare(step, output)
