"""Writes what of the Python client is generated, beside its modules of the protos (generate.py).

- client.py, the blocking client: async_client.py with words replaced, as unasync does; so its example and trial;
- stubs.py: a stub for each service of the protos;
- reasons.py: the reasons of refusals, with what the protos say of each;
- service_config.json: the published policy.
"""

from __future__ import annotations

import importlib
import re
import textwrap
from pathlib import Path

from google.protobuf import descriptor_pb2

ROOT = Path(__file__).parent.parent
FOLDER = Path("clients", "python")
PACKAGE = FOLDER / "src" / "exam_sessions_client"

MADE = "Made by scripts/generate; never edited by hand."

TOKENS = (
    # In the order in which they are replaced.
    (r'"""The client for asyncio\. [^"]*"""', f'"""The blocking client, made of async_client.py. {MADE}"""'),
    (r"\basync (def|for|with)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\bAsyncGenerator\[(.*), None\]", r"Generator[\1, None, None]"),
    (r"\bAsync(?=[A-Z])", ""),
    (r"\b__a(enter|exit|iter|next)__", r"__\1__"),
    (r"\baclosing\b", "closing"),
    (r"\bStopAsyncIteration\b", "StopIteration"),
    (r"\bimport aio\b", "import blocking"),
    (r"import asyncio\n", ""),
    (r"asyncio\.run\((.*)\)", r"\1"),
    (r"  # noqa: ASYNC109 - .*", ""),
)


def blocking(text: str) -> str:
    """The source of the blocking client, of that of the asyncio one."""
    for pattern, replacement in TOKENS:
        text = re.sub(pattern, replacement, text)
    return text


def stubs(files: list[str]) -> str:
    """A class with a stub for each service, for each kind of channel."""
    names = sorted(file.removesuffix("_service.proto").rpartition("/")[2] for file in files if "_service" in file)
    services = {name: "".join(part.title() for part in name.split("_")) + "ServiceStub" for name in names}
    modules = [f"    {name}_service_pb2_grpc," for name in names]
    lines = [f'"""A stub for each service. {MADE}"""', "", "from __future__ import annotations", ""]
    lines += ["from typing import TYPE_CHECKING, Any", ""]
    lines += ["from google.longrunning.operations_pb2_grpc import OperationsStub"]
    lines += ["from grpc_health.v1.health_pb2_grpc import HealthStub", ""]
    lines += ["from exam_sessions_client.v1 import (", *modules, ")", "", "if TYPE_CHECKING:"]
    for name, stub in services.items():
        both = f"{stub.removesuffix('Stub')}AsyncStub, {stub}"
        lines.append(f"    from exam_sessions_client.v1.{name}_service_pb2_grpc import {both}")
    for kind, what in (("Async", "asyncio"), ("", "blocking calls")):
        lines += ["", "", f"class {kind}Stubs:", f'    """The stubs for {what}."""', ""]
        lines += ["    def __init__(self, channel: Any) -> None:"]
        for name, stub in services.items():
            typed = stub.removesuffix("Stub") + f"{kind}Stub"
            lines.append(f"        self.{plural(name)}: {typed} = {name}_service_pb2_grpc.{stub}(channel)")
        lines += [
            "        self.health: Any = HealthStub(channel)",
            "        self.operations: Any = OperationsStub(channel)",
        ]
    return "\n".join(lines) + "\n"


def plural(service: str) -> str:
    """The name of a service's stub: what it is about."""
    return service if service in {"access", "catalog", "lifecycle", "marking"} else f"{service}s"


def reasons(documented: Path) -> str:
    """The enumeration of reasons, with their comments."""
    # Its options are of a type that this module declares.
    importlib.import_module("exam_sessions.contract.validate_pb2")
    found = descriptor_pb2.FileDescriptorSet.FromString(documented.read_bytes())
    [file] = [file for file in found.file if file.name.endswith("/error_reason.proto")]
    comments = {tuple(at.path): at.leading_comments for at in file.source_code_info.location}
    lines = [
        f'"""Why the service refuses. {MADE}"""',
        "",
        "from enum import StrEnum",
        "",
        "",
        "class Reason(StrEnum):",
    ]
    lines += ['    """The reasons of ErrorReason, with what each means, its facts and what to do about it."""']
    for number, value in enumerate(file.enum_type[0].value):
        if value.number:
            name = value.name.removeprefix("ERROR_REASON_")
            comment = " ".join(comments[5, 0, 2, number].split()).replace("\\", "\\\\")
            text = textwrap.wrap(f'"""{comment}"""', 118, initial_indent="    ", subsequent_indent="    ")
            lines += ["", f'    {name} = "{name}"', *text]
    return "\n".join(lines) + "\n"


def write(files: list[str], documented: Path, out: Path) -> None:
    """Writes all of it below `out`."""
    made = out / PACKAGE
    source = (ROOT / PACKAGE / "async_client.py").read_text(encoding="utf-8")
    (made / "client.py").write_text(blocking(source), encoding="utf-8")
    for program in ("example", "trial"):
        (out / FOLDER / program).mkdir(exist_ok=True)
        source = (ROOT / FOLDER / program / f"async_{program}.py").read_text(encoding="utf-8")
        (out / FOLDER / program / f"{program}.py").write_text(blocking(source), encoding="utf-8")
    (made / "stubs.py").write_text(stubs(files), encoding="utf-8")
    (made / "reasons.py").write_text(reasons(documented), encoding="utf-8")
    (made / "service_config.json").write_bytes((ROOT / "clients" / "service_config.json").read_bytes())
