"""docs/reference/types.md: what each kind of field is in each language, and which names are reserved words there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reference.protos import PACKAGE, messages_and_enums, services, table
from reference.type_names import RESERVED, RESERVED_FORM, TAKEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from google.protobuf.descriptor import Descriptor, FieldDescriptor, OneofDescriptor

INTRODUCTION = """\
# Types

What the fields of the messages are in each language, as protoc's own generators make them; for TypeScript ts-proto
with the options of `clients/typescript`, for Rust prost. JSON is what grpcurl, REST gateways and the command line's
`--json` show and take.

## Kinds of fields

"""

LANGUAGES = ("Go", "TypeScript", "Python", "Java", "Rust", "C++", "JSON")

KINDS: dict[str, tuple[str, ...]] = {
    "string": ("`string`", "`string`", "`str`", "`String`", "`String`", "`std::string`", "text"),
    "bool": ("`bool`", "`boolean`", "`bool`", "`boolean`", "`bool`", "`bool`", "`true`"),
    "int32": ("`int32`", "`number`", "`int`", "`int`", "`i32`", "`int32_t`", "number"),
    "int64": ("`int64`", "`bigint`", "`int`", "`long`", "`i64`", "`int64_t`", 'text: `"7"`'),
    "enum": ("a type of `int32`", "`enum` (number)", "`int`", "`enum`", "`i32`", "`enum`", "the name of the value"),
    "message": ("pointer", "object or `undefined`", "object", "object", "`Option<T>`", "object", "object"),
    "list": ("slice", "array", "sequence", "`List`", "`Vec`", "`RepeatedField`", "array"),
    "map": ("`map`", "object", "mapping", "`Map`", "`HashMap`", "`Map`", "object"),
    "oneof": (
        "interface; a struct for each case",
        "`{ $case, value }`",
        "the fields; `WhichOneof`",
        "the fields; `getXCase()`",
        "`Option<Enum>`",
        "the fields; `x_case()`",
        "the field that is set",
    ),
    "optional": ("pointer", "`T` or `undefined`", "`HasField`", "`hasX()`", "`Option<T>`", "`has_x()`", "left out"),
    "Timestamp": (
        "`*timestamppb.Timestamp`",
        "`string`, RFC 3339",
        "`Timestamp`",
        "`Timestamp`",
        "`prost_types::Timestamp`",
        "`Timestamp`",
        '`"2026-05-01T09:00:00Z"`',
    ),
    "Duration": (
        "`*durationpb.Duration`",
        "`{ seconds, nanos }`",
        "`Duration`",
        "`Duration`",
        "`prost_types::Duration`",
        "`Duration`",
        '`"5400s"`',
    ),
    "FieldMask": (
        "`*fieldmaskpb.FieldMask`",
        "`string[]`",
        "`FieldMask`",
        "`FieldMask`",
        "`prost_types::FieldMask`",
        "`FieldMask`",
        '`"name,windowEnd"`',
    ),
    "Status": (
        "`*status.Status`",
        "`Status`",
        "`Status`",
        "`Status`",
        "`tonic_types::pb::Status`",
        "`Status`",
        "object",
    ),
    "Any": ("`*anypb.Any`", "`Any`", "`Any`", "`Any`", "`prost_types::Any`", "`Any`", "object with `@type`"),
}
"""By kind, in the order of LANGUAGES."""

RULES = """\
## What to know

- **Integers of 64 bits** are text in JSON, since numbers of JavaScript are exact up to 2^53 only.
- **Marks and scores are decimals in text**, such as `"2.5"`: they are exact, and binary floating point is not. Parse
  them with the decimal type of the language: `math/big.Rat` (Go), `decimal.Decimal` (Python), `java.math.BigDecimal`
  (Java), a decimal library elsewhere.
- **Times** are UTC with microseconds. A `Date` of JavaScript has milliseconds, and ts-proto drops the rest: compare
  sequences, etags and revisions, not times.
- **Durations** are seconds and nanoseconds; in JSON seconds with `s`.
- **An enum's value 0** ends with `_UNSPECIFIED` and stands for "not given". Values may be added: a program has a
  branch for one that it does not know. Go, Python, Rust and C++ keep its number; Java shows `UNRECOGNIZED`, with the
  number in `getXValue()`; ts-proto keeps the number, which is no member of the enum; JSON shows the number.
- **Presence.** A text that was not sent and an empty text are the same, and so are an absent number and 0, but for
  the fields with presence below and for messages.
- **Of a oneof** at most one field is set.
- **Field masks** name fields as the protos do, `window_end`; in JSON as JSON does, `windowEnd`, with commas between.
- **Names in JSON** are in lowerCamelCase; what is read may have the names of the protos as well.
- **Names of enum values** begin with the enum's name in the protos, as in `STATE_PAUSED`. Rust and ts-proto leave it
  out (`State::Paused`, `State.PAUSED`), but not where the rest begins with a digit: `GradeLevel::GradeLevel1`,
  `GradeLevel.GRADE_LEVEL_1`.
"""


HIDING = """\
Names of messages, enums and services that hide a common type where all names of the package are imported:
"""


def page() -> str:
    """The page."""
    every = list(fields())
    found = {kind for field in every for kind in _kinds(field)}
    unknown = found - set(KINDS)
    assert not unknown, f"scripts/reference/field_types.py does not say what these are: {unknown}"
    rows = [(kind, *names) for kind, names in KINDS.items() if kind in found]
    return "\n".join(
        [
            INTRODUCTION + table(("Kind", *LANGUAGES), rows),
            RULES,
            "## Fields that are decimals\n",
            _list(f for f in every if f.type == f.TYPE_STRING and DECIMAL.search(f.full_name)),
            "## Fields with presence\n",
            "Besides messages these distinguish absent from empty or 0:\n",
            _list(f for f in every if _has_presence(f)),
            "## Oneofs\n",
            table(("Oneof", "Of", "Fields"), _oneofs()),
            "## Fields of 64 bits\n",
            _list(f for f in every if f.type == f.TYPE_INT64),
            "## Reserved words\n",
            "Names of fields and oneofs that are reserved words of a language, and what its generator calls them:\n",
            table(("Language", "Name", "In code", "Of"), _reserved()),
            HIDING,
            table(("Language", "Names"), _hiding()),
        ]
    )


DECIMAL = re.compile(r"[._](mark|score|bound)$|\.Score\.\w+$|\.score_(before|after)$")
"""Full names of the fields of text that hold decimals."""


def _messages() -> Iterator[Descriptor]:
    """Every message of ours, with those inside of others; entries of maps are none."""
    waiting = list(messages_and_enums()[0])
    while waiting:
        message = waiting.pop(0)
        if not message.GetOptions().map_entry:
            yield message
            waiting += message.nested_types


def fields() -> Iterator[FieldDescriptor]:
    for message in _messages():
        yield from message.fields


def _owner(field: FieldDescriptor) -> str:
    assert field.containing_type is not None
    return field.containing_type.name


def _kinds(field: FieldDescriptor) -> Iterator[str]:
    if field.message_type and field.message_type.GetOptions().map_entry:
        yield "map"
        return
    if field.is_repeated:
        yield "list"
    if field.containing_oneof:
        yield "optional" if _has_presence(field) else "oneof"
    if field.message_type:
        name = field.message_type.name
        yield name if field.message_type.file.package != PACKAGE and name in KINDS else "message"
    else:
        yield {
            field.TYPE_STRING: "string",
            field.TYPE_BOOL: "bool",
            field.TYPE_INT32: "int32",
            field.TYPE_INT64: "int64",
            field.TYPE_ENUM: "enum",
        }.get(field.type, f"type {field.type}")


def _has_presence(field: FieldDescriptor) -> bool:
    """Whether a field is `optional`; protoc makes a oneof of its own of it."""
    oneof = field.containing_oneof
    return bool(oneof and oneof.name == f"_{field.name}")


def _list(fields: Iterable[FieldDescriptor]) -> str:
    """The fields, one line for each name, with the messages that have it."""
    owners: dict[str, list[str]] = {}
    for field in fields:
        owners.setdefault(field.name, []).append(_owner(field))
    return "\n".join(f"- `{name}` of {', '.join(sorted(kinds))}" for name, kinds in sorted(owners.items())) + "\n"


SEVERAL = 3
"""Messages that are named one by one."""


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SEVERAL} more" if len(names) > SEVERAL else ""
    return ", ".join(names[:SEVERAL]) + more


def _named_oneofs() -> Iterator[tuple[Descriptor, OneofDescriptor]]:
    for message in _messages():
        for oneof in message.oneofs:
            if not oneof.name.startswith("_"):
                yield message, oneof


def _oneofs() -> list[tuple[str, ...]]:
    alike: dict[tuple[str, str], list[str]] = {}
    for message, oneof in _named_oneofs():
        cases = ", ".join(f"`{field.name}`" for field in oneof.fields)
        alike.setdefault((oneof.name, cases), []).append(message.name)
    return [(f"`{name}`", _some(owners), cases) for (name, cases), owners in sorted(alike.items())]


def _reserved() -> list[tuple[str, ...]]:
    names: dict[str, list[str]] = {}
    for field in fields():
        names.setdefault(field.name, []).append(_owner(field))
    for message, oneof in _named_oneofs():
        names.setdefault(oneof.name, []).append(message.name)
    rows: list[tuple[str, ...]] = []
    for language in RESERVED:
        hit = sorted(set(names) & RESERVED[language])
        rows += [
            (language, f"`{name}`", RESERVED_FORM[language].format(name), _some(sorted(names[name]))) for name in hit
        ]
        rows += [] if hit else [(language, "none", "", "")]
    return rows


def _hiding() -> list[tuple[str, ...]]:
    messages, enums = messages_and_enums()
    ours = {kind.name for kind in (*messages, *enums)} | {service.name for service in services()}
    rows = [(language, ", ".join(f"`{n}`" for n in sorted(ours & taken))) for language, taken in TAKEN.items()]
    return [(language, names or "none") for language, names in rows]
