"""What whole numbers in a map cost, given those that were read before: the model that training descends.

    map (K, h, w):  channel 0 pass 0 ─► channel 0 pass 1 ─► … ─► channel 1 pass 0 ─► …

    0 2 0 2    a pass is a quarter of the places, as here: later ones have neighbors that are known
    3 1 3 1
    0 2 0 2    mean   = weighed sum of known neighbors and of earlier channels at the same place
    3 1 3 1    spread = base + weighed sum of how large those are, and of the rings around the place

A number is logistic around its mean, in [number - 1/2, number + 1/2]. It is the linear cousin of the context models of
Minnen, Balle & Toderici 2018 (arXiv:1809.02736), in passes as in He et al. 2021 (arXiv:2103.15306): simple enough
that whole numbers can take its place when a model is published (``context_coder``). Each quality has steps of its own,
one a channel (Cui et al. 2021, arXiv:2003.02012). A code without places is a map of one.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import conv2d, logsigmoid, softplus

PASSES = 4
ORDER = ((0, 2), (3, 1))
"""The pass of each place of a 2x2 block."""
LEAST_SPREAD = 2.0**-5
RARE = -4.0
"""Before softplus: where the weights of spreads begin."""


@cache
def known() -> Float[Tensor, "P 3 3"]:
    """For each pass, which of the places around one are of an earlier pass."""
    found = torch.zeros(PASSES, 3, 3)
    for number in range(PASSES):
        row, column = next((r, c) for r in (0, 1) for c in (0, 1) if ORDER[r][c] == number)
        for down in range(3):
            for right in range(3):
                there = ORDER[(row + down - 1) % 2][(column + right - 1) % 2]
                found[number, down, right] = there < number
    return found


def passes_of(height: int, width: int) -> Int[Tensor, "h w"]:
    """The pass of every place."""
    block = torch.tensor(ORDER)
    return block[torch.arange(height)[:, None] % 2, torch.arange(width) % 2]


class Context(nn.Module):
    """Steps of every quality, and what numbers cost."""

    def __init__(self, channels: int, qualities: int, usual: int, step: float, *, places: bool) -> None:
        super().__init__()
        apart = (usual - torch.arange(qualities)[:, None]) / 2
        self.log_step = nn.Parameter((math.log(step) + apart * math.log(2)).expand(-1, channels).clone())
        passes = PASSES if places else 1
        base = -apart[:, :, None].expand(-1, passes, channels) * math.log(2) / 2
        self.base = nn.Parameter(base.contiguous())
        self.same_mean = nn.Parameter(torch.zeros(channels, channels))
        self.same_spread = nn.Parameter(torch.full((channels, channels), RARE - math.log(channels)))
        self.near = Near(channels) if places else None

    def step(self, level: Int[Tensor, " B"]) -> Float[Tensor, "B K 1 1"]:
        """The step of each channel at those qualities."""
        return self.log_step.exp()[level, :, None, None]

    def bits(self, number: Float[Tensor, "B K h w"], level: Int[Tensor, " B"]) -> Float[Tensor, " B"]:
        """How long each map is."""
        mean, spread = self.expected(number, level)
        return cost(number - mean, spread).sum((1, 2, 3))

    def expected(self, number: Float[Tensor, "B K h w"], level: Int[Tensor, " B"]) -> tuple[Tensor, Tensor]:
        """Mean and spread of every number, of those before it alone."""
        size, before = number.abs(), torch.ones_like(self.same_mean).tril(-1)
        mean = across(number, self.same_mean * before)
        spread = across(size, softplus(self.same_spread) * before)
        if self.near is None:
            return mean, spread + self.base.exp()[level, 0, :, None, None].clamp(min=LEAST_SPREAD)
        places = passes_of(*number.shape[2:]).to(number.device)
        base = self.base.exp()[level].transpose(1, 2)[..., places]
        mean = mean + around(number, self.near.mean, places)
        spread = spread + around(size, softplus(self.near.spread), places)
        spread = spread + across(ring(size), softplus(self.near.ring) * before)
        return mean, spread + base.clamp(min=LEAST_SPREAD)


class Near(nn.Module):
    """Weights of what stands around a place."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(PASSES, channels, 3, 3))
        self.spread = nn.Parameter(torch.full((PASSES, channels, 3, 3), RARE))
        self.ring = nn.Parameter(torch.full((channels, channels), RARE - math.log(8 * channels)))


def around(
    x: Float[Tensor, "B K h w"], weight: Float[Tensor, "P K 3 3"], places: Int[Tensor, "h w"]
) -> Float[Tensor, "B K h w"]:
    """The weighed sum of the known neighbors, each place by the weights of its pass."""
    channels = x.shape[1]
    kernel = (weight * known().to(x.device)[:, None]).transpose(0, 1).reshape(-1, 1, 3, 3)
    every = conv2d(x, kernel, padding=1, groups=channels).unflatten(1, (channels, PASSES))
    return every.gather(2, places.expand(len(x), channels, 1, -1, -1)).squeeze(2)


def across(x: Float[Tensor, "B K h w"], weight: Float[Tensor, "K K"]) -> Float[Tensor, "B K h w"]:
    """Weighed sums over channels."""
    return conv2d(x, weight[:, :, None, None])


def ring(x: Float[Tensor, "B K h w"]) -> Float[Tensor, "B K h w"]:
    """Sums of the eight around each place."""
    kernel = torch.ones(x.shape[1], 1, 3, 3, device=x.device)
    kernel[:, :, 1, 1] = 0
    return conv2d(x, kernel, padding=1, groups=x.shape[1])


def cost(apart: Float[Tensor, "*B"], spread: Float[Tensor, "*B"]) -> Float[Tensor, "*B"]:
    """Bits of what a logistic distribution puts within half a step of ``apart`` from its mean.

    sigmoid(a) - sigmoid(b) = (1 - exp(b - a)) sigmoid(a) sigmoid(-b), exact in both tails.
    """
    inside = torch.log(-torch.expm1(-1 / spread))
    above, below = (apart.abs() + 0.5) / spread, (apart.abs() - 0.5) / spread
    return -(inside + logsigmoid(above) + logsigmoid(-below)) / math.log(2)
