"""No reply is larger than 3.5 MB, so that a client with gRPC's own limit of 4 MiB can read every one.

Every RPC whose reply repeats something has a proof in reply_proofs.py, with content as long as it may be.
"""

from __future__ import annotations

import itertools

import pytest
from google.longrunning import operations_pb2
from reply_proofs import PROOFS, outcomes
from rows import write
from widest import LIMIT, MOST, TEXT, WIDE, Stage, essays, sessions

from exam_sessions.rpc.convert.reply_size import EVENT_AT_MOST, SESSION_AT_MOST
from exam_sessions.store import schema
from exam_sessions.store.databases import store_of
from exam_sessions.store.events import dump_json
from exam_sessions.store.repositories import Repositories
from exam_sessions_client.v1 import (
    access_service_pb2,
    candidate_service_pb2,
    catalog_pb2,
    catalog_service_pb2,
    lifecycle_service_pb2,
    lockout_service_pb2,
    marking_service_pb2,
    session_pb2,
    session_service_pb2,
    template_service_pb2,
    workspace_service_pb2,
)
from serving import Refused, serving

SERVICES = (
    *(
        service
        for module in (
            session_service_pb2, lifecycle_service_pb2, marking_service_pb2, catalog_service_pb2,
            template_service_pb2, workspace_service_pb2, access_service_pb2, lockout_service_pb2,
            candidate_service_pb2,
        )
        for service in module.DESCRIPTOR.services_by_name.values()
    ),
    operations_pb2.DESCRIPTOR.services_by_name["Operations"],
)  # fmt: skip
SINGLE = {session_pb2.Session.DESCRIPTOR.full_name, catalog_pb2.Release.DESCRIPTOR.full_name}
"""Messages whose size is bounded where they stand alone."""


def repeats(message, seen=frozenset()):
    """Whether a reply holds something repeated, at any depth; what stands alone in it and is bounded aside."""
    return any(
        field.is_repeated
        or (
            field.message_type
            and field.message_type.full_name not in SINGLE | seen
            and repeats(field.message_type, seen | {field.message_type.full_name})
        )
        for field in message.fields
    )


@pytest.fixture(scope="module")
def stage(new_database):
    with new_database() as database, serving(database, tick_ms=3_600_000) as server:
        stage = Stage(server)
        yield stage
        stage.api.close()


def test_every_reply_that_repeats_something_has_a_proof_of_its_size():
    found = {method.name for service in SERVICES for method in service.methods if repeats(method.output_type)}
    assert found == PROOFS.keys()


@pytest.mark.parametrize("proof", dict.fromkeys(PROOFS.values()), ids=lambda proof: proof.__name__)
def test_no_reply_is_larger_than_three_and_a_half_megabytes(stage, proof):
    sizes = [reply.ByteSize() for reply in proof(stage)]
    assert sizes
    assert max(sizes) <= LIMIT


def test_a_session_alone_is_small_whatever_its_texts(stage):
    _, booked = stage.once(sessions)
    session = stage.api.call("GetSession", session_id=booked[0].id).session
    session.exception_message = session.extra_time_reason = WIDE * 1000
    session.client.CopyFrom(session_pb2.DeliveryClient(os=WIDE * 64, machine=WIDE * 128, ip="::" * 20))
    assert session.ByteSize() < SESSION_AT_MOST[2] - 500
    listed = stage.api.call("ListSessions", page_size=1).sessions[0]
    assert 3_000 < listed.ByteSize() < SESSION_AT_MOST[1] - 500


def test_an_event_without_its_changes_is_small_whatever_its_texts(stage):
    _, booked = stage.once(sessions)
    for event in stage.api.call("ListSessionEvents", session_id=booked[0].id).events:
        del event.changes[:]
        event.actor = WIDE * 128
        assert event.ByteSize() < EVENT_AT_MOST


def test_an_event_that_is_too_large_is_cut_and_says_so(stage):
    _, (wide, plain, *_) = stage.once(essays)
    for session in (wide, plain):
        saved = [e for e in stage.api.history(session) if e.action == session_pb2.ACTION_SET_RESPONSES][-1]
        change = next(change for change in saved.changes if change.field == "responses")
        assert {change.field: change.abridged for change in saved.changes} == {
            change.field: change.field == "responses" and session is wide for change in saved.changes
        }
        assert change.new_value.endswith("…") == (session is wide)
        assert len(change.new_value) > TEXT
        assert len(change.old_value) > TEXT


@pytest.mark.slow
def test_statistics_of_more_releases_than_a_reply_holds_are_refused_and_can_be_asked_for_by_name(server, api):
    model = api.book()
    columns = [column.name for column in schema.sessions.columns]
    new = {
        "id": "substr(s.id, 1, 28) || CAST(n + 10000000 AS TEXT)",
        "release_id": "substr(s.release_id, 1, 28) || CAST(n + 10000000 AS TEXT)",
        "keycode": "substr(s.id, 25, 4) || CAST(n AS TEXT)",
        "score": "1234567",
    }
    write(
        server,
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 50000) "
        f"INSERT INTO sessions ({', '.join(columns)}) "
        f"SELECT {', '.join(new.get(name, f's.{name}') for name in columns)} FROM sessions s, numbers WHERE s.id = ?",
        model.id,
    )
    with pytest.raises(Refused) as refused:
        api.call("AggregateSessions")
    assert refused.value.reason == "REPLY_TOO_LARGE"
    assert int(refused.value.metadata["size"]) > LIMIT
    assert int(refused.value.metadata["fitting"]) > MOST
    assert api.call("AggregateSessions", release_ids=[model.release_id]).total.session_count == 1


def test_what_is_loaded_for_a_page_is_bounded_and_one_is_loaded_at_least(stage):
    _, found = stage.once(essays)
    store = store_of(stage.server.database.url)
    rows, workspace, ids = Repositories(store), stage.api.workspace, [session.id for session in found]
    with store.reader() as db:
        db.begin_read()
        sizes = [sum(len(dump_json(s.responses)) for s in rows.attempts.load(db, workspace, [i])[i]) for i in ids]
        assert [size > 500_000 for size in sizes] == [True] * 4
        for room, count in ((0, 1), (2_600_000, 2), (4_000_000, 2), (10_000_000, 4)):
            assert list(rows.attempts.within(db, workspace, ids, room)) == ids[:count]
        loaded = [rows.events.page(db, workspace, ids[0], 0, MOST, room) for room in (1, 2_600_000, 50_000_000)]
        db.rollback()
    store.close()
    whole, more = loaded[-1]
    assert not more
    for (page, more), room in zip(loaded[:2], (1, 2_600_000), strict=True):
        sizes = itertools.accumulate(len(row.changes.encode()) for row in whole)
        assert (page, more) == (whole[: max(1, sum(size <= room for size in sizes))], True)


def test_operations_are_read_without_the_requests_they_were_accepted_for(stage):
    operation, *_ = outcomes(stage)
    store, number = store_of(stage.server.database.url), operation.name.rpartition("/")[2]
    rows, workspace = Repositories(store), stage.api.workspace
    with store.reader() as db:
        db.begin_read()
        listed = rows.operations.page(db, workspace, "z", MOST)
        assert number in {row.id for row in listed}
        assert {row.payload for row in (*listed, rows.operations.load(db, workspace, number))} == {b""}
        assert len(rows.operations.payload(db, workspace, number)) > 10
        db.rollback()
    store.close()
