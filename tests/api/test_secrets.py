from __future__ import annotations

import threading

import grpc
import pytest
from google.protobuf import descriptor_pb2
from messages import METHOD, booking, lasting, mask, new_id
from rows import read, unchanged
from state_paths import bring_to, pin_of, walk
from watchers import Watch

from exam_sessions_client.v1 import session_pb2, session_service_pb2
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
    api = RecordedClient(server.target)
    yield api
    api.close()


def refused(call):
    with pytest.raises(Refused) as found:
        call()
    return found.value


def test_on_its_whole_way_nothing_shows_the_pin_of_a_session_but_its_two_rpcs(recorded, server, caplog):
    caplog.set_level("DEBUG")
    api = recorded
    release = api.release(invigilated=True, requires_check_in=True, duration=lasting(3600))
    once, again = new_id(), new_id()
    row = {"release_id": release.id, "booking": booking("ann", pin=PIN), "request_id": once}
    session = api.call("CreateSession", **row).session
    assert api.call("CreateSession", **row).session == session
    other = api.call("BatchCreateSessions", release_id=release.id, bookings=[booking("ben", pin=PIN)]).sessions[0]
    with Watch(api, view=FULL) as watch:
        watch.complete()
        for validate_only in (True, False):
            api.move("SetPin", session, pin=ANOTHER, validate_only=validate_only)
            api.call("SetPin", session_id=other.id, pin=PIN, validate_only=validate_only, request_id=again)
        for key in ({"session_id": session.id}, {"keycode": session.keycode}):
            api.call("GetSession", **key, view=FULL)
            api.call("ExplainSession", **key)
            api.call("GetPin", **key)
        walk(api, session, "CreatePackage", "DownloadSession")
        refused(lambda: api.move("EnterPin", session, pin=ANOTHER))
        walk(api, session, "EnterKeycode", "CheckInSession")
        for pin in (ANOTHER, PIN):
            api.move("EnterPin", session, pin=pin, validate_only=True)
        assert refused(lambda: api.move("EnterPin", session, pin=PIN)).reason == "WRONG_PIN"
        for wrong in (f"{ANOTHER}1", f"{ANOTHER}\0", f" {PIN}"):
            refused(lambda pin=wrong: api.move("EnterPin", session, pin=pin))
            refused(lambda pin=wrong: api.move("SetPin", session, pin=pin))
            refused(lambda pin=wrong: api.call("CreateSession", release_id=release.id, booking=booking("c", pin=pin)))
        api.move("EnterPin", session, pin=ANOTHER)
        api.call("ListSessions", view=FULL, show_total_size=True, show_responses=True, show_results=True)
        api.call("ListSessions", view=FULL, read_mask=mask("id", "keycode"))
        api.call("BatchGetSessions", session_ids=[session.id, other.id], view=FULL)
        api.call("AggregateSessions", release_ids=[release.id])
        api.call("GetRelease", release_id=release.id)
        ids = {"session_ids": [other.id]}
        api.call("BatchTransitionSessions", action=session_pb2.ACTION_CREATE_PACKAGE, ids=ids)
        for action in (session_pb2.ACTION_SET_PIN, session_pb2.ACTION_GET_PIN):
            refused(lambda a=action: api.call("BatchTransitionSessions", action=a, ids=ids))
        edit = {"booking": booking(external_reference="r", pin=PIN), "update_mask": mask("external_reference")}
        api.call("UpdateSession", session_id=other.id, **edit)
        api.move("RemovePin", other)
        refused(lambda: api.call("GetPin", session_id=other.id))
        api.move("SetPin", other, pin=PIN)
        api.history(session)
        api.history(other)
        api.call("DeleteSession", session_id=other.id)
        api.call("SetPin", session_id=other.id, pin=PIN, request_id=again)
        api.history(session_pb2.Session(id=other.id))
        last = api.history(session_pb2.Session(id=other.id))[-1].sequence
        watch.up_to(last)
        told = b"".join(piece.SerializeToString() for piece in watch.pieces)
    said = api.recorder.seen | {"WatchSessions": [told]}
    assert {rpc for rpc, replies in said.items() for reply in replies if holds_a_pin(reply)} == set()
    assert not holds_a_pin(caplog.text.encode())
    stored = [read(server, f"SELECT * FROM {table}") for table in ("events", "requests", "operations")]
    assert not holds_a_pin(repr(stored).encode())


def holds_a_pin(data):
    return any(pin.encode() in data.upper() for pin in (PIN, ANOTHER))


def test_set_pin_shows_the_pin_it_set_and_to_a_repetition_none(api):
    session, request_id = api.book(), new_id()
    reply = api.call("SetPin", session_id=session.id, pin="qwerty", request_id=request_id)
    assert reply.pin == "QWERTY"
    again = api.call("SetPin", session_id=session.id, pin="qwerty", request_id=request_id)
    assert (again.session, again.pin) == (reply.session, "")


def test_a_pin_that_was_only_checked_is_not_shown(api, server):
    session = api.book(pin="secret")
    with unchanged(server, api):
        for rpc in ("SetPin", "GetPin"):
            assert api.call(rpc, session_id=session.id, validate_only=True).pin == ""


def test_who_reads_a_pin_leaves_a_row_of_history(api, server):
    session = api.book(pin="secret")
    invigilator = ApiClient(server.target, api.workspace, actor="invigilator-7")
    reply = invigilator.call("GetPin", keycode=session.keycode, etag=session.etag)
    invigilator.close()
    assert reply.pin == "SECRET"
    assert (reply.session.state, reply.session.etag) == (session.state, "v2")
    event = api.history(session)[-1]
    assert (event.action, event.actor, list(event.changes)) == (session_pb2.ACTION_GET_PIN, "invigilator-7", [])
    assert event.from_state == event.to_state == session.state


def test_a_repeated_reading_shows_no_pin_and_leaves_no_second_row(api):
    session, request_id = api.book(pin="secret"), new_id()
    shown = [api.call("GetPin", session_id=session.id, request_id=request_id).pin for _ in range(3)]
    assert shown == ["SECRET", "", ""]
    assert len(api.history(session)) == 2


def test_a_pin_drawn_for_a_room_is_read_by_its_invigilator_and_lets_the_candidate_in(api):
    release = api.release(invigilated=True, auto_create_pin=True)
    session = walk(api, api.book(release), "CreatePackage", "DownloadSession", "EnterKeycode")
    assert session.state == session_pb2.STATE_LOCKED_BY_PIN
    assert api.move("EnterPin", session, pin=pin_of(api, session)).state == session_pb2.STATE_IN_PROGRESS


def test_a_pin_can_be_read_after_its_release_was_finalized(api):
    session = bring_to(api, "LOCKED_BY_PIN")
    api.call("FinalizeRelease", release_id=session.release_id)
    assert pin_of(api, session) == "QWERTY"


def test_a_pin_in_a_history_of_before_is_not_told(api, server):
    session = api.book()
    api.call("SetPin", session_id=session.id, pin=PIN)
    old = f'{{"pin":["{ANOTHER}","{PIN}"]}}'
    server.database.write(
        "UPDATE events SET changes = ? WHERE session_id = ? AND action = ?", old, session.id, "set_pin"
    )
    with Watch(api, start_sequence=1) as watch:
        for event in (api.history(session)[-1], watch.up_to(2)[-1]):
            assert [(c.field, c.old_value, c.new_value) for c in event.changes] == [("pin", "***", "***")]
