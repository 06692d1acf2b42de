"""docs/reference/types.md: its lists of reserved words are those that protoc itself goes by."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from documents import ROOT, section

sys.path.append(str(ROOT / "scripts"))
from reference import field_types
from reference.type_names import RESERVED

PROTOC = shutil.which("protoc")
NOT_RESERVED = {"session", "keycode", "status", "mark", "next"}
LARGE = 1000
"""Fields of the message below are numbered from here, so that no number is reserved."""


@pytest.mark.skipif(not PROTOC, reason="protoc is not installed")
@pytest.mark.parametrize("name", ["C++", "Java"])
def test_protoc_changes_the_names_that_the_page_calls_reserved(name, tmp_path):
    words = sorted(RESERVED[name] | NOT_RESERVED)
    fields = "\n".join(f"  string {word} = {LARGE + n};" for n, word in enumerate(words))
    (tmp_path / "words.proto").write_text(f'syntax = "proto3";\npackage words;\nmessage Words {{\n{fields}\n}}\n')
    option, made = {"C++": ("cpp", "words.pb.h"), "Java": ("java", "words/WordsOuterClass.java")}[name]
    subprocess.run([PROTOC, "-I.", f"--{option}_out=.", "words.proto"], cwd=tmp_path, check=True, timeout=60)
    code = (tmp_path / made).read_text()
    accessors = {word: f"clear_{word}_" if name == "C++" else f"get{capitalized(word)}_" for word in words}
    assert {word for word in words if f" {accessors[word]}()" in code} == RESERVED[name]


def capitalized(word):
    return "".join(part.capitalize() for part in word.split("_"))


def test_the_page_names_each_field_that_is_a_reserved_word_of_a_language():
    names = {field.name for field in field_types.fields()}
    rows = re.findall(r"^\| (\S+) \| `(\w+)` \|", section(field_types.page(), "Reserved words"), re.MULTILINE)
    assert set(rows) >= {(language, name) for language, words in RESERVED.items() for name in words & names}
    assert {("Rust", "type"), ("C++", "template")} <= set(rows)
