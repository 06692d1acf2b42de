"""A time that is set to zero, or to less than is kept: zero or refused, in every request, and never no limit."""

from __future__ import annotations

import pytest
from google.protobuf import message_factory
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from messages import METHOD, lasting, mask
from state_paths import bring_to

from exam_sessions import errors
from exam_sessions.rpc.access.verified import ANYBODY
from exam_sessions.rpc.decoding.request_decoder import RequestDecoder
from exam_sessions_client.v1 import catalog_pb2
from serving import Refused

TIMES = {Duration.DESCRIPTOR.full_name, Timestamp.DESCRIPTOR.full_name}
OUTPUT_ONLY = {"create_time", "update_time", "download_time", "close_time"}
ZERO_MEANS_ZERO = {"extra_time", "grace_period", "online_grace_period", "overlap"}
"""A new field belongs here, or needs a rule that refuses zero."""

LITTLE = {"zero": 0, "a nanosecond": 1, "999 nanoseconds": 999}


def times_in(kind, above=()):
    """The path of every time a request takes."""
    for field in kind.fields:
        if not field.message_type or field.message_type.full_name in above:
            continue
        if field.message_type.full_name not in TIMES:
            for path in times_in(field.message_type, (*above, kind.full_name)):
                yield (field, *path)
        elif field.name not in OUTPUT_ONLY:
            yield (field,)


TAKEN = {
    (rpc, ".".join(field.name for field in path)): path
    for rpc, method in METHOD.items()
    for path in times_in(method.input_type)
}


def test_the_times_of_requests_are_found():
    assert {named.rpartition(".")[2] for _, named in TAKEN} >= ZERO_MEANS_ZERO | {"duration", "window_start"}


@pytest.mark.parametrize("nanos", LITTLE.values(), ids=LITTLE)
@pytest.mark.parametrize(("rpc", "named"), [key for key in TAKEN if key[1].rpartition(".")[2] not in ZERO_MEANS_ZERO])
def test_a_time_that_would_be_taken_for_none_is_refused(rpc, named, nanos):
    method, shown = METHOD[rpc], []
    message = request = message_factory.GetMessageClass(method.input_type)()
    for field in TAKEN[rpc, named]:
        inner = getattr(message, field.name)
        message = inner.add() if field.is_repeated else inner
        shown.append(field.name + "[0]" * field.is_repeated)
    message.SetInParent()
    message.nanos = nanos
    with pytest.raises(errors.InvalidField) as refused:
        RequestDecoder(method, 1_000_000).decode(request.SerializeToString(), ANYBODY)
    assert ".".join(shown) in {bad.field for bad in refused.value.at}


def test_no_grace_is_none_at_all_and_is_told_apart_from_no_limit(clocked_desk, clock):
    api = clocked_desk
    none, endless = api.release(grace_period=Duration()), api.release()
    assert none.HasField("grace_period")
    assert none.grace_period == Duration()
    assert not endless.HasField("grace_period")
    late, free = bring_to(api, "AWAITING_UPLOAD", none), bring_to(api, "AWAITING_UPLOAD", endless)
    clock.advance(1)
    assert api.move("UploadSession", free)
    with pytest.raises(Refused) as refused:
        api.move("UploadSession", late)
    assert refused.value.reason == "GRACE_PERIOD_OVER"


def test_a_grace_period_becomes_none_and_endless_again(api):
    release = api.release(grace_period=lasting(60))
    told = []
    for period in ({"grace_period": Duration()}, {}):
        edit = catalog_pb2.Release(id=release.id, **period)
        told.append(api.call("UpdateRelease", release=edit, update_mask=mask("grace_period")).release)
    assert [release.HasField("grace_period") for release in told] == [True, False]
    assert api.call("GetRelease", release_id=release.id).release == told[1]


def test_extra_time_of_zero_takes_it_back(api):
    session = api.book(api.release(duration=lasting(600)))
    given = api.move("SetExtraTime", session, extra_time=lasting(60), reason="r")
    assert given.extra_time == lasting(60)
    assert not api.move("SetExtraTime", session, extra_time=lasting(0), reason="r").HasField("extra_time")


@pytest.mark.parametrize("nanos", [1, 999])
def test_less_than_a_microsecond_is_not_taken_for_zero(api, nanos):
    little, session = Duration(nanos=nanos), api.book()
    edit = catalog_pb2.Release(id=session.release_id, grace_period=little)
    for path, rpc, fields in (
        ("extra_time", "SetExtraTime", {"session_id": session.id, "extra_time": little, "reason": "r"}),
        ("release.grace_period", "CreateRelease", {"release": catalog_pb2.Release(name="x", grace_period=little)}),
        ("release.grace_period", "UpdateRelease", {"release": edit, "update_mask": mask("grace_period")}),
    ):
        with pytest.raises(Refused) as refused:
            api.call(rpc, **fields)
        assert list(refused.value.fields) == [path]
