"""The intervals between the answers to huge messages, without a clock."""

from __future__ import annotations

import pytest

from exam_sessions.rpc.transports.message_spacing import HUGE, SECONDS_PER_BYTE, MessageSpacing

INTERVAL = HUGE * SECONDS_PER_BYTE


def test_a_small_message_is_answered_at_once_whatever_came_before() -> None:
    spacing = MessageSpacing()
    spacing.pause(HUGE, 10.0)
    assert spacing.pause(HUGE - 1, 10.0) == 0


def test_a_lone_huge_message_is_answered_at_once() -> None:
    spacing = MessageSpacing()
    assert [spacing.pause(HUGE, now) for now in (10.0, 10.0 + INTERVAL, 20.0)] == [0, 0, 0]


def test_huge_messages_of_one_moment_are_answered_at_intervals() -> None:
    spacing = MessageSpacing()
    assert [spacing.pause(HUGE, 10.0) for _ in range(3)] == pytest.approx([0, INTERVAL, 2 * INTERVAL])


def test_a_larger_message_is_followed_by_a_longer_interval() -> None:
    spacing = MessageSpacing()
    spacing.pause(4 * HUGE, 10.0)
    assert spacing.pause(HUGE, 10.0 + INTERVAL) == pytest.approx(3 * INTERVAL)
