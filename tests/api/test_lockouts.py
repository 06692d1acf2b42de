"""Guessing codes: wrong ones are counted, too many lock out, and a lock-out is seen, lifted and kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from grpc import StatusCode as Code
from messages import METHOD, booking, micros, new_id
from state_paths import LONG_AGO, bring_to

from exam_sessions.background import lockouts
from exam_sessions.background.lockouts import Watched
from exam_sessions.domain.lockout import Guarded, Subject, SubjectKind
from exam_sessions.rpc.access.code_guard import CANDIDATE_ADDRESS
from exam_sessions.rpc.guarded_methods import names_sessions_by_code, rows_by_code
from exam_sessions_client.v1 import access_fields_pb2, lockout_service_pb2, marking_service_pb2
from serving import ApiClient, Refused, serving, until

LIMIT = 20
ADDRESS = "192.0.2.7"
WRONG = "ZZZZZZZZ"


@pytest.fixture
def guarded(database, clock):
    """A server that counts wrong codes of loopback addresses, and whose clock the test holds."""
    with serving(database, clock, tick_ms=3_600_000, limit_loopback=1) as running:
        yield running


@pytest.fixture
def desk(guarded):
    """A client of it."""
    with closing(ApiClient(guarded.target)) as api:
        yield api


def from_address(server, address, workspace=None):
    """A client that says for which candidate's address it calls."""
    api = ApiClient(server.target, workspace)
    api.metadata = (*api.metadata, (CANDIDATE_ADDRESS, address))
    return api


def reason_of(call, *arguments, **fields):
    """The reason a call is refused with; empty when it is not."""
    try:
        call(*arguments, **fields)
    except Refused as refused:
        return refused.reason
    return ""


def guess(api, count=1, rpc="GetSession"):
    """The reasons of as many calls that name a keycode nobody has."""
    return [reason_of(api.call, rpc, keycode=WRONG) for _ in range(count)]


def lock_out(api):
    """Enters as many wrong codes as lock out."""
    assert guess(api, LIMIT) == ["SESSION_NOT_FOUND"] * LIMIT


def is_locked_out(api):
    return guess(api) == ["TOO_MANY_WRONG_CODES"]


def test_twenty_wrong_codes_lock_an_address_out_for_right_ones_too(desk):
    session = desk.book()
    lock_out(desk)
    with pytest.raises(Refused) as refused:
        desk.call("GetSession", keycode=session.keycode)
    assert (refused.value.code, refused.value.reason) == (Code.RESOURCE_EXHAUSTED, "TOO_MANY_WRONG_CODES")
    facts = refused.value.metadata
    assert (facts["guarded"], facts["limited"]) == ("codes", "address")
    assert set(facts) == {"guarded", "limited", "end_time"}
    assert refused.value.retry_after == 60
    assert session.keycode not in str(refused.value)


def test_calls_that_name_a_session_by_its_id_go_on(desk):
    session = desk.book()
    lock_out(desk)
    assert desk.move("CreatePackage", session).id == session.id
    assert desk.get(session).id == session.id
    assert reason_of(desk.call, "DownloadSession", keycode=session.keycode) == "TOO_MANY_WRONG_CODES"


def test_every_request_that_holds_a_secret_is_guarded_or_sets_one():
    def secrets_in(message, seen):
        for field in message.fields:
            if field.GetOptions().Extensions[access_fields_pb2.secret]:
                yield field.name
            elif field.message_type and field.message_type.full_name not in seen:
                seen.add(field.message_type.full_name)
                yield from secrets_in(field.message_type, seen)

    unguarded = {
        name
        for name, method in METHOD.items()
        if set(secrets_in(method.input_type, set()))
        and not (names_sessions_by_code(method.input_type) or rows_by_code(method.input_type))
    }
    # These book sessions with codes of the caller's own; whoever may do so may read codes.
    assert unguarded == {"CreateSession", "BatchCreateSessions", "ImportSessions", "BatchUpdateSessions"}


TAKE_A_CODE = (
    "GetSession", "ListSessionEvents", "DeleteSession", "EnterKeycode", "EnterPin", "DownloadSession",
    "ExplainSession", "FinishSession", "GetSessionResults", "GetPin", "UploadSession",
)  # fmt: skip


def test_a_wrong_code_counts_in_every_rpc_that_takes_one(guarded):
    for number, rpc in enumerate(TAKE_A_CODE):
        with closing(from_address(guarded, f"192.0.2.{number}")) as api:
            session, more = api.book(), {"EnterPin": {"pin": "ABCDEF"}}.get(rpc, {})
            for _ in range(LIMIT - 1):
                assert reason_of(api.call, rpc, keycode=WRONG, **more) == "SESSION_NOT_FOUND"
            code = {"release_id": session.release_id, "access_code": "NOBODYS"}
            assert reason_of(api.call, rpc, access_code=code, **more) == "SESSION_NOT_FOUND"
            assert reason_of(api.call, rpc, keycode=session.keycode, **more) == "TOO_MANY_WRONG_CODES"


def papers_named(*names):
    marks = [marking_service_pb2.ItemMark(question_number="1", mark="1")]
    return [
        marking_service_pb2.PaperMarks(request_id=new_id(), marks=marks, completion_time=LONG_AGO, **name)
        for name in names
    ]


def test_every_wrong_code_of_a_batch_counts_and_too_many_of_them_reveal_nothing(desk):
    session = desk.book()
    few = papers_named(*[{"keycode": WRONG}] * (LIMIT - 1), {"session_id": new_id()})
    reply = desk.call("BatchAssignItemMarks", papers=few)
    assert reply.refused_count == LIMIT
    many = papers_named({"keycode": session.keycode}, {"keycode": WRONG}, {"keycode": WRONG})
    assert reason_of(desk.call, "BatchAssignItemMarks", papers=many) == "TOO_MANY_WRONG_CODES"
    right = papers_named({"keycode": session.keycode})
    assert reason_of(desk.call, "BatchAssignItemMarks", papers=right) == "TOO_MANY_WRONG_CODES"
    by_id = papers_named({"session_id": session.id})
    assert desk.call("BatchAssignItemMarks", papers=by_id).refused_count == 1


def test_an_unknown_id_is_no_wrong_code(desk):
    assert [reason_of(desk.call, "GetSession", session_id=new_id()) for _ in range(2 * LIMIT)] == [
        "SESSION_NOT_FOUND"
    ] * (2 * LIMIT)
    assert guess(desk) == ["SESSION_NOT_FOUND"]


def test_wrong_pins_of_many_sessions_lock_out(desk):
    sessions = [bring_to(desk, "LOCKED_BY_PIN") for _ in range(LIMIT // 4 + 1)]
    pin = desk.call("GetPin", session_id=sessions[-1].id).pin
    tried = [
        reason_of(desk.call, "EnterPin", session_id=session.id, pin="AAAAAA")
        for session in sessions[:-1]
        for _ in range(4)
    ]
    assert tried[:1] == ["WRONG_PIN"]
    # Each session entered by its keycode allows one more.
    rest = [reason_of(desk.call, "EnterPin", session_id=sessions[-1].id, pin="AAAAAA") for _ in range(4)]
    assert set(tried + rest) == {"WRONG_PIN"}
    others = [reason_of(desk.call, "EnterKeycode", keycode=WRONG) for _ in range(3)]
    assert others == ["SESSION_NOT_FOUND", "SESSION_NOT_FOUND", "TOO_MANY_WRONG_CODES"]
    assert reason_of(desk.call, "EnterPin", session_id=sessions[-1].id, pin=pin) == "TOO_MANY_WRONG_CODES"


def test_each_session_entered_allows_one_more_wrong_code_and_no_more_when_repeated(desk):
    session = bring_to(desk, "READY")
    request_id = new_id()
    for _ in range(5):
        desk.call("EnterKeycode", keycode=session.keycode, request_id=request_id)
        desk.call("GetSession", keycode=session.keycode)
    assert guess(desk, LIMIT + 1) == ["SESSION_NOT_FOUND"] * (LIMIT + 1)
    assert is_locked_out(desk)


def test_a_burst_of_calls_learns_no_more_than_calls_one_by_one(desk):
    session = desk.book()
    with ThreadPoolExecutor(50) as pool:
        told = list(pool.map(lambda _: guess(desk)[0], range(300)))
    assert told.count("SESSION_NOT_FOUND") == LIMIT
    assert told.count("TOO_MANY_WRONG_CODES") == 300 - LIMIT
    assert reason_of(desk.call, "GetSession", keycode=session.keycode) == "TOO_MANY_WRONG_CODES"


def test_a_lock_out_ends_by_itself_and_the_next_one_is_twice_as_long(desk, clock):
    lock_out(desk)
    recorded(desk)
    clock.advance(59)
    assert is_locked_out(desk)
    clock.advance(1)
    lock_out(desk)
    until(lambda: len(desk.call("ListLockouts").lockouts) == 2)
    clock.advance(119)
    assert is_locked_out(desk)
    clock.advance(1)
    assert guess(desk) == ["SESSION_NOT_FOUND"]


def test_addresses_are_counted_apart_and_those_of_a_network_together(guarded):
    with closing(from_address(guarded, ADDRESS)) as one:
        lock_out(one)
        assert is_locked_out(one)
        with closing(from_address(guarded, "192.0.2.8", one.workspace)) as other:
            assert guess(other) == ["SESSION_NOT_FOUND"]
        with closing(from_address(guarded, "2001:db8::1", one.workspace)) as first:
            lock_out(first)
        with closing(from_address(guarded, "2001:db8::2", one.workspace)) as second:
            assert is_locked_out(second)


def test_workspaces_are_counted_apart_and_ten_times_as_many_together(guarded):
    desks = [from_address(guarded, ADDRESS) for _ in range(11)]
    for desk in desks[:10]:
        lock_out(desk)
    assert guess(desks[10]) == ["TOO_MANY_WRONG_CODES"]
    elsewhere = desks[10].call("ListLockouts").lockouts
    assert not elsewhere
    everywhere = desks[10].call("ListLockouts", whole_deployment=True)
    until(lambda: everywhere.lockouts or desks[10].call("ListLockouts", whole_deployment=True).lockouts)
    found = desks[10].call("ListLockouts", whole_deployment=True).lockouts
    assert [(one.value, one.wrong_count, one.whole_deployment) for one in found] == [(ADDRESS, 200, True)]
    for desk in desks:
        desk.close()


def test_by_default_the_programs_of_the_machine_are_not_counted(database):
    with serving(database) as server, closing(ApiClient(server.target)) as api:
        assert guess(api, 3 * LIMIT) == ["SESSION_NOT_FOUND"] * (3 * LIMIT)
        assert not api.call("ListLockouts", whole_deployment=True).lockouts


def test_an_address_that_is_none_counts_as_the_callers_own(guarded):
    with closing(from_address(guarded, "room 3")) as api:
        lock_out(api)
        assert is_locked_out(api)


def test_codes_are_not_counted_where_nobody_is_to_be_locked_out(database):
    with (
        serving(database, limit_loopback=1, wrong_codes_at_most=0) as server,
        closing(ApiClient(server.target)) as api,
    ):
        assert guess(api, 3 * LIMIT) == ["SESSION_NOT_FOUND"] * (3 * LIMIT)


def recorded(api, **fields):
    """The lock-outs of a client's workspace, once there are any."""
    until(lambda: api.call("ListLockouts", **fields).lockouts)
    return api.call("ListLockouts", **fields).lockouts


def test_a_lock_out_is_recorded(desk, clock):
    begun = clock()
    lock_out(desk)
    (lockout,) = recorded(desk)
    assert lockout.guarded == lockout_service_pb2.LOCKOUT_GUARDED_CODES
    assert lockout.subject == lockout_service_pb2.LOCKOUT_SUBJECT_ADDRESS
    assert (lockout.value, lockout.wrong_count, lockout.in_force) == ("127.0.0.1", LIMIT, True)
    assert (micros(lockout.begin_time), micros(lockout.end_time)) == (begun, begun + 60_000_000)
    assert not lockout.HasField("lift_time")
    clock.advance(60)
    assert not desk.call("ListLockouts", in_force_only=True).lockouts
    assert [one.in_force for one in desk.call("ListLockouts").lockouts] == [False]


def test_a_lock_out_is_lifted_by_one_call_and_says_by_whom(desk, clock):
    lock_out(desk)
    (lockout,) = recorded(desk)
    clock.advance(5)
    lifted = desk.call("LiftLockout", lockout_id=lockout.id, message="a typing exercise").lockout
    assert guess(desk) == ["SESSION_NOT_FOUND"]
    assert (lifted.lifted_by, lifted.message, micros(lifted.lift_time)) == ("test", "a typing exercise", clock())
    assert not lifted.in_force
    assert list(desk.call("ListLockouts").lockouts) == [lifted]
    assert not desk.call("ListLockouts", in_force_only=True).lockouts
    # It stays as it is, whoever lifts it again.
    assert desk.call("LiftLockout", lockout_id=lockout.id, message="again").lockout == lifted


def test_after_it_was_lifted_the_next_lock_out_is_as_short_as_the_first(desk, clock):
    lock_out(desk)
    (first,) = recorded(desk)
    desk.call("LiftLockout", lockout_id=first.id)
    lock_out(desk)
    until(lambda: len(desk.call("ListLockouts").lockouts) == 2)
    second, _ = desk.call("ListLockouts").lockouts
    assert micros(second.end_time) - micros(second.begin_time) == 60_000_000


def test_a_check_of_lifting_changes_nothing(desk):
    lock_out(desk)
    (lockout,) = recorded(desk)
    assert desk.call("LiftLockout", lockout_id=lockout.id, validate_only=True).lockout.lifted_by == "test"
    assert is_locked_out(desk)
    assert list(desk.call("ListLockouts").lockouts) == [lockout]


def test_a_repeated_request_is_answered_as_the_first_time(desk):
    lock_out(desk)
    (lockout,) = recorded(desk)
    asked = {"lockout_id": lockout.id, "request_id": new_id()}
    first = desk.call("LiftLockout", **asked)
    assert desk.call("LiftLockout", **asked) == first


def test_a_lock_out_of_another_workspace_is_unknown(desk, guarded):
    lock_out(desk)
    (lockout,) = recorded(desk)
    with closing(ApiClient(guarded.target)) as other:
        assert not other.call("ListLockouts").lockouts
        for unknown in (lockout.id, new_id()):
            assert reason_of(other.call, "LiftLockout", lockout_id=unknown) == "LOCKOUT_NOT_FOUND"


def test_lock_outs_are_read_page_by_page_the_newest_first(desk, guarded):
    for number in range(5):
        with closing(from_address(guarded, f"192.0.2.{number}", desk.workspace)) as api:
            lock_out(api)
        until(lambda count=number + 1: len(desk.call("ListLockouts").lockouts) == count)
    listed, token = [], ""
    while True:
        page = desk.call("ListLockouts", page_size=2, page_token=token)
        listed += [lockout.value for lockout in page.lockouts]
        if not (token := page.next_page_token):
            break
    assert listed == [f"192.0.2.{number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.both_databases("counts are added up by each in its own way")
def test_servers_of_one_database_lock_out_together_and_lift_together(database, clock):
    settings = {"limit_loopback": 1, "tick_ms": 3_600_000}
    with serving(database, clock, **settings) as one, serving(database, clock, **settings) as two:
        here, there = ApiClient(one.target, "w"), ApiClient(two.target, "w")
        for _ in range(LIMIT // 2):
            assert guess(here) + guess(there) == ["SESSION_NOT_FOUND"] * 2
        until(lambda: is_locked_out(here) and is_locked_out(there))

        def lifted():
            # More than once where entries were stored after the first time.
            for lockout in there.call("ListLockouts", in_force_only=True).lockouts:
                there.call("LiftLockout", lockout_id=lockout.id)
            return guess(here) + guess(there) == ["SESSION_NOT_FOUND"] * 2

        until(lifted)
        here.close()
        there.close()


@pytest.mark.both_databases("it is kept by each")
def test_a_lock_out_outlives_the_server(database, clock):
    settings = {"limit_loopback": 1, "tick_ms": 3_600_000}
    with serving(database, clock, **settings) as server, closing(ApiClient(server.target, "w")) as api:
        lock_out(api)
    with serving(database, clock, **settings) as server, closing(ApiClient(server.target, "w")) as api:
        assert is_locked_out(api)


def test_a_flood_of_addresses_takes_no_more_memory_than_is_bounded(guarded):
    held = guarded.app.service.lockouts

    async def flood():
        for number in range(lockouts.TRACKED_AT_MOST + 5_000):
            address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            held.failed([Watched(Subject("w", Guarded.CODES, SubjectKind.ADDRESS, address), held.rule)])
        return len(held._tries), len(held._pending)

    assert guarded.run(flood()) == (lockouts.TRACKED_AT_MOST, lockouts.PENDING_AT_MOST)
    with closing(ApiClient(guarded.target)) as api:
        assert api.book().id
    until(lambda: not held._pending)


def test_what_is_old_is_removed(desk, guarded, clock):
    lock_out(desk)
    recorded(desk)
    held = guarded.app.service.lockouts
    until(lambda: len(guarded.database.read("SELECT * FROM tries")) == 2)
    clock.advance(399 * 24 * 3600)
    guarded.run(held._purge())
    assert not guarded.database.read("SELECT * FROM tries")
    assert desk.call("ListLockouts").lockouts
    clock.advance(2 * 24 * 3600)
    guarded.run(held._purge())
    assert not desk.call("ListLockouts").lockouts


def test_booking_by_a_code_of_ones_own_is_no_guess(desk):
    session = desk.book()
    row = booking("c99", keycode=session.keycode)
    for _ in range(2 * LIMIT):
        refused = reason_of(desk.call, "CreateSession", release_id=session.release_id, booking=row)
        assert refused == "DUPLICATE_KEYCODE"
    assert guess(desk) == ["SESSION_NOT_FOUND"]
