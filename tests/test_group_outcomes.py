"""The outcomes of requests that stand in a queue together."""

from __future__ import annotations

import asyncio

from exam_sessions.rpc.group_outcomes import GroupOutcomes


def test_outcomes_are_given_in_the_order_of_the_requests_once_all_are_there():
    async def run():
        group, fault = GroupOutcomes(3), ValueError()
        group.place(2).set_result("c")
        group.place(0).set_exception(fault)
        assert not group.complete.done()
        group.place(1).set_result("b")
        assert await group.complete == [fault, "b", "c"]

    asyncio.run(run())


def test_a_caller_that_has_gone_away_is_given_nothing():
    async def run():
        group = GroupOutcomes(1)
        place = group.place(0)
        assert not place.done()
        group.complete.cancel()
        assert place.done()
        place.set_result("late")
        assert group.complete.cancelled()

    asyncio.run(run())
