"""By how much a change of the training data changes the accuracy of a classifier, and how sure that is.

    right or wrong, with and without the change (seeds S, test examples M) ─► differences D ─► mean, interval ─► verdict

The same seeds are trained on both sides and the same test examples asked, so D is paired twice. What is left varies
with the seed (chance of training) and with the test example (chance of which were held out), which are crossed:

    D[s, i] = effect + a_s + b_i + e_si        var(mean) = var(a) / S + var(b) / M + var(e) / (S M)

The three parts come from the means of rows, of columns and from the rest, as in a two-way analysis of variance with
random effects (Searle, Casella & McCulloch 1992, ch. 4; a bootstrap of rows and columns estimates the same sum, but
with five seeds too little of it: Owen 2007, arXiv:0707.3391). The interval is Student's, with Satterthwaite's
degrees of freedom: those of the seeds where seeds decide, those of the test examples where these do. Its level is that
of the look (``sequential``), so that adding seeds until there is an answer is not wrong more often than 5 %. Training
data and generator are taken as they are: the interval does not say what others would do.

Strata (classes) of equal weight make it balanced accuracy. Everything is in points: hundredths of accuracy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, get_args

import torch
from jaxtyping import Bool, Float, Int
from scipy.special import stdtrit
from torch import Tensor

from amalgan.core.errors import UsageError
from amalgan.metrics.sequential import OF_EFFECTS, looks_after
from amalgan.metrics.statistics import Interval

MARGIN = 0.5
"""Points. An effect that stays below is called none."""
Verdict = Literal["helps", "none", "hurts", "inconclusive"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What one difference varies by, as variances of the mean: squared points."""

    seeds: float
    """What chance of training leaves."""
    tests: float
    """What chance of the test examples leaves."""
    rest: float
    """What both leave together."""

    def at(self, seeds: float, tests: float) -> float:
        """The whole variance with so many times the seeds and the test examples."""
        return self.seeds / seeds + self.tests / tests + self.rest / (seeds * tests)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a change does to the accuracy."""

    interval: Interval
    """Points; ``n`` counts the seeds."""
    by_seed: tuple[float, ...]
    """The difference that each seed found, in points."""
    parts: Parts
    tests: int
    """Test examples."""

    def verdict(self, margin: float = MARGIN) -> Verdict:
        """What may be said: ``none`` where the whole interval lies within ``margin`` of zero, whatever its sign."""
        low, high = self.interval.low, self.interval.high
        if -margin <= low and high <= margin:
            return "none"
        return "helps" if low > 0 else "hurts" if high < 0 else "inconclusive"

    def needed(self, margin: float = MARGIN) -> tuple[int | None, int | None]:
        """About how many seeds, or else how many test examples, an answer would take; None where they would not do.

        An answer is there when the interval leaves out zero or a margin, whichever the mean is farther from.
        """
        reach = max(abs(self.interval.mean), margin - abs(self.interval.mean))
        seeds = self.interval.n
        for at in looks_after(seeds, OF_EFFECTS):
            if self.parts.at(at.seeds / seeds, 1.0) <= (reach / quantile(at.level())) ** 2:
                return at.seeds, None
        left = (reach / quantile(self.interval.level)) ** 2 - self.parts.seeds
        if left <= 0:
            return None, None
        return None, math.ceil(self.tests * (self.parts.tests + self.parts.rest) / left)


def quantile(level: float) -> float:
    """Return how many standard deviations the interval of a Gaussian reaches to either side."""
    return NormalDist().inv_cdf((1 + level) / 2)


def effect(
    changed: Bool[Tensor, "S M"],
    plain: Bool[Tensor, "S M"],
    stratum: Int[Tensor, " M"] | None = None,
    *,
    level: float = 0.95,
) -> Effect:
    """By how many points the accuracy of ``changed`` is above that of ``plain``.

    Args:
        changed, plain: whether the classifier of each seed was right on each test example.
        stratum: the class of each test example, to weigh classes equally; all alike by default.

    Raises:
        UsageError: fewer than two seeds, the sides differ in shape, or a stratum has fewer than two examples.
    """
    if changed.shape != plain.shape or len(plain) < 2:
        raise UsageError(
            f"{tuple(changed.shape)} against {tuple(plain.shape)}: need two seeds or more, paired"
        )
    difference = 100 * (changed.double() - plain.double())
    groups = grouped(stratum if stratum is not None else torch.zeros(plain.shape[1], dtype=torch.int64))
    rows = torch.stack([difference[:, group].mean(1) for group in groups]).mean(0)
    seeds, weight = len(rows), 1 / len(groups)
    rest = sum(weight**2 * leftover(difference[:, group]) for group in groups)
    columns = [weight**2 * of_tests(difference[:, group], weight) for group in groups]
    by_rows, by_columns = float(rows.var()) / seeds, sum(columns)
    variance = max(by_rows + by_columns - rest, by_rows, by_columns)
    freedom = variance**2 / (
        by_rows**2 / (seeds - 1)
        + sum(part**2 / (len(group) - 1) for part, group in zip(columns, groups, strict=True))
    )
    mean, reach = float(rows.mean()), float(stdtrit(freedom, (1 + level) / 2)) * math.sqrt(variance)
    return Effect(
        interval=Interval(mean, mean - reach, mean + reach, seeds, level),
        by_seed=tuple(rows.tolist()),
        parts=Parts(seeds=max(0.0, by_rows - rest), tests=max(0.0, by_columns - rest), rest=rest),
        tests=plain.shape[1],
    )


def grouped(stratum: Int[Tensor, " M"]) -> list[Int[Tensor, " G"]]:
    """The test examples of each stratum."""
    found = [(stratum == value).nonzero()[:, 0] for value in stratum.unique()]
    if any(len(group) < 2 for group in found):
        raise UsageError("a class has a single test example; an interval needs two or more of each")
    return found


def leftover(difference: Float[Tensor, "S G"]) -> float:
    """What seeds and test examples together leave of the variance of the mean."""
    seeds, tests = difference.shape
    rest = difference - difference.mean(0) - difference.mean(1, keepdim=True) + difference.mean()
    return float(rest.square().sum()) / ((seeds - 1) * (tests - 1)) / (seeds * tests)


def of_tests(difference: Float[Tensor, "S G"], weight: float) -> float:
    """What the test examples leave, as if one more (shared among the strata) had changed sides.

    Without it no disagreement at all would pass for certainty; Agresti & Min 2005 (Stat. Med. 24) add as much.
    """
    tests = difference.shape[1]
    return float(difference.mean(0).var()) / tests + 100**2 * weight / tests**2
