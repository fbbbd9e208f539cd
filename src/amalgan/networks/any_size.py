"""Encoder and decoder without a size of their own: a code for every 8x8 pixels.

    picture ─┬─► 16x16 stride 8, begins as a cosine transform ───────────┬─► + ─► map (K, H/8, W/8)
             └─► 4x4 stride 4 ─► blocks ─► 4x4 stride 2 ─► blocks ─► 3x3 ┘
    map ─┬─► 16x16 transposed, begins as the inverse ────────────────────────┬─► + ─► picture
         └─► 3x3 ─► blocks ─► 4x4 transposed ─► blocks ─► 3x3 ─► shuffle by 4 ┘

The deep ways begin at zero: before the first step of training this is what JPEG does (Ahmed, Natarajan & Rao 1974), so
that learning has only to improve on it. Sides that are no multiple of 8 are filled up with their last row and column.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad, pixel_shuffle

from amalgan.config.parts import Networks
from amalgan.networks.blocks import Residual, channels_last, rectify, scale_weights

CELL, LAPPED = 8, 16
COLORS = ((0.299, 0.587, 0.114), (-0.169, -0.331, 0.5), (0.5, -0.419, -0.081))
"""Brightness and two differences out of red, green and blue, as in JPEG."""
PLAIN = 64
"""Channels of the brightness, before those of the differences."""


def cosines(channels: int, colors: int) -> Float[Tensor, "K C 16 16"]:
    """Kernels of a transform of 8x8 pixels, orthogonal, from coarse to fine, brightness first."""
    place = (torch.arange(CELL) + 0.5) * math.pi / CELL
    line = torch.cos(place * torch.arange(CELL)[:, None]) / 2
    line[0] /= math.sqrt(2)
    order = sorted(((r, c) for r in range(CELL) for c in range(CELL)), key=lambda rc: (sum(rc), rc))
    waves = torch.stack([line[r][:, None] * line[c] for r, c in order])
    mix = torch.tensor(COLORS) if colors == 3 else torch.eye(colors)
    mix = mix / mix.norm(dim=1, keepdim=True)
    plain = waves[:, None] * mix[0][:, None, None]
    rest = (waves[:, None, None] * mix[1:, :, None, None]).flatten(0, 1)
    kernels = torch.cat([plain, rest])[:channels]
    missing = kernels.new_zeros(channels - len(kernels), *kernels.shape[1:])
    return pad(torch.cat([kernels, missing]), (4, 4, 4, 4))


class MapEncoder(nn.Module):
    """From a picture of any size to a map."""

    def __init__(self, config: Networks, colors: int, channels: int) -> None:
        super().__init__()
        fine, coarse = config.width, min(2 * config.width, config.widest)
        self.straight = nn.Conv2d(colors, channels, LAPPED, CELL, 4)
        self.deep = nn.Sequential(
            scale_weights(nn.Conv2d(colors, fine, 4, 4)),
            *(Residual(fine) for _ in range(config.blocks)),
            scale_weights(nn.Conv2d(fine, coarse, 4, 2, 1)),
            *(Residual(coarse) for _ in range(config.blocks)),
        )
        self.last = nn.Conv2d(coarse, channels, 3, padding=1)
        self.straight.weight.data = cosines(channels, colors)
        for start in (self.straight.bias, self.last.weight, self.last.bias):
            nn.init.zeros_(start)  # type: ignore[arg-type]
        channels_last(self)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B K h w"]:
        below, right = (-side % CELL for side in x.shape[2:])
        x = pad(x, (0, right, 0, below), mode="replicate") if below or right else x
        x = x.contiguous(memory_format=torch.channels_last)
        return (self.straight(x) + self.last(rectify(self.deep(x)))).float()


class MapDecoder(nn.Module):
    """From a map to a picture whose sides are multiples of 8."""

    def __init__(self, config: Networks, colors: int, channels: int) -> None:
        super().__init__()
        fine, coarse = config.width, min(2 * config.width, config.widest)
        self.straight = nn.ConvTranspose2d(channels, colors, LAPPED, CELL, 4)
        self.deep = nn.Sequential(
            scale_weights(nn.Conv2d(channels, coarse, 3, padding=1)),
            *(Residual(coarse) for _ in range(config.blocks)),
            scale_weights(nn.ConvTranspose2d(coarse, fine, 4, 2, 1)),
            *(Residual(fine) for _ in range(config.blocks)),
        )
        self.last = nn.Conv2d(fine, 16 * colors, 3, padding=1)
        kernels = cosines(channels, colors)
        inverse = torch.linalg.pinv(kernels.flatten(1)).T.reshape(kernels.shape)
        self.straight.weight.data = inverse
        for start in (self.straight.bias, self.last.weight, self.last.bias):
            nn.init.zeros_(start)  # type: ignore[arg-type]
        channels_last(self)

    def forward(self, code: Float[Tensor, "B K h w"]) -> Float[Tensor, "B C H W"]:
        code = code.contiguous(memory_format=torch.channels_last)
        return (self.straight(code) + pixel_shuffle(self.last(rectify(self.deep(code))), 4)).float()
