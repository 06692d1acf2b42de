"""The maxima of requests, read off their protos (buf.validate) once a message type: elements, and lengths of texts.

What a rule cannot say is in tables here: totals over all messages of a request, and messages that are not ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from exam_sessions.contract import validate_pb2

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, FieldDescriptor

REPETITIONS = 4
"""How often a singular field may come in one message. Merging messages may repeat it; a million times only costs."""
HARMLESS = 1_000
"""Bytes of a submessage that is never looked into for itself: five hundred elements at most."""
BYTES_OF_AN_ELEMENT = 2
"""The least an element takes."""
BYTES_OF_A_CHARACTER = 4
"""The most UTF-8 takes."""
LONGEST_VARINT = 10
NO_LIMIT = 2**62

MASK_PATHS, MASK_PATH = 100, 128
"""Paths of a field mask, and characters of one; the protos say the same of each mask."""

FOREIGN: dict[str, int] = {
    "google.longrunning.ListOperationsRequest.name": 256,
    "google.longrunning.ListOperationsRequest.filter": 1_000,
    "google.longrunning.ListOperationsRequest.page_token": 1_024,
    "google.longrunning.GetOperationRequest.name": 256,
    "google.longrunning.DeleteOperationRequest.name": 256,
    "google.longrunning.CancelOperationRequest.name": 256,
    "google.longrunning.WaitOperationRequest.name": 256,
}
"""Bytes of texts in messages that are not ours and have no rules in their protos."""

LARGE = 40_000
"""Bytes from which a request can hold twenty thousand elements."""

_PACKAGE = "exam_sessions.v1."
TOTALS: tuple[tuple[int, frozenset[str]], ...] = (
    (500, frozenset({"ItemResponse.questions"})),
    (5_000, frozenset({"Response.options", "PaperResponse.options"})),
    (
        20_000,
        frozenset(
            {"Question.options", "Question.keys", "Question.parts", "Question.objective_ids", "PartialCredit.marks"}
        ),
    ),
    (20_000, frozenset({"PaperMarks.marks"})),
    (100_000, frozenset({"StringList.values", "IntegerList.values", "StringMatrix.rows", "IntegerMatrix.rows"})),
)
"""What a rule cannot say: elements of all messages of a request together, at most, and the fields that hold them."""

VARINT, FIXED64, LENGTH, GROUP, GROUP_END, FIXED32 = range(6)


class Field(NamedTuple):
    """What is counted of a field."""

    name: str
    repeated: bool
    most: int
    """Elements of a repeated field, or repetitions of a singular one."""
    limit: int
    """Bytes a text may have, and a submessage before it is looked into."""
    characters: int = 0
    shape: Shape | None = None
    """Of what the submessages are."""
    total: int = -1
    """The index in TOTALS of what its elements also count towards."""
    packed: int = 0
    """Bytes of one of several numbers in one record; 1 when they are varints."""
    sliced: bool = False
    """Whether it is the rows of a batch."""


class Shape:
    """The fields of a message by the tags they begin with."""

    def __init__(self, descriptor: Descriptor) -> None:
        self.name = descriptor.full_name
        self.fields: dict[int, Field] = {}
        self.plain = True
        """Whether no number of elements makes it take more memory than its bytes do."""
        self.always = False
        """Whether validation passes over a maximum in it, so that every request has to be counted."""
        self.harmless = 0
        """Bytes up to which a message need not be looked into."""


ROWS_FROM = 1_000
"""Elements of a batch: a repeated field that may hold more is one."""

_shapes: dict[tuple[str, bool], Shape] = {}


def shape_of(descriptor: Descriptor, *, large: bool = False) -> Shape:
    """What is counted of a message; of a large request, in which every total can be passed, more than of another."""
    if known := _shapes.get((descriptor.full_name, large)):
        return known
    shape = _shapes[descriptor.full_name, large] = Shape(descriptor)
    counted, size, harmless = False, 0, HARMLESS
    for field in descriptor.fields:
        inner = shape_of(field.message_type, large=large) if field.message_type else None
        shape.always |= field.full_name in FOREIGN or is_ignored(field) or bool(inner and inner.always)
        shape.plain &= not field.is_repeated and not _allocates(field) and (inner is None or inner.plain)
        total = _total(field, large=large)
        counted |= total >= 0 or bool(inner and not inner.harmless)
        size += _largest(field, inner)
        if field.is_repeated:
            harmless = min(harmless, BYTES_OF_AN_ELEMENT * most_elements(field) or HARMLESS)
        if inner and not inner.plain:
            harmless = min(harmless, inner.harmless)
        _add(shape, field, inner, total)
    if not counted:
        shape.harmless = size if shape.plain else harmless
    return shape


def _allocates(field: FieldDescriptor) -> bool:
    """Whether repeating a singular field takes memory each time: a submessage that others of its oneof push out."""
    return bool(field.message_type and field.containing_oneof)


def _largest(field: FieldDescriptor, inner: Shape | None) -> int:
    """Bytes of a singular field within its maxima."""
    most = inner.harmless if inner else BYTES_OF_A_CHARACTER * longest_text(field)
    return most + 2 * LONGEST_VARINT


def _total(field: FieldDescriptor, *, large: bool) -> int:
    """The index of its total in TOTALS; -1 when it has none, or none that a request can pass that is not large."""
    name = field.full_name.removeprefix(_PACKAGE)
    found = next((n for n, (_, names) in enumerate(TOTALS) if name in names), -1)
    return found if found >= 0 and (large or BYTES_OF_AN_ELEMENT * TOTALS[found][0] < LARGE) else -1


def _add(shape: Shape, field: FieldDescriptor, inner: Shape | None, total: int) -> None:
    characters = longest_text(field)
    most = most_elements(field) if field.is_repeated else REPETITIONS
    limit = inner.harmless if inner else FOREIGN.get(field.full_name, BYTES_OF_A_CHARACTER * characters) or NO_LIMIT
    wire = _wire(field)
    sliced = bool(inner and field.is_repeated and most > ROWS_FROM)
    found = Field(field.name, field.is_repeated, most, limit, characters, inner, total, 0, sliced)
    shape.fields[field.number << 3 | wire] = found
    if field.is_repeated and wire != LENGTH:
        packed = {VARINT: 1, FIXED32: 4, FIXED64: 8}[wire]
        shape.fields[field.number << 3 | LENGTH] = found._replace(packed=packed, limit=NO_LIMIT)


def _wire(field: FieldDescriptor) -> int:
    if field.type in {field.TYPE_DOUBLE, field.TYPE_FIXED64, field.TYPE_SFIXED64}:
        return FIXED64
    if field.type in {field.TYPE_FLOAT, field.TYPE_FIXED32, field.TYPE_SFIXED32}:
        return FIXED32
    return LENGTH if field.type in {field.TYPE_STRING, field.TYPE_BYTES, field.TYPE_MESSAGE} else VARINT


def _rules(field: FieldDescriptor) -> Any:
    extension: Any = validate_pb2.field
    return field.GetOptions().Extensions[extension]


def is_ignored(field: FieldDescriptor) -> bool:
    """Whether validation passes over it."""
    return bool(_rules(field).ignore == validate_pb2.IGNORE_ALWAYS)


def is_map(field: FieldDescriptor) -> bool:
    """Whether it holds values by keys."""
    kind = field.message_type
    return kind is not None and bool(kind.GetOptions().map_entry)


def most_elements(field: FieldDescriptor) -> int:
    """Elements a repeated field may have; 0 when nothing says so."""
    if field.full_name == "google.protobuf.FieldMask.paths":
        return MASK_PATHS
    rules = _rules(field)
    return int(rules.map.max_pairs or rules.repeated.max_items)


def longest_text(field: FieldDescriptor) -> int:
    """Characters, or bytes, a text may have; 0 when nothing says so, and of what is no text."""
    if field.type not in {field.TYPE_STRING, field.TYPE_BYTES}:
        return 0
    if field.full_name == "google.protobuf.FieldMask.paths":
        return MASK_PATH
    if field.full_name in FOREIGN:
        return FOREIGN[field.full_name]
    entry = field.containing_type
    if entry is not None and entry.GetOptions().map_entry:
        return _longest_in_map(entry, field.name)
    rules = _rules(field)
    if field.is_repeated:
        rules = rules.repeated.items
    if field.type == field.TYPE_BYTES:
        return int(rules.bytes.max_len)
    text = rules.string
    return int(text.max_len or text.max_bytes or (text.uuid and 36) or (text.ip and 45))


def _longest_in_map(entry: Descriptor, name: str) -> int:
    """Characters that a key or a value of a map may have, by the rules of the map."""
    holder = entry.containing_type
    rules = (
        next((_rules(field).map for field in holder.fields if field.message_type == entry), None) if holder else None
    )
    return int((rules.keys if name == "key" else rules.values).string.max_len) if rules else 0
