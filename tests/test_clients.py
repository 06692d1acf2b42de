"""What the clients of other languages share: the published service config, and the shape of each folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from google.longrunning import operations_pb2

from exam_sessions.contract.proto_tree import own_descriptors

sys.path.append(str(Path(__file__).parents[1] / "scripts"))
import client_lines

CLIENTS = Path(__file__).parent.parent / "clients"
LANGUAGES = sorted(path.parent for path in CLIENTS.glob("*/check"))
CONFIG = CLIENTS / "service_config.json"
DOCS = CLIENTS.parent / "docs" / "clients"
MOST_LINES = 400
"""A client has less, of code that is written by hand."""


def methods():
    files = [*own_descriptors(), operations_pb2.DESCRIPTOR]
    services = [service for file in files for service in file.services_by_name.values()]
    return {(service.full_name, rpc.name): rpc for service in services for rpc in service.methods}


def test_the_service_config_names_methods_that_exist_and_gives_streams_no_deadline():
    known = methods()
    configs = json.loads(CONFIG.read_text())["methodConfig"]
    named = {
        (name["service"], name["method"]): config for config in configs for name in config["name"] if "method" in name
    }
    assert set(named) <= set(known)
    streams = {key for key, rpc in known.items() if rpc.server_streaming or rpc.client_streaming}
    assert streams == {key for key, config in named.items() if "timeout" not in config}


def test_only_what_is_surely_not_done_is_retried():
    configs = json.loads(CONFIG.read_text())["methodConfig"]
    policies = [config["retryPolicy"] for config in configs if "retryPolicy" in config]
    assert all(policy["retryableStatusCodes"] == ["UNAVAILABLE"] for policy in policies)


@pytest.mark.parametrize("folder", LANGUAGES, ids=lambda folder: folder.name)
def test_what_a_user_of_the_language_meets_is_on_a_page(folder):
    page = DOCS / f"{folder.name}.md"
    assert page.is_file()
    assert f"]({page.name})" in (DOCS / "index.md").read_text()


@pytest.mark.parametrize("folder", LANGUAGES, ids=lambda folder: folder.name)
def test_a_client_has_a_page_an_example_and_the_published_config(folder):
    assert (folder / "README.md").read_text().startswith("# The ")
    assert os.access(folder / "check", os.X_OK)
    for copy in folder.rglob("service_config.json"):
        if "node_modules" not in copy.parts and "target" not in copy.parts:
            assert copy.read_text() == CONFIG.read_text()


@pytest.mark.parametrize("folder", LANGUAGES, ids=lambda folder: folder.name)
def test_the_page_of_a_client_says_how_to_use_each_part_of_the_contract(folder):
    rows = re.findall(r"^\| ([^|]+) \|", (folder / "README.md").read_text(), re.MULTILINE)
    parts = "Deadline, Request ids, Retries, Refusals, Pages, Watch, Import, Operations, Who calls, TLS"
    assert [part for part in parts.split(", ") if part not in rows] == []


@pytest.mark.parametrize("folder", LANGUAGES, ids=lambda folder: folder.name)
def test_without_its_tools_a_client_is_skipped_with_the_reason(folder, tmp_path):
    for tool in ("bash", "dirname", "env", "realpath"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    ended = subprocess.run(
        [folder / "check", tmp_path, "127.0.0.1:1"],
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 77, ended.stderr
    assert "is not installed" in ended.stdout.splitlines()[-1]


@pytest.mark.parametrize("client", client_lines.SOURCES)
def test_a_client_has_less_than_400_lines_of_code_written_by_hand(client):
    assert 100 < client_lines.lines(client).code < MOST_LINES


def test_the_lines_of_every_client_are_counted():
    folders = {path.parent for path in CLIENTS.glob("**/check") if "node_modules" not in path.parts}
    assert folders == {client_lines.folder_of(client) for client in client_lines.SOURCES}


def test_comments_docstrings_and_blank_lines_are_no_code(tmp_path):
    program = tmp_path / "a.go"
    program.write_text('// Why.\n\n/* Of two\nlines. */\npackage a // of all\n\nimport "b"\n')
    assert client_lines.code_of(program) == ["package a // of all", 'import "b"']
    module = tmp_path / "a.py"
    module.write_text('"""What.\n\nMore.\n"""\n\nimport b\n\n# Why.\nC = """x\ny"""\n"""What C is."""\n')
    assert client_lines.code_of(module) == ["import b", 'C = """x', 'y"""']
