"""Every rule of the protos, when it is broken, is told in plain words: a walk over all rules of all requests."""

from __future__ import annotations

import re

import protovalidate
import pytest
from google.protobuf import message_factory
from messages import METHOD
from test_refusal_texts import messages_of

from exam_sessions.contract import validate_pb2
from exam_sessions.errors import InvalidField
from exam_sessions.rpc.decoding.rule_sentences import FIXED, MADE
from exam_sessions.rpc.decoding.rules import check
from exam_sessions_client.v1 import session_pb2
from serving import Refused

pytestmark = pytest.mark.sqlite("how a refusal is put into words is no matter of the database")

KINDS = [
    message_factory.GetMessageClass(kind)
    for kind in messages_of(method.input_type for method in METHOD.values())
    if not kind.full_name.startswith("google.")
]
TEXTS = ["", " ", "x" * 200_001, "no UUID!", "Ä", "00000000-0000-0000-0000-000000000000"]
NUMBERS = [-1, 0, 2**31 - 1]
TIMES = [-(10**9), 0, 315_576_000_000]


def values_for(field):
    """Values of which some break each rule a field may have."""
    if field.enum_type:
        return [-1, 999, *field.enum_type.values_by_number]
    if field.type == field.TYPE_STRING:
        return TEXTS
    if field.type == field.TYPE_BOOL:
        return [False, True]
    return NUMBERS if field.type in {field.TYPE_INT32, field.TYPE_INT64} else []


def with_field(kind, field):
    """Messages of a kind with values in one of its fields."""
    if field.message_type and field.message_type.GetOptions().map_entry:
        yield kind(**{field.name: {f"k{n}": "x" * 300 for n in range(40)}})
    elif field.is_repeated:
        most = field.GetOptions().Extensions[validate_pb2.field].repeated.max_items or 1
        inner = [message_factory.GetMessageClass(field.message_type)()] if field.message_type else values_for(field)
        for value in inner:
            for count in (1, 2, most + 1):
                yield kind(**{field.name: [value] * count})
    elif not field.message_type:
        for value in values_for(field):
            yield kind(**{field.name: value})
    elif field.message_type.name in {"Timestamp", "Duration"}:
        for seconds in TIMES:
            yield kind(**{field.name: {"seconds": seconds}})
    elif field.message_type.name == "FieldMask":
        yield kind(**{field.name: {"paths": ["x"] * 101}})
    else:
        message = kind()
        getattr(message, field.name).SetInParent()
        yield message


def broken():
    """Messages of every kind of request, of which every rule refuses some."""
    seen = set()
    for kind in KINDS:
        yield kind()
        by_itself = not kind.DESCRIPTOR.GetOptions().HasExtension(validate_pb2.message)
        for field in kind.DESCRIPTOR.fields:
            alike = alike_to(field)
            if not (by_itself and alike in seen):
                yield from with_field(kind, field)
            seen.add(alike)


def alike_to(field):
    """What decides how a field is refused, where its message has no rule of its own: one of many ids is enough."""
    kind = field.message_type or field.enum_type
    rules = field.GetOptions().Extensions[validate_pb2.field].SerializeToString()
    return field.type, field.is_repeated, kind and kind.full_name, rules


def rules_of(rules):
    """The rules of a field as protovalidate names them, bounds of one range as one."""
    for kind, value in rules.ListFields():
        if kind.name in {"ignore", "cel"}:
            continue
        if kind.name == "required":
            yield "required"
            continue
        names = {rule.name for rule, _ in value.ListFields()}
        for inner in names & {"items", "keys", "values"}:
            yield from rules_of(getattr(value, inner))
        names -= {"items", "keys", "values"}
        if {"gte", "lte"} <= names:
            names = names - {"gte", "lte"} | {"gte_lte"}
        yield from (f"{kind.name}.{name}" for name in names)


def told():
    """What is said of each rule, by protovalidate's name of it."""
    validator, found = protovalidate.Validator(), {}
    for message in broken():
        names = {violation.proto.rule_id for violation in validator.collect_violations(message)}
        try:
            check(message)
        except InvalidField as refusal:
            for name in names:
                found.setdefault(name, set()).update(violation.description for violation in refusal.violations())
    return found


def test_every_rule_of_the_protos_is_told_in_plain_words():
    found = told()
    fields = [field for kind in KINDS for field in kind.DESCRIPTOR.fields]
    asked = {name for field in fields for name in rules_of(field.GetOptions().Extensions[validate_pb2.field])}
    assert asked <= found.keys(), "a rule that no message here breaks"
    assert asked <= FIXED.keys() | MADE.keys() | {"string.pattern"}, "a rule without a sentence"
    for sentence in set().union(*found.values()):
        assert re.fullmatch(r"(must|may|is|names|needs|has|holds) [A-Za-z0-9 ,.:_-]+", sentence), sentence
        assert not re.search(r"\b(oneof|regex|list|item\(s\)|value is|1 characters|greater than)\b", sentence), (
            sentence
        )


SESSION = "00000000-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("rpc", "fields", "field", "sentence"),
    [
        ("ListSessions", {"filter": {"states": [0]}}, "filter.states[0]", "must not be STATE_UNSPECIFIED"),
        (
            "ListSessions",
            {"filter": {"states": [17]}},
            "filter.states[0]",
            "must be a value of State that this version knows",
        ),
        ("GetSession", {}, "session", "is needed: set one of session_id, keycode, access_code"),
        ("GetSession", {"keycode": ""}, "keycode", "must not be empty"),
        ("GetSession", {"session_id": "x"}, "session_id", "must be a UUID"),
        ("BatchGetSessions", {"session_ids": [SESSION] * 2}, "session_ids", "must not hold the same value twice"),
        ("BatchGetSessions", {}, "session_ids", "must hold at least 1 element"),
        ("ListSessions", {"page_size": -1}, "page_size", "must be 0 or more"),
        ("CreateSession", {"release_id": SESSION}, "booking", "is required"),
        (
            "FinishSession",
            {"session_id": SESSION, "reason": session_pb2.FINISH_REASON_TIME_EXPIRED},
            "reason",
            "must be one of FINISH_REASON_UNSPECIFIED, FINISH_REASON_CANDIDATE, FINISH_REASON_INVIGILATOR",
        ),
        (
            "SetExtraTime",
            {"session_id": SESSION, "reason": "ill", "extra_time_percent": 1001},
            "extra_time_percent",
            "must be from 1 to 1,000",
        ),
        (
            "DownloadSession",
            {"session_id": SESSION, "client": session_pb2.DeliveryClient(ip="nine")},
            "client.ip",
            "must be an IP address, such as 192.0.2.1 or 2001:db8::1",
        ),
        (
            "BatchGetSessions",
            {"session_ids": [SESSION] * 1001},
            "session_ids",
            "must hold no more than 1,000 elements",
        ),
    ],
)  # fmt: skip
def test_a_client_reads_the_sentence_with_the_field(api, rpc, fields, field, sentence):
    with pytest.raises(Refused) as refused:
        api.call(rpc, **fields)
    assert refused.value.fields[field] == ("INVALID_FIELD", sentence)
    assert f"{field}: {sentence}" in refused.value.message
