"""What is shown of a number is that number, as far as it is shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgan.studies.html.numbers import brief, chance, number, within
from invented import read_back

FINITE = st.floats(-1e12, 1e12)


@given(FINITE)
def test_a_number_is_shown_to_four_digits(value: float) -> None:
    assert read_back(number(value)) == pytest.approx(
        value, rel=6e-4 if abs(value) > 1e-3 else 0.06, abs=1e-300
    )


@given(FINITE, st.floats(0, 1e12))
def test_a_mean_is_shown_as_exactly_as_its_interval_allows(value: float, reach: float) -> None:
    text, half = within(value, reach)
    size = max(abs(value), reach)
    rounding = max(0.06 * reach, (6e-4 if size >= 1e-3 else 0.06) * size, 1e-300)
    assert abs(read_back(text) - value) <= rounding
    if not half.startswith("<"):
        assert abs(read_back(half) - reach) <= rounding
    else:
        assert reach < read_back(half[1:])


@pytest.mark.parametrize(
    ("value", "reach", "shown"),
    [
        (21.349, 0.853, ("21.35", "0.85")),
        (0.51889, 0.00027, ("0.51889", "0.00027")),
        (0.5, 1e-9, ("0.50000", "< 0.00001")),
        (8.1, 14.2, ("8", "14")),
        (411_689.0, 15_588.0, ("411,689", "15,588")),
        (-3.5, 0.0, ("−3.500", "0")),
        (1e-9, 1e-10, ("1.0 × 10⁻⁹", "1.0 × 10⁻¹⁰")),
    ],
)
def test_means_and_halves(value: float, reach: float, shown: tuple[str, str]) -> None:
    assert within(value, reach) == shown


def test_words_for_numbers() -> None:
    assert number(None) == "–" and chance(None) == "–"
    assert number(1234567.0) == "1,234,567" and number(1234.56) == "1,235" and number(0.25) == "0.2500"
    assert chance(0.0004) == "< 0.001" and chance(0.0499) == "0.050" and chance(0.4) == "0.40"
    assert [brief(value) for value in (0.05, 5000.0, 12_000.0, 1.5e6, -2.0)] == [
        "0.05",
        "5000",
        "12k",
        "1.5M",
        "−2",
    ]


def test_no_digit_is_lost_to_the_sign() -> None:
    assert re.fullmatch(r"−\d\.\d{3}", number(-1.23456))
