"""The scan for secrets finds what it is for."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from exam_sessions.execution.random_codes import new_credential

pytest.importorskip("detect_secrets", reason="scripts/install check")


@pytest.fixture
def scanner(tmp_path, monkeypatch):
    path = Path(__file__).parent.parent / "scripts" / "scan_secrets.py"
    spec = importlib.util.spec_from_file_location("scan_secrets", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "scan_secrets", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


PRIVATE = "-----BEGIN " + "RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "text",
    [
        f"key = '{new_credential()}'",
        PRIVATE,
        "url = 'postgresql://exams:" + "Pq7xV2mT@db/exams'",
        "password = '" + "Pq7xV2mT9s'",
    ],
    ids=["api key", "private key", "url", "password"],
)
def test_a_secret_in_a_file_is_found_and_not_printed(scanner, tmp_path, text):
    (tmp_path / "settings.py").write_text(f"import os\n{text}\n")
    (found,) = scanner.found_in("settings.py")
    assert found.startswith("settings.py:2: ")
    assert "Pq7xV2mT" not in found


def test_the_passwords_of_examples_are_none(scanner, tmp_path):
    (tmp_path / "readme.md").write_text("postgresql://exams:secret@db.example/exams\n")
    assert scanner.found_in("readme.md") == []
