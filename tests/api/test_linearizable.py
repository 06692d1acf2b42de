from __future__ import annotations

import itertools
from contextlib import ExitStack, closing, contextmanager

import pytest
from forms import mixed
from google.protobuf.duration_pb2 import Duration
from messages import at, bookings
from random_history import FORM, Line, Recorder, Sheet, steady
from state_paths import FETCHED, INVIGILATED, MODERATED, ON_PAPER, STARTED, walk

from checked import found_in
from exam_sessions.domain.records import Release, Session
from exam_sessions.domain.states import Action
from exam_sessions.rpc.convert.form import form_in
from exam_sessions.store import sqlite_connection
from exam_sessions_client.v1 import catalog_pb2
from linearizability import CLOCK, Seen, Told
from serving import ApiClient, serving

pytestmark = pytest.mark.both_databases("who is first is decided by the database")

CLIENTS = 8
CALLS_EACH = 25
"""Calls on one session, about."""

CALLS = pytest.mark.parametrize("calls", [300, pytest.param(10_200, marks=pytest.mark.slow)])
OPEN_NOW = {"window_start": at(1), "window_end": at(4_000_000_000 * 1_000_000)}
RELEASES = (
    {},
    INVIGILATED | {"auto_create_pin": True},
    INVIGILATED | {"requires_check_in": True},
    MODERATED,
    ON_PAPER,
    OPEN_NOW,
)
WITH_A_FORM = (
    {"test_form": FORM},
    ON_PAPER | {"test_form": FORM},
    {"test_form": FORM, "max_attempts": 3, "attempt_strategy": catalog_pb2.ATTEMPT_STRATEGY_AVERAGE},
    ON_PAPER | MODERATED | {"test_form": FORM},
)
MARKING = (
    *(Action.SET_RESPONSES, Action.ASSIGN_ITEM_MARKS, Action.ASSIGN_ITEM_RESPONSES, Action.SCORE_RESPONSE),
    *(Action.SUBMIT_MARKED, Action.RETAKE, Action.REOPEN, Action.ENTER_KEYCODE),
)
BRIEF = tuple(
    {"duration": Duration(nanos=millis * 1_000_000), "test_form": form}
    for millis in (6, 12, 60)
    for form in ("", FORM)
)
"""Releases whose attempts end by themselves, almost at once."""


@pytest.fixture(scope="module", params=[1, 2], ids=["one server", "two servers"])
def servers(request, new_database):
    with new_database() as database, ExitStack() as stack, pytest.MonkeyPatch.context() as patches:
        # Two writers of a file take turns without an order: on a slow machine, one may wait for longer than usual.
        patches.setattr(sqlite_connection, "BUSY_S", 50)
        yield [stack.enter_context(serving(database, steady, tick_ms=5)) for _ in range(request.param)]
        assert found_in(database) == []


@pytest.fixture
def api(servers):
    with closing(ApiClient(servers[-1].target)) as api:
        yield api


@contextmanager
def connected(servers, api):
    """Lines to every server, for each client."""
    clients = [[Line(s.target, api.workspace, f"client-{n}") for s in servers] for n in range(CLIENTS)]
    yield clients
    for line in itertools.chain(*clients):
        line.close()


def fresh(api, database, count, releases, steps):
    """Sheets of sessions as they stand in the database, the releases in turns; half have taken these steps."""
    form = form_in(mixed(api))
    form.revision = 1
    for n, fields in enumerate(releases):
        rows = bookings(count // len(releases), f"{n}-")
        booked = api.call("BatchCreateSessions", release_id=api.release(**fields).id, bookings=rows).sessions
        for session in booked[::2]:
            walk(api, session, *(steps if fields.get("delivery") != ON_PAPER["delivery"] else ()))
    rows = database.read("SELECT * FROM releases WHERE workspace_id = ?", api.workspace)
    by_id = {release.id: release for release in map(Release._make, rows)}
    rows = database.read("SELECT * FROM sessions WHERE workspace_id = ?", api.workspace)
    starts = sorted(map(Session._make, rows), key=lambda session: session.candidate_id.split("-")[::-1])
    return [Sheet(start, by_id[start.release_id], forms={FORM: form}) for start in starts]


def recorded(api, servers, calls, releases, steps=(), seed=0, **how):
    """What clients made of sessions with about so many calls, and a last look at each."""
    sheets = fresh(api, servers[0].database, calls // CALLS_EACH, releases, steps)
    with connected(servers, api) as clients:
        recorder = Recorder(clients, sheets, each=CALLS_EACH, **how)
        recorder.run(seed=calls + seed)
        for sheet in sheets:
            recorder.look(clients[0][0], sheet)
    assert recorder.turned_away == []
    return sheets


@CALLS
def test_every_session_is_as_if_its_calls_came_one_after_the_other(api, servers, calls):
    met = lost = 0
    for sheet in recorded(api, servers, calls, RELEASES):
        sheet.explain_without_history()
        order = sheet.explain(api.history(sheet.start))
        met += sum(1 for one, other in itertools.pairwise(order) if one.invoked > other.invoked)
        lost += sum(1 for op in sheet.ops if op.answer is None)
    # Calls that came one after the other, and were all answered, would prove nothing.
    assert min(met, lost) >= calls // 1000


@CALLS
def test_answers_and_marks_are_as_if_they_came_one_after_the_other(servers, calls):
    scored = rounds = 0
    # Who comes first decides how many scores are seen, so few that another round is asked for once in a while.
    while scored < calls // 100:
        assert rounds < 20
        with closing(ApiClient(servers[-1].target)) as api:
            for sheet in recorded(api, servers, calls, WITH_A_FORM, STARTED, rounds, favoured=MARKING):
                sheet.explain(api.history(sheet.start))
                shown = [op.answer.shown for op in sheet.ops if isinstance(op.answer, Seen) and op.answer.shown]
                scored += sum(1 for session in shown if session.HasField("score"))
        rounds += 1


@CALLS
def test_the_clock_is_one_caller_among_others(api, servers, calls):
    moves = 0
    for sheet in recorded(api, servers, calls, BRIEF, FETCHED, soon=True):
        order = sheet.explain(api.history(sheet.start))
        moves += sum(1 for step in order if isinstance(step, Told) and step.actor == CLOCK)
    assert moves >= calls // 1000
