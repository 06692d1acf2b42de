"""What clients in other languages take: names for generators, REST paths, and files that compile by themselves."""

from __future__ import annotations

import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
from importlib import util

import pytest
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2

import exam_sessions_client.v1
from exam_sessions.contract import proto_tree

WITHOUT_A_PATH = {"ImportSessions"}
"""REST has no stream of requests."""

VARIABLE = re.compile(r"\{([^}]+)\}")


def own_files():
    names = [
        found.name for found in pkgutil.iter_modules(exam_sessions_client.v1.__path__) if found.name.endswith("_pb2")
    ]
    return [importlib.import_module(f"exam_sessions_client.v1.{name}").DESCRIPTOR for name in names]


def methods():
    return [rpc for file in own_files() for service in file.services_by_name.values() for rpc in service.methods]


def binding(rpc):
    rule = rpc.GetOptions().Extensions[annotations_pb2.http]
    verb = rule.WhichOneof("pattern")
    return verb, getattr(rule, verb), rule.body


@pytest.mark.parametrize("file", own_files(), ids=lambda file: file.name)
def test_every_file_says_what_it_is_called_in_other_languages(file):
    options = file.GetOptions()
    stem = file.name.rpartition("/")[2].removesuffix(".proto")
    assert options.go_package == "exam-sessions/clients/go/examsessionsv1;examsessionsv1"
    assert (options.java_package, options.java_multiple_files) == ("examsessions.v1", True)
    assert options.java_outer_classname == "".join(part.capitalize() for part in stem.split("_")) + "Proto"
    others = (options.csharp_namespace, options.objc_class_prefix, options.php_namespace, options.ruby_package)
    assert others == ("ExamSessions.V1", "EXS", "ExamSessions\\V1", "ExamSessions::V1")


def test_every_rpc_but_the_import_stream_has_a_rest_path_of_its_own():
    without = {rpc.name for rpc in methods() if not rpc.GetOptions().HasExtension(annotations_pb2.http)}
    assert without == WITHOUT_A_PATH
    bound = [binding(rpc)[:2] for rpc in methods() if rpc.name not in without]
    # Two verbs of one path are two paths; the names of variables make no difference.
    assert len({(verb, VARIABLE.sub("{}", path)) for verb, path in bound}) == len(bound)


@pytest.mark.parametrize(
    "rpc", [rpc for rpc in methods() if rpc.name not in WITHOUT_A_PATH], ids=lambda rpc: rpc.name
)
def test_the_path_of_an_rpc_names_fields_of_its_request(rpc):
    verb, path, body = binding(rpc)
    assert body == ("" if verb in {"get", "delete"} else "*")
    for variable in VARIABLE.findall(path):
        message = rpc.input_type
        *parents, last = variable.split(".")
        for parent in parents:
            message = message.fields_by_name[parent].message_type
        field = message.fields_by_name[last]
        assert field.type == field.TYPE_STRING
        assert not field.is_repeated


@pytest.mark.parametrize(
    "rpc", [rpc for rpc in methods() if rpc.name not in WITHOUT_A_PATH], ids=lambda rpc: rpc.name
)
def test_an_rpc_that_changes_something_is_not_bound_to_get(rpc):
    takes_request_id = "request_id" in rpc.input_type.fields_by_name
    assert (binding(rpc)[0] == "get") <= (not takes_request_id)


def compiler():
    """A protoc that is on this machine, as a command."""
    if found := shutil.which("protoc"):
        return [found]
    if util.find_spec("grpc_tools"):
        well_known = importlib.import_module("grpc_tools").__path__[0] + "/_proto"
        return [sys.executable, "-m", "grpc_tools.protoc", f"-I{well_known}"]
    pytest.skip("no protoc is installed: Debian's protobuf-compiler, or what scripts/check installs")


def in_one_form(files):
    """Files by name, without what two writers of the same contract may do differently."""
    for file in files:
        file.ClearField("source_code_info")
        file.dependency.sort()
        for service in file.service:
            for method in service.method:
                if not method.options.ListFields():
                    method.ClearField("options")
    return {file.name: file for file in files}


@pytest.mark.parametrize("rules", [False, True], ids=["without rules", "with rules"])
def test_the_files_compile_by_themselves_to_the_descriptor_set_that_is_written(tmp_path, rules):
    protoc, out = compiler(), tmp_path / "protos"
    written = ["--rules"] if rules else []
    command = [sys.executable, "-m", "exam_sessions", "protos", "--out", out, "--descriptors", tmp_path / "whole"]
    subprocess.run([*command, *written], check=True, timeout=60)
    names = sorted(str(path.relative_to(out)) for path in out.rglob("*.proto"))
    assert set(names) == set(proto_tree.proto_files(rules=rules))
    subprocess.run(
        [*protoc, f"-I{out}", f"--descriptor_set_out={tmp_path / 'compiled'}", *names], check=True, timeout=60
    )
    compiled, whole = (
        in_one_form(descriptor_pb2.FileDescriptorSet.FromString((tmp_path / name).read_bytes()).file)
        for name in ("compiled", "whole")
    )
    assert {name: whole[name] for name in names} == compiled
    assert {name.rpartition("/")[0] for name in set(whole) - set(compiled)} == {"google/protobuf"}


def test_without_rules_no_file_needs_protovalidate_and_the_rules_can_be_read():
    files = proto_tree.proto_files()
    assert not any("buf/validate" in text for text in files.values())
    assert "// Rule: " in files["exam_sessions/v1/session_service.proto"]


def test_it_says_what_is_missing_and_what_cannot_be_written(tmp_path):
    command = [sys.executable, "-m", "exam_sessions", "protos"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (asked.returncode, "give --out DIR" in asked.stderr) == (2, True)
    blocked = tmp_path / "file"
    blocked.write_text("")
    asked = subprocess.run(
        [*command, "--out", blocked / "below"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (asked.returncode, "cannot be written" in asked.stderr) == (1, True)
