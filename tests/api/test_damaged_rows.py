from __future__ import annotations

import pytest
from messages import lasting
from rows import read, write
from state_paths import STARTED, name_of, walk

DAMAGE = {
    "a state that does not exist": "state = 17",
    "a start at the end of time": "start_time = 9223372036854775807",
    "a start before time": "start_time = -9223372036854775807",
    "extra time beyond measure": "extra_time = 9223372036854775000",
    "a release that does not exist": "release_id = 'gone'",
}
NO_NUMBER = {
    "a start that is no number": "start_time = 'noon'",
    "a pause that is no number": "paused_time = 'long'",
    "a last change that is no number": "update_time = 'late'",
}
untyped = pytest.mark.sqlite(reason="elsewhere a column of numbers takes numbers only")


@pytest.mark.parametrize("damage", [*DAMAGE, *(pytest.param(damage, marks=untyped) for damage in NO_NUMBER)])
def test_a_damaged_row_is_set_aside_and_stops_nobody(clocked_server, clocked_desk, clock, damage):
    server, api = clocked_server, clocked_desk
    release = api.release(duration=lasting(60))
    before, broken, after = (walk(api, api.book(release), *STARTED) for _ in range(3))
    change = (DAMAGE | NO_NUMBER)[damage]
    write(server, f"UPDATE sessions SET {change}, due_time = 1 WHERE id = ?", broken.id)
    clock.advance(61)
    server.sweep()
    server.sweep()
    assert [name_of(api.get(session)) for session in (before, after)] == ["FINISHED"] * 2
    ((state, due, message),) = read(
        server, "SELECT state, due_time, exception_message FROM sessions WHERE id = ?", broken.id
    )
    if damage == "a start before time":
        assert state == 9
    else:
        assert (state, due) == (99, None)
        assert message
        ((action, actor, to_state),) = read(
            server,
            "SELECT action, actor, to_state FROM events WHERE session_id = ? ORDER BY sequence DESC LIMIT 1",
            broken.id,
        )
        assert (action, actor, to_state) == ("fail", "system", 99)
