"""docs/clients/gateways.md: its commands, run in order against the real Envoy before a real server."""

from __future__ import annotations

import shutil

import pytest
from gateway_fixtures import gateway

from documents import ROOT, compare, run, steps
from serving import serving

PAGE = (ROOT / "docs/clients/gateways.md").read_text()
LOCAL = "127.0.0.1:8080"


@pytest.mark.sqlite(reason="what stands before a server does not see its database")
@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="curl or jq is not installed")
def test_the_commands_of_the_page_print_what_it_shows(database, tmp_path):
    found = steps(PAGE)
    with serving(database) as server, gateway([server.target], tmp_path) as envoy:
        outputs = run(
            [step._replace(commands=step.commands.replace(LOCAL, envoy.target)) for step in found],
            server.target,
            tmp_path,
        )
    for step, output in zip(found, outputs, strict=True):
        compare(step, output)


def test_the_page_shows_an_output_of_each_command_but_those_that_begin():
    found = steps(PAGE)
    assert len(found) >= 7
    assert [step.commands for step in found if not step.shown] == [found[0].commands]
