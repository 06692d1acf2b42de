"""When watchers have their turns, and where the sessions are that they ask for."""

from __future__ import annotations

import pytest

from exam_sessions.background import session_areas
from exam_sessions.background.session_areas import SessionAreas
from exam_sessions.background.watch_turns import APART_S, ROUND_PER_WATCHER_S, WatchTurns

NOW = 100_000.0
NEVER = 0.0
LENGTH = 500 * ROUND_PER_WATCHER_S


def turns_of(watchers):
    turns = WatchTurns()
    turns.watchers = watchers
    return turns, [turns.place() for _ in range(watchers)]


def test_few_watchers_are_sent_what_happens_at_once():
    turns, places = turns_of(10)
    assert [turns.pause(place, NOW, NEVER, is_behind=False) for place in places] == [0.0] * 10


def test_what_happens_a_moment_after_a_piece_is_sent_a_little_later():
    turns, (place,) = turns_of(1)
    assert turns.pause(place, NOW, NOW, is_behind=False) == pytest.approx(APART_S)


def test_a_watcher_that_is_behind_is_sent_the_next_piece_at_once():
    turns, (place,) = turns_of(1)
    assert turns.pause(place, NOW, NOW, is_behind=True) == 0.0


def test_many_watchers_that_wake_together_are_spread_over_a_round():
    turns, places = turns_of(500)
    pauses = [turns.pause(place, NOW, NEVER, is_behind=False) for place in places]
    assert 0.0 <= min(pauses) <= max(pauses) <= LENGTH + 1e-6
    tenths = [sum(n <= pause / LENGTH * 10 < n + 1 for pause in pauses) for n in range(10)]
    assert all(40 <= count <= 60 for count in tenths), tenths


def test_a_watcher_has_one_turn_in_each_round():
    turns, places = turns_of(500)
    first = NOW + turns.pause(places[7], NOW, NEVER, is_behind=False)
    sent = first + 0.001
    second = sent + turns.pause(places[7], sent, sent, is_behind=False)
    assert second - first == pytest.approx(LENGTH)


def test_a_watcher_whose_piece_took_most_of_a_round_misses_a_turn():
    turns, places = turns_of(500)
    first = NOW + turns.pause(places[7], NOW, NEVER, is_behind=False)
    sent = first + 0.6 * LENGTH
    second = sent + turns.pause(places[7], sent, sent, is_behind=True)
    assert second - first == pytest.approx(2 * LENGTH)


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
