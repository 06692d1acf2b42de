"""Random calls from many clients at once, and the record of what each asked and saw."""

from __future__ import annotations

import functools
import itertools
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
from forms import LONG_AGO, chosen
from google.protobuf import message_factory
from google.protobuf.duration_pb2 import Duration
from messages import METHOD, SERVICE, at, booking, lasting, mask, micros, new_id, request_of

from exam_sessions.app import now
from exam_sessions.domain.commands import Command
from exam_sessions.domain.records import Event, Release, Session, SessionWithRelease
from exam_sessions.domain.states import EDITABLE_STATES, Action, State
from exam_sessions.domain.transition_table import ALLOWED
from exam_sessions.rpc.convert.booking import edit_of, edited_fields
from exam_sessions.rpc.convert.commands import COMMAND_FOR_RPC, CUSTOM_PARSERS
from exam_sessions.rpc.convert.session import fill_session
from exam_sessions_client.v1 import marking_service_pb2, result_pb2, session_pb2
from linearizability import NEVER, No, Op, Seen, Told, linearize
from serving import read_refusal

BEGAN = now() - time.monotonic_ns() // 1000


def steady():
    """A clock for servers and callers alike that nobody sets while they run."""
    return BEGAN + time.monotonic_ns() // 1000


class Line:
    """A connection of its own: desks of one server share theirs."""

    def __init__(self, target, workspace, actor):
        self.workspace, self.actor = workspace, actor
        self.metadata = (("x-actor", actor),)
        self.channel = grpc.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)])
        self._calls = {}

    def send(self, rpc, request, patience=60):
        """Starts a call."""
        if rpc not in self._calls:
            self._calls[rpc] = self.channel.unary_unary(
                f"/{SERVICE[rpc]}/{rpc}",
                request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=message_factory.GetMessageClass(METHOD[rpc].output_type).FromString,
            )
        return self._calls[rpc].future(request, timeout=patience, metadata=self.metadata)

    def ask(self, rpc, **fields):
        """Calls; the reply, or a Refused."""
        try:
            return self.send(rpc, request_of(rpc, workspace_id=self.workspace, **fields)).result()
        except grpc.RpcError as error:
            return read_refusal(error)

    def close(self):
        self.channel.close()


@dataclass
class Sheet:
    """What is known and recorded of one session."""

    start: Session
    release: Release
    ops: list[Op] = field(default_factory=list)
    latest: session_pb2.Session | None = None
    """As somebody saw it last."""
    asked: list = field(default_factory=list)
    """Calls that carried a request id."""
    forms: dict = field(default_factory=dict)
    """The forms of the catalogue, by their references."""

    def show(self):
        """Writes records of the session as callers see them."""

        @functools.cache
        def shown(session):
            message = session_pb2.Session()
            fill_session(message, SessionWithRelease(session, self.release))
            return message

        return shown

    def explain(self, events):
        """An order that explains every answer in every field, and each event."""
        # Every event before was a version of its own.
        history = [told(event) for event in events[self.start.version :]]
        return linearize(self.ops, self.start, self.release, self.show(), history, self.forms)

    def explain_without_history(self):
        """An order that explains the states and etags that callers saw, whatever else they saw."""
        ops = [op._replace(answer=brief(op.answer)) for op in self.ops]
        return linearize(ops, self.start, self.release, forms=self.forms)


def brief(answer):
    """An answer without all that is neither state nor etag."""
    return Seen((answer.shown.state, answer.shown.etag)) if isinstance(answer, Seen) and answer.shown else answer


def told(event):
    """An event as the checker reads it."""
    action = session_pb2.Action.Name(event.action).removeprefix("ACTION_").lower()
    changes = {change.field: (change.old_value, change.new_value) for change in event.changes}
    record = Event(action, event.from_state, event.to_state, event.reason, event.message, "", changes)
    return Told(record, event.actor, event.request_id, micros(event.time))


NEEDED = {
    "FailSession": {"message": "the fuse blew"},
    "RegradeSession": {"message": "a wrong key"},
    "SetAccommodation": {"accommodation": session_pb2.Accommodation(no_time_limit=True)},
}
"""Fields without which a request is none."""


def given_by(rpc, request):
    """The command of an RPC that applies an action: the same for every request, or made from it."""
    command = COMMAND_FOR_RPC[rpc]
    return command if isinstance(command, Command) else command(request)


RPC = {given_by(rpc, request_of(rpc, **NEEDED.get(rpc, {}))).action: rpc for rpc in COMMAND_FOR_RPC} | {
    Action.UPDATE: "UpdateSession",
    Action.DELETE: "DeleteSession",
}
ODD = {
    *(Action[name] for name in ("VOID", "DELETE", "FAIL", "RESET", "UPDATE", "SET_PIN", "REMOVE_PIN", "GET_PIN")),
    *(Action[name] for name in ("CLEAR_RESPONSES", "REOPEN", "SET_EXTRA_TIME", "SET_ACCOMMODATION")),
}
"""Actions that lead away from where sessions go."""

PINS = ("qwerty", "abcdef")
FORM = "form-1"


def command_of(rpc, request):
    """What a request asks of a session; None when it only reads."""
    if rpc in CUSTOM_PARSERS:
        request = CUSTOM_PARSERS[rpc].read(request.SerializeToString())
    if rpc in COMMAND_FOR_RPC:
        return given_by(rpc, request)
    if rpc == "UpdateSession":
        return edit_of(request.booking, edited_fields(request.update_mask.paths))
    return Command(Action.DELETE) if rpc == "DeleteSession" else None


REFERENCES = ("a", "b", FORM)
"""Forms, of which the catalogue holds the last at most."""
MARKS = ("0", "1", "0.5", "1", "0", "4.5", None)


def said(chance):
    """A response to one of three questions, of which the last takes words."""
    number = chance.choice("123")
    words = {"text": chance.choice(["", "words", "more words"])} if number == "3" else {}
    options = [] if words else chosen(*chance.choice(["A", "B", "AB", ""]))
    response = result_pb2.Response(options=options, **words)
    return result_pb2.ItemResponse(questions=[result_pb2.QuestionResponse(id=number, response=response)])


def responses(chance):
    """What a candidate answers, now and then late."""
    late = {"attempt": chance.randint(1, 2), "revision": chance.randint(0, 6)} if chance.random() < 0.2 else {}
    return {"responses": [said(chance)], "submit_for_scoring": chance.random() < 0.4} | late


def marks(chance):
    """Marks of some questions; one without a mark was not attempted."""
    given = {number: chance.choice(MARKS) for number in chance.sample("123", chance.randint(1, 3))}
    row = marking_service_pb2.ItemMark
    return [row(question_number=number, mark=mark) for number, mark in given.items()]


def of_paper(chance):
    """Responses of a paper to its first questions."""
    words = {number: chance.choice(["A", "B", ""]) for number in chance.choice(["1", "2", "12"])}
    row = marking_service_pb2.PaperResponse
    return [row(question_number=number, options=chosen(*labels)) for number, labels in words.items()]


def extra_time(chance):
    """Time as such, or in percent."""
    if chance.random() < 0.5:
        return {"extra_time_percent": chance.choice([25, 50]), "reason": "a reader"}
    return {"extra_time": Duration(nanos=chance.choice([1, 20]) * 1_000_000), "reason": "a reader"}


AN_HOUR = 3_600_000_000


def reopening(chance, soon):
    """Now and then with a deadline: a few milliseconds ahead, if the clock is to come in `soon`."""
    ahead = chance.choice([5_000, 50_000]) if soon else AN_HOUR
    deadline = {"deadline": at(steady() + ahead)} if chance.random() < 0.4 else {}
    return {"deferred_clock": chance.random() < 0.5} | deadline


def accommodation(chance):
    """A working time of the candidate's own, long, none, or the release's again."""
    given = chance.choice([{"time_limit": lasting(36_000)}, {"no_time_limit": True}, {"release_time_limit": True}])
    return {"accommodation": session_pb2.Accommodation(**given), "reason": "a broken arm"}


ARGUMENTS = {
    Action.SET_PIN: lambda chance: {"pin": chance.choice(PINS)},
    Action.ENTER_PIN: lambda chance: {"pin": chance.choice(PINS)},
    Action.VOID: lambda chance: {"reason": chance.randint(0, 5), "message": "ill", "force": chance.random() < 0.5},
    Action.RESET: lambda chance: {
        "current_form": chance.choice(["", "a"]),
        "updated_form": chance.choice(REFERENCES),
    },
    Action.DOWNLOAD: lambda chance: {"client": session_pb2.DeliveryClient(held_offline=chance.random() < 0.1)},
    Action.FINISH: lambda chance: {"reason": chance.randint(0, 2)},
    Action.FAIL: lambda _: {"message": "power cut"},
    Action.SET_RESPONSES: responses,
    Action.UPLOAD: lambda chance: {"responses": [said(chance)]},
    Action.ASSIGN_ITEM_MARKS: lambda chance: {"marks": marks(chance), "completion_time": LONG_AGO},
    Action.ASSIGN_ITEM_RESPONSES: lambda chance: {"responses": of_paper(chance), "completion_time": LONG_AGO},
    Action.SCORE_RESPONSE: lambda chance: {
        "question_number": chance.choice("123"),
        "mark": chance.choice(MARKS[:-1]),
    },
    Action.UNSCORE_RESPONSE: lambda chance: {"question_number": chance.choice("123")},
    Action.CLEAR_RESPONSES: lambda _: {"message": "as agreed"},
    Action.SET_EXTRA_TIME: extra_time,
    Action.SET_ACCOMMODATION: accommodation,
    Action.REGRADE: lambda _: {"message": "a wrong key"},
}
"""What a call says besides the session."""


def edit(chance, soon):
    """What is to be edited: now and then to a window that opens in a few milliseconds, if it is to be so `soon`."""
    name = chance.choice(["centre_id", "test_form", "external_reference"])
    value = chance.choice(REFERENCES)
    if soon and chance.random() < 0.8:
        name, value = "window_start", at(steady() + chance.choice([5_000, 20_000, 80_000]))
    return {"booking": booking(**{name: value}), "update_mask": mask(name)}


def draw(chance, sheet, soon=False, favoured=()):
    """A call on a session: mostly legal where it was seen last, now and then one that was made before."""
    if chance.random() < 0.2:
        return "GetSession", {"session_id": sheet.start.id}
    if sheet.asked and chance.random() < 0.15:
        return chance.choice(sheet.asked)
    latest = sheet.latest
    legal = ALLOWED[State(latest.state)] if latest else ()
    usual, odd = [a for a in legal if a not in ODD], [a for a in legal if a in ODD]
    ways = chance.choices([usual, odd, list(RPC)], [0.7, 0.12, 0.18])[0]
    action = chance.choice(ways or list(RPC))
    if (wished := [a for a in favoured if a in legal]) and chance.random() < 0.5:
        action = chance.choice(wished)
    if soon and Action.UPDATE in legal and latest.state in EDITABLE_STATES and chance.random() < 0.3:
        action = Action.UPDATE
    key = {"keycode": sheet.start.keycode} if action is Action.ENTER_KEYCODE else {"session_id": sheet.start.id}
    in_time = {Action.UPDATE: edit, Action.REOPEN: reopening}.get(action)
    fields = key | (in_time(chance, soon) if in_time else ARGUMENTS.get(action, lambda _: {})(chance))
    if latest and chance.random() < 0.3:
        fields["etag"] = latest.etag
    if chance.random() < 0.05:
        return RPC[action], fields | {"validate_only": True}
    if chance.random() < 0.3:
        used = sheet.asked and chance.random() < 0.1
        fields["request_id"] = chance.choice(sheet.asked)[1]["request_id"] if used else new_id()
        sheet.asked.append((RPC[action], fields))
    return RPC[action], fields


LOST = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}


class Recorder:
    """Clients with a line to each server. Few sessions are worked on at a time, so that calls meet."""

    def __init__(self, clients, sheets, *, crowd=4, each=25, **taste):
        self._clients, self._sheets, self._crowd, self._each, self._taste = clients, sheets, crowd, each, taste
        self._numbers = itertools.count()
        self.turned_away = []
        """What those were told who waited, and got no answer."""

    def run(self, seed):
        """Makes as many calls as there is room for on the sheets."""
        with ThreadPoolExecutor(len(self._clients)) as pool:
            chances = [random.Random(f"{seed} {n}") for n in range(len(self._clients))]
            for done in list(map(pool.submit, itertools.repeat(self._work), self._clients, chances)):
                done.result()

    def _work(self, lines, chance):
        while (number := next(self._numbers)) < len(self._sheets) * self._each:
            first = number // (self._crowd * self._each) * self._crowd
            sheet = chance.choice(self._sheets[first : first + self._crowd])
            hurry = chance.choices(
                [{}, {"patience": chance.uniform(0.0003, 0.003)}, {"regret": chance.randrange(3)}], [94, 3, 3]
            )[0]
            self._make(chance.choice(lines), sheet, *draw(chance, sheet, **self._taste), **hurry)

    def look(self, line, sheet):
        """Reads a session."""
        self._make(line, sheet, "GetSession", {"session_id": sheet.start.id})

    def _make(self, line, sheet, rpc, fields, **hurry):
        """Makes a call, and writes down what came of it."""
        request = request_of(rpc, workspace_id=line.workspace, **fields)
        invoked = steady()
        answer = self._answer(line, rpc, request, **hurry)
        op = Op(line.actor, command_of(rpc, request), invoked, steady() if answer else NEVER, answer)
        if op.command:
            op = op._replace(etag=request.etag, request_id=request.request_id, validate_only=request.validate_only)
        if isinstance(answer, Seen) and answer.shown:
            sheet.latest = answer.shown
            op = op._replace(now=micros(answer.shown.update_time))
        sheet.ops.append(op)

    def _answer(self, line, rpc, request, patience=60, regret=None):
        """The answer of a call, None when nobody saw it; its caller may lose patience, or call it off."""
        call = line.send(rpc, request, patience)
        if regret is not None:
            for _ in range(regret):
                line.send("ListReleases", request_of("ListReleases", workspace_id=line.workspace)).result()
            call.cancel()
        try:
            return Seen(getattr(call.result(), "session", None))
        except grpc.FutureCancelledError:
            return None
        except grpc.RpcError as error:
            if error.code() in LOST:
                if patience == 60:
                    self.turned_away.append(error.details())
                return None
            return No(read_refusal(error).reason)
