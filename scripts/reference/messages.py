"""docs/reference/messages.md: the messages and enumerations that requests and replies are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference.protos import comment_of, in_words, messages_and_enums, services, table, type_of

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, EnumDescriptor

INTRODUCTION = """\
# Messages and enumerations

What requests and replies hold; the requests and replies themselves are with their RPCs in [rpcs.md](rpcs.md). A rule
of a field is enforced wherever the field stands in a request.
"""
ELSEWHERE = frozenset({"ErrorReason"})
"""Enumerations that have a page of their own."""


def page() -> str:
    """The page."""
    kinds, enums = messages_and_enums()
    wrappers = {kind.full_name for s in services() for m in s.methods for kind in (m.input_type, m.output_type)}
    shown = sorted((kind for kind in kinds if kind.full_name not in wrappers), key=lambda kind: kind.name)
    sections = [INTRODUCTION, "## Messages\n", *(_message(kind) for kind in shown)]
    sections += ["## Enumerations\n"]
    sections += [_enum(enum) for enum in sorted(enums, key=lambda enum: enum.name) if enum.name not in ELSEWHERE]
    return "\n".join(sections)


def _message(kind: Descriptor) -> str:
    rows: list[tuple[str, ...]] = [
        (f"`{field.name}`", type_of(field), in_words(field), comment_of(field.full_name)) for field in kind.fields
    ]
    return f"### {kind.name}\n\n{comment_of(kind.full_name)}\n\n" + table(("Field", "Type", "Rules", "Meaning"), rows)


def _enum(enum: EnumDescriptor) -> str:
    rows: list[tuple[str, ...]] = [
        (str(value.number), f"`{value.name}`", comment_of(f"{enum.full_name}.{value.name}")) for value in enum.values
    ]
    return f"### {enum.name}\n\n{comment_of(enum.full_name)}\n\n" + table(("Number", "Name", "Meaning"), rows)
