"""A request that one server has answered, repeated at another of the same database in the midst of other calls."""

from __future__ import annotations

import pytest
from groups import grouped, told
from messages import new_id

from exam_sessions.store.postgres_connection import PostgresDb

pytestmark = pytest.mark.postgresql("a file has one server")


def commits(server):
    return sum(server.app.service.written.commits.counts)


@pytest.fixture(params=["with the commit", "before the next statement"])
def answered(request, monkeypatch):
    """When the database answers for the writes that it was only sent: that depends on how fast it is."""
    if request.param == "with the commit":
        return

    send = PostgresDb.execute_many

    def send_and_wait(db, statement, rows):
        send(db, statement, rows)
        with db._translated():
            db._driver.execute("SELECT 1").fetchall()

    monkeypatch.setattr(PostgresDb, "execute_many", send_and_wait)


@pytest.mark.usefixtures("answered")
def test_it_is_answered_as_there_and_its_neighbours_are_still_committed_together(server, api, elsewhere):
    sessions = [api.book() for _ in range(4)]
    calls = [("SetPin", {"session_id": session.id, "pin": "qwerty", "request_id": new_id()}) for session in sessions]
    first = elsewhere.call(calls[0][0], **calls[0][1])
    before = commits(server)
    outcomes = grouped(server, api, *calls)
    assert commits(server) == before + 2, "that in front of the group, and the group"
    assert outcomes[0].session == first.session
    assert told(outcomes, lambda reply: reply.pin) == ["", "QWERTY", "QWERTY", "QWERTY"]
    assert [len(api.history(session)) for session in sessions] == [2] * 4


def test_another_request_under_its_id_is_refused_alone(server, api, elsewhere):
    one, another = api.book(), api.book()
    request_id = new_id()
    elsewhere.call("SetPin", session_id=one.id, pin="qwerty", request_id=request_id)
    outcomes = grouped(
        server,
        api,
        ("SetPin", {"session_id": one.id, "pin": "asdfgh", "request_id": request_id}),
        ("SetPin", {"session_id": another.id, "pin": "asdfgh"}),
    )
    assert told(outcomes, lambda reply: reply.pin) == ["REQUEST_ID_REUSED", "ASDFGH"]
