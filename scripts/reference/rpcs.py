"""docs/reference/rpcs.md: every RPC with its effect, legal states, resulting state, errors and request fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions_client.v1 import error_reason_pb2
from reference import protos
from reference.protos import PACKAGE, comment_of, in_words, sentence_end, table, type_of

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor, ServiceDescriptor

INTRODUCTION = """\
# RPCs

Package `exam_sessions.v1`, in `protos/`. Beside it the server implements
[`google.longrunning.Operations`](#googlelongrunningoperations), [`grpc.health.v1.Health`](#grpchealthv1health) and
reflection (v1 and v1alpha). The messages are in [messages.md](messages.md), the reasons of refusals in
[errors.md](errors.md), the maxima in [limits.md](limits.md).

## Common fields

These fields mean the same in every request that has them, and are not repeated below.

| Field | Meaning |
|---|---|
| `workspace_id` | The tenant. Empty means `default`. |
| `session_id`, `keycode`, `access_code` | The session the request is about: exactly one of the three. `access_code` names the release too. |
| `request_id` | A UUID that makes a mutation safe to repeat: for at least 24 hours the same id with the same content returns the first success and changes nothing. UUIDs in the order of time (version 7) cost the database least. With other content the request is refused with [REQUEST_ID_REUSED](errors.md#request_id_reused). |
| `etag` | Refuse unless this is the etag of what the request changes. The refusal is [STALE_SESSION](errors.md#stale_session), [STALE_RELEASE](errors.md#stale_release) or [STALE_TEST_FORM](errors.md#stale_test_form). |
| `validate_only` | Check everything and write nothing. |
| `page_size`, `page_token` | At most so many elements (default 50, at most 1,000), and where the page begins: the `next_page_token` of the page before, with the same filter and order. A page may hold fewer elements than asked for; an empty `next_page_token` ends the list. |

The request metadata `authorization: Bearer ...` carries the credential where callers are authenticated; what each RPC needs
is in [roles.md](roles.md). `x-actor` names the caller in the history where nobody is authenticated (1 to 128 printable ASCII
characters, default `anonymous`; `x-actor-bin` in UTF-8); else it names whom a trusted caller acts for: see
[security](../operate/security.md).
"""  # noqa: E501 - rows of a table

COMMON = frozenset(
    {
        "workspace_id",
        "session_id",
        "keycode",
        "access_code",
        "request_id",
        "etag",
        "validate_only",
        "page_size",
        "page_token",
    }
)

OPERATIONS = """\
## google.longrunning.Operations

Long-running work: [SubmitFromTemplate](#submitfromtemplate), [RegradeRelease](#regraderelease) and
[BatchTransitionSessions](#batchtransitionsessions) by filter return an operation named
`workspaces/{workspace}/operations/{id}`. Its metadata is an [OperationMetadata](messages.md#operationmetadata), its
response an [OperationResult](messages.md#operationresult).

| RPC | What it does | Errors |
|---|---|---|
| ListOperations | Reads a page of the operations of `name` = `workspaces/{workspace}`, newest first. `filter` takes `status=running AND kind=template`. | INVALID_PAGE_TOKEN, INVALID_FIELD |
| GetOperation | Reads one: its progress, and the outcome of each row once it has ended. | OPERATION_NOT_FOUND |
| DeleteOperation | Deletes one that has ended. | OPERATION_NOT_FOUND, OPERATION_UNDER_WAY |
| CancelOperation | Asks one to end. What was done stays done. | OPERATION_NOT_FOUND |
| WaitOperation | Returns when one has ended, or after `timeout`, at most a minute. | OPERATION_NOT_FOUND, SHUTTING_DOWN |

## grpc.health.v1.Health

| RPC | What it does | Errors |
|---|---|---|
| Check | Reads one status. | UNKNOWN_HEALTH_NAME |
| Watch | Sends a status, and every change of it. | |

| Name | SERVING means |
|---|---|
| `liveness` | The process works, whatever the database does. |
| `readiness` | The database can be read and written as well, found out within 3 s, and the server is not stopping. |
| empty, or the name of a service | as `readiness` |
"""  # noqa: E501 - rows of a table

PARTS = re.compile(
    r"(?P<effect>.*?)"
    r"(?: Legal (?P<legal>(?!states).*?)\.)?"
    r"(?: Resulting state: (?P<leads>.*?)\.)?"
    r"(?: Errors: (?P<errors>.*?)\.?)?$"
)
REASON = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")


class RpcComment(NamedTuple):
    """The comment of an RPC, part by part; a part that it does not have is empty."""

    effect: str
    legal: str
    leads: str
    errors: str


def comment_parts(method: MethodDescriptor) -> RpcComment:
    """The parts of an RPC's comment."""
    found = PARTS.fullmatch(comment_of(method.full_name))
    assert found, method.full_name
    return RpcComment(*(found[name] or "" for name in RpcComment._fields))


def page() -> str:
    """The page."""
    reasons = {value.name.removeprefix("ERROR_REASON_") for value in error_reason_pb2.ErrorReason.DESCRIPTOR.values}
    sections = [INTRODUCTION]
    sections += [_summary(service) for service in protos.services()]
    sections.append(OPERATIONS)
    sections += [_details(service, reasons) for service in protos.services()]
    return "\n".join(sections)


def _summary(service: ServiceDescriptor) -> str:
    rows: list[tuple[str, ...]] = []
    for method in service.methods:
        parts = comment_parts(method)
        effect = parts.effect[: sentence_end(parts.effect)].removesuffix(".")
        rows.append(
            (f"[{method.name}](#{method.name.lower()})", effect, parts.legal.removeprefix("in "), parts.leads)
        )
    heads = ("RPC", "What it does", "Legal in", "Leads to")
    return f"## {service.name}\n\n{comment_of(service.full_name)}\n\n{table(heads, rows)}"


def _details(service: ServiceDescriptor, reasons: set[str]) -> str:
    return f"## {service.name} in detail\n\n" + "\n".join(_method(method, reasons) for method in service.methods)


def _method(method: MethodDescriptor, reasons: set[str]) -> str:
    parts = comment_parts(method)
    lines = [f"### {method.name}\n", _signature(method), parts.effect + "\n"]
    facts = (("Legal", parts.legal), ("Resulting state", parts.leads), ("Errors", _linked(parts.errors, reasons)))
    lines += [f"- {name}: {text}." for name, text in facts if text]
    if any(text for _, text in facts):
        lines.append("")
    own = [field for field in method.input_type.fields if field.name not in COMMON]
    if rows := [_row(field) for field in own]:
        lines.append(table(("Request field", "Type", "Rules", "Meaning"), rows))
    if method.output_type.full_name.startswith(f"{PACKAGE}."):
        shown = [_row(field)[:2] + _row(field)[3:] for field in method.output_type.fields if field.name not in COMMON]
        lines.append(table(("Reply field", "Type", "Meaning"), shown))
    return "\n".join(lines)


def _signature(method: MethodDescriptor) -> str:
    taken = ("stream of " if method.client_streaming else "") + method.input_type.name
    given = ("stream of " if method.server_streaming else "") + method.output_type.name
    return f"`{method.containing_service.full_name}/{method.name}`: {taken}, answered by {given}.\n"


def _row(field: FieldDescriptor) -> tuple[str, str, str, str]:
    return f"`{field.name}`", type_of(field, "messages.md"), in_words(field), comment_of(field.full_name)


def _linked(errors: str, reasons: set[str]) -> str:
    def link(found: re.Match[str]) -> str:
        name = found[0]
        return f"[{name}](errors.md#{name.lower()})" if name in reasons else name

    return REASON.sub(link, errors)
