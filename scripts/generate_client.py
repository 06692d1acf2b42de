"""Writes what of the Python client is generated, beside its modules of the protos (generate.py).

- client.py, the blocking client: async_client.py with words replaced, as unasync does; so its example and trial;
- stubs.py: a stub for each service of the protos;
- reasons.py: the reasons of refusals, with what the protos say of each;
- __init__.py: what the package offers, each imported when it is asked for;
- policy.py: the published policy of calls.
"""

from __future__ import annotations

import importlib
import json
import re
import textwrap
from pathlib import Path

from google.protobuf import descriptor_pb2

ROOT = Path(__file__).parent.parent
FOLDER = Path("clients", "python")
PACKAGE = FOLDER / "src" / "exam_sessions_client"

MADE = "Made by scripts/generate; never edited by hand."

OFFERED = {
    "async_client": ("AsyncClient",),
    "client": ("Client",),
    "failures": ("CallFailed", "NoAnswer", "Refused", "Violation", "refusal_in"),
    "reasons": ("Reason",),
    "requests": ("new_id",),
    "security": ("PlainToken", "Security"),
}
"""The names that the package itself offers, by the module that has them."""

PACKAGE_PAGE = f'''\
"""The Python client of the exam session service: typed calls, refusals read back, watches and imports that go on.

from exam_sessions_client import Client, Reason, Refused
from exam_sessions_client.v1.session_service_pb2 import GetSessionRequest

with Client("127.0.0.1:50051", actor="my-program") as client:
    print(client.sessions.GetSession(GetSessionRequest(keycode="4XK7RQ2M")).session.state)

AsyncClient is the same for asyncio. `v1` holds the generated code: messages, enumerations and stubs, with type stubs.
Who needs nothing else imports nothing else. {MADE}
"""
'''

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
        lines += ["    def __init__(self, channel: Any) -> None:", "        self.calls = channel"]
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


def package() -> str:
    """The package's own module: the names it offers, for type checkers and, imported late, for programs."""
    names = [(name, module) for module, offered in OFFERED.items() for name in offered]
    lines = [PACKAGE_PAGE, "from importlib import import_module", "from typing import TYPE_CHECKING, Any", ""]
    lines += ["if TYPE_CHECKING:"]
    lines += [f"    from exam_sessions_client.{module} import {name} as {name}" for name, module in names]
    lines += ["", "_FOUND_IN = {", *(f'    "{name}": "{module}",' for name, module in names), "}", "", ""]
    lines += [
        "def __getattr__(name: str) -> Any:",
        '    """What the package offers, imported when it is asked for."""',
    ]
    lines += ["    if name not in _FOUND_IN:"]
    lines += ['        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")']
    lines += ['    return getattr(import_module(f"{__name__}.{_FOUND_IN[name]}"), name)']
    return "\n".join(lines) + "\n"


def policy() -> str:
    """The policy, and apart from it the deadlines: in gRPC's they would be the longest that a caller may ask for."""
    config = json.loads((ROOT / "clients" / "service_config.json").read_text(encoding="utf-8"))
    timeouts = {}
    for method in config["methodConfig"]:
        seconds = method.pop("timeout", None)
        for name in method["name"]:
            path = "/{service}/{method}".format(**name) if name else ""
            timeouts[path] = seconds and float(seconds.removesuffix("s"))
    lines = [f'"""The published policy of calls. {MADE}"""', "", 'SERVICE_CONFIG = """\\']
    lines += [*json.dumps(config, indent=1).splitlines(), '"""']
    lines += ['"""Retries, and waiting for the connection, as gRPC takes it."""', ""]
    lines += [f"TIMEOUT = {timeouts.pop('')}", '"""Seconds a call may take that says nothing else."""', ""]
    lines += ["TIMEOUTS: dict[str, float | None] = {"]
    lines += [f'    "{path}": {seconds},' for path, seconds in timeouts.items()]
    lines += ["}", '"""Those of methods with others, by path; None for streams without an end."""']
    return "\n".join(lines) + "\n"


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
    (made / "__init__.py").write_text(package(), encoding="utf-8")
    (made / "reasons.py").write_text(reasons(documented), encoding="utf-8")
    (made / "policy.py").write_text(policy(), encoding="utf-8")
