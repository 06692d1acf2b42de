"""How a queue judges its callers' company."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exam_sessions.execution.queue_pacing import (
    ARRIVING,
    LINGERS_AT_MOST,
    PROBE_EVERY,
    PROBE_SELDOM,
    Arrivals,
    BatchingWindow,
)


def group(company, *arrivals, first=1):
    """One group: who is in line when it is planned, and after each linger; how many lingers there were."""
    lingers, here = 0, first
    if company.should_wait(first):
        for here in arrivals:
            lingers += 1
            if company.is_complete(here) or not company.should_keep_waiting(here):
                break
    company.group_started(here)
    return lingers


def lingers_of_lone_caller(company, groups):
    total = 0
    for _ in range(groups):
        total += group(company, 1, 1, 1)
        company.group_answered(1, 0)
    return total


def test_a_lone_caller_waits_for_nobody_but_a_rare_probe():
    company = BatchingWindow(Arrivals())
    assert lingers_of_lone_caller(company, PROBE_EVERY - 1) == 0
    assert lingers_of_lone_caller(company, 1) > 0
    assert lingers_of_lone_caller(company, 20 * PROBE_SELDOM) < 60


def test_those_who_were_answered_and_those_who_waited_are_expected_again():
    company = BatchingWindow(Arrivals())
    company.group_answered(5, 3)
    assert company.should_wait(7)
    assert not company.should_wait(8)


def test_waiting_ends_when_arrivals_cease():
    company = BatchingWindow(Arrivals())
    company.group_answered(64, 0)
    assert group(company, 20, 40, 41, 41, 41) == 4


def test_a_trickle_is_not_waited_for():
    company = BatchingWindow(Arrivals())
    company.group_answered(64, 0)
    assert group(company, *range(2, 50, ARRIVING - 1)) == 2


def test_a_group_waits_as_long_as_others_worked_for_the_one_before():
    company = BatchingWindow(Arrivals())
    company.group_answered(64, 0, took=4.5)
    assert group(company, *range(2, 50)) == 5
    company.group_answered(64, 0, took=100.0)
    assert group(company, *range(2, 50)) == LINGERS_AT_MOST
    company.group_answered(64, 0, took=100.0)
    assert group(company, 20, 64, 64, 64) == 2, "all are there"
    company.group_answered(64, 0, took=0.5)
    assert group(company, *range(2, 50, ARRIVING - 1)) == 2


def test_a_lone_caller_does_not_wait_however_long_others_worked():
    company = BatchingWindow(Arrivals())
    company.group_answered(1, 0, took=100.0)
    assert group(company, 1, 1) == 0


def test_company_that_has_left_is_forgotten_within_a_few_groups():
    company = BatchingWindow(Arrivals())
    company.group_answered(64, 0)
    assert lingers_of_lone_caller(company, 20) < 20


def test_a_probe_finds_company_that_arrives_one_by_one():
    company = BatchingWindow(Arrivals())
    for _ in range(PROBE_EVERY - 1):
        group(company)
        company.group_answered(1, 0)
    assert group(company, 14, 28, 42, 56, 64, 64, 64) == 7
    company.group_answered(64, 0)
    assert company.should_wait(63)


@given(
    st.lists(
        st.tuples(
            st.integers(1, 512), st.integers(0, 512), st.floats(0, 100), st.lists(st.integers(0, 200), max_size=20)
        )
    )
)
def test_nobody_waits_longer_than_the_most_whatever_came_before(groups):
    company = BatchingWindow(Arrivals())
    for size, left, took, more in groups:
        arrivals = [1 + sum(more[:n]) for n in range(len(more))] + [1 + sum(more)] * 2 * LINGERS_AT_MOST
        assert group(company, *arrivals) <= LINGERS_AT_MOST
        company.group_answered(size, left, took)


def test_one_whose_request_is_being_read_is_waited_for():
    arrivals = Arrivals()
    company = BatchingWindow(arrivals)
    arrivals.count = 1
    assert company.should_wait(1)
    assert not company.is_complete(1)
    arrivals.count = 0
    assert company.is_complete(2)


def test_a_request_that_has_gone_elsewhere_is_waited_for_until_the_next_look():
    arrivals = Arrivals()
    company = BatchingWindow(arrivals)
    arrivals.count = 1
    assert company.should_wait(1)
    arrivals.count = 0
    assert not company.should_keep_waiting(1)


def test_a_request_that_does_not_come_is_waited_for_once_and_not_by_each_group():
    arrivals = Arrivals()
    company = BatchingWindow(arrivals)
    arrivals.count = 1
    assert group(company, 1, 1, 1) == 1
    assert [group(company, 1, 1) for _ in range(PROBE_EVERY - 2)] == [0] * (PROBE_EVERY - 2)
    arrivals.count = 2
    assert company.should_wait(1)


def test_a_request_that_came_late_after_all_does_not_hide_the_next():
    arrivals = Arrivals()
    company = BatchingWindow(arrivals)
    arrivals.count = 1
    group(company, 1, 1)
    arrivals.count = 0
    assert not company.should_wait(1)
    arrivals.count = 1
    assert company.should_wait(1)


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 20), max_size=20))))
def test_nobody_waits_longer_than_the_most_for_requests_that_never_come(groups):
    arrivals = Arrivals()
    company = BatchingWindow(arrivals)
    for reading, more in groups:
        arrivals.count = reading
        lined_up = [1 + sum(more[:n]) for n in range(len(more))] + [1 + sum(more)] * 2 * LINGERS_AT_MOST
        assert group(company, *lined_up) <= LINGERS_AT_MOST
        company.group_answered(lined_up[-1], 0)
