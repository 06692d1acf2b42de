"""docs/reference/errors.md: every reason of a refusal, from its error type and the comment of its number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from google.rpc import code_pb2

from exam_sessions import errors
from exam_sessions.rpc.status import CODES
from exam_sessions_client.v1 import error_reason_pb2
from reference import protos, rpcs
from reference.protos import comment_of, table

if TYPE_CHECKING:
    from google.protobuf.descriptor import EnumValueDescriptor

PREFIX = "ERROR_REASON_"
INTRODUCTION = """\
# Errors

A refused call ends with a gRPC status that carries exactly one `google.rpc.ErrorInfo`: its `domain` is
`exam-sessions`, its `reason` one of the names below, its `metadata` holds the keys named below. Where fields are at
fault a `google.rpc.BadRequest` names each with its path. Where it is known when the same call may succeed, a
`google.rpc.RetryInfo` says after which pause.

A refused call has written nothing, with two exceptions: WRONG_PIN counts the wrong entry, and chunks of an import
before the refused one stay booked. After UNAVAILABLE, INTERNAL or a broken connection it is unknown whether the
change was written: repeat the call with the same `request_id`, which returns the first success if there was one.

A batch that is refused because of some of its rows has the code and reason of the first bad row; the metadata has
`index` (its place) and `bad_rows` (how many) besides, and BadRequest names up to 100 rows.

Messages are for people and may change; programs look at code, reason and metadata. Python clients find the reasons in
`exam_sessions_client.v1.error_reason_pb2`.

## What to do, by code
"""

BY_REASON = """\
## What to do, by reason

A program that does not know a reason goes by its code. The remedies are

- **retry**: the same request, with the same `request_id`, after the pause of RetryInfo or with backoff;
- **read again**: read what the request is about, and decide anew;
- **change the request**: the same one is refused again;
- **ask a person**, who has to do something first;
- **nothing**: what was asked for is the case already, or cannot be had.
"""

REMEDIES = ("retry", "read again", "change the request", "ask a person", "nothing")

ADVICE: dict[str, tuple[str, str]] = {
    "INVALID_ARGUMENT": ("The request itself is wrong.", "Change the request."),
    "NOT_FOUND": ("There is no such thing in the workspace.", "Change the request."),
    "ALREADY_EXISTS": ("A unique value is taken.", "Change the request."),
    "FAILED_PRECONDITION": ("The rules do not allow it in this state.", "Do not retry until the state changes."),
    "ABORTED": ("The request was decided against an older version.", "Read again, then retry."),
    "OUT_OF_RANGE": (
        "An event that is not there (any more), or a reply that would be too large.",
        "Begin elsewhere, or ask for less.",
    ),
    "UNAUTHENTICATED": ("There is no credential, or none that holds.", "Get another credential, then retry."),
    "PERMISSION_DENIED": (
        "The PIN is wrong, or the caller lacks a permission.",
        "Ask the invigilator for the PIN, an administrator for the permission.",
    ),
    "RESOURCE_EXHAUSTED": ("A limit is reached.", "Retry after the pause of RetryInfo, or send less."),
    "UNAVAILABLE": ("The database or the server does not answer.", "Retry with backoff."),
    "DATA_LOSS": ("What is stored cannot be read.", "Do not retry; an operator must act."),
    "CANCELLED": ("The operation was cancelled.", "Nothing."),
    "DEADLINE_EXCEEDED": ("The call took longer than it may.", "Repeat it with its `request_id` and a deadline."),
    "INTERNAL": ("A fault of the service.", "Report it with the `request_id` of the metadata."),
}


def page() -> str:
    """The page."""
    values = [v for v in error_reason_pb2.ErrorReason.DESCRIPTOR.values if v.number]
    kinds = {kind.reason: kind for kind in _kinds(errors.Refusal)}
    groups: dict[str, list[EnumValueDescriptor]] = {code: [] for code in ADVICE}
    for value in values:
        groups.setdefault(documented(value).code, []).append(value)
    users = _users({value.name.removeprefix(PREFIX) for value in values})
    overview: list[tuple[str, ...]] = [
        (f"[{code}](#code-{code.lower()})", str(code_pb2.Code.Value(code)), *ADVICE[code], str(len(found)))
        for code, found in groups.items()
    ]
    sections = [INTRODUCTION, table(("Code", "Number", "Meaning", "What to do", "Reasons"), overview)]
    sections += [BY_REASON, table(("Reason", "Code", "Remedy", "Metadata"), [_row(value) for value in values])]
    for code, found in groups.items():
        sections.append(f"## Code {code}\n\n{ADVICE[code][0]} {ADVICE[code][1]}\n")
        sections += [_reason(value, kinds.get(value.name.removeprefix(PREFIX)), users) for value in found]
    return "\n".join(sections)


def _kinds(kind: type[errors.Refusal]) -> list[type[errors.Refusal]]:
    return [kind, *(found for inner in kind.__subclasses__() for found in _kinds(inner))]


class Documented(NamedTuple):
    """What the comment of a reason says."""

    code: str
    meaning: str
    metadata: str
    """The keys, with explanations in brackets; empty where there are none."""
    remedy: str
    """One of REMEDIES, and what follows it."""

    @property
    def keys(self) -> list[str]:
        """The keys of the metadata alone."""
        return re.findall(r"\b[a-z_]+\b", re.sub(r"\([^)]*\)", "", self.metadata.partition(".")[0]))

    @property
    def kind_of_remedy(self) -> str:
        """The remedy without what follows it."""
        return next(kind for kind in REMEDIES if self.remedy.startswith(kind))


def documented(value: EnumValueDescriptor) -> Documented:
    """The comment of a reason in its parts."""
    comment = comment_of(f"{value.type.full_name}.{value.name}")
    comment, _, remedy = comment.removesuffix(".").partition(" Remedy: ")
    code, _, meaning = comment.removesuffix(" No metadata.").partition(". ")
    meaning, _, metadata = meaning.partition(" Metadata: ")
    return Documented(code, meaning, metadata.removesuffix("."), remedy)


def _row(value: EnumValueDescriptor) -> tuple[str, ...]:
    reason, said = value.name.removeprefix(PREFIX), documented(value)
    keys = ", ".join(f"`{key}`" for key in said.keys)
    return f"[{reason}](#{reason.lower()})", said.code, said.kind_of_remedy, keys


def _users(reasons: set[str]) -> dict[str, list[str]]:
    """The RPCs whose comments name a reason."""
    users: dict[str, list[str]] = {reason: [] for reason in reasons}
    for service in protos.services():
        for method in service.methods:
            for reason in dict.fromkeys(rpcs.REASON.findall(comment_of(method.full_name))):
                if reason in reasons:
                    users[reason].append(method.name)
    return users


EVERYWHERE = 12
"""RPCs that name a reason from which on they are not listed."""


def _reason(value: EnumValueDescriptor, kind: type[errors.Refusal] | None, users: dict[str, list[str]]) -> str:
    reason = value.name.removeprefix(PREFIX)
    said = documented(value)
    if kind is not None:
        assert said.code == next(code_pb2.Code.Name(CODES[k]) for k in kind.__mro__ if k in CODES), reason
    lines = [f"### {reason}\n", said.meaning + "\n", f"- Remedy: {said.remedy}", f"- Number: {value.number}"]
    if said.metadata:
        lines.append(f"- Metadata: {said.metadata}")
    if kind and kind.text:
        lines.append(f"- Message: “{kind.text}”")
    if kind and kind.retry_after:
        lines.append(f"- RetryInfo: {kind.retry_after:g} s")
    named = users[reason]
    if named:
        links = ", ".join(f"[{name}](rpcs.md#{name.lower()})" for name in named)
        lines.append(f"- From: {links}" if len(named) < EVERYWHERE else f"- From: {len(named)} RPCs")
    return "\n".join(lines) + "\n"
