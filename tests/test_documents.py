"""README.md and docs/: links lead somewhere, and what is named there exists."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
from google.longrunning import operations_pb2

from command_tree import tree
from documents import BLOCK, LINK, ROOT, anchors, documents, section, without_code
from exam_sessions.cli.shared.hints import TARGET_VARIABLE, WORKSPACE_VARIABLE
from exam_sessions.cli.shared.server_options import NAMES, ZONE_VARIABLE
from exam_sessions.cli.shared.settings_options import CONFIG_VARIABLE
from exam_sessions.cli.shared.token_source import VARIABLE
from exam_sessions.domain.diagram import mermaid
from exam_sessions.settings import PREFIX, Settings
from exam_sessions_client.v1 import (
    access_service_pb2,
    candidate_service_pb2,
    catalog_service_pb2,
    error_reason_pb2,
    lifecycle_service_pb2,
    lockout_service_pb2,
    marking_service_pb2,
    session_pb2,
    session_service_pb2,
    template_service_pb2,
    workspace_service_pb2,
)

SERVICES = (
    session_service_pb2,
    lifecycle_service_pb2,
    marking_service_pb2,
    catalog_service_pb2,
    template_service_pb2,
    access_service_pb2,
    candidate_service_pb2,
    lockout_service_pb2,
    workspace_service_pb2,
    operations_pb2,
)
RPCS = {m.name for pb in SERVICES for s in pb.DESCRIPTOR.services_by_name.values() for m in s.methods}
README_LINES = 250
PLURALS = {"ReadSets"}
NOT_SETTINGS = {TARGET_VARIABLE, WORKSPACE_VARIABLE, VARIABLE, CONFIG_VARIABLE, ZONE_VARIABLE} | {
    f"{PREFIX}{name.upper()}" for name in NAMES
}


def named(path):
    return str(path.relative_to(ROOT))


def of_today():
    """The documents but the one that says what was."""
    return [page for page in documents() if page.name != "CHANGELOG.md"]


def faults(pages, found):
    """What is found in each document, by its name; those without faults are left out."""
    return {named(page): wrong for page in pages if (wrong := found(page))}


def test_every_relative_link_leads_to_a_file_and_a_heading():
    assert not faults(documents(), dead_links)


def dead_links(page):
    dead = []
    for link in LINK.findall(without_code(page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_file() or (anchor and anchor not in anchors(target.read_text())):
            dead.append(link)
    return dead


def test_every_path_in_the_repository_that_is_named_exists():
    assert not faults(documents(), missing_paths)


def missing_paths(page):
    places = (ROOT, ROOT / "src" / "exam_sessions")
    roots = (
        "protos|src|scripts|tests|docs|domain|rpc|commands|store|errors|execution|background|client|cli|migrations"
    )
    found = re.findall(rf"`((?:{roots})/[\w./-]+)`", without_code(page.read_text()))
    return [path for path in found if not any((place / path).exists() for place in places)]


def test_every_command_that_is_named_exists_with_its_options():
    assert not faults(of_today(), wrong_commands)


def wrong_commands(page):
    wrong = []
    for line in commands_in(page.read_text()):
        words = shlex.split(line, comments=True)
        group, rest = tree(), words[1:]
        while rest and hasattr(group, "commands") and not rest[0].startswith("-"):
            if rest[0] not in group.commands:
                wrong.append(line)
                break
            group, rest = group.commands[rest[0]], rest[1:]
        known = {name for parameter in group.params for name in (*parameter.opts, *parameter.secondary_opts)}
        known |= {"--help", "-h"}
        wrong += [f"{line}: {word}" for word in rest if re.match(r"--?[a-z]", word) and word not in known]
    return wrong


GROUPS = "|".join(name for name, command in tree().commands.items() if hasattr(command, "commands"))


def commands_in(text):
    """The commands that stand in blocks and in code among the prose, where `exam-sessions` may be left out."""
    blocks = "\n".join(block[3] for block in BLOCK.finditer(text) if block[1] in {"bash", "sh"})
    lines = re.findall(r"^ *((?:\S*/)?exam-sessions .*)$", blocks.replace("\\\n", " "), re.MULTILINE)
    lines += re.findall(r"^    ((?:\S*/)?exam-sessions .*)$", without_code(text), re.MULTILINE)
    prose = without_code(text).replace("\n", " ")
    lines += re.findall(r"`(exam-sessions [^`]*)`", prose)
    lines += [f"exam-sessions {short}" for short in re.findall(rf"`((?:{GROUPS}) [a-z][^`]*)`", prose)]
    return [re.split(r" [|>&]+ |(?<!\w)\d?>", line)[0].replace("...", "").replace("…", "") for line in lines]


def test_every_setting_and_reason_that_is_named_exists():
    assert not faults(of_today(), unknown_names)


def unknown_names(page):
    text = page.read_text()
    settings = {PREFIX + field.name.upper() for field in fields(Settings)} | NOT_SETTINGS
    unknown = set(re.findall(rf"\b{PREFIX}[A-Z_]*[A-Z]\b", text)) - settings
    reasons = {name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name}
    linked = set(re.findall(r"\(\S*errors\.md#(\w+)\)", text))
    return unknown | ({reason.upper() for reason in linked} - reasons)


@pytest.mark.parametrize("name", ["docs/operate/logs-and-traces.md", "docs/operate/troubleshooting.md"])
def test_every_message_that_is_quoted_is_in_the_source(name):
    lines = [line for path in sources() for line in path.read_text().splitlines()]
    quoted = re.findall(r"^\|(?: \w+ \|)? `([^`]+ [^`]+)` ?[,|]", (ROOT / name).read_text(), re.MULTILINE)
    assert len(quoted) >= 6
    for message in quoted:
        parts = [part for part in re.split(r" ?…|\b(?:ID|N|METHOD|HOST:PORT)\b", message) if part]
        assert any(all(part in line for part in parts) for line in lines), message


def sources():
    """The programs: those in Python that are not generated, and those in Bash."""
    modules = [path for path in (ROOT / "src").rglob("*.py") if "_pb2" not in path.name]
    return [*modules, *(path for path in (ROOT / "scripts").iterdir() if path.is_file())]


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= README_LINES


def test_every_document_is_reached_from_the_readme():
    reached, new = set(), {ROOT / "README.md"}
    while new:
        reached |= new
        links = {(p, link.partition("#")[0]) for p in new for link in LINK.findall(p.read_text())}
        targets = {(p.parent / link).resolve() for p, link in links if link.endswith(".md") and ":" not in link}
        new = {Path(target) for target in targets} - reached
    assert not set(documents()) - reached


def test_the_diagram_is_drawn_from_the_machine():
    text = (ROOT / "docs/concepts/state-machine.md").read_text()
    (drawn,) = (block[3] for block in BLOCK.finditer(text) if block[1] == "mermaid")
    assert drawn == mermaid()


VENDORS = ROOT / "docs/reference/vendors"


@pytest.mark.parametrize("name", ["surpass", "itemlogic", "examspark", "learnosity"])
def test_a_vendor_s_endpoints_have_rpcs_that_exist(name):
    endpoints = section((VENDORS / f"{name}.md").read_text(), "Endpoints")
    rows = re.findall(r"^\| .* \| (.*) \| .* \|$", endpoints, re.MULTILINE)[1:]
    found = {word for row in rows for word in re.findall(r"\b(?:[A-Z][a-z]+){2,}\b", row)}
    assert len(rows) >= 10
    assert len(found) >= 8
    assert not found - RPCS


def test_surpass_s_codes_are_the_numbers_of_the_states():
    rows = re.findall(
        r"^\| (\d+) \| \w+.* \| (\w+) \|$", section((VENDORS / "surpass.md").read_text(), "States"), re.MULTILINE
    )
    states = {number: name for name, number in session_pb2.State.items() if number}
    assert {int(number): f"STATE_{name}" for number, name in rows} == states


def test_every_class_that_the_documents_for_developers_name_exists():
    classes = {name for path in sources() for name in re.findall(r"^class (\w+)", path.read_text(), re.MULTILINE)}
    code = section((ROOT / "docs/develop/glossary.md").read_text(), "The code")
    diagram = (ROOT / "docs/develop/architecture.md").read_text()
    named = set(re.findall(r"\b(?:[A-Z][a-z]+){2,}\b", code + diagram)) - RPCS - PLURALS
    assert len(named) >= 10
    assert not named - classes


def test_every_rpc_and_command_is_in_the_reference():
    headings = anchors((ROOT / "docs/reference/rpcs.md").read_text())
    described = {m.name for pb in SERVICES[:-1] for s in pb.DESCRIPTOR.services_by_name.values() for m in s.methods}
    assert {name.lower() for name in described} <= headings
    operations = section((ROOT / "docs/reference/rpcs.md").read_text(), "google.longrunning.Operations")
    rpcs = {m.name for m in operations_pb2.DESCRIPTOR.services_by_name["Operations"].methods}
    assert set(re.findall(r"^\| (\w+) \|", operations, re.MULTILINE)) - {"RPC"} == rpcs
