"""No reply is larger than 3.5 MB, so that a client with gRPC's own limit of 4 MiB can read every one.

Every RPC whose reply repeats something has a proof here, with content as long as it may be.
"""

from __future__ import annotations

import itertools

import pytest
from forms import answer, essay, form, mcq
from google.longrunning import operations_pb2
from grpc import StatusCode
from messages import booking
from operations import OperationsApi, chunks_of, info_of
from rows import write
from state_paths import STARTED, walk

from exam_sessions.rpc.convert.reply_size import EVENT_AT_MOST, SESSION_AT_MOST
from exam_sessions.store import schema
from exam_sessions.store.databases import store_of
from exam_sessions.store.events import dump_json
from exam_sessions.store.repositories import Repositories
from exam_sessions.v1 import (
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
    test_form_pb2,
    workspace_service_pb2,
)
from serving import ApiClient, Refused, serving

LIMIT = 3_500_000
MOST = 1_000
WIDE = "\U00010400"
"""A letter of four bytes."""
TEXT = 100_000
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


def many_words(number):
    """A candidate whose every text is as long as it may be."""
    name = f"{number:04}"
    return session_pb2.Candidate(
        candidate_id=name + WIDE * 124,
        name_first=WIDE * 100,
        name_middle=WIDE * 100,
        name_last=WIDE * 100,
        gender=1,
        grade_level=15,
        ethnicity=8,
        school_id=WIDE * 64,
        district_id=WIDE * 64,
    )


def longest(number):
    """A booking whose every text is as long as it may be."""
    return session_pb2.Booking(
        candidate=many_words(number),
        access_code=f"{number:032}",
        keycode=f"{number:016}",
        external_reference=WIDE * 30,
        centre_id=WIDE * 64,
        test_form=WIDE * 128,
    )


class Stage:
    """Sessions, forms and releases with content as long as it may be, made when they are first asked for."""

    def __init__(self, server):
        self.server = server
        self.api = ApiClient(server.target)
        self.work = OperationsApi(self.api)
        self._made = {}

    def once(self, make):
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]

    def pages(self, rpc, field, **fields):
        """Every page of a list; each is as large as it may be, and together they hold each element once."""
        token, replies = "", []
        while True:
            replies.append(self.api.call(rpc, page_token=token, **fields))
            assert len(getattr(replies[-1], field)) > 0
            token = replies[-1].next_page_token
            if not token:
                return replies


def sessions(stage):
    """A thousand voided sessions with long texts everywhere."""
    release = stage.api.release(name=WIDE * 200)
    rows = [longest(number) for number in range(MOST)]
    booked = stage.api.call("BatchCreateSessions", release_id=release.id, bookings=rows).sessions
    stage.work.transition("VOID", booked, message=WIDE * 1000)
    return release, booked


def essays(stage):
    """Sessions with the longest answers there may be, saved several times; and options with long contents."""
    options = [test_form_pb2.Option(content="?" * 4000) for _ in range(100)]
    long = [test_form_pb2.Question(number=f"m{n}", options=options) for n in range(4)]
    form(stage.api, *[essay(str(n)) for n in range(5)], *long, reference="long")
    release = stage.api.release(test_form="long")
    found = []
    for letter, saves in ((WIDE, 3), ("x", 2), (WIDE, 1), (WIDE, 1)):
        session = walk(stage.api, stage.api.book(release), *STARTED)
        for save in range(saves):
            text = letter * (TEXT - 1) + str(save)
            stage.api.move("SetResponses", session, responses=[answer(str(n), text=text) for n in range(5)])
        found.append(session)
    return release, found


def catalog_form(stage):
    """A form nearly as large as a form may be, on paper, under the reference of a release."""
    options = [test_form_pb2.Option(content="?" * 4000) for _ in range(4)]
    message = form(stage.api, *[test_form_pb2.Question(options=options) for _ in range(120)], reference="huge")
    return message, stage.api.release(test_form="huge", delivery=catalog_pb2.DELIVERY_PAPER)


def times(reply, field):
    """A reply as it would be with a thousand elements as large as its largest."""
    largest = max(getattr(reply, field), key=lambda row: row.ByteSize())
    return type(reply)(**{field: [largest] * MOST}, next_page_token="t" * 1024)


def list_sessions(stage):
    release, booked = stage.once(sessions)
    wanted = session_service_pb2.SessionFilter(release_ids=[release.id])
    for view in (1, 2):
        pages = stage.pages("ListSessions", "sessions", filter=wanted, view=view, page_size=MOST, order=3)
        assert [s.id for page in pages for s in page.sessions] == sorted(row.id for row in booked)
        yield from pages
    release, booked = stage.once(essays)
    wanted = session_service_pb2.SessionFilter(release_ids=[release.id])
    for show in ({"show_responses": True}, {"show_results": True}, {"show_responses": True, "show_results": True}):
        pages = stage.pages("ListSessions", "sessions", filter=wanted, **show)
        shown = [s for page in pages for s in page.sessions]
        assert [s.id for s in shown] == [session.id for session in booked]
        assert all(len(s.responses) == 5 for s in shown if "show_responses" in show)
        assert all(len(s.results.items) == 9 for s in shown if "show_results" in show)
        yield from pages


def batch_get_sessions(stage):
    _, booked = stage.once(sessions)
    ids = [row.id for row in booked]
    with pytest.raises(Refused) as refused:
        stage.api.call("BatchGetSessions", session_ids=ids)
    assert (refused.value.code, refused.value.reason) == (StatusCode.OUT_OF_RANGE, "REPLY_TOO_LARGE")
    fits = int(refused.value.metadata["fitting"])
    reply = stage.api.call("BatchGetSessions", session_ids=ids[:fits])
    assert [session.id for session in reply.sessions] == ids[:fits]
    assert reply.ByteSize() > LIMIT - 2 * SESSION_AT_MOST[2]
    yield reply


def list_session_events(stage):
    _, found = stage.once(essays)
    for session in found:
        pages = stage.pages("ListSessionEvents", "events", session_id=session.id)
        events = [event for page in pages for event in page.events]
        assert [e.sequence for e in events] == sorted({e.sequence for e in events})
        assert [e.action for e in events].count(session_pb2.ACTION_SET_RESPONSES) in {1, 2, 3}
        yield from pages


def batch_create_sessions(stage):
    release, rows = stage.api.release(), [booking(f"{n:05}" + WIDE * 123) for n in range(10_000)]
    with pytest.raises(Refused) as refused:
        stage.api.call("BatchCreateSessions", release_id=release.id, bookings=rows)
    assert refused.value.reason == "REPLY_TOO_LARGE"
    fits = int(refused.value.metadata["fitting"])
    assert stage.api.call("AggregateSessions", release_ids=[release.id]).total.session_count == 0
    yield stage.api.call("BatchCreateSessions", release_id=release.id, bookings=rows[:fits])


def import_sessions(stage):
    release, rows = stage.api.release(), [booking(f"{n:05}" + WIDE * 123) for n in range(10_000)]
    answers = stage.work.imported(chunks_of(stage.api, release, rows, rows[:5_000]))
    assert info_of(answers[0].refusal).reason == "REPLY_TOO_LARGE"
    assert answers[1].booked_count == 5_000
    yield from answers


def aggregate_sessions(stage):
    release, _ = stage.once(sessions)
    others = [stage.api.release().id for _ in range(2)]
    reply = stage.api.call("AggregateSessions", release_ids=[release.id, *others])
    statistics = reply.releases[0]
    statistics.statistics.states.extend([session_pb2.StateCount(state=99, count=2**31)] * 21)
    statistics.statistics.maturities.extend([session_pb2.MaturityCount(maturity=4, count=2**31)] * 4)
    yield type(reply)(total=statistics.statistics, releases=[statistics] * MOST)


def list_releases(stage):
    release, _ = stage.once(sessions)
    reply = stage.api.call("ListReleases", name=release.name)
    assert len(reply.releases) == 1
    yield times(reply, "releases")


def list_test_forms(stage):
    form(stage.api, essay("1"), reference=WIDE * 128, name=WIDE * 200)
    yield times(stage.api.call("ListTestForms", page_size=MOST), "test_forms")


def get_test_form(stage):
    stage.once(catalog_form)
    yield stage.api.call("GetTestForm", reference="huge")


def change_test_form(stage):
    message, _ = stage.once(catalog_form)
    reply = stage.api.call("UpdateTestForm", test_form=message)
    assert reply.ByteSize() > 1_900_000
    yield reply
    too_large = test_form_pb2.TestForm(reference="larger", questions=[message.questions[0]] * 130)
    with pytest.raises(Refused) as refused:
        stage.api.call("CreateTestForm", test_form=too_large)
    assert (refused.value.reason, list(refused.value.fields)) == ("INVALID_FIELD", ["test_form"])


def get_session_template(stage):
    _, release = stage.once(catalog_form)
    yield stage.api.call("GetSessionTemplate", release_id=release.id)


def get_session_results(stage):
    _, found = stage.once(essays)
    replies = [stage.api.call("GetSessionResults", session_id=session.id) for session in found]
    assert [reply.results.abridged for reply in replies] == [True, False, True, True]
    (cut, whole), place = (reply.results.items for reply in replies[:2]), 0
    assert whole[place].questions[0].response.text == "x" * (TEXT - 1) + "1"
    assert cut[place].questions[0].response.text.startswith(WIDE * 1000)
    assert {len(item.questions[0].options) for item in cut[5:]} == {100}
    yield from replies


def outcomes(stage):
    """Operations that have ended, with a refusal for each of a thousand rows."""
    release, _ = stage.once(sessions)
    operation = stage.work.of_release("PAUSE", release)
    yield operation
    yield stage.work.wait(operation)
    yield stage.work.get(operation)


def list_operations(stage):
    list(outcomes(stage))
    yield times(stage.work.list(), "operations")


def watch_sessions(stage):
    release, _ = stage.once(sessions)
    wanted = session_service_pb2.WatchFilter(release_ids=[release.id])
    request = session_service_pb2.WatchSessionsRequest(workspace_id=stage.api.workspace, filter=wanted, view=2)
    watch = stage.work._sessions.WatchSessions(request, timeout=60)
    for piece in watch:
        yield piece
        if piece.snapshot_complete:
            watch.cancel()
            break
    _, found = stage.once(essays)
    wanted = session_service_pb2.WatchFilter(session_ids=[session.id for session in found])
    request = session_service_pb2.WatchSessionsRequest(
        workspace_id=stage.api.workspace, filter=wanted, start_sequence=1
    )
    watch, saves = stage.work._sessions.WatchSessions(request, timeout=60), 0
    for piece in watch:
        yield piece
        saves += sum(event.action == session_pb2.ACTION_SET_RESPONSES for event in piece.events)
        if saves == 7:
            watch.cancel()
            break


def list_event_consumers(stage):
    names = [f"{n}".rjust(64, "c") for n in range(3)]
    for name in names:
        stage.api.call("AcknowledgeEvents", consumer=name, sequence=0)
    pages = stage.pages("ListEventConsumers", "consumers", page_size=2)
    assert [row.name for page in pages for row in page.consumers] == names
    yield times(pages[0], "consumers")


def list_workspaces(stage):
    for number in range(3):
        name = f"{number}".rjust(64, "w")
        stage.api.call("CreateWorkspace", workspace_id=name, display_name=WIDE * 200)
    yield times(stage.api.call("ListWorkspaces"), "workspaces")


def list_api_keys(stage):
    names = [f"{number}".rjust(64, "w") for number in range(1_000)]
    centres = [f"{number:03}" + WIDE * 61 for number in range(1_000)]
    for number in range(15):
        fields = {"name": f"{number}".rjust(128, "k"), "roles": ["admin"], "workspaces": names, "centres": centres}
        stage.api.call("CreateApiKey", **fields)
    pages = stage.pages("ListApiKeys", "api_keys")
    assert len({key.id for page in pages for key in page.api_keys}) == 15
    assert len(pages) > 1
    yield from pages


def list_lockouts(stage):
    for number in range(MOST):
        values = (
            stage.api.workspace,
            f"{number:036}",
            f"codes/address/{number}",
            1,
            1,
            2,
            3,
            "a" * 128,
            WIDE * 1_000,
        )
        write(stage.server, f"INSERT INTO lockouts VALUES ({', '.join('?' * len(values))})", *values)
    pages = stage.pages("ListLockouts", "lockouts", page_size=MOST)
    assert sum(len(page.lockouts) for page in pages) == MOST
    yield from pages


def erase_candidate(stage):
    yield stage.api.call("EraseCandidate", candidate_id="nobody", reason=WIDE * 1_000)


def apply_retention(stage):
    yield stage.api.call("ApplyRetention", months=1_200, reason=WIDE * 1_000)


def get_principal(stage):
    yield stage.api.call("GetPrincipal")


def state_machine(stage):
    yield stage.api.call("GetStateMachine")


def explain_session(stage):
    _, booked = stage.once(sessions)
    yield stage.api.call("ExplainSession", session_id=booked[0].id)


def regrade_release(stage):
    release, _ = stage.once(sessions)
    form(stage.api, mcq("1", "A"), reference="regraded")
    fields = {"release_id": release.id, "test_form": "regraded", "message": WIDE * 1000}
    yield stage.api.call("RegradeRelease", validate_only=True, **fields)


PROOFS = {
    "ListSessions": list_sessions,
    "BatchGetSessions": batch_get_sessions,
    "ListSessionEvents": list_session_events,
    "BatchCreateSessions": batch_create_sessions,
    "ImportSessions": import_sessions,
    "AggregateSessions": aggregate_sessions,
    "ListReleases": list_releases,
    "ListTestForms": list_test_forms,
    "GetTestForm": get_test_form,
    "CreateTestForm": change_test_form,
    "UpdateTestForm": change_test_form,
    "GetSessionTemplate": get_session_template,
    "GetSessionResults": get_session_results,
    "BatchTransitionSessions": outcomes,
    "SubmitFromTemplate": outcomes,
    "GetOperation": outcomes,
    "WaitOperation": outcomes,
    "ListOperations": list_operations,
    "WatchSessions": watch_sessions,
    "ListEventConsumers": list_event_consumers,
    "ListWorkspaces": list_workspaces,
    "ListApiKeys": list_api_keys,
    "CreateApiKey": list_api_keys,
    "RotateApiKey": list_api_keys,
    "RevokeApiKey": list_api_keys,
    "ListLockouts": list_lockouts,
    "GetPrincipal": get_principal,
    "EraseCandidate": erase_candidate,
    "ApplyRetention": apply_retention,
    "GetStateMachine": state_machine,
    "ExplainSession": explain_session,
    "RegradeRelease": regrade_release,
}
"""What proves of each reply that repeats something that it is small enough."""


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
