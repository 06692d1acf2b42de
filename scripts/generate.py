"""Runs protoc over protos/: Python modules, stubs, descriptors with comments for reflection, and buf's image.

What of the clients is generated is written too (generate_client.py, generate_stubs.py), and without arguments
the pages of docs/reference (generate_reference.py).

Files of others (buf/validate/validate.proto, google/longrunning/operations.proto) are not copied into this
repository: their descriptors are read from the wheels that hold them and handed to protoc as a descriptor set.

Our modules are in the package of the Python client, which the server uses too. They hold the validation rules as
options that only those can read who have the module of the rules: our files do not import it, so that a client needs
none (docs/develop/decisions/0033).
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import generate_client
import generate_stubs
from google.api import annotations_pb2
from google.longrunning import operations_pb2
from google.protobuf import descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

if TYPE_CHECKING:
    from google.protobuf.descriptor import FileDescriptor

ROOT = Path(__file__).parent.parent
RULES = "buf/validate/validate.proto"
CLIENT = Path("clients", "python", "src", "exam_sessions_client")
"""The Python client; `v1` in it holds the modules of our files."""
CONTRACT = Path("src", "exam_sessions", "contract")
"""What command line and server need besides: the module of the rules, and our files with comments and rules."""
OWN_IMPORT = re.compile(r"^from exam_sessions\.v1 import ", re.MULTILINE)


def foreign_descriptor_set() -> bytes:
    """The descriptors of the validation rules, of operations and statuses, with everything they import."""
    found: dict[str, descriptor_pb2.FileDescriptorProto] = {}

    def take(file: FileDescriptor) -> None:
        for needed in file.dependencies:
            take(needed)
        if file.name not in found:
            found[file.name] = descriptor_pb2.FileDescriptorProto()
            file.CopyToProto(found[file.name])

    needed_by_ours = (annotations_pb2, duration_pb2, field_mask_pb2, timestamp_pb2, operations_pb2, status_pb2)
    for module in (*needed_by_ours, error_details_pb2):
        take(module.DESCRIPTOR)
    rules = descriptor_pb2.FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())
    return descriptor_pb2.FileDescriptorSet(file=[*found.values(), rules]).SerializeToString()


def ours(protos: Path) -> list[str]:
    """Our own files, as protoc names them."""
    return sorted(str(path.relative_to(protos)) for path in protos.rglob("*.proto"))


def run(protos: Path, *arguments: str) -> None:
    """Runs protoc with the rules at hand."""
    with tempfile.NamedTemporaryFile(suffix=".binpb") as rules:
        rules.write(foreign_descriptor_set())
        rules.flush()
        well_known = resources.files("grpc_tools") / "_proto"
        paths = [f"--descriptor_set_in={rules.name}", f"-I{protos}", f"-I{well_known}"]
        if status := protoc.main(["protoc", *paths, *arguments]):
            sys.exit(status)


def documented(protos: Path, files: list[str]) -> bytes:
    """Our files as they are in the modules, and with comments and JSON names, which protoc leaves out of those."""
    with tempfile.NamedTemporaryFile(suffix=".binpb") as whole:
        run(protos, "--include_source_info", f"--descriptor_set_out={whole.name}", *files)
        found = descriptor_pb2.FileDescriptorSet.FromString(whole.read())
    for file in found.file:
        told = [at for at in file.source_code_info.location if at.leading_comments or at.trailing_comments]
        del file.source_code_info.location[:]
        file.source_code_info.location.extend(told)
    return found.SerializeToString(deterministic=True)


def without_imported_rules(protos: Path, files: list[str]) -> bytes:
    """Our files and what they import, except the file of the rules. The rules stay, as options of a type unknown."""
    with tempfile.NamedTemporaryFile(suffix=".binpb") as whole:
        run(protos, "--include_imports", f"--descriptor_set_out={whole.name}", *files)
        found = descriptor_pb2.FileDescriptorSet.FromString(whole.read())
    kept = [file for file in found.file if file.name != RULES]
    for file in kept:
        if RULES in file.dependency:
            file.dependency.remove(RULES)
    return descriptor_pb2.FileDescriptorSet(file=kept).SerializeToString()


def write_modules(protos: Path, files: list[str], out: Path) -> None:
    """Writes the modules of our files to CLIENT, and that of the rules to CONTRACT, below `out`."""
    plugin = f"--plugin=protoc-gen-mypy_grpc={Path(sys.executable).parent / 'protoc-gen-mypy_grpc'}"
    services = [name for name in files if "service" in name]
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "files.binpb").write_bytes(without_imported_rules(protos, files))
        made = f"--descriptor_set_in={work / 'files.binpb'}"
        called = (
            [made, f"--python_out={work}", f"--pyi_out={work}", *files],
            [made, plugin, f"--grpc_python_out={work}", f"--mypy_grpc_out=quiet:{work}", *services],
        )
        for arguments in called:
            if status := protoc.main(["protoc", *arguments]):
                sys.exit(status)
        run(protos, f"--python_out={work}", f"--pyi_out={work}", RULES)
        for module in sorted((work / "exam_sessions" / "v1").glob("*.py*")):
            text = module.read_text(encoding="utf-8")
            (out / CLIENT / "v1" / module.name).write_text(
                OWN_IMPORT.sub("from exam_sessions_client.v1 import ", text), encoding="utf-8"
            )
        for module in sorted((work / "buf" / "validate").glob("*.py*")):
            (out / CONTRACT / module.name).write_bytes(module.read_bytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--into", type=Path, default=ROOT, help="the tree that the modules go into (default: this one)"
    )
    parser.add_argument("--image", type=Path, help="write only an image for buf lint and buf breaking, to this file")
    parser.add_argument("--baseline", type=Path, help="write only that image without comments, to this file")
    parser.add_argument("--descriptors", type=Path, help="write only a descriptor set for other languages' protoc")
    parser.add_argument("--protos", type=Path, default=ROOT / "protos", help="where the protos are (default: protos)")
    options = parser.parse_args()
    protos, out = options.protos, options.into
    files = ours(protos)
    if options.baseline:
        run(protos, "--include_imports", f"--descriptor_set_out={options.baseline}", *files)
        return
    if image := options.image or options.descriptors:
        # What refusals carry stands in no message, and clients print it with the set at hand.
        details = [error_details_pb2.DESCRIPTOR.name] if options.descriptors else []
        run(protos, "--include_imports", "--include_source_info", f"--descriptor_set_out={image}", *files, *details)
        return
    for folder in (CLIENT / "v1", CONTRACT):
        (out / folder).mkdir(parents=True, exist_ok=True)
    write_modules(protos, files, out)
    (out / CONTRACT / "documented.binpb").write_bytes(documented(protos, files))
    generate_client.write(files, out / CONTRACT / "documented.binpb", out)
    generate_stubs.write(out / CONTRACT / "documented.binpb", out)
    if out == ROOT:
        # In a process of its own, for it imports what was just written.
        command = [sys.executable, str(ROOT / "scripts" / "generate_reference.py")]
        path = os.pathsep.join(filter(None, (str(ROOT / CLIENT.parent), os.environ.get("PYTHONPATH"))))
        subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": path})


if __name__ == "__main__":
    main()
