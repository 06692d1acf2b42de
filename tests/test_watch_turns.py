"""When watchers have their turns, and where the sessions are that they ask for."""

from __future__ import annotations

import asyncio

import pytest

from exam_sessions.background import event_tail, session_areas
from exam_sessions.background.event_tail import ERASE, Piece, Tail
from exam_sessions.background.session_areas import SessionAreas
from exam_sessions.background.watch_turns import (
    APART_PER_WATCHER_S,
    APART_S,
    ROUND_PER_WATCHER_S,
    SLOT_S,
    Turn,
    WatchTurns,
)
from exam_sessions.domain.stored_records import EventRow

NOW = 100_000.0
NEVER = 0.0
LENGTH = 500 * ROUND_PER_WATCHER_S


def turns_of(watchers):
    turns = WatchTurns()
    turns.watchers = watchers
    return turns, [turns.place() for _ in range(watchers)]


def test_few_watchers_are_sent_what_happens_at_once():
    turns, places = turns_of(10)
    assert [turns.next_turn(place, NOW, NEVER, is_behind=False) for place in places] == [NOW] * 10


@pytest.mark.parametrize(
    ("watchers", "apart"), [(1, APART_PER_WATCHER_S), (5, 5 * APART_PER_WATCHER_S), (20, APART_S)]
)
def test_what_happens_a_moment_after_a_piece_is_sent_later_the_more_watchers_there_are(watchers, apart):
    turns, (place, *_) = turns_of(watchers)
    assert turns.next_turn(place, NOW, NOW, is_behind=False) == pytest.approx(NOW + apart)


def test_a_watcher_that_is_behind_is_sent_the_next_piece_at_once():
    turns, (place,) = turns_of(1)
    assert turns.next_turn(place, NOW, NOW, is_behind=True) == NOW


def test_many_watchers_that_wake_together_are_spread_over_a_round():
    turns, places = turns_of(500)
    pauses = [turns.next_turn(place, NOW, NEVER, is_behind=False) - NOW for place in places]
    assert 0.0 <= min(pauses) <= max(pauses) <= LENGTH + 1e-6
    tenths = [sum(n <= min(pause / LENGTH, 0.999) * 10 < n + 1 for pause in pauses) for n in range(10)]
    assert all(33 <= count <= 67 for count in tenths), tenths


def test_watchers_whose_turns_lie_close_together_have_them_at_the_same_moment():
    turns, places = turns_of(500)
    moments = [turns.next_turn(place, NOW, NEVER, is_behind=False) for place in places]
    slots = LENGTH / SLOT_S
    assert len(set(moments)) == pytest.approx(slots, abs=1)
    assert max(moments.count(moment) for moment in moments) <= 500 / slots * 1.3


def test_a_watcher_has_one_turn_in_each_round():
    turns, places = turns_of(500)
    first = turns.next_turn(places[7], NOW, NEVER, is_behind=False)
    sent = first + 0.001
    second = turns.next_turn(places[7], sent, sent, is_behind=False)
    assert second - first == pytest.approx(LENGTH)


def test_a_watcher_whose_piece_took_most_of_a_round_misses_a_turn():
    turns, places = turns_of(500)
    first = turns.next_turn(places[7], NOW, NEVER, is_behind=False)
    sent = first + 0.6 * LENGTH
    second = turns.next_turn(places[7], sent, sent, is_behind=True)
    assert second - first == pytest.approx(2 * LENGTH)


def test_a_watcher_that_waits_is_woken_by_what_happens_and_else_when_its_patience_ends():
    async def wait(*, woken):
        turns, waiting = WatchTurns(), {}
        turn = Turn(turns)
        loop = asyncio.get_running_loop()
        if woken:
            loop.call_soon(lambda: [turns.wake(each, loop.time()) for each in waiting])
        await turn.wait(waiting, 60.0 if woken else 0.0)
        assert not waiting
        turn.end()

    asyncio.run(wait(woken=True))
    asyncio.run(wait(woken=False))


def row(sequence, action="pause"):
    return EventRow("w", sequence, "s", "r", action, 1, 2, "", "", "", "", 0, "", 0)


def test_a_piece_is_shared_by_those_with_the_same_filter_and_place_until_the_next_event():
    tail = Tail("w", 0, lambda row: b"", WatchTurns())
    tail.add([row(1)])
    tail.share("a filter", 0, Piece(b"one", 1))
    assert tail.shared("a filter", 0) == Piece(b"one", 1)
    assert tail.shared("another", 0) is tail.shared("a filter", 1) is None
    tail.add([row(2, action=ERASE)])
    assert tail.shared("a filter", 0) is None


def test_pieces_that_are_shared_are_bounded(monkeypatch):
    monkeypatch.setattr(event_tail, "SHARED_BYTES", 10)
    tail = Tail("w", 0, lambda row: b"", WatchTurns())
    for after in range(3):
        tail.share("a filter", after, Piece(b"four", after + 1))
    assert [tail.shared("a filter", after) is None for after in range(3)] == [True, True, False]


def test_areas_that_were_read_are_known_until_they_are_removed():
    areas = SessionAreas()
    areas.store({"s1": ("K-03", "", ""), "s2": ("K-04", "", "")}, areas.version)
    assert areas.known(["s1", "s2", "s3"]) == {"s1": ("K-03", "", ""), "s2": ("K-04", "", "")}
    areas.remove(["s1"])
    assert areas.known(["s1", "s2"]) == {"s2": ("K-04", "", "")}
    areas.clear()
    assert areas.known(["s1", "s2"]) == {}


def test_areas_that_were_read_before_a_session_moved_are_not_stored():
    areas = SessionAreas()
    version = areas.version
    areas.remove(["s1"])
    areas.store({"s1": ("K-03", "", "")}, version)
    assert areas.known(["s1"]) == {}


def test_areas_are_bounded(monkeypatch):
    monkeypatch.setattr(session_areas, "SESSIONS_AT_MOST", 3)
    areas = SessionAreas()
    areas.store({f"s{n}": ("K-03", "", "") for n in range(3)}, areas.version)
    areas.store({"s3": ("K-03", "", "")}, areas.version)
    assert areas.known([f"s{n}" for n in range(4)]) == {"s3": ("K-03", "", "")}
