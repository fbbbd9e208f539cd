"""Intervals against scipy, and their coverage against simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from amalgan.errors import UsageError
from amalgan.metrics.statistics import binomial_interval, holm, interval, paired_difference


def test_interval_of_a_known_sample() -> None:
    """Student's quantile for 2 degrees of freedom is (2p - 1) / sqrt(2p (1 - p))."""
    found = interval([1.0, 2.0, 3.0])
    reach = 0.95 / math.sqrt(2 * 0.975 * 0.025) / math.sqrt(3)
    assert (found.mean, found.n, found.level) == (2.0, 3, 0.95)
    assert (found.low, found.high) == pytest.approx((2 - reach, 2 + reach), rel=1e-12)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_interval_and_pairs_are_those_of_scipy(level: float) -> None:
    generator = np.random.default_rng(0)
    a, b = generator.normal(1, 2, 7), generator.normal(0.2, 1, 7)
    expected = stats.ttest_rel(a, b)
    found = paired_difference(a.tolist(), b.tolist(), level)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-10)
    limits = expected.confidence_interval(level)
    assert (found.interval.low, found.interval.high) == pytest.approx((limits.low, limits.high), rel=1e-10)


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    draws = np.random.default_rng(1).normal(5, 3, (4000, 4))
    covered = np.mean([found.low <= 5 <= found.high for found in map(interval, draws.tolist())])
    assert covered == pytest.approx(0.95, abs=0.015)


def test_p_values_of_no_difference_are_uniform() -> None:
    draws = np.random.default_rng(2).normal(0, 1, (3000, 2, 5))
    p_values = [paired_difference(a, b).p_value for a, b in draws.tolist()]
    assert stats.kstest(p_values, "uniform").pvalue > 0.001
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.016)


def test_what_pairs_share_cancels() -> None:
    seeds = [10.0, 20.0, 30.0, 44.0]
    found = paired_difference([s + d for s, d in zip(seeds, [1.0, 1.2, 0.9, 1.1], strict=True)], seeds)
    assert found.verdict == "higher" and found.interval.mean == pytest.approx(1.05)
    other = paired_difference(seeds, [s + d for s, d in zip(seeds, [1.0, 1.2, 0.9, 1.1], strict=True)])
    assert other.verdict == "lower" and other.p_value == pytest.approx(found.p_value)
    noise = [s + d for s, d in zip(seeds, [1.0, -1.0, 2.0, -2.0], strict=True)]
    assert paired_difference(seeds, noise).verdict == "inconclusive"


@given(
    st.lists(st.floats(-100, 100), min_size=2, max_size=8),
    st.lists(st.floats(-100, 100), min_size=8, max_size=8),
)
def test_the_verdict_agrees_with_the_p_value(a: list[float], b: list[float]) -> None:
    found = paired_difference(a, b[: len(a)])
    if abs(found.p_value - 0.05) > 1e-6:
        assert (found.verdict != "inconclusive") == (found.p_value < 0.05)


def test_pairs_that_differ_alike() -> None:
    assert paired_difference([1.0, 2.0], [1.0, 2.0]).p_value == 1.0
    assert paired_difference([2.0, 3.0], [1.0, 2.0]).p_value == 0.0


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (1, 10), (5, 10), (10, 10), (450, 1000), (0, 1)])
def test_binomial_interval_is_wilsons(successes: int, n: int) -> None:
    expected = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    found = binomial_interval(successes, n)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-10, abs=1e-12)
    assert found.mean == successes / n


def test_binomial_interval_covers_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(3)
    truths = generator.uniform(0.02, 0.98, 4000)
    found = [binomial_interval(int(count), 60) for count in generator.binomial(60, truths)]
    covered = np.mean([one.low <= truth <= one.high for one, truth in zip(found, truths, strict=True)])
    assert covered == pytest.approx(0.95, abs=0.015)


def test_holm_of_a_known_family() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.2]) == [0.2]
    assert holm([0.6, 0.7]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_holm_lies_between_none_and_bonferroni_and_is_blind_to_order(p_values: list[float], random) -> None:
    adjusted = holm(p_values)
    for p, a in zip(p_values, adjusted, strict=True):
        assert p <= a <= min(1.0, len(p_values) * p)
    order = list(range(len(p_values)))
    random.shuffle(order)
    assert holm([p_values[i] for i in order]) == [adjusted[i] for i in order]
    ranked = [a for _, a in sorted(zip(p_values, adjusted, strict=True))]
    assert ranked == sorted(adjusted)


def test_holm_keeps_the_rate_of_any_false_alarm() -> None:
    p_values = np.random.default_rng(4).uniform(size=(4000, 6))
    alarms = np.mean([min(holm(family)) < 0.05 for family in p_values.tolist()])
    assert alarms == pytest.approx(1 - (1 - 0.05 / 6) ** 6, abs=0.014)


def test_faults_are_named() -> None:
    with pytest.raises(UsageError, match="at least 2 values; got 1"):
        interval([1.0])
    with pytest.raises(UsageError, match="finite values"):
        interval([1.0, math.nan])
    with pytest.raises(UsageError, match=r"level is 95.0;"):
        interval([1.0, 2.0], 95.0)
    with pytest.raises(UsageError, match="3 values against 2"):
        paired_difference([1.0, 2.0, 3.0], [1.0, 2.0])
    with pytest.raises(UsageError, match="5 of 4 at level"):
        binomial_interval(5, 4)
    with pytest.raises(UsageError, match="p-values must lie"):
        holm([0.5, 1.5])
