"""New codes from codes of pictures: near them, between them, beyond them.

    codes, labels of the training pictures ─► fit: how codes vary, and a bank of them ─► perturb(code, label) ─► codes

    noise         z + strength L n, where L L^T is the covariance of the codes and n is standard normal
    interpolate   z + strength u (z_k - z): toward another code z_k of the same class, u uniform in [0, 1)
    extrapolate   z - strength u (z_k - z): away from it

After DeVries & Taylor 2017, arXiv:1702.05538, section 3.2, who scale the noise entry by entry and fix u at 1. The
other code comes from the bank, not from the batch, so that a part of a batch has what the whole one has.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan.config.parts import Perturbation
from amalgan.core.randomness import Draws
from amalgan.networks.priors import Groups, spread_picks

BANK = 2_048
"""Codes that others are drawn toward."""


class Perturber(nn.Module):
    """How codes vary, and codes to go toward; nothing varies before ``fit``."""

    factor: Tensor
    bank: Tensor
    start: Tensor
    count: Tensor

    def __init__(self, config: Perturbation, code_size: int, classes: int) -> None:
        super().__init__()
        self.kind, self.strength = config.kind, config.strength
        self.groups = Groups(classes)
        self.register_buffer("factor", torch.zeros(code_size, code_size))
        self.register_buffer("bank", torch.zeros(BANK, code_size))
        self.register_buffer("start", torch.zeros(classes + 1, dtype=torch.int64))
        self.register_buffer("count", torch.zeros(classes + 1, dtype=torch.int64))

    def fit(self, code: Float[Tensor, "N K"], label: Int[Tensor, " N"], draws: Draws) -> None:
        """Take covariance and bank from codes; as many of each class as there are, up to its share of the bank."""
        self.groups.fit(label)
        self.factor.copy_(factor_of(code))
        group = label % len(self.groups)
        picked = spread_picks(group, BANK, draws.generator("bank"))
        picked = picked[group[picked].argsort(stable=True)]
        self.bank[: len(picked)] = code[picked]
        self.count.copy_(torch.bincount(group[picked], minlength=len(self.groups)))
        self.start.copy_(self.count.cumsum(0) - self.count)

    def forward(
        self, code: Float[Tensor, "B K"], label: Int[Tensor, " B"], draws: Draws, purpose: str
    ) -> Float[Tensor, "B K"]:
        """A perturbed copy of each code; gradients reach ``code``. UNLABELED goes toward a code of any class."""
        if self.kind == "noise":
            return noisy(code, self.factor, self.strength, draws, purpose)
        share = self.strength if self.kind == "interpolate" else -self.strength
        return toward(code, self.other(label, draws, purpose), share, draws, purpose)

    def other(self, label: Int[Tensor, " B"], draws: Draws, purpose: str) -> Float[Tensor, "B K"]:
        """A code of the bank for each label, of its class."""
        group = self.groups.choose(label, draws, purpose)
        place = (draws.uniform(f"{purpose} other") * self.count[group]).long()
        return self.bank[self.start[group] + place]


def factor_of(code: Float[Tensor, "N K"]) -> Float[Tensor, "K K"]:
    """L, where L L^T is the covariance of the codes."""
    covariance = torch.cov(code.double().T, correction=0).reshape(code.shape[1], -1)
    values, directions = torch.linalg.eigh(covariance)
    return (directions * values.clamp(min=0).sqrt()).to(code.dtype)


def noisy(
    code: Float[Tensor, "B K"], factor: Float[Tensor, "K K"], strength: float, draws: Draws, purpose: str
) -> Float[Tensor, "B K"]:
    """The codes with noise, in deviations of the codes that ``factor`` is of."""
    return code + strength * draws.normal(f"{purpose} noise", len(factor)) @ factor.T


def toward(
    code: Float[Tensor, "B K"], other: Float[Tensor, "B K"], share: float, draws: Draws, purpose: str
) -> Float[Tensor, "B K"]:
    """At most ``share`` of the way from each code to the other one; away from it, where negative."""
    return code + share * draws.uniform(f"{purpose} way", 1) * (other - code)
