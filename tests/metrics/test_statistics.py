"""Intervals against scipy, and their coverage against simulation."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from amalgan.core.errors import UsageError
from amalgan.metrics.statistics import (
    binomial_interval,
    bootstrap,
    compare_pairs,
    holm,
    interval,
    paired_difference,
)


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


@pytest.mark.parametrize("n", [3, 5])
def test_intervals_of_few_seeds_cover_the_truth_95_times_in_100(n: int) -> None:
    """Of a mean, and of a paired difference whose two sides share most of their noise."""
    generator = np.random.default_rng(10 + n)
    shared = generator.normal(0, 5, (6000, 1, n))
    pairs = (shared + generator.normal([[[1.0], [3.0]]], 1, (6000, 2, n))).tolist()
    means = [interval(a) for a, _ in pairs]
    differences = [paired_difference(a, b).interval for a, b in pairs]
    assert 0.93 <= np.mean([found.low <= 1 <= found.high for found in means]) <= 0.97
    assert 0.93 <= np.mean([found.low <= -2 <= found.high for found in differences]) <= 0.97


def families(true_difference: float, seeds: int, count: int = 800) -> tuple[float, float]:
    """The share of families of 3 systems by 2 measures with a false alarm, and the share of real differences found.

    The first system is better than the others by ``true_difference`` deviations; the others are alike.
    """
    generator = np.random.default_rng(20)
    false, found = 0, 0
    for values in generator.normal(0, 1, (count, 2, 3, seeds)):
        values[:, 0] += true_difference
        pairs = [(one[a].tolist(), one[b].tolist()) for one in values for a, b in ((0, 1), (0, 2), (1, 2))]
        verdicts = [one.verdict for one in compare_pairs(pairs)]
        alike = [verdicts[2], verdicts[5]] if true_difference else verdicts
        false += any(verdict != "inconclusive" for verdict in alike)
        found += sum(verdicts[at] == "higher" for at in (0, 1, 3, 4))
    return false / count, found / (4 * count)


def test_a_family_of_comparisons_keeps_its_rate_of_false_alarms_and_finds_what_is_there() -> None:
    alarms, _ = families(0.0, seeds=3)
    assert alarms <= 0.05 + 3 * (0.05 * 0.95 / 800) ** 0.5
    alarms, power = families(4.0, seeds=5)
    assert alarms <= 0.05 + 3 * (0.05 * 0.95 / 800) ** 0.5 and power > 0.7


@given(st.lists(st.lists(st.floats(-9, 9), min_size=6, max_size=6), min_size=1, max_size=6))
def test_a_corrected_interval_leaves_zero_out_exactly_when_the_corrected_p_value_is_small(
    rows: list[list[float]],
) -> None:
    pairs = [(row[:3], row[3:]) for row in rows]
    found = compare_pairs(pairs)
    assert [one.p_adjusted for one in found] == holm([one.p_value for one in found])
    for one, (a, b) in zip(found, pairs, strict=True):
        assert 1 - 0.05 <= one.interval.level <= 1 - 0.05 / len(pairs)
        if abs(one.p_adjusted - 0.05) > 1e-6:
            assert (one.verdict != "inconclusive") == (one.p_adjusted < 0.05)
        if one.verdict != "inconclusive":
            assert (one.verdict == "higher") == (np.mean(a) > np.mean(b))


def test_a_family_of_one_is_a_paired_test() -> None:
    a, b = [1.0, 2.0, 4.0], [0.5, 1.0, 4.5]
    (one,), plain = compare_pairs([(a, b)]), paired_difference(a, b)
    assert (one.p_value, one.p_adjusted) == (plain.p_value, plain.p_value)
    assert (one.interval.low, one.interval.high) == pytest.approx((plain.interval.low, plain.interval.high))
    assert compare_pairs([]) == []


def test_differences_that_are_all_equal_say_nothing_of_chance() -> None:
    """Accuracies of a few examples often are; rounding must not make a discovery of it."""
    (one,) = compare_pairs([([0.9, 0.8, 0.7], [0.8, 0.7, 0.6])])
    assert (one.p_value, one.verdict) == (1.0, "inconclusive")
    assert one.interval.mean == pytest.approx(0.1) and (one.interval.low, one.interval.high) == (
        -math.inf,
        math.inf,
    )


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


def test_the_bootstrap_of_a_mean_is_near_student_s_and_takes_bias_out() -> None:
    x = torch.randn(400, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    low, high = bootstrap(lambda rows: float(x[rows].mean()), len(x))
    theirs = interval(x.tolist())
    assert low == pytest.approx(theirs.low, abs=0.02) and high == pytest.approx(theirs.high, abs=0.02)
    least, most = bootstrap(lambda rows: float(len(rows.unique())), len(x))
    assert least > len(x), (
        "resamples repeat examples: the statistic is lower there, and the interval is turned up"
    )
    assert most > least
