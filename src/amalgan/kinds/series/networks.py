"""The default networks of series: dense layers for short windows, patches of steps with dilated convolutions for long.

    window (C, T) ─► linear on patches of P steps ─► dilated residual blocks ─► (W, T / P) ─► linear ─► features
    features ─► linear ─► (W, T / P) ─► dilated residual blocks ─► linear on each place ─► (C, T)

Patches are those of Nie, Nguyen, Sinthong & Kalagnanam 2023 (arXiv:2211.14730), dilations those of Bai, Kolter & Koltun
2018 (arXiv:1803.01271), doubled from block to block so that few blocks see the whole window.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

from amalgan.config.parts import Networks
from amalgan.core.types import DataSpec
from amalgan.networks.blocks import PAINTED, RECTIFIED, Style, rectify, scaled
from amalgan.networks.painting import Paints

LONG = 512
"""Steps from which on patches were measured to be better than dense layers (docs/log.md)."""
PATCH = 16
"""Steps of a patch."""
DILATIONS = (1, 2, 4)


def encoder(config: Networks, spec: DataSpec, features: int) -> nn.Module | None:
    """From a window to features; None: dense layers."""
    return PatchEncoder(config, spec, features) if spec.shape[1] >= LONG else None


def decoder(config: Networks, spec: DataSpec, features: int, style: int) -> Paints | None:
    """From features to a window; None: dense layers."""
    return PatchDecoder(config, spec, features, style) if spec.shape[1] >= LONG else None


def places(steps: int) -> int:
    """Patches of a window; the last one is filled up."""
    return -(-steps // PATCH)


class Dilated(nn.Module):
    """x + mix(rectify(convolve(rectify(style(x))))), the last layer starting at zero."""

    def __init__(self, channels: int, dilation: int, style: int = 0) -> None:
        super().__init__()
        self.style = Style(style, channels) if style else None
        self.first = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.second = nn.Conv1d(channels, channels, 1)
        nn.init.normal_(self.first.weight, std=0.75 * RECTIFIED / (3 * channels) ** 0.5)
        nn.init.zeros_(self.second.weight)
        for layer in (self.first, self.second):
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, x: Float[Tensor, "B W P"], style: Tensor | None = None) -> Float[Tensor, "B W P"]:
        shaped = x if self.style is None or style is None else self.style(x, style)
        return x + self.second(rectify(self.first(rectify(shaped))))


class PatchEncoder(nn.Module):
    """From a window to features."""

    def __init__(self, config: Networks, spec: DataSpec, features: int) -> None:
        super().__init__()
        channels, steps = spec.shape
        width = config.widest
        self.short = places(steps) * PATCH - steps
        self.first = scaled(nn.Linear(channels * PATCH, width))
        self.blocks = nn.ModuleList(Dilated(width, one) for _ in range(config.blocks) for one in DILATIONS)
        self.last = scaled(nn.Linear(width * places(steps), features), RECTIFIED)

    def forward(self, x: Float[Tensor, "B C T"]) -> Float[Tensor, "B F"]:
        patches = pad(x, (0, self.short)).unflatten(2, (-1, PATCH)).transpose(1, 2).flatten(2)
        x = self.first(patches).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        return self.last(rectify(x).flatten(1)).float()


class PatchDecoder(Paints):
    """From features, and a style if there is one, to a window."""

    def __init__(self, config: Networks, spec: DataSpec, features: int, style: int = 0) -> None:
        super().__init__()
        self.shape, self.width = spec.shape, config.widest
        self.first = scaled(nn.Linear(features, self.width * places(spec.shape[1])))
        self.blocks = nn.ModuleList(
            Dilated(self.width, one, style) for _ in range(config.blocks) for one in reversed(DILATIONS)
        )
        self.last = scaled(nn.Linear(self.width, spec.shape[0] * PATCH), PAINTED)
        self.mean = nn.Parameter(torch.zeros(spec.shape))

    def begin_at(self, mean: Float[Tensor, "C T"]) -> None:
        """Give ``mean``, more or less, before anything is learned."""
        with torch.no_grad():
            self.mean.copy_(mean)

    def forward(self, features: Float[Tensor, "B F"], style: Tensor | None = None) -> Float[Tensor, "B C T"]:
        channels, steps = self.shape
        x = self.first(features).unflatten(1, (self.width, -1))
        for block in self.blocks:
            x = block(x, style)
        patches = self.last(rectify(x).transpose(1, 2)).unflatten(2, (channels, PATCH))
        return (patches.transpose(1, 2).flatten(2)[..., :steps] + self.mean).float()
