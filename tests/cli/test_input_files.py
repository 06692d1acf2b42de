"""Files as people have them, for every command that takes one: read in time, or refused in two lines."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import get_type_hints

import pytest
from terminal import rows_of, typed

from exam_sessions.cli import cli

COMMANDS = {
    "import": lambda file, release="none": ("import", file, "--release", release),
    "marks import": lambda file, _="": ("marks", "import", file, "--completed", "2026-05-04 09:00:00"),
    "forms import": lambda file, _="": ("forms", "import", file),
}


@pytest.fixture
def release(api):
    return api.release().id


OUTPUTS = {"import": {"out"}, "forms export": {"file"}, "candidates export": {"out"}}
OUTPUTS |= {"protos": {"out", "descriptors", "openapi"}, "backup": {"file"}}
OUTPUTS |= {f"keys {command}": {"out"} for command in ("bootstrap", "create", "rotate")}
"""Paths that are written."""

HEADERS = {
    "import": b"candidate_id,name_first,name_last\n",
    "marks import": b"keycode,question_number,mark\n",
    "forms import": b'{"reference": "x", "name": ',
}


def commands(app, path=()):
    for command in app.registered_commands:
        yield " ".join((*path, command.name)), command.callback
    for group in app.registered_groups:
        yield from commands(group.typer_instance, (*path, group.name))


def test_every_command_that_reads_a_file_is_tried_here():
    found = {
        name
        for name, callback in commands(cli)
        for parameter, kind in get_type_hints(callback).items()
        if "Path" in str(kind) and parameter not in OUTPUTS.get(name, ())
    }
    assert found == {*COMMANDS, "restore"}


KINDS = {
    "nothing": lambda _: b"",
    "blanks": lambda _: b" \n\n \r\n",
    "noise": lambda _: bytes(range(256)) * 1000,
    "only NULs": lambda _: bytes(100_000),
    "NULs far in": lambda header: header + b"a,b,1\n" * 2_000 + b"\0,\0,\0\n",
    "UTF-16": lambda header: (header + b"a,b,c\n").decode().encode("utf-16"),
    "UTF-16 without a mark": lambda header: (header + b"a,b,c\n").decode().encode("utf-16-le"),
    "a workbook": lambda header: b"PK\x03\x04\x14\0" + header,
    "Latin-1": lambda header: header + "Zoë,Müller,1\n".encode("latin-1") * 3,
    "one huge line": lambda _: b"x" * 5_000_000,
    "a header of a million columns": lambda _: b"a," * 1_000_000,
    "a huge cell": lambda header: header + b"a," + b"x" * 3_000_000 + b",c\n",
    "a row of a million cells": lambda header: header + b"a," * 1_000_000 + b"\n",
    "a quote that is never closed": lambda header: header + b'a,"b,c\n' + b"d,e,f\n" * 1_000_000,
    "a quote in every row": lambda header: header + b'a,"b"c,d\n' * 100_000,
    "null": lambda _: b"null",
    "a list": lambda _: b"[]",
    "a number": lambda _: b"17",
    "a text": lambda _: b'"form"',
    "a long number": lambda _: b'{"revision": ' + b"9" * 100_000 + b"}",
    "a deep nest": lambda _: b"[" * 100_000,
    "a deep form": lambda _: b'{"questions": ' + b'[{"options": ' * 20_000,
    "a field of another kind": lambda _: json.dumps({"questions": "x" * 100_000}).encode(),
}


@pytest.mark.parametrize("content", KINDS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_none_is_refused_in_two_lines(terminal, release, tmp_path, command, content):
    file = tmp_path / "file"
    file.write_bytes(KINDS[content](HEADERS[command]))
    said = terminal(*COMMANDS[command](file, release), code=1).stderr.splitlines()
    assert said[-2].startswith("error: ")
    assert said[-1].startswith("next:  ")
    assert len(said) <= 1_003
    assert all(len(line) < 2_000 for line in said)


@pytest.mark.parametrize("content", KINDS)
def test_a_backup_that_is_none_is_refused_in_two_lines_and_nothing_is_made(tmp_path, content):
    file, database = tmp_path / "file", tmp_path / "new.db"
    file.write_bytes(KINDS[content](b"SQLite format 3\0"))
    said = typed("restore", file, "--database-url", f"sqlite:///{database}", code=1).stderr.splitlines()
    assert said[-2].startswith("error: ")
    assert said[-1].startswith("next:  ")
    assert not database.exists()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", ["missing", "a directory", "a file as a directory"])
def test_a_place_without_a_file_is_refused_in_two_lines(terminal, tmp_path, command, place):
    (tmp_path / "plain").touch()
    file = {"missing": tmp_path / "none", "a directory": tmp_path, "a file as a directory": tmp_path / "plain" / "x"}
    said = terminal(*COMMANDS[command](file[place]), code=2).stderr.splitlines()
    assert [line.split(":")[0] for line in said] in (["error", "next"], ["error"])


def test_a_roster_with_one_unclosed_quote_names_its_line_and_no_more(terminal, release, tmp_path):
    file = tmp_path / "roster.csv"
    file.write_bytes(HEADERS["import"] + b"1,Ada,Bose\n" * 10 + b'11,"Ada,Bose\n' + b"2,Ada,Bose\n" * 20_000)
    said = terminal("import", file, "--release", release, code=1).stderr.splitlines()
    assert f"{file}:12: " in "".join(said)
    assert len(said) < 20


@pytest.fixture
def typed_in(monkeypatch):
    def give(data):
        monkeypatch.setattr(
            "exam_sessions.cli.shared.input_file.sys", SimpleNamespace(stdin=SimpleNamespace(buffer=io.BytesIO(data)))
        )

    return give


BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize("mark", [b"", BOM])
def test_standard_input_is_a_file_like_any_other(terminal, api, typed_in, sample, tmp_path, mark):
    release = api.release()
    typed_in(mark + b"candidate_id\n1\n2\n")
    codes = tmp_path / "codes.csv"
    terminal("import", "-", "--release", release.id, "--out", codes)
    assert [row["candidate_id"] for row in rows_of(codes)] == ["1", "2"]

    form = json.loads(sample.read_text()) | {"reference": f"other-{bool(mark)}"}
    typed_in(mark + json.dumps(form).encode())
    assert form["reference"] in terminal("forms", "import", "-").stdout

    typed_in(mark + b"keycode,question_number,mark\nNOBODY,1,1\n")
    said = terminal("marks", "import", "-", "--completed", "2026-05-04 09:00:00", code=1).stderr
    assert "standard input:2: " in said


def test_who_types_a_roster_says_where_the_codes_go(terminal, typed_in):
    typed_in(b"candidate_id\n1\n")
    assert "--out" in terminal("import", "-", "--release", "none", code=2).stderr
