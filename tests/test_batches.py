"""Rows in batches: in their order, each of them once, within both limits."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from exam_sessions.batches import batches_of


def batches(sizes, rows_at_most=3, size_at_most=10):
    return list(batches_of(sizes, int, rows_at_most=rows_at_most, size_at_most=size_at_most))


def test_a_batch_is_full_by_its_rows_or_by_their_size():
    assert batches([1, 1, 1, 1]) == [[1, 1, 1], [1]]
    assert batches([4, 6, 1]) == [[4, 6], [1]]
    assert batches([4, 7]) == [[4], [7]]


def test_a_row_that_is_too_large_is_a_batch_by_itself():
    assert batches([1, 11, 1]) == [[1], [11], [1]]


def test_no_rows_are_no_batch():
    assert batches([]) == []


@given(st.lists(st.integers(0, 12)), st.integers(1, 4), st.integers(1, 20))
def test_every_row_is_in_one_batch_and_no_batch_could_have_taken_the_next_row(sizes, rows_at_most, size_at_most):
    found = batches(sizes, rows_at_most, size_at_most)
    assert [row for batch in found for row in batch] == sizes
    for batch, following in itertools.pairwise(found):
        assert len(batch) == rows_at_most or sum(batch) + following[0] > size_at_most
    for batch in found:
        assert len(batch) == 1 or (len(batch) <= rows_at_most and sum(batch) <= size_at_most)
