from __future__ import annotations

import threading

import grpc
import pytest
from google.protobuf import descriptor_pb2
from messages import METHOD, booking, lasting, mask, new_id
from rows import read, unchanged
from state_paths import bring_to, pin_of, walk
from watchers import Watch

from exam_sessions.v1 import session_pb2, session_service_pb2
from serving import ApiClient, Refused

PIN, ANOTHER = "XQWZKV", "VKZWQX"
DISCLOSING = {"SetPinResponse", "GetPinResponse"}
FULL = session_service_pb2.SESSION_VIEW_FULL


def fields_below(message, seen):
    """Every field a message leads to, each message once."""
    if message.full_name in seen:
        return
    seen.add(message.full_name)
    for field in message.fields:
        yield message, field
        if field.message_type:
            yield from fields_below(field.message_type, seen)


@pytest.mark.parametrize("rpc", METHOD)
def test_no_reply_but_two_has_a_field_for_a_pin(rpc):
    found = {(m.name, f.name) for m, f in fields_below(METHOD[rpc].output_type, set()) if "pin" in f.name.split("_")}
    allowed = {("Release", "auto_create_pin")}
    assert found - allowed == ({(f"{rpc}Response", "pin")} if f"{rpc}Response" in DISCLOSING else set())


def test_the_place_of_the_pin_in_a_session_is_not_given_away_again():
    of_session = descriptor_pb2.DescriptorProto()
    session_pb2.Session.DESCRIPTOR.CopyToProto(of_session)
    assert [(r.start, r.end) for r in of_session.reserved_range] == [(14, 15)]
    assert list(of_session.reserved_name) == ["pin"]


class Recorder(grpc.UnaryUnaryClientInterceptor):
    """Keeps the bytes of every reply and refusal, but of the two that may show a PIN."""

    def __init__(self):
        self.seen, self._lock = {}, threading.Lock()

    def intercept_unary_unary(self, continuation, details, request):
        call = continuation(details, request)
        rpc = details.method.rpartition("/")[2]
        try:
            reply = call.result()
            bare = type(reply)()
            bare.CopyFrom(reply)
            if f"{rpc}Response" in DISCLOSING:
                bare.ClearField("pin")
            said = bare.SerializeToString()
        except grpc.RpcError as error:
            said = repr((error.details(), error.trailing_metadata())).encode()
        with self._lock:
            self.seen.setdefault(rpc, []).append(said)
        return call


class RecordedClient(ApiClient):
    """A client whose replies are kept as bytes."""

    def __init__(self, target):
        super().__init__(target)
        self.recorder = Recorder()
        for stub in self._stubs.values():
            stub.__init__(grpc.intercept_channel(self.channel, self.recorder))


@pytest.fixture
def recorded(server):
    desk = RecordedClient(server.target)
    yield desk
    desk.close()


def refused(call):
    with pytest.raises(Refused) as found:
        call()
    return found.value


def test_on_its_whole_way_nothing_shows_the_pin_of_a_session_but_its_two_rpcs(recorded, server, caplog):
    caplog.set_level("DEBUG")
    desk = recorded
    release = desk.release(invigilated=True, requires_check_in=True, duration=lasting(3600))
    once, again = new_id(), new_id()
    row = {"release_id": release.id, "booking": booking("ann", pin=PIN), "request_id": once}
    session = desk.call("CreateSession", **row).session
    assert desk.call("CreateSession", **row).session == session
    other = desk.call("BatchCreateSessions", release_id=release.id, bookings=[booking("ben", pin=PIN)]).sessions[0]
    with Watch(desk, view=FULL) as watch:
        watch.complete()
        for validate_only in (True, False):
            desk.move("SetPin", session, pin=ANOTHER, validate_only=validate_only)
            desk.call("SetPin", session_id=other.id, pin=PIN, validate_only=validate_only, request_id=again)
        for key in ({"session_id": session.id}, {"keycode": session.keycode}):
            desk.call("GetSession", **key, view=FULL)
            desk.call("ExplainSession", **key)
            desk.call("GetPin", **key)
        walk(desk, session, "CreatePackage", "DownloadSession")
        refused(lambda: desk.move("EnterPin", session, pin=ANOTHER))
        walk(desk, session, "EnterKeycode", "CheckInSession")
        for pin in (ANOTHER, PIN):
            desk.move("EnterPin", session, pin=pin, validate_only=True)
        assert refused(lambda: desk.move("EnterPin", session, pin=PIN)).reason == "WRONG_PIN"
        for wrong in (f"{ANOTHER}1", f"{ANOTHER}\0", f" {PIN}"):
            refused(lambda pin=wrong: desk.move("EnterPin", session, pin=pin))
            refused(lambda pin=wrong: desk.move("SetPin", session, pin=pin))
            refused(
                lambda pin=wrong: desk.call("CreateSession", release_id=release.id, booking=booking("c", pin=pin))
            )
        desk.move("EnterPin", session, pin=ANOTHER)
        desk.call("ListSessions", view=FULL, show_total_size=True, show_responses=True, show_results=True)
        desk.call("ListSessions", view=FULL, read_mask=mask("id", "keycode"))
        desk.call("BatchGetSessions", session_ids=[session.id, other.id], view=FULL)
        desk.call("AggregateSessions", release_ids=[release.id])
        desk.call("GetRelease", release_id=release.id)
        ids = {"session_ids": [other.id]}
        desk.call("BatchTransitionSessions", action=session_pb2.ACTION_CREATE_PACKAGE, ids=ids)
        for action in (session_pb2.ACTION_SET_PIN, session_pb2.ACTION_GET_PIN):
            refused(lambda a=action: desk.call("BatchTransitionSessions", action=a, ids=ids))
        edit = {"booking": booking(external_reference="r", pin=PIN), "update_mask": mask("external_reference")}
        desk.call("UpdateSession", session_id=other.id, **edit)
        desk.move("RemovePin", other)
        refused(lambda: desk.call("GetPin", session_id=other.id))
        desk.move("SetPin", other, pin=PIN)
        desk.history(session)
        desk.history(other)
        desk.call("DeleteSession", session_id=other.id)
        desk.call("SetPin", session_id=other.id, pin=PIN, request_id=again)
        desk.history(session_pb2.Session(id=other.id))
        last = desk.history(session_pb2.Session(id=other.id))[-1].sequence
        watch.up_to(last)
        told = b"".join(piece.SerializeToString() for piece in watch.pieces)
    said = desk.recorder.seen | {"WatchSessions": [told]}
    assert {rpc for rpc, replies in said.items() for reply in replies if holds_a_pin(reply)} == set()
    assert not holds_a_pin(caplog.text.encode())
    stored = [read(server, f"SELECT * FROM {table}") for table in ("events", "requests", "operations")]
    assert not holds_a_pin(repr(stored).encode())


def holds_a_pin(data):
    return any(pin.encode() in data.upper() for pin in (PIN, ANOTHER))


def test_set_pin_shows_the_pin_it_set_and_to_a_repetition_none(desk):
    session, request_id = desk.book(), new_id()
    reply = desk.call("SetPin", session_id=session.id, pin="qwerty", request_id=request_id)
    assert reply.pin == "QWERTY"
    again = desk.call("SetPin", session_id=session.id, pin="qwerty", request_id=request_id)
    assert (again.session, again.pin) == (reply.session, "")


def test_a_pin_that_was_only_checked_is_not_shown(desk, server):
    session = desk.book(pin="secret")
    with unchanged(server, desk):
        for rpc in ("SetPin", "GetPin"):
            assert desk.call(rpc, session_id=session.id, validate_only=True).pin == ""


def test_who_reads_a_pin_leaves_a_row_of_history(desk, server):
    session = desk.book(pin="secret")
    invigilator = ApiClient(server.target, desk.workspace, actor="invigilator-7")
    reply = invigilator.call("GetPin", keycode=session.keycode, etag=session.etag)
    invigilator.close()
    assert reply.pin == "SECRET"
    assert (reply.session.state, reply.session.etag) == (session.state, "v2")
    event = desk.history(session)[-1]
    assert (event.action, event.actor, list(event.changes)) == (session_pb2.ACTION_GET_PIN, "invigilator-7", [])
    assert event.from_state == event.to_state == session.state


def test_a_repeated_reading_shows_no_pin_and_leaves_no_second_row(desk):
    session, request_id = desk.book(pin="secret"), new_id()
    shown = [desk.call("GetPin", session_id=session.id, request_id=request_id).pin for _ in range(3)]
    assert shown == ["SECRET", "", ""]
    assert len(desk.history(session)) == 2


def test_a_pin_drawn_for_a_room_is_read_by_its_invigilator_and_lets_the_candidate_in(desk):
    release = desk.release(invigilated=True, auto_create_pin=True)
    session = walk(desk, desk.book(release), "CreatePackage", "DownloadSession", "EnterKeycode")
    assert session.state == session_pb2.STATE_LOCKED_BY_PIN
    assert desk.move("EnterPin", session, pin=pin_of(desk, session)).state == session_pb2.STATE_IN_PROGRESS


def test_a_pin_can_be_read_after_its_release_was_finalized(desk):
    session = bring_to(desk, "LOCKED_BY_PIN")
    desk.call("FinalizeRelease", release_id=session.release_id)
    assert pin_of(desk, session) == "QWERTY"


def test_a_pin_in_a_history_of_before_is_not_told(desk, server):
    session = desk.book()
    desk.call("SetPin", session_id=session.id, pin=PIN)
    old = f'{{"pin":["{ANOTHER}","{PIN}"]}}'
    server.database.write(
        "UPDATE events SET changes = ? WHERE session_id = ? AND action = ?", old, session.id, "set_pin"
    )
    with Watch(desk, start_sequence=1) as watch:
        for event in (desk.history(session)[-1], watch.up_to(2)[-1]):
            assert [(c.field, c.old_value, c.new_value) for c in event.changes] == [("pin", "***", "***")]
