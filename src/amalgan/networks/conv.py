"""Convolutional encoder and decoder for pictures of any shape from 8 x 8.

    picture (H, W) ─► 4x4 stride 2 ─► residual blocks ─► 4x4 stride 2 ─► … ─► (h, w) ─► linear ─► features
    features ─► linear ─► (h, w) ─► residual blocks ─► 4x4 transposed ─► … ─► picture (H, W)

The halving stops at 4 <= min(h, w) <= 7. An odd side is rounded up on the way down and cropped on the way up, so every
shape returns as it was. Feature maps lie channels last, which the convolutions of every device like best; what leaves
a network is float32, whatever its layers compute in. The output is linear: values outside [-1, 1] are clamped only
when pictures are written, since a saturated tanh stops learning.
"""

from __future__ import annotations

from itertools import pairwise
from math import prod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from amalgan.config.parts import Networks
from amalgan.core.errors import ConfigError
from amalgan.core.types import DataSpec
from amalgan.networks.blocks import PAINTED, RECTIFIED, Residual, channels_last, rectify, scale_weights
from amalgan.networks.painting import Paints

SMALLEST_SIDE = 8


def stages(config: Networks, spec: DataSpec) -> list[tuple[int, int, int]]:
    """(channels, height, width) of each stage, finest first; the first is the picture itself.

    Raises:
        ConfigError: a side is below 8.
    """
    channels, height, width = spec.shape
    if min(height, width) < SMALLEST_SIDE:
        raise ConfigError(
            [f"pictures are {height}x{width}; both sides must be at least {SMALLEST_SIDE}. Use --size."]
        )
    plan, features = [(channels, height, width)], config.width
    while min(height, width) >= SMALLEST_SIDE:
        height, width = -(-height // 2), -(-width // 2)
        plan.append((features, height, width))
        features = min(2 * features, config.widest)
    return plan


class ConvEncoder(nn.Module):
    """From a picture to features."""

    def __init__(self, config: Networks, spec: DataSpec, features: int) -> None:
        super().__init__()
        plan = stages(config, spec)
        self.downs = nn.ModuleList(scale_weights(nn.Conv2d(a[0], b[0], 4, 2, 1)) for a, b in pairwise(plan))
        self.blocks = nn.ModuleList(
            nn.Sequential(*(Residual(stage[0]) for _ in range(config.blocks))) for stage in plan[1:]
        )
        self.pads = [(a[2] % 2, a[1] % 2) for a in plan[:-1]]
        self.last = scale_weights(nn.Linear(prod(plan[-1]), features), RECTIFIED)
        channels_last(self)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B F"]:
        x = x.contiguous(memory_format=torch.channels_last)
        for (right, below), down, blocks in zip(self.pads, self.downs, self.blocks, strict=True):
            if right or below:
                x = nn.functional.pad(x, (0, right, 0, below))
            x = blocks(down(x))
        return self.last(rectify(x).flatten(1)).float()


class ConvDecoder(Paints):
    """From features, and a style if there is one, to a picture."""

    def __init__(self, config: Networks, spec: DataSpec, features: int, style: int = 0) -> None:
        super().__init__()
        plan = stages(config, spec)[::-1]
        self.coarsest = plan[0]
        self.sizes = [stage[1:] for stage in plan[1:]]
        self.first = scale_weights(nn.Linear(features, prod(plan[0])))
        self.blocks = nn.ModuleList(
            nn.ModuleList(Residual(stage[0], style) for _ in range(config.blocks)) for stage in plan[:-1]
        )
        self.ups = nn.ModuleList(
            scale_weights(
                nn.ConvTranspose2d(a[0], b[0], 4, 2, 1), RECTIFIED if b is not plan[-1] else PAINTED
            )
            for a, b in pairwise(plan)
        )
        channels_last(self)

    @property
    def last(self) -> nn.ConvTranspose2d:
        """The layer that paints."""
        return self.ups[-1]  # type: ignore[return-value]

    def begin_at(self, mean: Float[Tensor, "C H W"]) -> None:
        """Paint the mean color of ``mean``, more or less, before anything is learned."""
        with torch.no_grad():
            self.last.bias.copy_(mean.mean((1, 2)))  # type: ignore[union-attr]

    def forward(
        self, features: Float[Tensor, "B F"], style: Tensor | None = None
    ) -> Float[Tensor, "B C H W"]:
        x = self.first(features).reshape(-1, *self.coarsest).contiguous(memory_format=torch.channels_last)
        for (height, width), blocks, up in zip(self.sizes, self.blocks, self.ups, strict=True):
            for block in blocks:  # type: ignore[attr-defined]
                x = block(x, style)
            x = up(rectify(x))[..., :height, :width]
        return x.float()
