"""Operations that meet a fault: the row at fault is set aside, the rest goes on, and nobody else waits."""

from __future__ import annotations

import pytest
from forms import PAPER, form, mcq
from messages import micros, new_id
from operations import (
    COMPLETED,
    HALTED,
    OperationsApi,
    counts_of,
    done_of,
    filled,
    handed,
    info_of,
    long_lasting,
    metadata_of,
    only,
    picked,
    result_of,
    rows_of,
    status_of,
    times_done,
    told,
)
from rows import read, write
from state_paths import name_of

from exam_sessions.store import schema
from serving import until

QUARANTINED = ("INTERNAL", "STEP_QUARANTINED")
LARGEST = 2**63 - 1
"""A version after which there is none: whoever writes the session anew fails."""


@pytest.fixture
def work(api):
    return OperationsApi(api)


@pytest.fixture
def paper(api):
    """A paper release of one question."""
    form(api, mcq("1", "A"))
    return api.release(test_form="form-1", **PAPER)


def sessions_of(api, release):
    """The sessions of a release, in the order of their ids."""
    return sorted(api.call("ListSessions", filter=only(release), page_size=1000).sessions, key=lambda s: s.id)


def planted(server, work, like, **columns):
    """An operation that was accepted as another was, except for some columns: written past the server."""
    names = [column.name for column in schema.operations.columns]
    (row,) = read(server, f"SELECT {', '.join(names)} FROM operations WHERE id = ?", like.name.rpartition("/")[2])
    fresh = {"id": f"00000000{new_id()[8:]}", "status": 1, "done": 0, "failed": 0, "end_time": 0, "reason": ""}
    values = (
        dict(zip(names, row, strict=True)) | fresh | {"place": "", "message": "", "cancel_requested": 0} | columns
    )
    marks = ", ".join("?" * len(names))
    write(server, f"INSERT INTO operations ({', '.join(names)}) VALUES ({marks})", *values.values())
    return type(like)(name=like.name.replace(like.name.rpartition("/")[2], values["id"]))


@pytest.mark.parametrize("place", [0, 7, 19], ids=["the first", "one in the middle", "the last"])
def test_a_damaged_session_is_set_aside_and_the_others_are_moved(server, api, work, place):
    release = filled(api, 20)
    sessions = sessions_of(api, release)
    write(server, f"UPDATE sessions SET version = {LARGEST} WHERE id = ?", sessions[place].id)
    operation = work.wait(work.of_release("REMOVE_PIN", release))
    assert (status_of(operation), counts_of(operation)) == (COMPLETED, (20, 20, 1))
    result = result_of(operation)
    assert (result.succeeded_count, result.failed_count) == (19, 1)
    (row,) = result.rows
    assert (row.index, row.session_id, told(row)) == (place, sessions[place].id, QUARANTINED)
    assert info_of(row.status).metadata["fault"]
    assert times_done(server, release) == {1: 19}


def test_several_damaged_sessions_are_each_set_aside(server, api, work):
    release = filled(api, 12)
    sessions = sessions_of(api, release)
    broken = [sessions[place].id for place in (2, 3, 11)]
    for session_id in broken:
        write(server, f"UPDATE sessions SET version = {LARGEST} WHERE id = ?", session_id)
    operation = work.wait(work.of_release("REMOVE_PIN", release))
    assert [(row.session_id, told(row)) for row in rows_of(operation)] == [(name, QUARANTINED) for name in broken]
    assert times_done(server, release) == {1: 9}


def test_what_a_fault_is_about_stays_inside(server, api, work):
    release = filled(api, 1)
    write(server, f"UPDATE sessions SET version = {LARGEST} WHERE release_id = ?", release.id)
    (row,) = rows_of(work.wait(work.of_release("REMOVE_PIN", release)))
    assert info_of(row.status).metadata["fault"].isidentifier()
    assert "Traceback" not in row.status.message
    assert "SELECT" not in row.status.message


UNREADABLE = {
    "bytes that are no message": {"payload": b"\xff\xff\xff"},
    "a kind nobody knows": {"kind": 9},
    "a message that asks for nothing": {"payload": b""},
}


@pytest.mark.parametrize("damage", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_operation_that_cannot_be_read_is_halted_and_holds_up_nobody(server, work, paper, damage):
    template = work.template(paper)
    sound = work.wait(work.submit(template, handed("u1")))
    # Its id is smaller than any other, so that it is always the first to be looked at.
    broken = planted(server, work, sound, **damage)
    rows = work.submitted(template, handed("u2", picked("1", "1-A")), handed("u3"))
    assert [told(row) for row in rows] == ["MARKED"] * 2
    ended = work.wait(broken)
    assert (ended.done, status_of(ended)) == (True, HALTED)
    assert (ended.error.code, info_of(ended.error).reason) == (13, "STEP_QUARANTINED")
    assert micros(metadata_of(ended).end_time)
    work.delete(broken)


def test_an_operation_that_was_cancelled_before_it_proved_unreadable_says_why_it_was_halted(server, work, paper):
    sound = work.wait(work.submit(work.template(paper), handed("u1")))
    ended = work.wait(planted(server, work, sound, payload=b"\xff", cancel_requested=1))
    assert (ended.error.code, info_of(ended.error).reason) == (13, "STEP_QUARANTINED")


def test_an_operation_that_cannot_get_on_holds_up_nobody(server, api, work, paper):
    template = work.template(paper)
    sound = work.wait(work.submit(template, handed("u1")))
    stuck = planted(server, work, sound)
    workspace, name = api.workspace, stuck.name.rpartition("/")[2]
    # Its outcome stands there already, so that it can never be written.
    columns = "position, session_id, state, refusal"
    copied = f"workspace_id, ?, {columns} FROM outcomes WHERE operation_id = ?"
    write(
        server,
        f"INSERT INTO outcomes (workspace_id, operation_id, {columns}) SELECT {copied}",
        name,
        sound.name.rpartition("/")[2],
    )
    begun = work.submit(template, *[handed(f"v{n}") for n in range(30)])
    assert counts_of(work.wait(begun)) == (30, 30, 0)
    assert done_of(work, stuck) == 0
    write(server, "DELETE FROM outcomes WHERE workspace_id = ? AND operation_id = ?", workspace, name)
    (row,) = rows_of(work.wait(stuck))
    assert told(row) == ("ALREADY_EXISTS", "DUPLICATE_CANDIDATE")


def test_two_long_operations_get_on_together(server, api, work):
    releases = [filled(api, 2_000, prefix) for prefix in "ab"]
    operations = [work.of_release("REMOVE_PIN", release) for release in releases]

    def both_under_way():
        done = [done_of(work, operation) for operation in operations]
        return all(done) or any(count == 2_000 for count in done)

    until(both_under_way)
    first, second = (metadata_of(work.wait(operation)) for operation in operations)
    assert (first.done_count, second.done_count) == (2_000, 2_000)
    # Each takes a step in turn: the later one is not a whole operation behind.
    lasted = micros(first.end_time) - micros(first.create_time)
    assert micros(second.end_time) - micros(first.end_time) < lasted / 2
    assert [times_done(server, release) for release in releases] == [{1: 2_000}] * 2


def test_a_short_operation_overtakes_a_long_one(api, work, paper):
    release = filled(api, 3_000)
    long, template = work.of_release("REMOVE_PIN", release), work.template(paper)
    short = work.wait(work.submit(template, *[handed(f"u{n}") for n in range(50)]))
    assert counts_of(short) == (50, 50, 0)
    long = work.wait(long)
    assert micros(metadata_of(short).end_time) < micros(metadata_of(long).end_time)


def test_calls_are_answered_while_an_operation_is_under_way(api, work):
    long, session, moved = work.of_release("REMOVE_PIN", filled(api, 3_000)), api.book(), 0
    while not work.get(long).done:
        session = api.walk(api.book(), "CreatePackage", "DownloadSession")
        assert name_of(session) == "READY"
        moved += 1
    assert moved > 3


def test_a_slow_operation_does_not_slow_the_others_down(api, work, paper):
    slow = long_lasting(work, filled(api, 30), per_second=1)
    until(lambda: done_of(work, slow) > 0)
    (row,) = work.submitted(work.template(paper), handed("u1"))
    assert told(row) == "MARKED"
    assert done_of(work, slow) < 10
    work.cancel(slow)
