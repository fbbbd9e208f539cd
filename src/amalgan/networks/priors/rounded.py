"""Codes of finitely many values: how they are rounded, what new ones are drawn from, how many bits they take.

    any number ─► tanh ─► the nearest of L levels, evenly over [-1, 1] ─► code      finite scalar quantization

Rounding: Mentzer et al. 2023, arXiv:2309.15505, section 3, on a grid that is symmetric for even L too; gradients
pass it as if it were not there.

``LevelPrior`` makes a distribution of such codes out of a mixture of Gaussians fitted to them. Within a part m, entry
k given those before it is normal; the chance of a level is what that normal puts nearest to it:

    p(code) = sum_m weight_m prod_k  N(mean_mk(code_1 .. code_k-1), deviation_mk) [from half a step below to half above]

These sum to 1 over all codes, so -log2 p is a length in bits that an entropy coder comes within two bits of.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan.core.randomness import Draws
from amalgan.networks.priors import MixturePrior, pick


def round_tanh(x: Float[Tensor, "B K"], levels: int) -> Float[Tensor, "B K"]:
    """The level nearest to tanh(x), with the gradient of tanh(x)."""
    smooth = x.tanh()
    return smooth + (nearest_level(smooth, levels) - smooth).detach()


def nearest_level(x: Float[Tensor, "*B"], levels: int) -> Float[Tensor, "*B"]:
    """The nearest of -1, ..., 1 in ``levels`` equal steps."""
    steps = levels - 1
    return ((x.clamp(-1, 1) + 1) / 2 * steps).round() * (2 / steps) - 1


class LevelPrior(nn.Module):
    """What codes of ``levels`` values are drawn from: a mixture of Gaussians, rounded entry by entry."""

    def __init__(self, code_size: int, levels: int, classes: int, *, parts: int, codes: int) -> None:
        super().__init__()
        self.levels = levels
        each = -(-parts // max(1, classes))
        self.gaussians = MixturePrior(code_size, classes, parts=each, codes=codes)

    @property
    def fitted(self) -> bool:
        """Whether ``fit`` has seen codes."""
        return self.gaussians.fitted

    def fit(self, code: Float[Tensor, "N K"], label: Int[Tensor, " N"], draws: Draws) -> None:
        """Estimate the prior from codes and labels on the CPU; equal codes and draws give equal priors."""
        self.gaussians.fit(code, label, draws)

    def sample(self, label: Int[Tensor, " B"], draws: Draws, purpose: str = "prior") -> Float[Tensor, "B K"]:
        """One code for each label: each entry is drawn given the levels before it."""
        gaussians, scale = self.gaussians, self.gaussians.scale
        group = gaussians.groups.choose(label, draws, purpose)
        part = pick(gaussians.weight[group], draws.uniform(f"{purpose} part"))
        center, factor = gaussians.center[group, part], gaussians.factor[group, part]
        normal = draws.normal(purpose, center.shape[1])
        code, surprise = torch.zeros_like(normal), torch.zeros_like(normal)
        for at in range(center.shape[1]):
            mean = center[:, at] + (factor[:, at] * surprise).sum(1)
            free = mean + factor[:, at, at] * normal[:, at]
            code[:, at] = nearest_level(free * scale.deviation[at] + scale.mean[at], self.levels)
            standard = (code[:, at] - scale.mean[at]) / scale.deviation[at]
            surprise[:, at] = (standard - mean) / factor[:, at, at]
        return code

    def bits(self, code: Float[Tensor, "B K"]) -> Float[Tensor, " B"]:
        """-log2 p(code) of each code, for a coder that knows this prior and no label."""
        parts = torch.stack(list(self.log_parts(code)))
        return (parts.logsumexp(0) / -math.log(2)).float()

    def log_parts(self, code: Float[Tensor, "B K"]) -> Iterator[Float[Tensor, " B"]]:
        """log(weight_m p_m(code)) for every part m of every class, float64."""
        gaussians = self.gaussians
        standard = gaussians.scale(code).double()
        half_step = 1 / (self.levels - 1)
        lowest, highest = code < half_step - 1, code > 1 - half_step
        weight = gaussians.groups.share[:, None] * gaussians.weight
        for group, part in weight.nonzero().tolist():
            factor = gaussians.factor[group, part].double()
            apart = (standard - gaussians.center[group, part]).T
            surprise = torch.linalg.solve_triangular(factor, apart, upper=False).T
            reach = half_step / gaussians.scale.deviation / factor.diagonal()
            below = (surprise - reach).masked_fill(lowest, -math.inf)
            above = (surprise + reach).masked_fill(highest, math.inf)
            yield log_between(below, above).sum(1) + weight[group, part].double().log()


def log_between(below: Float[Tensor, "*B"], above: Float[Tensor, "*B"]) -> Float[Tensor, "*B"]:
    """log of what a standard normal puts between two bounds, exact in either tail."""
    swap = below + above > 0  # the upper tail is the lower one, mirrored
    low, high = torch.where(swap, -above, below), torch.where(swap, -below, above)
    log_low, log_high = torch.special.log_ndtr(low), torch.special.log_ndtr(high)
    return log_high + torch.log1p(-torch.exp(log_low - log_high))
