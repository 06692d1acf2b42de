"""How to be refused with each reason there is: the call, the code, and the facts that come with it."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from unittest.mock import ANY, patch

from grpc import StatusCode as Code
from messages import at, bookings, lasting, mask, new_id, send, send_bytes
from rows import read
from state_paths import bring_to, walk

from exam_sessions_client.v1 import catalog_pb2, session_pb2
from processes import ServerProcess
from serving import ApiClient, Refused, serving, until

REFUSAL_CASES: dict[str, tuple[Code, Any]] = {}
"""Code, and a context manager that gives a call to be refused and the metadata of its refusal, by reason."""


@dataclass
class Stage:
    """A server whose clock the test holds, a client, and what makes databases for servers of one's own."""

    server: Any
    clock: Any
    api: Any
    new_database: Any


def refused_with(code):
    """Enters a case under its name."""

    def enter(function):
        REFUSAL_CASES[function.__name__.upper()] = (code, contextmanager(function))
        return function

    return enter


@refused_with(Code.INVALID_ARGUMENT)
def invalid_field(stage):
    yield lambda: stage.api.call("GetSession", session_id="17"), {"violations": "1"}


@refused_with(Code.INVALID_ARGUMENT)
def malformed_message(stage):
    yield lambda: send_bytes(stage.api, "GetSession", b"\x0a\x05ab"), {}


@refused_with(Code.OUT_OF_RANGE)
def reply_too_large(stage):
    release, rows = stage.api.release(), bookings(10_000, "\U00010400" * 100)
    facts = {"size": ANY, "limit": "3500000", "fitting": ANY}
    yield lambda: stage.api.call("BatchCreateSessions", release_id=release.id, bookings=rows), facts


@refused_with(Code.RESOURCE_EXHAUSTED)
def message_too_large(stage):
    with stage.new_database() as database, serving(database, max_message_bytes=1000) as server:
        api = ApiClient(server.target)
        yield lambda: send_bytes(api, "GetSession", b"\x0a" * 1001), {"size": "1001", "limit": "1000"}
        api.close()


@refused_with(Code.FAILED_PRECONDITION)
def no_working_time(stage):
    session, share = stage.api.book(), {"extra_time_percent": 50, "reason": "a broken arm"}
    yield lambda: stage.api.move("SetExtraTime", session, **share), {"release_id": session.release_id}


@refused_with(Code.INVALID_ARGUMENT)
def invalid_page_token(stage):
    yield lambda: stage.api.call("ListSessions", page_token="tomorrow"), {}


@refused_with(Code.INVALID_ARGUMENT)
def request_id_reused(stage):
    session, request_id = stage.api.book(), new_id()
    stage.api.move("CreatePackage", session, request_id=request_id)
    yield lambda: stage.api.move("DownloadSession", session, request_id=request_id), {"request_id": request_id}


@refused_with(Code.NOT_FOUND)
def session_not_found(stage):
    missing = new_id()
    yield lambda: stage.api.call("GetSession", session_id=missing), {"session": missing}


@refused_with(Code.NOT_FOUND)
def release_not_found(stage):
    missing = catalog_pb2.Release(id=new_id())
    yield lambda: stage.api.book(missing), {"release_id": missing.id}


@refused_with(Code.ALREADY_EXISTS)
def duplicate_candidate(stage):
    release = stage.api.release()
    stage.api.book(release, "anna")
    yield lambda: stage.api.book(release, "anna"), {"candidate_id": "anna"}


@refused_with(Code.ALREADY_EXISTS)
def duplicate_access_code(stage):
    release = stage.api.release()
    stage.api.book(release, access_code="OPEN-1")
    yield lambda: stage.api.book(release, access_code="open-1"), {"access_code": "OPEN-1"}


@refused_with(Code.ALREADY_EXISTS)
def duplicate_keycode(stage):
    stage.api.book(keycode="KEY1")
    yield lambda: stage.api.book(keycode="key1"), {"keycode": "KEY1"}


@refused_with(Code.ALREADY_EXISTS)
def duplicate_session_id(stage):
    taken = stage.api.book().id
    yield lambda: stage.api.book(session_id=taken.upper()), {"session_id": taken}


@refused_with(Code.ALREADY_EXISTS)
def duplicate_release_id(stage):
    taken = stage.api.release().id
    yield lambda: stage.api.release(id=taken.upper()), {"release_id": taken}


@refused_with(Code.ALREADY_EXISTS)
def duplicate_release_name(stage):
    taken = stage.api.release(name="Maths, May")
    again = catalog_pb2.Release(name="Maths, May")
    facts = {"name": "Maths, May", "release_id": taken.id}
    yield lambda: stage.api.call("CreateRelease", release=again, allow_duplicate_name=False), facts


@refused_with(Code.FAILED_PRECONDITION)
def invalid_transition(stage):
    session = bring_to(stage.api, "READY")
    allowed = "enter_keycode,set_pin,remove_pin,get_pin,void,reset,fail,update,set_extra_time,set_accommodation"
    facts = {"state": "READY", "action": "unlock", "allowed_actions": allowed}
    yield lambda: stage.api.move("UnlockSession", session), facts


@refused_with(Code.FAILED_PRECONDITION)
def session_not_resettable(stage):
    session = bring_to(stage.api, "FINISHED")
    allowed = "send_to_marking,void,clear_responses,reopen,retake,fail,update,regrade"
    facts = {"state": "FINISHED", "action": "reset", "allowed_actions": allowed}
    yield lambda: stage.api.move("ResetSession", session), facts


@refused_with(Code.FAILED_PRECONDITION)
def session_not_editable(stage):
    session = bring_to(stage.api, "AWAITING_MARKING")
    allowed = "submit_marked,void,clear_responses,reopen,fail,update,score_response,unscore_response,regrade"
    facts = {"state": "AWAITING_MARKING", "action": "delete", "allowed_actions": allowed}
    yield lambda: stage.api.call("DeleteSession", session_id=session.id), facts


@refused_with(Code.FAILED_PRECONDITION)
def session_not_voidable(stage):
    session = bring_to(stage.api, "ARCHIVED")
    facts = {"state": "ARCHIVED", "action": "void", "allowed_actions": ""}
    yield lambda: stage.api.move("VoidSession", session), facts


@refused_with(Code.FAILED_PRECONDITION)
def release_finalized(stage):
    release = stage.api.release()
    stage.api.call("FinalizeRelease", release_id=release.id)
    yield lambda: stage.api.book(release), {"release_id": release.id}


@refused_with(Code.FAILED_PRECONDITION)
def window_closed(stage):
    opens = at(3_155_760_000 * 1_000_000)
    session = walk(stage.api, stage.api.book(window_start=opens), "CreatePackage", "DownloadSession")
    facts = {"window_start": "2070-01-01T00:00:00.000Z", "window_end": "", "now": ANY}
    yield lambda: stage.api.move("EnterKeycode", session), facts


@refused_with(Code.FAILED_PRECONDITION)
def held_offline(stage):
    client = session_pb2.DeliveryClient(machine="LAB-7", held_offline=True)
    session = walk(stage.api, stage.api.book(), "CreatePackage")
    stage.api.move("DownloadSession", session, client=client)
    yield lambda: stage.api.move("EnterKeycode", session), {"machine": "LAB-7"}


@refused_with(Code.FAILED_PRECONDITION)
def attempt_time_expired(stage):
    session = bring_to(stage.api, "IN_PROGRESS", duration=lasting(60))
    stage.clock.advance(60)
    deadline = session.attempt.deadline.ToDatetime().isoformat(timespec="milliseconds") + "Z"
    yield lambda: stage.api.move("PauseSession", session), {"deadline": deadline}


@refused_with(Code.FAILED_PRECONDITION)
def grace_period_over(stage):
    session = bring_to(stage.api, "AWAITING_UPLOAD", grace_period=lasting(60))
    stage.clock.advance(61)
    yield lambda: stage.api.move("UploadSession", session), {"end_time": ANY, "accepted_until": ANY}


@refused_with(Code.PERMISSION_DENIED)
def wrong_pin(stage):
    session = bring_to(stage.api, "LOCKED_BY_PIN")
    yield lambda: stage.api.move("EnterPin", session, pin="ZZZZZZ"), {"tries_left": "4"}


@refused_with(Code.FAILED_PRECONDITION)
def pin_not_set(stage):
    session = bring_to(stage.api, "LOCKED_FOR_INVIGILATOR")
    yield lambda: stage.api.move("GetPin", session), {}


@refused_with(Code.RESOURCE_EXHAUSTED)
def pin_blocked(stage):
    session = bring_to(stage.api, "LOCKED_BY_PIN")
    for _ in range(5):
        with suppress(Refused):
            stage.api.move("EnterPin", session, pin="ZZZZZZ")
    yield lambda: stage.api.move("EnterPin", session, pin="QWERTY"), {"tries": "5"}


@refused_with(Code.FAILED_PRECONDITION)
def candidate_has_open_session(stage):
    walk(stage.api, stage.api.book(candidate_id="ben"), "CreatePackage", "DownloadSession", "EnterKeycode")
    other = walk(stage.api, stage.api.book(candidate_id="ben"), "CreatePackage", "DownloadSession")
    yield lambda: stage.api.move("EnterKeycode", other), {"candidate_id": "ben"}


@refused_with(Code.FAILED_PRECONDITION)
def void_reason_mismatch(stage):
    session, reason = stage.api.book(), session_pb2.VOID_REASON_PARTIALLY_COMPLETED
    yield lambda: stage.api.move("VoidSession", session, reason=reason), {"void_reason": "PARTIALLY_COMPLETED"}


@refused_with(Code.FAILED_PRECONDITION)
def release_not_moderated(stage):
    session = bring_to(stage.api, "MARKED")
    yield lambda: stage.api.move("RequestVerification", session), {"release_id": session.release_id}


@refused_with(Code.FAILED_PRECONDITION)
def moderation_required(stage):
    session = bring_to(stage.api, "MARKED", moderated=True)
    yield lambda: stage.api.move("ArchiveSession", session), {"release_id": session.release_id}


@refused_with(Code.ABORTED)
def stale_session(stage):
    old = stage.api.book()
    new = stage.api.move("CreatePackage", old)
    facts = {"session_id": old.id, "etag": new.etag}
    yield lambda: stage.api.move("DownloadSession", old, etag=old.etag), facts


@refused_with(Code.ABORTED)
def stale_release(stage):
    old = stage.api.release()
    new, names = catalog_pb2.Release(id=old.id, name="Physics"), mask("name")
    etag = stage.api.call("UpdateRelease", release=new, update_mask=names).release.etag
    facts = {"release_id": old.id, "etag": etag}
    yield lambda: stage.api.call("UpdateRelease", release=new, update_mask=names, etag=old.etag), facts


@refused_with(Code.ABORTED)
def stale_form(stage):
    session = stage.api.book(test_form="form-2")
    yield lambda: stage.api.move("ResetSession", session, current_form="form-1"), {"test_form": "form-2"}


@refused_with(Code.UNAVAILABLE)
def database_unavailable(stage):
    release = stage.api.release()
    with stage.server.database.unusable():
        yield lambda: stage.api.book(release), {}


@refused_with(Code.RESOURCE_EXHAUSTED)
def database_full(stage):
    with stage.new_database() as database, serving(database, tick_ms=3_600_000) as server:
        api = ApiClient(server.target)
        release = api.release()
        booked = [api.book(release, external_reference="x" * 30) for _ in range(20)]
        with database.full(server):

            def fill():
                for _ in range(1000):
                    api.book(release, external_reference="x" * 30)

            yield fill, {}
            assert api.get(booked[0]) == booked[0], "reads are served"
        assert api.book(release), "and writes again once there is room"
        api.close()


@refused_with(Code.DATA_LOSS)
def database_damaged(stage):
    with stage.new_database() as database, serving(database, tick_ms=3_600_000) as server:
        api = ApiClient(server.target)
        release = api.release()
        with database.damaged(server):
            yield lambda: api.book(release), {}
        api.close()


@refused_with(Code.UNAVAILABLE)
def database_replaced(stage):
    with stage.new_database() as database, serving(database) as server:
        api = ApiClient(server.target)
        release = api.release()
        database.path.unlink()
        yield lambda: api.book(release), {}
        api.close()


@refused_with(Code.UNAVAILABLE)
def roster_under_way(stage):
    with stage.new_database() as database, ServerProcess(database) as writer, serving(database) as server:
        theirs, ours = ApiClient(writer.target, "shared"), ApiClient(server.target, "shared")
        release = theirs.release()
        call = send(theirs, "BatchCreateSessions", release_id=release.id, bookings=bookings(10_000))
        until(lambda: read(server, "SELECT count(*) FROM sessions")[0][0] > 0)
        writer.freeze()
        yield lambda: ours.book(release, "c0"), {}
        writer.thaw()
        assert len(call.result().sessions) == 10_000
        theirs.close()
        ours.close()


@refused_with(Code.RESOURCE_EXHAUSTED)
def overloaded(stage):
    with stage.new_database() as database, serving(database, backlog=1) as server, ThreadPoolExecutor(8) as pool:
        api = ApiClient(server.target)

        def crowd():
            with database.locked_for_writing():
                calls = [pool.submit(api.release) for _ in range(8)]
                done, _ = wait(calls, return_when=FIRST_EXCEPTION)
            next(call for call in done if call.exception()).result()

        yield crowd, {}
        pool.shutdown()
        api.close()


@refused_with(Code.UNAVAILABLE)
def shutting_down(stage):
    with stage.new_database() as database, serving(database) as server:
        api = ApiClient(server.target)
        server.run(server.app.service.close())
        yield api.release, {}
        api.close()


@refused_with(Code.INTERNAL)
def internal(stage):
    with patch.object(
        stage.server.app.service.reads, "release_with_statistics", side_effect=RuntimeError("no SELECT in /var/lib")
    ):
        yield lambda: stage.api.call("GetRelease", release_id=new_id()), {"request_id": ANY}
