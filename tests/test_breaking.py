"""scripts/breaking lets the contract grow, and fails where it would break a client that was made for it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

ROOT = Path(__file__).parent.parent
BASELINE = ROOT / "protos" / "baseline.binpb"
SESSION = "exam_sessions/v1/session.proto"

pytestmark = pytest.mark.skipif(
    not (ROOT / ".venv" / "bin" / "buf").exists(), reason="buf is installed by scripts/check only"
)


def changed(change):
    """The baseline after a change of the file that holds Session."""
    image = descriptor_pb2.FileDescriptorSet.FromString(BASELINE.read_bytes())
    change(next(file for file in image.file if file.name == SESSION))
    return image


def compared(image, tmp_path):
    """What scripts/breaking says of an image: its exit code and its words."""
    path = tmp_path / "image.binpb"
    path.write_bytes(image.SerializeToString())
    done = subprocess.run(["scripts/breaking", path], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def message(file, name):
    return next(one for one in file.message_type if one.name == name)


def enum(file, name):
    return next(one for one in file.enum_type if one.name == name)


def renumber_a_value(file):
    value = next(one for one in enum(file, "GradeLevel").value if one.name == "GRADE_LEVEL_9")
    value.number = 90


def remove_a_value(file):
    del enum(file, "VoidReason").value[-1]


def remove_a_field(file):
    del message(file, "Candidate").field[-1]


def renumber_a_field(file):
    message(file, "Candidate").field[-1].number = 90


def change_the_type_of_a_field(file):
    message(file, "Candidate").field[0].type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES


def rename_a_field(file):
    field = message(file, "Candidate").field[-1]
    field.name, field.json_name = "district", "district"


def test_what_is_as_it_was_passes(tmp_path):
    assert compared(changed(lambda _: None), tmp_path) == (0, "")


def test_a_field_and_a_value_may_be_added(tmp_path):
    def grow(file):
        field = message(file, "Candidate").field.add(name="pronoun", json_name="pronoun", number=90)
        field.type, field.label = field.TYPE_STRING, field.LABEL_OPTIONAL
        enum(file, "Gender").value.add(name="GENDER_ANOTHER", number=90)

    assert compared(changed(grow), tmp_path) == (0, "")


@pytest.mark.parametrize(
    "change",
    [
        renumber_a_value,
        remove_a_value,
        remove_a_field,
        renumber_a_field,
        change_the_type_of_a_field,
        rename_a_field,
    ],
)
def test_what_breaks_a_client_fails(change, tmp_path):
    code, words = compared(changed(change), tmp_path)
    assert code != 0
    assert SESSION in words
