"""The README as a newcomer reads it: the tour is run with the real grpcurl, diagram and table are the machine's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from google.longrunning import operations_pb2
from typer.main import get_command

from exam_sessions.cli import cli
from exam_sessions.domain.diagram import mermaid
from exam_sessions.v1 import (
    catalog_service_pb2,
    lifecycle_service_pb2,
    marking_service_pb2,
    session_service_pb2,
    template_service_pb2,
)
from serving import serving

README = (Path(__file__).parent.parent / "README.md").read_text()
SERVICES = (
    session_service_pb2,
    lifecycle_service_pb2,
    marking_service_pb2,
    catalog_service_pb2,
    template_service_pb2,
    operations_pb2,
)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
STEP_ENDS = "=== end of step ==="


def section(title):
    return re.search(rf"^## {title}\n(.*?)^## ", README, re.MULTILINE | re.DOTALL)[1]


def steps():
    """The tour's commands, each with the lines its output must show."""
    blocks = BLOCK.findall(section("A tour of five minutes"))
    pairs = zip(blocks, [*blocks[1:], ("", "")], strict=True)
    return [
        (text, shown.splitlines() if kind == "text" else [])
        for (lang, text), (kind, shown) in pairs
        if lang == "bash"
    ]


def test_the_tour_shows_what_it_promises(tmp_path, database):
    with serving(database) as server:
        script = f"\necho '{STEP_ENDS}'\n".join(commands for commands, _ in steps())
        script = script.replace("127.0.0.1:50051", server.target)
        assert "$PWD/.venv/bin" in script
        script = script.replace("$PWD/.venv/bin", str(Path(sys.executable).parent))
        environment = os.environ | {"EXAM_SESSIONS_TARGET": server.target, "COLUMNS": "100"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout
    outputs = done.stdout.split(STEP_ENDS)
    for (commands, promised), output in zip(steps(), outputs, strict=True):
        at = 0
        for line in promised:
            found = output.find(line, at)
            assert found >= 0, f"after\n{commands}\n{line!r} is not shown, or not in this order:\n{output}"
            at = found + len(line)


def test_every_step_of_the_tour_promises_something():
    assert len(steps()) >= 8
    assert all(promised for _, promised in steps())


def test_the_diagram_is_the_machine_s():
    (drawn,) = (text for kind, text in BLOCK.findall(README) if kind == "mermaid")
    assert drawn == mermaid()


def test_the_table_names_every_rpc_and_no_other():
    named = re.findall(r"^\| (\w+) \|.*\|.*\|.*\|$", section("The RPCs"), re.MULTILINE)
    names = [m.name for pb in SERVICES for s in pb.DESCRIPTOR.services_by_name.values() for m in s.methods]
    assert [name for name in named if name != "RPC"] == names


def test_where_the_vendors_endpoints_are_is_no_place_that_does_not_exist():
    names = {m.name for pb in SERVICES for s in pb.DESCRIPTOR.services_by_name.values() for m in s.methods}
    rows = re.findall(r"^\| .* \| (.*) \|$", section("The vendors' endpoints"), re.MULTILINE)[1:]
    named = {word for row in rows for word in re.findall(r"\b(?:[A-Z][a-z]+){2,}\b", row)}
    assert len(rows) >= 20
    assert len(named & names) >= 15
    assert named - names == {"LifecycleService"}


def test_the_table_of_commands_names_every_command_and_no_other():
    """`releases create`, `list` in a cell stands for `releases create` and `releases list`."""
    typed = set()
    for cell in re.findall(r"^\| (`.*`) \|.*\|$", section("The command line"), re.MULTILINE):
        group = ""
        for name in re.findall(r"`([\w ]+)`", cell):
            group = name.rpartition(" ")[0] or group
            typed.add(name if " " in name or not group else f"{group} {name}")
    commands = set()
    for name, command in get_command(cli).commands.items():
        commands |= {f"{name} {inner}" for inner in command.commands} if hasattr(command, "commands") else {name}
    assert typed == commands


def test_no_relative_link_leads_nowhere():
    root = Path(__file__).parent.parent
    for path in re.findall(r"`((?:protos|src|scripts|tests|domain|rpc|commands)/[\w./-]+)`", README):
        assert (root / path).exists() or (root / "src" / "exam_sessions" / path).exists(), path
