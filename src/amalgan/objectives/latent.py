"""How unlike its prior a code is.

    kl_*          nats per sample, summed over entries: Kingma & Welling 2013, arXiv:1312.6114, appendix B
    mmd           over a set of codes: Tolstikhin et al. 2018, arXiv:1711.01558, algorithm 2 and section 4;
                  the unbiased estimate of Gretton et al. 2012, JMLR 13, eq. 3
    moment_pull   over a set of codes: how far their mean and covariance are from 0 and the identity

A set objective is one number for the whole set, not a mean over samples: it must see the global batch (gather
across processes, no micro-batches).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.core.errors import UsageError

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Widths a kernel is averaged over, in units of 2 K, the mean squared distance of two draws of N(0, I)."""

Kernel = Callable[[Tensor], Tensor]
"""From squared distances divided by 2 K to similarities in (0, 1], elementwise."""


def kl_standard_normal(
    mean: Float[Tensor, " B *shape"], log_variance: Float[Tensor, " B *shape"]
) -> Float[Tensor, " B"]:
    """KL(N(mean, variance) || N(0, I)), nats per sample, summed over entries; >= 0."""
    return (mean.square() + torch.expm1(log_variance) - log_variance).flatten(1).sum(1) / 2


def kl_gaussians(
    mean: Float[Tensor, " B *shape"],
    log_variance: Float[Tensor, " B *shape"],
    prior_mean: Float[Tensor, " B *shape"],
    prior_log_variance: Float[Tensor, " B *shape"],
) -> Float[Tensor, " B"]:
    """KL(N(mean, variance) || N(prior_mean, prior_variance)), both diagonal, nats per sample; >= 0."""
    distance = (mean - prior_mean).square() * torch.exp(-prior_log_variance)
    log_ratio = log_variance - prior_log_variance
    return (distance + torch.expm1(log_ratio) - log_ratio).flatten(1).sum(1) / 2


def inverse_multiquadric(squared: Tensor) -> Tensor:
    """Mean over ``SCALES`` s of s / (s + squared): heavy tails, so that far codes are still pulled."""
    return torch.stack([scale / (scale + squared) for scale in SCALES]).mean(0)


def gaussian(squared: Tensor) -> Tensor:
    """Mean over ``SCALES`` s of exp(-squared / s)."""
    return torch.stack([torch.exp(-squared / scale) for scale in SCALES]).mean(0)


def mmd(
    codes: Float[Tensor, "N K"], prior_codes: Float[Tensor, "M K"], kernel: Kernel = inverse_multiquadric
) -> Float[Tensor, ""]:
    """Squared maximum mean discrepancy of two sets, without bias, so it may be negative.

    0 on average for two sets of one distribution; in [-2, 2] for kernels in (0, 1].

    Raises:
        UsageError: a set has fewer than two codes.
    """
    n, m = len(codes), len(prior_codes)
    if min(n, m) < 2:
        raise UsageError(f"MMD compares two sets; these have {n} and {m} codes. Use a batch of at least 2.")
    own = _without_diagonal(kernel(_squared_distances(codes, codes))).sum() / (n * (n - 1))
    prior = _without_diagonal(kernel(_squared_distances(prior_codes, prior_codes))).sum() / (m * (m - 1))
    return own + prior - 2 * kernel(_squared_distances(codes, prior_codes)).mean()


def _squared_distances(a: Float[Tensor, "N K"], b: Float[Tensor, "M K"]) -> Float[Tensor, "N M"]:
    """Squared distances divided by 2 K."""
    squared = a.square().sum(1)[:, None] + b.square().sum(1)[None] - 2 * a @ b.T
    return squared.clamp_min(0) / (2 * a.shape[1])


def _without_diagonal(similarity: Float[Tensor, "N N"]) -> Float[Tensor, "N N"]:
    return similarity - torch.diag(similarity.diagonal())


def moment_pull(codes: Float[Tensor, "N K"]) -> Float[Tensor, ""]:
    """(|mean|^2 + |covariance - I|_F^2) / K of a set of codes; >= 0, 0 if both are those of N(0, I).

    The covariance divides by N. Drawn from N(0, I) itself, the value is about (K + 2) / N.
    """
    mean = codes.mean(0)
    centered = codes - mean
    covariance = centered.T @ centered / len(codes)
    excess = covariance - torch.eye(codes.shape[1]).to(codes)
    return (mean.square().sum() + excess.square().sum()) / codes.shape[1]
