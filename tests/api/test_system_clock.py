"""A server in a process of its own whose system clock is set, by libfaketime."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from concurrency import assert_in_order, assert_unbroken
from state_paths import move, name_of
from test_time_in_order import A_LONG_DAY, STEPS, STRICT

from processes import ServerProcess, calling

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed: scripts/companions does it"),
]


class SystemClock:
    """What the clock of a process shows: the real time, and so many seconds more or less."""

    def __init__(self, file):
        self._file = file
        self.set(0)

    def set(self, seconds):
        self._file.write_text(f"{seconds:+d}\n")

    @property
    def environment(self):
        """Only the time of day is set: timers go on, as they do when a machine's clock is."""
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


def test_a_system_clock_set_back_and_forth_moves_no_event_before_another(database, tmp_path):
    clock, shown = SystemClock(tmp_path / "clock"), 0
    with ServerProcess(database, clock.environment) as server, calling(server, "w") as api:
        session = api.book(api.release(**STRICT))
        booked = session.create_time
        for rpc, step in zip(A_LONG_DAY, itertools.cycle(STEPS), strict=False):
            shown += step
            clock.set(shown)
            session = move(api, rpc, session)
            assert_in_order(api.history(session), session)
        assert name_of(session) == "ARCHIVED"
        clock.set(-2 * 3600)
        # The clock is set indeed.
        assert api.book().create_time.seconds < booked.seconds


@pytest.mark.postgresql(reason="many servers")
def test_servers_whose_system_clocks_differ_tell_one_story(database, tmp_path):
    clocks = [SystemClock(tmp_path / name) for name in ("one", "other")]
    clocks[1].set(-3600)
    with (
        ServerProcess(database, clocks[0].environment) as one,
        ServerProcess(database, clocks[1].environment) as other,
        calling(one, "w") as first,
        calling(other, "w") as second,
    ):
        session = first.book(first.release(**STRICT))
        for api, rpc in zip(itertools.cycle((first, second)), A_LONG_DAY, strict=False):
            session = move(api, rpc, session)
        assert_unbroken(first.history(session), session.state)
        assert_in_order(second.history(session), session)
