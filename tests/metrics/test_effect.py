"""The interval holds the truth as often as it says, whichever chance decides; the verdict follows from it."""

from __future__ import annotations

import math

import pytest
import torch

from amalgan.core.errors import UsageError
from amalgan.metrics.effect import Effect, Parts, effect
from amalgan.metrics.statistics import Interval, interval

REPEATS = 600


def found(mean, reach, *, seeds=0.0, tests=0.0, rest=0.0) -> Effect:
    return Effect(
        interval=Interval(mean, mean - reach, mean + reach, 5, 0.95),
        by_seed=(mean,) * 5,
        parts=Parts(seeds=seeds, tests=tests, rest=rest),
        tests=1000,
    )


@pytest.mark.parametrize(
    ("seeds", "tests", "of_seed", "of_test", "of_rest"),
    [
        (5, 1000, 0.02, 0.0, 0.05),  # seeds decide
        (5, 300, 0.0, 0.4, 0.05),  # test examples decide
        (5, 400, 0.02, 0.3, 0.1),
        (12, 400, 0.02, 0.3, 0.3),
    ],
)
def test_the_interval_holds_the_truth_as_often_as_it_says(seeds, tests, of_seed, of_test, of_rest):
    generator = torch.Generator().manual_seed(0)
    held = sum(holds(seeds, tests, of_seed, of_test, of_rest, generator) for _ in range(REPEATS))
    assert 0.93 <= held / REPEATS <= 0.985


def holds(seeds, tests, of_seed, of_test, of_rest, generator) -> bool:
    """One experiment: example by example, either side may be better, by seed too, around an effect of 3 points."""
    uniform = torch.rand(3, seeds, tests, generator=generator)
    own = torch.rand(1, tests, generator=generator) < of_test
    side = torch.where(torch.rand(1, tests, generator=generator) < 0.5, 0.4, -0.4) * own
    by_seed = of_seed * torch.randn(seeds, 1, generator=generator)
    answer = torch.where(uniform[2] < of_rest, uniform[1], uniform[0])
    once = effect(answer < 0.5 + 0.03 + side + by_seed, uniform[0] < 0.5)
    return once.interval.low <= 3 <= once.interval.high


def test_chance_of_seeds_alone_gives_the_interval_of_seeds():
    """Where every test example of a seed fares alike, only the seeds are a sample."""
    changed = torch.tensor([[1], [1], [0], [1], [1]]).bool().expand(5, 4000)
    once = effect(changed, torch.zeros(5, 4000).bool())
    by_seeds = interval([100.0, 100.0, 0.0, 100.0, 100.0])
    assert once.interval.mean == 80
    assert once.interval.low == pytest.approx(by_seeds.low, abs=1e-3)
    assert once.parts.rest == pytest.approx(0, abs=1e-9)


def test_chance_of_test_examples_alone_gives_the_interval_of_test_examples():
    changed = (torch.arange(2000) % 10 < 3).expand(5, 2000)
    once = effect(changed, torch.zeros(5, 2000).bool())
    error = 100 * math.sqrt(0.3 * 0.7 / 1999 + 1 / 2000**2)
    assert once.interval.mean == pytest.approx(30)
    assert once.interval.high - 30 == pytest.approx(1.961 * error, rel=1e-3)


def test_sides_exchanged_change_the_sign():
    generator = torch.Generator().manual_seed(1)
    one, other = (torch.rand(5, 200, generator=generator) < share for share in (0.8, 0.7))
    forth, back = effect(one, other).interval, effect(other, one).interval
    assert (forth.mean, forth.low, forth.high) == pytest.approx((-back.mean, -back.high, -back.low))


def test_strata_weigh_alike():
    stratum = torch.tensor([0] * 90 + [1] * 10)
    changed = stratum.bool().expand(5, 100)
    plain = torch.zeros(5, 100).bool()
    assert effect(changed, plain).interval.mean == pytest.approx(10)
    assert effect(changed, plain, stratum).interval.mean == pytest.approx(50)


def test_no_difference_at_all_is_no_certainty():
    same = torch.ones(5, 100).bool()
    once = effect(same, same)
    assert once.verdict() == "inconclusive" and once.interval.high > 1.9
    large = torch.ones(5, 2000).bool()
    assert effect(large, large).verdict() == "none"


@pytest.mark.parametrize(
    ("mean", "reach", "verdict"),
    [
        (2.0, 1.0, "helps"),
        (-2.0, 1.0, "hurts"),
        (0.5, 1.0, "inconclusive"),
        (0.0, 0.4, "none"),
        (0.3, 0.1, "none"),  # certain, and too small to matter
        (0.5, 0.3, "helps"),
    ],
)
def test_verdict(mean, reach, verdict):
    assert found(mean, reach).verdict(0.5) == verdict


def test_advice_names_what_decides():
    by_seeds = found(1.0, 1.4, seeds=0.5).needed()
    assert by_seeds == (
        20,
        None,
    )  # variance 0.5 at 5 seeds must fall to (1 / 2.73)^2 at 10, or (1 / 2.95)^2 at 20
    by_tests = found(1.0, 1.4, tests=0.5).needed()
    assert by_tests == (None, 1921)  # 0.5 at 1000 examples must fall to (1 / 1.96)^2
    assert found(0.0, 9.0, seeds=20.0).needed() == (None, None)


def test_refuses():
    ones = torch.ones(5, 10).bool()
    with pytest.raises(UsageError, match="need two seeds"):
        effect(ones[:1], ones[:1])
    with pytest.raises(UsageError, match="single test example"):
        effect(ones, ones, torch.tensor([0] * 9 + [1]))
