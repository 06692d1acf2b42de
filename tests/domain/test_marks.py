"""Marks are exact decimals: what is written, counted and divided is never rounded on the way."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_sessions.domain.marks import decimals_of, div_half_up, mark_of, percent, text_of


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("0", 0),
        ("1", 10_000),
        ("2.5", 25_000),
        ("2.50", 25_000),
        ("0.0001", 1),
        ("007", 70_000),
        ("100000", 1_000_000_000),
        ("-1.5", -15_000),
        ("-0.25", -2_500),
        ("0.1", 1_000),
        ("0.3", 3_000),
    ],
)
def test_a_decimal_is_a_whole_number_of_ten_thousandths(text, mark):
    assert mark_of(text) == mark


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        (0, "0"),
        (10_000, "1"),
        (25_000, "2.5"),
        (1, "0.0001"),
        (1_200, "0.12"),
        (1_000_000_000, "100000"),
        (-15_000, "-1.5"),
        (-1, "-0.0001"),
    ],
)
def test_a_mark_is_told_as_the_shortest_decimal(mark, text):
    assert text_of(mark) == text


@pytest.mark.parametrize(
    ("text", "decimals"),
    [("", 0), ("2", 0), ("2.0", 0), ("2.5", 1), ("2.50", 1), ("0.125", 3), ("1.00001", 5), ("-1.5", 1)],
)
def test_decimals_that_say_nothing_are_not_counted(text, decimals):
    assert decimals_of(text) == decimals


def test_tenths_add_up_to_what_they_are():
    assert text_of(mark_of("0.1") + mark_of("0.2")) == "0.3"


@given(st.integers(-(10**10), 10**10))
def test_a_mark_that_is_told_is_read_as_the_same_mark(mark):
    assert mark_of(text_of(mark)) == mark
    assert Decimal(text_of(mark)) * 10_000 == mark
    assert decimals_of(text_of(mark)) <= 4


@given(st.decimals(min_value=0, max_value=999_999, places=4, allow_nan=False, allow_infinity=False))
def test_a_decimal_of_four_places_is_kept_exactly(number):
    assert mark_of(format(number, "f")) == int(number * 10_000)


@pytest.mark.parametrize(
    ("points", "most", "expected"),
    [
        ("3", "3", "100"),
        ("0", "3", "0"),
        ("1", "3", "33.3333"),
        ("2", "3", "66.6667"),
        ("1", "8", "12.5"),
        ("1", "7", "14.2857"),
        ("6", "7", "85.7143"),
        ("2.5", "8", "31.25"),
        ("1", "32000", "0.0031"),
        ("1", "16", "6.25"),
        ("1", "80000", "0.0013"),
        ("3", "80000", "0.0038"),
    ],
)
def test_percent_is_rounded_half_up_to_four_decimals(points, most, expected):
    assert text_of(percent(mark_of(points), mark_of(most))) == expected


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_a_quotient_is_rounded_half_up(number, by):
    exact = Decimal(number) / Decimal(by)
    # Twenty-eight digits tell a half from its neighbours here.
    assert div_half_up(number, by) == int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("number", "by", "quotient"), [(1, 2, 1), (3, 2, 2), (5, 2, 3), (1, 3, 0), (2, 3, 1), (0, 9, 0)]
)
def test_a_half_is_rounded_up_and_never_to_the_even(number, by, quotient):
    assert div_half_up(number, by) == quotient
