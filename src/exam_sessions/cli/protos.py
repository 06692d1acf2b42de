"""`exam-sessions protos`: the contract as files, for clients in any language."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from exam_sessions.cli.shared.console import MISUSED, fail, say

EPILOG = """[bold]Examples[/]
exam-sessions protos --out protos
protoc -I protos --go_out=. --go-grpc_out=. exam_sessions/v1/*.proto
exam-sessions protos --descriptors exam-sessions.binpb
grpcurl -protoset exam-sessions.binpb describe exam_sessions.v1.SessionService
exam-sessions protos --openapi openapi.json

The files hold everything that they import, so that protoc needs no other folder. The validation rules are comments in
them, so that no client needs protovalidate; with --rules they are options, and their file is there too.
"""


def protos(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write proto files below this directory.")
    ] = None,
    descriptors: Annotated[
        Path | None, typer.Option("--descriptors", metavar="FILE", help="Write one descriptor set to this file.")
    ] = None,
    openapi: Annotated[
        Path | None, typer.Option("--openapi", metavar="FILE", help="Write the REST paths as OpenAPI to this file.")
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="Keep the validation rules as options.")] = False,
) -> None:
    """Writes the contract for clients in other languages: protos, a descriptor set, or OpenAPI of its REST paths."""
    if out is None and descriptors is None and openapi is None:
        fail("it was not said where to write", "give --out DIR, --descriptors FILE or --openapi FILE", MISUSED)
    from exam_sessions.contract import openapi as rest  # noqa: PLC0415 - no other command needs all the protos
    from exam_sessions.contract import proto_tree  # noqa: PLC0415 - as above

    try:
        if out is not None:
            files = proto_tree.proto_files(rules=rules)
            for name, text in files.items():
                path = out / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            say(f"{len(files)} files are in {out}")
        if descriptors is not None:
            descriptors.write_bytes(proto_tree.descriptor_set(rules=rules))
            say(f"the descriptor set is in {descriptors}")
        if openapi is not None:
            document = rest.openapi_document(version("exam-sessions"))
            openapi.write_text(json.dumps(document, indent=2) + "\n")
            say(f"{len(document['paths'])} REST paths are in {openapi}")
    except OSError as error:
        fail(f"{error.filename} cannot be written: {error.strerror}", "choose another path")
