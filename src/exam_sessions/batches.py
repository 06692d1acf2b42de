"""Rows in batches that hold no more than a number of them, and no more than a size together."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Row = TypeVar("Row")


def batches_of(
    rows: Iterable[Row], size_of: Callable[[Row], int], *, rows_at_most: int, size_at_most: int
) -> Iterator[list[Row]]:
    """The rows in their order, as many at a time as fit. A row larger than `size_at_most` is a batch by itself."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        its_size = size_of(row)
        if batch and (len(batch) == rows_at_most or size + its_size > size_at_most):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += its_size
    if batch:
        yield batch
