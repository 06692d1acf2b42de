"""What refusals say to people: rows are counted once, duplicates name the row before, patterns are put into words."""

from __future__ import annotations

import re

import pytest
from forms import PAPER, form, mcq
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode
from messages import METHOD, booking, mask, new_id
from operations import OperationsApi, fields_of, handed, info_of, picked

from exam_sessions.contract import validate_pb2
from exam_sessions.rpc.decoding.pattern_sentences import SENTENCES, in_words
from exam_sessions_client.v1 import catalog_pb2, session_pb2, session_service_pb2
from serving import Refused

pytestmark = pytest.mark.sqlite("how a refusal is put into words is no matter of the database")


def messages_of(kinds):
    """Every message that can be part of these, they themselves among them."""
    found = {}
    left = list(kinds)
    while left:
        kind = left.pop()
        if kind.full_name not in found:
            found[kind.full_name] = kind
            left += [field.message_type for field in kind.fields if field.message_type]
    return found.values()


REQUESTS = list(messages_of(method.input_type for method in METHOD.values()))


def patterns():
    """Every pattern a text of a request has to match, and the fields it is asked of."""
    found = {}
    for kind in REQUESTS:
        for field in kind.fields:
            rules = field.GetOptions().Extensions[validate_pb2.field]
            for texts in (rules.string, rules.repeated.items.string, rules.map.keys.string, rules.map.values.string):
                if texts.HasField("pattern"):
                    found.setdefault(texts.pattern, []).append(f"{kind.name}.{field.name}")
    return found


def refused_by(call, *args, **fields):
    with pytest.raises(Refused) as refused:
        call(*args, **fields)
    return refused.value


def test_every_pattern_of_the_protos_is_put_into_words():
    asked = patterns()
    assert len(asked) > 5
    assert asked.keys() <= SENTENCES.keys()
    for pattern in asked:
        words = in_words(f"does not match regex pattern `{pattern}`")
        assert re.fullmatch(r"(must|may) [A-Za-z0-9 ,.-]+", words)
    assert "`" not in in_words("does not match regex pattern `^new$`")


def test_no_refusal_shows_a_pattern(api):
    for fields in ({"workspace_id": "A B"}, {"workspace_id": "A\nB"}):
        refused = refused_by(api.call, "ListSessions", **fields)
        assert refused.message == f"workspace_id: {SENTENCES['^[a-z0-9_-]*$']}"
        assert refused.fields["workspace_id"] == ("INVALID_FIELD", SENTENCES["^[a-z0-9_-]*$"])


def test_rows_that_are_bad_in_several_ways_are_counted_once(api):
    release, chosen = api.release(), new_id()
    row = booking("a", access_code="CODE", keycode="KEY", session_id=chosen)
    refused = refused_by(api.call, "BatchCreateSessions", release_id=release.id, bookings=[row] * 3)
    assert refused.message.startswith("2 of 3 rows are refused, nothing was written; the first: ")
    assert refused.metadata["bad_rows"] == "2"
    assert len(refused.fields) == 8


def test_a_duplicate_inside_a_batch_names_the_row_that_has_it_already(api):
    release, chosen = api.release(), new_id()
    api.book(release, "stored")
    rows = [
        booking("a", access_code="code", keycode="key", session_id=chosen),
        booking("b", access_code="CODE"),
        booking("c", keycode="Key"),
        booking("d", session_id=chosen),
        booking("a"),
        booking("stored"),
        booking("a"),
    ]
    refused = refused_by(api.call, "BatchCreateSessions", release_id=release.id, bookings=rows)
    told = {path.partition(".")[0]: text for path, (_, text) in refused.fields.items()}
    assert told == {
        "bookings[1]": "access code CODE is already that of bookings[0] in this request",
        "bookings[2]": "keycode KEY is already that of bookings[0] in this request",
        "bookings[3]": f"session id {chosen} is already that of bookings[0] in this request",
        "bookings[4]": "candidate a is already that of bookings[0] in this request",
        "bookings[5]": "candidate stored already has a session in this release",
        "bookings[6]": "candidate a is already that of bookings[0] in this request",
    }


def test_a_duplicate_far_behind_names_the_row_that_has_it_already(api):
    rows = [booking(f"c{n}") for n in range(1200)] + [booking("c7")]
    refused = refused_by(api.call, "BatchCreateSessions", release_id=api.release().id, bookings=rows)
    assert refused.fields["bookings[1200].candidate.candidate_id"][1] == (
        "candidate c7 is already that of bookings[7] in this request"
    )


def test_a_duplicate_inside_a_batch_of_edits_names_the_row_that_has_it_already(api):
    first, second = api.release(), api.release()
    sessions = [api.book(release) for release in (first, second, second, second)]
    edits = [
        session_service_pb2.SessionEdit(session_id=session.id, booking=booking(name))
        for session, name in zip(sessions, ("x", "y", "x", "x"), strict=True)
    ]
    refused = refused_by(api.call, "BatchUpdateSessions", edits=edits, update_mask=mask("candidate.candidate_id"))
    assert {path: text for path, (_, text) in refused.fields.items()} == {
        "edits[3].booking.candidate.candidate_id": "candidate x is already that of edits[2] in this request"
    }


def test_a_session_that_a_batch_names_twice_is_named_with_the_row_before(api):
    first, second = api.book(), api.book()
    sessions = [first.id, second.id, second.id.upper()]
    edits = [session_service_pb2.SessionEdit(session_id=i, booking=booking("x")) for i in sessions]
    refused = refused_by(api.call, "BatchUpdateSessions", edits=edits, update_mask=mask("centre_id"))
    assert refused.message == "edits[2].session_id: names the session of edits[1] again"
    refused = refused_by(
        api.call, "BatchTransitionSessions", action=session_pb2.ACTION_PAUSE, ids={"session_ids": sessions}
    )
    assert refused.message == "ids.session_ids[2]: names the session of ids.session_ids[1] again"


def test_a_refused_row_of_an_operation_is_spoken_of_as_a_row(api):
    work = OperationsApi(api)
    form(api, mcq("1", "A"), mcq("2", "B"))
    template = work.template(api.release(test_form="form-1", **PAPER))
    rows = work.submitted(
        template,
        handed("anna", picked("1", "nonsense"), picked("3", "3-A"), picked("2", "2-A")),
        handed("bert", picked("1", "1-A"), picked("3", "3-A")),
        handed("", picked("1", "1-A")),
        handed("cora", picked("1", "1-A")),
        handed("cora", picked("1", "1-A")),
    )
    several, one, nobody, _, again = [row.status for row in rows]
    assert several.message == "responses[0]: question 1 has no option 'nonsense' (and 1 more)"
    assert fields_of(several) == ["responses[0]", "responses[1]"]
    assert (info_of(several).reason, "bad_rows" in info_of(several).metadata) == ("UNKNOWN_OPTION", False)
    assert one.message.startswith("responses[1]: ")
    assert "more" not in one.message
    assert fields_of(nobody) == ["user_id"]
    assert again.message == "candidate cora already has a session in this release"
    assert not any(word in row.status.message for row in rows for word in ("rows", "batch", "booking", "nothing was"))


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("status=running AND status=completed", "status"),
        ("status=running status=running", "status"),
        ("kind=template AND status=queued AND kind=transition", "kind"),
    ],
)
def test_a_filter_of_operations_that_names_a_field_twice_is_refused(api, wanted, name):
    refused = refused_by(OperationsApi(api).list, filter=wanted)
    assert (refused.code, refused.reason, list(refused.fields)) == (
        StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", ["filter"]
    )  # fmt: skip
    assert f"names {name} twice" in refused.message


EARLY, LATE = Timestamp(seconds=2_000_000_000), Timestamp(seconds=2_000_000_001)
REVERSED = {"window_start": LATE, "window_end": EARLY}


def reversed_range(api):
    spans = {"start_time": LATE, "end_time": EARLY}
    for name in ("create_time", "update_time"):
        wanted = {"filter": {name: spans}}
        yield f"filter.{name}", lambda wanted=wanted: api.call("ListSessions", **wanted)
        yield (
            f"filter.{name}",
            lambda wanted=wanted: api.call("BatchTransitionSessions", action=session_pb2.ACTION_PAUSE, **wanted),
        )


def reversed_booking(api):
    release, session, row = api.release(), api.book(), booking("a", **REVERSED)
    edited = {"update_mask": mask("window_start", "window_end")}
    field = "booking.window_end"
    yield field, lambda: api.call("CreateSession", release_id=release.id, booking=row)
    yield (
        f"bookings[0].{field.partition('.')[2]}",
        lambda: api.call("BatchCreateSessions", release_id=release.id, bookings=[row]),
    )
    yield field, lambda: api.call("UpdateSession", session_id=session.id, booking=row, **edited)
    edit = session_service_pb2.SessionEdit(session_id=session.id, booking=row)
    yield f"edits[0].{field}", lambda: api.call("BatchUpdateSessions", edits=[edit], **edited)


def reversed_release(api):
    release, field = api.release(), "release.window_end"
    edited = {"update_mask": mask("window_start", "window_end")}
    yield field, lambda: api.call("CreateRelease", release=catalog_pb2.Release(name="x", **REVERSED))
    yield field, lambda: api.call("UpdateRelease", release=catalog_pb2.Release(id=release.id, **REVERSED), **edited)


def reversed_accommodation(api):
    session, given = api.book(), {"reason": "a broken arm", "accommodation": REVERSED}
    yield "accommodation.window_end", lambda: api.call("SetAccommodation", session_id=session.id, **given)
    many = {"action": session_pb2.ACTION_SET_ACCOMMODATION, "ids": {"session_ids": [session.id]}, "message": "ill"}
    # Whether a window is reversed depends on the one of the session's release, so the session is named.
    field = "ids.session_ids[0].accommodation.window_end"
    yield field, lambda: api.call("BatchTransitionSessions", **many, accommodation=REVERSED)


RANGES = {
    "TimeRange": reversed_range,
    "Booking": reversed_booking,
    "Release": reversed_release,
    "Accommodation": reversed_accommodation,
}


def test_every_message_with_a_span_of_time_is_tried_with_a_reversed_one():
    found = set()
    for kind in REQUESTS:
        times = {f.name for f in kind.fields if f.message_type and f.message_type.full_name.endswith(".Timestamp")}
        ends = [name.replace("end", "start") for name in times if re.search(r"(^|_)(end|until|to|before)(_|$)", name)]
        found |= {kind.name for start in ends if start in times}
    assert found == RANGES.keys()


@pytest.mark.parametrize("kind", RANGES)
def test_a_span_of_time_that_ends_before_it_starts_is_refused(api, kind):
    for field, call in RANGES[kind](api):
        refused = refused_by(call)
        assert (refused.code, refused.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
        assert list(refused.fields) == [field]


def test_a_span_that_is_open_or_holds_one_moment_is_no_reversed_one(api):
    for span in ({"start_time": LATE}, {"end_time": EARLY}, {"start_time": EARLY, "end_time": LATE}, {}):
        assert not api.call("ListSessions", filter={"create_time": span}).sessions
