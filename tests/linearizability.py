"""Decides whether what callers saw of one session can be explained by calls that took effect one after the other.

The search is Wing and Gong's, with Lowe's memory of where it has been. An order explains a session when it respects
real time (a call that was answered before another was made comes first) and the pure machine, asked in that order,
answers every call as it was answered. A call whose answer nobody saw may have taken effect at any moment after it was
made, or never. Given the session's history, what takes effect must also be exactly that, event by event.
"""

from __future__ import annotations

from textwrap import shorten
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from exam_sessions import errors
from exam_sessions.domain.commands import Command
from exam_sessions.domain.decide import decide, due_command
from exam_sessions.domain.records import MarkingContext
from exam_sessions.domain.states import Action
from exam_sessions.rpc.convert.history import shown_value
from exam_sessions.rpc.convert.session import CODES, HIDDEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from exam_sessions.domain.decide import Decision
    from exam_sessions.domain.forms import Form
    from exam_sessions.domain.records import AttemptRecord, Event, Release, Session

NEVER = 1 << 62
CLOCK = "system"
NO_FORMS: Mapping[str, Form] = MappingProxyType({})


class Seen(NamedTuple):
    """The answer of a call that was accepted: what its caller was shown, None for a deletion."""

    shown: object


class No(NamedTuple):
    """The answer of a call that was refused."""

    reason: str


class Op(NamedTuple):
    """One call, and what its caller saw of it. Without a command it reads. Times are those of the server's clock."""

    client: str
    command: Command | None
    invoked: int
    responded: int = NEVER
    answer: Seen | No | None = None
    """None: nobody saw it."""
    etag: str = ""
    request_id: str = ""
    validate_only: bool = False
    now: int = 0
    """When the server decided it, where the answer tells."""


class Told(NamedTuple):
    """An event of the history as it was read."""

    event: Event
    actor: str
    request_id: str
    time: int


class ModelState(NamedTuple):
    """The state after some calls: the session, its attempts, the requests remembered, how much history there is."""

    session: Session
    deleted: bool = False
    requests: frozenset[tuple[str, Command | None, str]] = frozenset()
    told: int = 0
    attempts: tuple[AttemptRecord, ...] = ()

    def __hash__(self) -> int:
        """Scripts hold dictionaries; places that differ in nothing else are few."""
        return hash((self.session, self.deleted, self.requests, self.told))

    def after(self, decision: Decision) -> ModelState:
        """The place a decision leads to."""
        written = {record.attempt: record for record in (*self.attempts, *decision.attempts)}
        return self._replace(
            # The history keeps a deleted booking for those who ask again, without its PIN.
            session=decision.session or self.session._replace(pin=""),
            deleted=decision.session is None,
            told=self.told + len(decision.events),
            attempts=tuple(written[attempt] for attempt in sorted(written)),
        )


Order = list[Op | Told]


class Unexplained(AssertionError):
    """No order explains what was seen."""


def state_and_etag(session: Session) -> object:
    """What a caller is shown of a session, as far as it matters in what order calls took effect."""
    return session.state, f"v{session.version}"


def _as_read(name: str, value: object) -> str:
    """A value of a change as callers read it: of a PIN not even whether there was one, of codes that there was."""
    if name == "pin":
        return HIDDEN
    shown = shown_value(name, value) or ""
    return HIDDEN if shown and name in CODES else shown


def as_told(event: Event) -> Event:
    """An event with its changes as callers read them."""
    changes = {name: tuple(_as_read(name, value) for value in pair) for name, pair in (event.changes or {}).items()}
    return event._replace(changes=changes)


def events_told(decision: Decision, actor: str, request_id: str, time: int) -> tuple[Told, ...]:
    """The rows of history a decision leaves; what the service does by itself is told as the clock's."""
    return tuple(
        Told(as_told(event)._replace(actor=""), event.actor or actor, request_id, time) for event in decision.events
    )


def linearize(
    ops: Sequence[Op],
    session: Session,
    release: Release,
    show: Callable[[Session], object] = state_and_etag,
    history: Sequence[Told] | None = None,
    forms: Mapping[str, Form] = NO_FORMS,
) -> Order:
    """An order that explains the calls on a session that stood so, and had no attempt record, before them.

    With a history, the clock may move the session too; its moves stand in the order as they were told. The catalogue
    holds these forms, each in its first revision.

    Raises:
        Unexplained: there is none; says how far the longest attempt came.
    """
    search = Search(ops, release, show, history, forms)
    order = search.onward(0, ModelState(session), [])
    if order is None:
        raise Unexplained(search.account())
    return order


class Search:
    """One search. A set of calls is a number with a bit for each."""

    def __init__(
        self,
        ops: Sequence[Op],
        release: Release,
        show: Callable[[Session], object],
        history: Sequence[Told] | None,
        forms: Mapping[str, Form],
    ) -> None:
        self._ops = sorted(ops, key=lambda op: op.invoked)
        self._release, self._show, self._history, self._forms = release, show, history, forms
        self._answered = sum(1 << n for n, op in enumerate(self._ops) if op.answer is not None)
        self._dead: set[tuple[int, ModelState]] = set()
        self._longest: tuple[Order, int, ModelState | None] = ([], 0, None)

    def onward(self, done: int, model: ModelState, order: Order) -> Order | None:
        """The order completed, or None when nothing completes it."""
        done, order = self._with_idle(done, model, order)
        if not self._answered & ~done and (self._history is None or model.told == len(self._history)):
            return order
        if (done, model) in self._dead:
            return None
        if len(order) >= len(self._longest[0]):
            self._longest = order, done, model
        for bit, step, after in self._effects(done, model):
            found = self.onward(done | bit, after, [*order, step])
            if found is not None:
                return found
        self._dead.add((done, model))
        return None

    def _next(self, done: int) -> tuple[list[tuple[int, Op]], int]:
        """The calls one of which may come next, each with its bit, and the moment by which one must."""
        left = [(1 << n, op) for n, op in enumerate(self._ops) if not done >> n & 1]
        horizon = min((op.responded for _, op in left), default=NEVER)
        return [(bit, op) for bit, op in left if op.invoked <= horizon], horizon

    def _with_idle(self, done: int, model: ModelState, order: Order) -> tuple[int, Order]:
        """Takes every call that may come next and changes nothing here: an order with it later may have it here."""
        order = [*order]
        while idle := [(bit, op) for bit, op in self._next(done)[0] if self._is_idle(op, model)]:
            for bit, op in idle:
                done |= bit
                order.append(op)
        return done, order

    def _is_idle(self, op: Op, model: ModelState) -> bool:
        """Whether the call was answered as a call that changes nothing would be."""
        # A deadline or a window may have passed while the call was under way.
        moments = (op.now,) if op.now else (op.invoked, op.responded)
        return op.answer is not None and any(
            answer == op.answer and after is model
            for answer, after, _ in (self._judge(op, model, now) for now in moments)
        )

    def _effects(self, done: int, model: ModelState) -> Iterator[tuple[int, Op | Told, ModelState]]:
        """What may come next and changes something."""
        told = None
        ops, horizon = self._next(done)
        for bit, op in ops:
            yield from self._without_history(bit, op, model)
        if self._history is not None:
            if model.told == len(self._history):
                return
            told = self._history[model.told]
        if told and told.actor == CLOCK:
            after = self._tick(model, told) if told.time <= horizon else None
            if after:
                yield 0, told, after
            return
        for bit, op in ops:
            now = told.time if told else op.now or op.invoked
            answer, after, decision = self._judge(op, model, now)
            if decision is None or not decision.events or op.answer not in (None, answer):
                continue
            expected = events_told(decision, op.client, op.request_id, now)
            if told is None or (self._told_at(model, expected) and op.invoked <= now <= op.responded):
                yield bit, op, after

    def _without_history(self, bit: int, op: Op, model: ModelState) -> Iterator[tuple[int, Op, ModelState]]:
        """The call, when it was accepted and changed nothing but that its request is known: a regrade in vain."""
        # A call that was never answered has no time of its answer.
        moment = op.now or (op.responded if op.responded < NEVER else op.invoked)
        answer, after, decision = self._judge(op, model, moment)
        if decision is not None and not decision.events and op.answer in (None, answer):
            yield bit, op, after

    def _told_at(self, model: ModelState, expected: tuple[Told, ...]) -> bool:
        """Whether the history goes on with exactly these rows."""
        assert self._history is not None
        return tuple(self._history[model.told : model.told + len(expected)]) == expected

    def _papers(self, model: ModelState, command: Command) -> MarkingContext:
        """What the rules of marking may ask about."""
        session = model.session
        wanted = str(command.updated_form or dict(command.fields).get("test_form") or session.test_form)
        form = self._forms.get(session.test_form) if session.form_revision else None
        return MarkingContext(form, model.attempts, 1 if wanted in self._forms else 0)

    def _judge(self, op: Op, model: ModelState, now: int) -> tuple[Seen | No, ModelState, Decision | None]:
        """How the service answers the call in this place, and what comes of it: the same place, or another."""
        session, command = model.session, op.command
        request = (op.request_id, command, op.etag)
        keeps = bool(op.request_id) and not op.validate_only
        if keeps and request in model.requests:
            return self._accepted(op, session), model, None
        if keeps and any(op.request_id == known for known, *_ in model.requests):
            return No(errors.RequestIdReused.reason), model, None
        try:
            if model.deleted:
                raise errors.SessionNotFound(session.id)
            if command is None:
                return self._accepted(op, session), model, None
            if op.etag and op.etag != f"v{session.version}":
                raise errors.StaleSession(session.id, f"v{session.version}")
            decision = decide(session, self._release, command, now, self._papers(model, command))
        except errors.Refusal as refusal:
            # A batch of rows speaks with the reason of the first.
            told = refusal.first if isinstance(refusal, errors.BatchRefused) else refusal
            return No(told.reason), model, None
        became = decision.session or session
        answer = No(decision.refusal.reason) if decision.refusal else self._accepted(op, became)
        if op.validate_only:
            return answer, model, None
        requests = model.requests | {request} if keeps and not decision.refusal else model.requests
        return answer, model.after(decision)._replace(requests=requests), decision

    def _accepted(self, op: Op, session: Session) -> Seen:
        deletes = op.command is not None and op.command.action is Action.DELETE
        return Seen(None if deletes else self._show(session))

    def _tick(self, model: ModelState, told: Told) -> ModelState | None:
        """The place after a move of the clock, when it had that move to make."""
        command = None if model.deleted else due_command(model.session, self._release, told.time)
        if command is None:
            return None
        decision = decide(model.session, self._release, command, told.time, self._papers(model, command))
        expected = events_told(decision, CLOCK, "", told.time)
        return model.after(decision) if self._told_at(model, expected) else None

    def account(self) -> str:
        """The longest order that was found, and what could not come next."""
        order, done, model = self._longest
        left = [op for _, op in self._next(done)[0]]
        begun = self._ops[0].invoked if self._ops else 0
        lines = [f"an order explains {done.bit_count()} of {len(self._ops)} calls:", *order]
        lines += [f"then comes none of these, at {model and state_and_etag(model.session)}:", *left]
        if self._history is not None and model:
            lines += ["and the history goes on:", *self._history[model.told :][:1]]
        return "\n".join(line if isinstance(line, str) else f"  {_described(line, begun)}" for line in lines)


def _described(step: Op | Told, begun: int) -> str:
    if isinstance(step, Told):
        return f"@{step.time - begun} {step.actor}: {step.event}"
    said = {name: getattr(step, name) for name in ("etag", "request_id", "validate_only") if getattr(step, name)}
    asked = step.command._asdict().items() if step.command else ()
    asked = {name: value for name, value in asked if value != Command._field_defaults.get(name)}
    until = step.responded - begun if step.responded < NEVER else "..."
    return (
        f"{step.invoked - begun}..{until} {step.client}: {asked or 'read'} {said} -> {shorten(str(step.answer), 200)}"
    )
