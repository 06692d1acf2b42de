"""Every command that a message, a help page or a guide names can be typed as it stands there."""

from __future__ import annotations

import ast
from pathlib import Path

from hinted import FILLED_IN, commands_in, flaw

import exam_sessions
import exam_sessions_client

SOURCES = (Path(exam_sessions.__file__).parent, Path(exam_sessions_client.__file__).parent)
DOCS = Path(__file__).parents[2] / "docs"


def texts_in(path):
    """The texts of a module but for its docstring; what is put into one is filled in."""
    module = ast.parse(path.read_text())
    parts = {part for node in ast.walk(module) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(ast.Module(module.body[1:], [])):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else FILLED_IN for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            yield node.value


def test_every_command_that_a_message_or_a_help_page_names_can_be_typed():
    named = {
        (command, path.name)
        for source in SOURCES
        for path in sorted(source.rglob("*.py"))
        for text in texts_in(path)
        for command in commands_in(text)
    }
    assert len(named) > 150
    wrong = {where: why for where in sorted(named) if (why := flaw(where[0]))}
    assert not wrong, "\n".join(f"{command} ({name}): {why}" for (command, name), why in wrong.items())


def test_every_command_that_a_document_names_can_be_typed():
    pages = [*DOCS.rglob("*.md"), *(DOCS.parent / name for name in ("README.md", "CHANGELOG.md"))]
    named = {
        (command, page.name)
        for page in pages
        if page.parent.name != "reference"
        for command in commands_in(page.read_text().replace("\\\n", "\n -"))
    }
    wrong = {where: why for where in sorted(named) if (why := flaw(where[0], name_will_do=True))}
    assert not wrong, "\n".join(f"{command} ({name}): {why}" for (command, name), why in wrong.items())
