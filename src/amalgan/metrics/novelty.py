"""Whether generated examples are new: copies of training examples, and how much one code's decodes vary.

    generated ─┐                            ┌─► ratio of each ──────────► share at or below the threshold
    training  ─┼─► nearest training example ┤                                       ▲
    held-out  ─┘                            └─► ratio of each ─► 0.5 % quantile ─► threshold

The ratio of an example is its distance to the nearest training example divided by its mean distance to the
50 nearest: near 0 for a copy, near 1 otherwise. Dividing keeps plain pictures, which are near to everything,
from looking copied (Carlini et al. 2023, arXiv:2301.13188); 50 are enough that a picture which the training
set holds several times does not hide its copies.

Held-out examples are new by construction. If generated ones are as new, the ratios of both are exchangeable,
so the number of m generated at or below the j-th smallest of n held-out ratios is
beta-binomial(m, j, n - j + 1), whatever the distribution: that gives an exact p-value, and the least share of
copies that could have been seen.

Where held-out examples are themselves copies of training examples (duplicates in the data), threshold and
baseline show it: generated ones are then called copies only if they repeat the training set more than real
data does.

What is far from every training example is never called a copy, so a copy under heavy noise passes for new:
compare in features that see through the noise. The reverse happens too: in features of a small network, noise may lie
near a few training examples that look like noise. So what looks more damaged than real examples do, and more than the
training example that it is nearest to, can be left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from amalgan.core.errors import UsageError
from amalgan.metrics.distances import flatten_checked
from amalgan.metrics.neighbors import nearest

NEIGHBORS = 50
"""Training examples that the distance to the nearest is compared with (all, if fewer)."""
QUANTILE = 0.005
"""Share of held-out examples that the threshold lets through."""
SIGNIFICANCE = 0.01
"""The p-value below which the verdict is ``copies``."""
DETECTABLE = 0.05
"""The verdict is ``none found`` only if a share of this size would have been seen."""


@dataclass(frozen=True)
class Damage:
    """How damaged examples look, on any scale; more is worse."""

    generated: Float[Tensor, " M"]
    train: Float[Tensor, " N"]
    most: float
    """Real examples rarely look worse."""

    def too_much(self, nearest: Int[Tensor, " M"]) -> Bool[Tensor, " M"]:
        """Which generated examples look worse than real ones do, and than the training example nearest to them."""
        return (self.generated > self.most) & (self.generated > self.train[nearest])


@dataclass(frozen=True)
class Copies:
    """How many generated examples are nearer to the training set than new examples are."""

    share: float
    """Share of generated examples at or below the threshold, in [0, 1]."""
    baseline: float
    """Share of held-out examples at or below it: what real, new examples score."""
    threshold: float
    """The ratio at or below which an example is flagged."""
    p_value: float
    """Probability of at least so many flagged if generated examples were as new as held-out ones."""
    detectable: float | None
    """Least share flagged that would have been significant; None if no share would."""
    verdict: Literal["copies", "none found", "inconclusive"]
    """``inconclusive``: nothing significant, but too few examples to have seen a share of 5 %, or most left out."""
    left_out: int
    """Generated examples that look too damaged to be copies."""
    ratio: Float[Tensor, " M"]
    """Ratio of each generated example."""
    nearest: Int[Tensor, " M"]
    """The training example nearest to each generated one."""

    @property
    def flagged(self) -> Int[Tensor, " F"]:
        """Generated examples at or below the threshold, the most suspicious first."""
        order = self.ratio.argsort()
        return order[self.ratio[order] <= self.threshold]


def nearness(
    x: Float[Tensor, " M *shape"], train: Float[Tensor, " N *shape"]
) -> tuple[Float[Tensor, " M"], Int[Tensor, " M"]]:
    """The ratio of each example, in [0, 1], and which training example is nearest to it.

    Raises:
        UsageError: fewer than two training examples.
        DataError: a number is not finite.
    """
    x, train = flatten_checked(x, train, "examples and training examples")
    if len(train) < 2:
        raise UsageError(f"novelty needs at least 2 training examples; got {len(train)}")
    distance, index = nearest(x, train, min(NEIGHBORS, len(train)))
    mean = distance.mean(1)
    return torch.where(mean > 0, distance[:, 0] / mean.clamp_min(1e-300), 0), index[:, 0]


def copies(
    generated: Float[Tensor, " M *shape"],
    train: Float[Tensor, " N *shape"],
    held_out: Float[Tensor, " H *shape"],
    *,
    damage: Damage | None = None,
) -> Copies:
    """Say whether ``generated`` repeats ``train`` more than ``held_out`` does, in features or pixels.

    Args:
        damage: leaves out what looks too damaged to be a copy. Its ratio is 1, and where it is most of the generated,
            nothing found is ``inconclusive``.

    Raises:
        UsageError: fewer than two training examples, or examples that differ in size.
        DataError: an empty set, or a number that is not finite.
    """
    ratio, index = nearness(generated, train)
    counted = torch.ones(len(ratio), dtype=torch.bool) if damage is None else ~damage.too_much(index)
    ratio = ratio.where(counted, 1.0)
    baseline = nearness(held_out, train)[0].sort().values
    threshold = float(baseline[math.ceil(QUANTILE * len(baseline)) - 1])
    passed, flagged = int((baseline <= threshold).sum()), int((ratio[counted] <= threshold).sum())
    m, n = len(ratio), len(baseline)
    tail = _tails(m, passed, n)
    least = next((count for count in range(m + 1) if tail[count] < SIGNIFICANCE), None)
    detectable = None if least is None else least / m
    seen = detectable is not None and detectable <= DETECTABLE and 2 * int(counted.sum()) >= m
    return Copies(
        share=flagged / m,
        baseline=passed / n,
        threshold=threshold,
        p_value=float(tail[flagged]),
        detectable=detectable,
        verdict="copies" if tail[flagged] < SIGNIFICANCE else "none found" if seen else "inconclusive",
        left_out=m - int(counted.sum()),
        ratio=ratio,
        nearest=index,
    )


def _tails(m: int, j: int, n: int) -> Float[Tensor, " K"]:
    """P(count >= 0), …, P(count >= m) of a beta-binomial(m, j, n - j + 1)."""
    count = torch.arange(m + 1, dtype=torch.float64)
    choose = -math.log(m + 1) - _log_beta(m - count + 1, count + 1)
    both = _log_beta(count + j, m - count + n - j + 1)
    log_mass = choose + both - _log_beta(torch.tensor(float(j)), torch.tensor(float(n - j + 1)))
    return torch.logcumsumexp(log_mass.flip(0), 0).flip(0).exp().clamp_max(1)


def _log_beta(a: Tensor, b: Tensor) -> Tensor:
    a, b = a.double(), b.double()
    return torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)


def spread(decodes: Float[Tensor, " N R *shape"]) -> float:
    """How much the decodes of one code vary over R draws of the noise; 0 if the noise is ignored.

    The mean over codes and entries of the standard deviation over the draws (divided by R - 1), in the units
    of the entries: of the [-1, 1] range for pictures.

    Raises:
        UsageError: fewer than two draws.
    """
    if decodes.shape[1] < 2:
        raise UsageError(f"spread needs at least 2 draws a code; got {decodes.shape[1]}")
    return float(decodes.double().std(1).mean())
