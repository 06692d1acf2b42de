"""Devices that enter, answer and take over at the same moment: one holds the session, and only it writes."""

from __future__ import annotations

from functools import partial

import pytest
from concurrency import assert_unbroken, at_once, reasons, won
from devices import LAST_DEVICE, ONE_DEVICE, Device
from forms import answer, mixed
from messages import new_id
from state_paths import FETCHED, walk

from exam_sessions_client.v1 import session_pb2
from serving import ApiClient, Refused, serving

pytestmark = pytest.mark.both_databases("who is first is decided by the database")

ROUNDS = pytest.mark.parametrize("rounds", [6, pytest.param(150, marks=pytest.mark.slow)])
CROWD = 6


@pytest.fixture(scope="module")
def servers(new_database):
    """Two servers of one database."""
    with new_database() as database, serving(database) as one, serving(database) as two:
        yield one, two


@pytest.fixture
def crowd(servers):
    """Devices on both, in one workspace."""
    workspace = f"w{new_id()}"
    clients = [ApiClient(servers[n % 2].target, workspace) for n in range(CROWD)]
    yield [Device(client, f"device {n}") for n, client in enumerate(clients)]
    for client in clients:
        client.close()


def ready(api, **fields):
    return walk(api, api.book(api.release(test_form="form-1", **fields)), *FETCHED)


def all_enter(devices, session, **fields):
    """What each gets of devices that enter at the same moment."""
    return at_once(*[partial(device.enter, session, **fields) for device in devices])


def holder_among(crowd, session):
    """The one device whose token is good."""
    api = crowd[0].api
    label = api.get(session).device.device_label
    (holder,) = [device for device in crowd if device.label == label]
    return holder


def assert_only_one_answers(crowd, session, holder):
    """The holder's answers are taken, and everybody else's refused."""
    for device in crowd:
        if device is holder:
            device.move("SetResponses", session, responses=[answer("1", "B")])
            continue
        device.token = device.token or "x"
        with pytest.raises(Refused) as refused:
            device.move("SetResponses", session, responses=[answer("1", "C")])
        assert (refused.value.code.name, refused.value.reason) == ("ABORTED", "STALE_ATTEMPT_TOKEN")


@ROUNDS
def test_of_devices_that_enter_at_once_one_gets_the_session_where_one_may_have_it(crowd, rounds):
    mixed(crowd[0].api)
    for _ in range(rounds):
        session = ready(crowd[0].api, **ONE_DEVICE)
        outcomes = all_enter(crowd, session)
        (reply,) = won(outcomes)
        assert reasons(outcomes) == ["SESSION_HELD"] * (CROWD - 1)
        holder = holder_among(crowd, session)
        assert holder.token == reply.attempt_token
        assert_only_one_answers(crowd, session, holder)
        for device in crowd:
            device.token = ""


@ROUNDS
def test_of_devices_that_enter_at_once_the_last_one_has_the_session_where_the_last_takes_over(crowd, rounds):
    api = crowd[0].api
    mixed(api)
    for _ in range(rounds):
        session = ready(api, **LAST_DEVICE)
        outcomes = all_enter(crowd, session)
        assert len(won(outcomes)) == CROWD
        events = api.history(session)
        assert_unbroken(events, session_pb2.STATE_IN_PROGRESS)
        assert [e.action for e in events[3:]] == [
            session_pb2.ACTION_ENTER_KEYCODE,
            *[session_pb2.ACTION_TAKE_OVER] * (CROWD - 1),
        ]
        (label,) = [change.new_value for change in events[-1].changes if change.field == "device_label"]
        holder = holder_among(crowd, session)
        assert holder.label == label
        assert_only_one_answers(crowd, session, holder)
        for device in crowd:
            device.token = ""


@ROUNDS
def test_an_allowed_take_over_is_one_devices(crowd, rounds):
    api = crowd[0].api
    mixed(api)
    for _ in range(rounds):
        session = ready(api, **ONE_DEVICE)
        crowd[0].enter(session)
        api.move("AllowTakeOver", session)
        outcomes = all_enter(crowd[1:], session)
        assert len(won(outcomes)) == 1
        assert reasons(outcomes) == ["SESSION_HELD"] * (CROWD - 2)
        assert_only_one_answers(crowd, session, holder_among(crowd, session))
        for device in crowd:
            device.token = ""


@ROUNDS
def test_an_answer_against_a_take_over_is_written_before_it_or_not_at_all(crowd, rounds):
    api, first, second = crowd[0].api, crowd[0], crowd[1]
    mixed(api)
    for _ in range(rounds):
        session = ready(api, **LAST_DEVICE)
        first.enter(session)
        answered, taken = at_once(
            lambda s=session: first.move("SetResponses", s, responses=[answer("1", "A")]),
            partial(second.enter, session),
        )
        assert taken.attempt_token
        verbs = [event.action for event in api.history(session)][4:]
        if isinstance(answered, Refused):
            assert answered.reason == "STALE_ATTEMPT_TOKEN"
            assert verbs == [session_pb2.ACTION_TAKE_OVER]
        else:
            assert verbs == [session_pb2.ACTION_SET_RESPONSES, session_pb2.ACTION_TAKE_OVER]


@ROUNDS
def test_one_entry_sent_many_times_at_once_gives_each_of_its_replies_a_good_token(crowd, rounds):
    api, device = crowd[0].api, crowd[0]
    mixed(api)
    for _ in range(rounds):
        session, once = ready(api, **ONE_DEVICE), new_id()
        others = [Device(one.api, device.label) for one in crowd[:4]]
        replies = all_enter(others, session, request_id=once)
        tokens = [reply.attempt_token for reply in won(replies)]
        assert len(set(tokens)) == len(others)
        for token in tokens:
            device.move("SetResponses", session, responses=[answer("1", "A")], attempt_token=token)
