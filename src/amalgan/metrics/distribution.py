"""How unlike two sets are, real and generated, in the features of some net (or in pixels).

    features ─► Moments ─┬─► frechet_distance   Heusel et al. 2017, arXiv:1706.08500, eq. 6
    features ────────────┼─► kernel_distance    KID: Binkowski et al. 2018, arXiv:1801.01401, section 4
                         └─► prdc               precision, recall: Kynkäänniemi et al. 2019, arXiv:1904.06991;
                                                density, coverage: Naeem et al. 2020, arXiv:2002.09797

Symbols: m, C of the Fréchet distance are ``mean``, ``covariance``; NND_k, the distance to the k-th nearest
neighbor in a point's own set, is its radius.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from amalgan.core.errors import DataError, UsageError
from amalgan.metrics.distances import BLOCK, finite, flatten_checked, iterate_blocks
from amalgan.metrics.neighbors import nearest

LEAST = {
    "frechet_distance": 2048,
    "kernel_distance": 1000,
    "precision": 1000,
    "recall": 1000,
    "density": 1000,
    "coverage": 1000,
}
"""Samples of the smaller set below which a number is labeled: the Fréchet distance then rises as n falls, by
bias alone, and the others scatter. Precision, recall, density and coverage compare only at one n and k."""


def name_metric(metric: str, n: int) -> str:
    """The metric's name, warning in it where ``n``, the smaller set's size, is below ``LEAST``."""
    least = LEAST.get(metric, 0)
    return metric if n >= least else f"{metric} (n={n}, below {least})"


@dataclass(frozen=True)
class Moments:
    """Mean and scatter of a set, which can be added to those of another: parts together equal the whole.

    Merging: Chan, Golub & LeVeque 1979, eq. 2.1.
    """

    n: int
    mean: Float[Tensor, " D"]
    scatter: Float[Tensor, " D D"]
    """Sum over the set of the outer products of the differences from the mean."""

    @classmethod
    def of(cls, features: Float[Tensor, " N *shape"]) -> Moments:
        """Moments of one batch, float64.

        Raises:
            DataError: the batch is empty or holds a number that is not finite.
        """
        x = finite(features, "moments")
        mean = x.mean(0)
        return cls(len(x), mean, (x - mean).T @ (x - mean))

    def __add__(self, other: Moments) -> Moments:
        n = self.n + other.n
        apart = other.mean - self.mean
        scatter = self.scatter + other.scatter + torch.outer(apart, apart) * (self.n * other.n / n)
        return Moments(n, self.mean + apart * (other.n / n), scatter)

    @property
    def covariance(self) -> Float[Tensor, " D D"]:
        """Unbiased: divided by n - 1.

        Raises:
            DataError: one example has no covariance.
        """
        if self.n < 2:
            raise DataError("one example has no covariance; at least 2 are needed")
        return self.scatter / (self.n - 1)


def moments(batches: Iterable[Float[Tensor, " N *shape"]]) -> Moments:
    """Moments of all examples of ``batches``, seen once."""
    return reduce(Moments.__add__, map(Moments.of, batches))


def frechet_distance(a: Moments, b: Moments) -> float:
    """|m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)), the squared Wasserstein-2 distance; >= 0.

    Of the Gaussians with these moments, in squared units of the features. The trace of the root is the sum of
    the singular values of C_a^(1/2) C_b^(1/2), which stays exact where covariances are singular.

    Raises:
        UsageError: the two have different numbers of features.
        DataError: a set has fewer than two examples.
    """
    if a.mean.shape != b.mean.shape:
        raise UsageError(f"Fréchet distance: {len(a.mean)} features against {len(b.mean)}; both must agree")
    shared = torch.linalg.svdvals(_root(a.covariance) @ _root(b.covariance)).sum()
    spread = a.covariance.trace() + b.covariance.trace()
    return max(0.0, float((a.mean - b.mean).square().sum() + spread - 2 * shared))


def _root(covariance: Float[Tensor, " D D"]) -> Float[Tensor, " D D"]:
    """The symmetric root; eigenvalues that are rounding count as 0, since a root would magnify them."""
    values, vectors = torch.linalg.eigh(covariance)
    noise = values.abs().max() * len(values) * torch.finfo(values.dtype).eps
    root: Tensor = (vectors * values.where(values > noise, 0).sqrt()) @ vectors.T
    return root


def kernel_distance(a: Float[Tensor, " N *shape"], b: Float[Tensor, " M *shape"]) -> float:
    """Squared maximum mean discrepancy for the kernel (x.y / D + 1)^3, over all pairs, unbiased (KID).

    0 on average for two sets of one distribution, so at times negative; unlike the Fréchet distance it has no
    bias that depends on n.

    Raises:
        UsageError: the examples differ in size, or a set has fewer than two.
        DataError: a number is not finite.
    """
    a, b = flatten_checked(a, b, "kernel distance")
    n, m = len(a), len(b)
    if min(n, m) < 2:
        raise UsageError(f"kernel distance: sets of {n} and {m} examples; each needs at least 2")
    own_a = (_kernel_sum(a, a) - _kernel_diagonal(a)) / (n * (n - 1))
    own_b = (_kernel_sum(b, b) - _kernel_diagonal(b)) / (m * (m - 1))
    return own_a + own_b - 2 * _kernel_sum(a, b) / (n * m)


def _kernel_sum(a: Tensor, b: Tensor) -> float:
    rows = max(1, BLOCK // len(b))
    parts = ((a[start : start + rows] / a.shape[1]) @ b.T + 1 for start in range(0, len(a), rows))
    return sum(float((part * part * part).sum()) for part in parts)


def _kernel_diagonal(a: Tensor) -> float:
    return float((a.square().sum(1) / a.shape[1] + 1).pow(3).sum())


@dataclass(frozen=True)
class Prdc:
    """How two sets cover one another; comparable only at equal sizes, k and features."""

    precision: float
    """Share of fakes within the radius of some real, in [0, 1]."""
    recall: float
    """Share of reals within the radius of some fake, in [0, 1]."""
    density: float
    """Reals within whose radius a fake is, on average, over k: about 1 for one distribution; >= 0."""
    coverage: float
    """Share of reals that have a fake within their own radius, in [0, 1]."""


WIDEST_RADIUS = 0.9
"""The quantile of all radii above which ``evaluate`` cuts them: one odd real picture, far from all others, would
otherwise have a radius that takes in gray tiles."""


def prdc(
    real: Float[Tensor, " N *shape"],
    fake: Float[Tensor, " M *shape"],
    k: int = 5,
    *,
    widest: float = 1.0,
    ruled_out: Bool[Tensor, " M"] | None = None,
) -> Prdc:
    """Precision, recall, density and coverage with ``k`` nearest neighbors.

    Args:
        widest: radii are cut to this quantile of those of their set; 1 leaves them, as the authors do.
        ruled_out: fakes that lie among no reals and cover none, whatever their distances.

    Raises:
        UsageError: the examples differ in size, or a set has no more than ``k``.
        DataError: a number is not finite.
    """
    real, fake = flatten_checked(real, fake, "precision and recall")
    real_radius, fake_radius = _radii(real, k, widest), _radii(fake, k, widest)
    out = torch.zeros(len(fake), dtype=torch.bool) if ruled_out is None else ruled_out
    precise = dense = recalled = covered = 0
    for rows, distances in iterate_blocks(fake, real):
        distances[out[rows]] = torch.inf
        within = distances < real_radius
        precise += int(within.any(1).sum())
        dense += int(within.sum())
    for rows, distances in iterate_blocks(real, fake):
        distances[:, out] = torch.inf
        recalled += int((distances < fake_radius).any(1).sum())
        covered += int((distances.amin(1) < real_radius[rows]).sum())
    n, m = len(real), len(fake)
    return Prdc(precision=precise / m, recall=recalled / n, density=dense / (k * m), coverage=covered / n)


def _radii(x: Tensor, k: int, widest: float) -> Tensor:
    """The distance of each to its k-th neighbor, cut at a quantile."""
    radius = nearest(x, x, k, skip_self=True)[0][:, -1]
    most = radius.sort().values[math.ceil(widest * len(radius)) - 1]
    return radius.clamp(max=most)
