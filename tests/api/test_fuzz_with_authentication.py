"""Every RPC with requests drawn from its descriptor, by callers of every role and by strangers."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from authenticated import bearer, client_of, guarded
from fuzzing import Drawing, answer_of, pool
from grpc import StatusCode
from hostile import METHODS
from messages import mask, new_id
from operations import OperationsApi
from rows import read
from state_paths import walk
from walls import request_in

from exam_sessions.domain.access import ROLES, Permission
from exam_sessions.rpc.access.requirements import requirement_of
from exam_sessions.rpc.throttle import only_reads
from exam_sessions.store import schema
from exam_sessions_client.v1 import catalog_pb2, session_pb2
from serving import ApiClient, Refused, until

ROUNDS = pytest.mark.parametrize("rounds", [1, pytest.param(40, marks=pytest.mark.slow)])
HERE, THERE, BEYOND = "here", "there", "beyond"
"""A centre of the callers' workspace, another one of it, and another workspace."""

FAULTS = {StatusCode.INTERNAL, StatusCode.UNKNOWN, StatusCode.UNIMPLEMENTED}


class Place:
    """Sessions at one centre, with words that stand nowhere else: for each the permissions one of which it takes."""

    def __init__(self, owner, where):
        self.written = set()
        """Words of this place that callers have written elsewhere since: they may be told them."""
        self.where, mark = where, f"{where.upper()}{new_id()[:4].upper()}"
        personal = ("id", "first", "middle", "last", "note", "why", "typed", "failed", "tablet", "host")
        self.words = {kind: f"{kind}-QX-{mark}" for kind in personal} | {"ref": f"ref-QX-{mark}"[:30]}
        codes = {"keycode": f"KQX{mark}", "access_code": f"AQX{mark}"}
        self.needed = dict.fromkeys(self.words.values(), frozenset({Permission.READ_PERSONAL_DATA}))
        self.needed |= dict.fromkeys(codes.values(), frozenset({Permission.READ_CODES}))
        self.needed[self.words["failed"]] = {Permission.READ_PERSONAL_DATA, Permission.RECOVER_SESSIONS}
        self.centre, words = f"K-{where}", self.words
        release = owner.release(name=f"R {mark}", device_policy=catalog_pb2.DEVICE_POLICY_ONE_DEVICE)
        candidate = session_pb2.Candidate(
            candidate_id=words["id"], name_first=words["first"], name_middle=words["middle"], name_last=words["last"]
        )
        booking = session_pb2.Booking(
            candidate=candidate, centre_id=self.centre, external_reference=words["ref"],
            annotations={"note": words["note"]}, **codes,
            accommodation=session_pb2.BookingAccommodation(
                extra_time={"seconds": 60}, extra_time_reason=words["why"]
            ),
        )  # fmt: skip
        session = owner.call("CreateSession", release_id=release.id, booking=booking).session
        client = session_pb2.DeliveryClient(machine=words["host"])
        session = owner.move("DownloadSession", owner.move("CreatePackage", session), client=client)
        entered = owner.call("EnterKeycode", keycode=session.keycode, device_label=words["tablet"])
        other = owner.book(release, f"second-{mark}", centre_id=self.centre)
        owner.move("VoidSession", other, reason=session_pb2.VOID_REASON_OTHER, message=words["typed"])
        walk(owner, owner.book(release, f"third-{mark}", centre_id=self.centre), "CreatePackage")
        request_id = new_id()
        owner.call("UpdateSession", session_id=session.id, booking=booking, update_mask=mask("external_reference"),
                   request_id=request_id)  # fmt: skip
        operation = OperationsApi(owner).of_release("FAIL", release, message=words["failed"])
        self.names = {
            "workspace_id": owner.workspace, "session_id": session.id, "session_ids": session.id,
            "release_id": release.id, "release_ids": release.id, "id": release.id, "centre_id": self.centre,
            "candidate_id": words["id"], "candidate_ids": words["id"], "user_id": words["id"], **codes,
            "name": operation.name, "request_id": request_id, "etag": session.etag,
            "attempt_token": entered.attempt_token, "consumer": f"payroll-{where}",
            "page_token": owner.call("ListSessions", page_size=1).next_page_token,
        }  # fmt: skip
        owner.call("AcknowledgeEvents", consumer=f"payroll-{where}", sequence=1)
        OperationsApi(owner).wait(operation)


@pytest.fixture(scope="module")
def server(new_database):
    with new_database() as database, guarded(database, tick_ms=3_600_000, open_workspaces=0) as running:
        yield running.quiet()


@pytest.fixture(scope="module")
def places(server):
    admin = client_of(server, "admin")
    found = {}
    for where, workspace in ((HERE, "ours"), (THERE, "ours"), (BEYOND, "theirs")):
        if where != THERE:
            admin.call("CreateWorkspace", workspace_id=workspace)
        found[where] = Place(client_of(server, "admin", workspace=workspace), where)
    return found


@pytest.fixture(scope="module")
def owner(server, places):
    """Makes what requests name."""
    client = client_of(server, "admin", workspace="ours", workspaces=["ours"])
    client._numbers = iter(new_id, None)  # no candidate is another's
    return client


def settle(server):
    """Waits until everything is written that is written after calls: operations, and who entered a code."""
    until(lambda: not read(server, "SELECT id FROM operations WHERE end_time IS NULL OR end_time = 0"))
    server.run(server.app.service.lockouts.sync())


def hidden(places, role, seen, asked):
    """The words that a caller must not be told: those of places it does not see, and those it may not read."""
    words = set()
    for place in places.values():
        for word, permissions in place.needed.items():
            if word in place.written:
                continue
            if (place.where not in seen or not permissions & ROLES[role]) and word.encode() not in asked:
                words.add(word)
    return words


def everything(server, workspace=None):
    """Every row there is, or those of a workspace."""
    found = {}
    for name, table in schema.metadata.tables.items():
        # When a key was last used is written a little after it was.
        columns = ", ".join(column.name for column in table.columns if column.name != "last_use_time")
        if workspace is None:
            found[name] = read(server, f"SELECT {columns} FROM {name}")
        elif "workspace_id" in table.columns:
            found[name] = read(server, f"SELECT {columns} FROM {name} WHERE workspace_id = ?", workspace)
    return {name: sorted(map(repr, rows)) for name, rows in found.items()}


def requests_of(drawing, method, role, owner, chance):
    """One or two requests: drawn from nothing, or made from one that would be accepted, where the role may call."""
    may_call = requirement_of(method).permission in ROLES[role] | {Permission.NONE, Permission.OF_ACTION}
    for _ in range(chance.randrange(1, 3)):
        request = drawing.request(method)
        if may_call and chance.random() < 0.6:
            with suppress(Refused):  # what others have drawn may stand in the way
                request = drawing.altered(request_in(owner, method))
        if method.name == "WatchSessions":
            request.heartbeat_interval.seconds = 1
        if method.name == "WaitOperation":
            request.timeout.FromMilliseconds(10)
        if method.name == "CloseWorkspace":
            request.validate_only = True
        yield request


def attack(owner, places, client, role, seen, rounds, chance):
    """Calls every RPC so many times, and fails where a caller is told what it may not read; gives those accepted."""
    drawing, accepted = Drawing(chance, pool(*(place.names for place in places.values()))), set()
    for _ in range(rounds):
        for method in METHODS:
            requests = list(requests_of(drawing, method, role, owner, chance))
            code, told = answer_of(client, method, requests, drawing.metadata())
            asked = b"".join(request.SerializeToString() for request in requests).upper() + b"".join(
                request.SerializeToString() for request in requests
            )
            leaked = [word for word in hidden(places, role, seen, asked) if word.encode() in told]
            assert not leaked, (role, method.name, code, leaked, requests)
            assert code not in FAULTS, (role, method.name, code, told, requests)
            if code is StatusCode.OK:
                accepted.add(method.name)
            if code is StatusCode.OK and (method.client_streaming or not only_reads(method)):
                for place in places.values():
                    place.written |= {word for word in place.needed if word.encode() in asked}
    return accepted


@ROUNDS
@pytest.mark.parametrize("role", ROLES)
def test_no_role_is_told_what_it_may_not_read_or_breaks_anything(server, owner, places, role, rounds):
    chance = random.Random(f"{role} {rounds}")
    bound = client_of(server, role, workspace="ours", workspaces=["ours"], name=f"whole-{role}")
    narrow = client_of(server, role, workspace="ours", workspaces=["ours"], centres=["K-here"], name=f"narrow-{role}")
    settle(server)
    before = everything(server, "theirs")
    accepted = attack(owner, places, narrow, role, {HERE}, rounds, chance)
    accepted |= attack(owner, places, bound, role, {HERE, THERE}, rounds, chance)
    assert everything(server, "theirs") == before
    assert len(accepted) > (15 if role == "admin" else 1), accepted


STRANGERS = {
    "nothing": (),
    "an unknown key": bearer("es_0123456789ab_" + "A" * 43),
    "another scheme": (("authorization", "Basic cm9vdDpyb290"),),
    "two credentials": (*bearer("x"), *bearer("y")),
}


@ROUNDS
@pytest.mark.parametrize("stranger", STRANGERS)
def test_strangers_are_told_one_thing_by_every_rpc_and_leave_no_trace(server, places, stranger, rounds):
    client = ApiClient(server.target, "ours")
    client.metadata = STRANGERS[stranger]
    drawing = Drawing(random.Random(f"{stranger} {rounds}"), pool(*(place.names for place in places.values())))
    settle(server)
    before, told = everything(server), set()
    for _ in range(rounds):
        for method in METHODS:
            code, said = answer_of(client, method, [drawing.request(method)], drawing.metadata())
            told.add((code, said))
    assert len(told) == 1, told
    ((code, _),) = told
    assert code is StatusCode.UNAUTHENTICATED
    assert everything(server) == before
    client.close()


def test_the_words_are_there_for_those_who_may_read_them(server, places):
    auditor = client_of(server, "auditor", workspace="ours", workspaces=["ours"])
    told = "".join(
        str(auditor.call(rpc, session_id=places[HERE].names["session_id"]))
        for rpc in ("GetSession", "ListSessionEvents")
    )
    try:
        told += str(auditor.call("ListSessions", view=2))
    except Refused as refused:
        pytest.fail(str(refused))
    assert [word for word in places[HERE].needed if word.startswith(("id-", "first-")) and word not in told] == []
