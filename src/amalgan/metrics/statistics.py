"""What can be said of a number that was measured a few times.

    values ─► interval             Student 1908: mean ± t s / sqrt(n)
    pairs  ─► paired_difference    the same of the differences, with the two-sided p-value of no difference
    successes of n ─► binomial_interval    Wilson 1927, JASA 22, for shares and accuracies
    p-values ─► holm               Holm 1979, Scand. J. Statist. 6: adjusted for being many
    many pairs ─► compared         paired differences whose p-values and intervals are corrected so
    examples ─► bootstrap          Efron 1979, Annals of Statistics 7: any statistic, its bias taken out

Pairs are runs of one seed on one split: what is common to both cancels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist, fmean, stdev
from typing import Literal

import torch
from jaxtyping import Int
from scipy.special import stdtr, stdtrit
from torch import Tensor

from amalgan.core.errors import UsageError
from amalgan.metrics.sequential import Look, find_last_look

FEW = 200
"""Examples below which nothing is said without its interval."""
RESAMPLED = 200
MOST_LEVEL = 1 - 1e-12
"""Of an interval that ends somewhere."""
ROUNDING = 1e-12
"""Differences that vary by no more than this share of the values are equal."""


@dataclass(frozen=True)
class Interval:
    """An estimate and the range that holds the truth in a share ``level`` of repetitions."""

    mean: float
    low: float
    high: float
    n: int
    level: float


@dataclass(frozen=True)
class Difference:
    """By how much the first of two, measured in pairs, is above the second."""

    interval: Interval
    p_value: float
    """Two-sided, of a paired t-test, in [0, 1]."""

    @property
    def verdict(self) -> Literal["higher", "lower", "inconclusive"]:
        """What the interval says of the first."""
        if self.interval.low > 0:
            return "higher"
        return "lower" if self.interval.high < 0 else "inconclusive"


def interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """The mean of ``values`` with its Student-t interval.

    Raises:
        UsageError: fewer than two values, one that is not finite, or a level outside (0, 1).
    """
    n, mean = _checked(values, level), fmean(values)
    reach = float(stdtrit(n - 1, (1 + level) / 2)) * stdev(values) / math.sqrt(n)
    return Interval(mean, mean - reach, mean + reach, n, level)


def paired_difference(a: Sequence[float], b: Sequence[float], level: float = 0.95) -> Difference:
    """How much higher ``a`` is than ``b``, pair by pair (one seed a pair).

    Raises:
        UsageError: the two differ in length; and as ``interval``.
    """
    if len(a) != len(b):
        raise UsageError(f"{len(a)} values against {len(b)}: pairs need as many of each")
    differences = [x - y for x, y in zip(a, b, strict=True)]
    found = interval(differences, level)
    error = stdev(differences) / math.sqrt(found.n)
    if not error:
        return Difference(found, 0.0 if found.mean else 1.0)
    return Difference(found, float(2 * stdtr(found.n - 1, -abs(found.mean) / error)))


def binomial_interval(successes: int, n: int, level: float = 0.95) -> Interval:
    """The share of successes with its Wilson interval, which stays within [0, 1] and works at 0 and n.

    ``mean`` is successes / n, not the middle of the interval.

    Raises:
        UsageError: no trials, successes outside [0, n], or a level outside (0, 1).
    """
    if not 0 <= successes <= n or n == 0 or not 0 < level < 1:
        raise UsageError(
            f"{successes} of {n} at level {level}: need 0 <= successes <= n, n > 0, 0 < level < 1"
        )
    share, z = successes / n, NormalDist().inv_cdf((1 + level) / 2)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low = 0.0 if successes == 0 else middle - reach
    return Interval(share, low, 1.0 if successes == n else middle + reach, n, level)


def bootstrap(
    statistic: Callable[[Int[Tensor, " N"]], float], n: int, *, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """The basic bootstrap interval of a statistic of ``n`` examples: 2 s - q, for the quantiles q over resamples.

    Args:
        statistic: from the rows that count, with repetitions, to its value.
    """
    generator = torch.Generator().manual_seed(seed)
    found = [statistic(torch.randint(n, (n,), generator=generator)) for _ in range(RESAMPLED)]
    tails = torch.tensor([(1 + level) / 2, (1 - level) / 2], dtype=torch.float64)
    low, high = (2 * statistic(torch.arange(n)) - torch.tensor(found).double().quantile(tails)).tolist()
    return low, high


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values adjusted by Holm's step-down rule, in the given order, to be compared with the level.

    Raises:
        UsageError: one is outside [0, 1].
    """
    if not all(0 <= p <= 1 for p in p_values):
        raise UsageError(f"p-values must lie in [0, 1]; got {list(p_values)}")
    adjusted, running = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = running
    return adjusted


@dataclass(frozen=True)
class Compared:
    """One paired difference among several, corrected for their number."""

    interval: Interval
    """Of the corrected ``level``: it leaves zero out exactly when ``p_adjusted`` is below 1 - the family's level."""
    p_value: float
    """Of this difference alone."""
    p_adjusted: float

    @property
    def verdict(self) -> Literal["higher", "lower", "inconclusive"]:
        """What can be said of the first, all comparisons considered."""
        return Difference(self.interval, self.p_adjusted).verdict


def compare_pairs(
    pairs: Sequence[tuple[Sequence[float], Sequence[float]]],
    level: float = 0.95,
    looks: Sequence[int] = (),
) -> list[Compared]:
    """Paired differences of a family of comparisons, with Holm's correction for making all of them.

    Each interval is that of the step at which Holm's rule stands when it comes to the difference: the smallest
    p-value of m is held against (1 - level) / m, the next against (1 - level) / (m - 1), and so on until the first
    that fails, whose step holds for all after it. Differences that are equal in all pairs (counts of a few examples
    often are) say nothing of chance: their p-value is 1.

    Args:
        looks: numbers of pairs at which those are looked at that grow until there is an answer. Each look takes the
            first so many and spends its share of the chance of error; by default there is one look, at all.

    Raises:
        UsageError: as ``paired_difference``.
    """
    shares = [find_last_look(len(a), looks) if looks else Look(len(a), 1.0) for a, _ in pairs]
    pairs = [(a[: at.seeds], b[: at.seeds]) for (a, b), at in zip(pairs, shares, strict=True)]
    p_values = [chance(a, b, level) for a, b in pairs]
    adjusted = holm(
        [min(1.0, p / at.share) if at.share else 1.0 for p, at in zip(p_values, shares, strict=True)]
    )
    order = sorted(range(len(pairs)), key=lambda at: adjusted[at])
    failed = next((rank for rank, at in enumerate(order) if adjusted[at] >= 1 - level), len(pairs))
    steps = {at: len(pairs) - min(rank, failed) for rank, at in enumerate(order)}
    return [
        Compared(within(*pair, 1 - (1 - level) * shares[at].share / steps[at]), p_values[at], adjusted[at])
        for at, pair in enumerate(pairs)
    ]


def chance(a: Sequence[float], b: Sequence[float], level: float) -> float:
    """The p-value of ``paired_difference``; 1 where all differences are equal, but for rounding."""
    return 1.0 if equal_differences(a, b) else paired_difference(a, b, level).p_value


def within(a: Sequence[float], b: Sequence[float], level: float) -> Interval:
    """The interval of the paired difference; of a look that may not err, and of equal differences, an endless one."""
    found = paired_difference(a, b, min(level, MOST_LEVEL)).interval
    endless = level > MOST_LEVEL or equal_differences(a, b)
    return replace(found, low=-math.inf, high=math.inf) if endless else found


def equal_differences(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether the differences vary by no more than rounding."""
    differences = [x - y for x, y in zip(a, b, strict=True)]
    return max(differences) - min(differences) <= ROUNDING * max(map(abs, [*a, *b]))


def _checked(values: Sequence[float], level: float) -> int:
    if len(values) < 2:
        raise UsageError(f"an interval needs at least 2 values; got {len(values)}. Use --seeds 3 or more.")
    if not all(map(math.isfinite, values)):
        raise UsageError(f"an interval needs finite values; got {list(values)}")
    if not 0 < level < 1:
        raise UsageError(f"level is {level}; it must lie in (0, 1), as 0.95")
    return len(values)
