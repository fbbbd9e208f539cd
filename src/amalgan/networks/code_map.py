"""Encoder and decoder whose code is a map: a few numbers for each cell of a grid over the picture.

    picture ─► 8x8 stride 4 ─► blocks ─► 4x4 stride 2 ─► blocks ─► … ─► (h, w) ─► 3x3 ─► map ─► code (B, K)
    code ─► map ─► 3x3 ─► blocks ─► 4x4 transposed ─► blocks ─► … ─► picture
    further entries (noise) ─► linear ─► + at (h, w)

What is learned of one cell holds for all, so a map follows few pictures more closely, and forgets them less, than a
code whose entries each see the whole picture. Channels are widest where the grid is coarsest, and the finest stage is
left out on the way down: that is where convolutions are slowest for what they add.

A side that is no multiple of a cell is filled up with its last row or column and cropped on the way back. The output
is linear: values outside [-1, 1] are clamped only when pictures are written.
"""

from __future__ import annotations

from math import prod

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

from amalgan.config.code import Grid
from amalgan.config.parts import Networks
from amalgan.networks.blocks import PAINTED, RECTIFIED, Residual, channels_last, rectify, scale_weights
from amalgan.networks.painting import Paints

STEM = 2
"""Halvings of the side in the first convolution."""


def channels_at(config: Networks, grid: Grid, level: int) -> int:
    """Return the channels where the side is halved ``level`` times: halved with every level above the grid."""
    return max(min(config.width, config.widest) // 2, config.widest >> (grid.halvings - level))


def down(before: int, after: int, halvings: int) -> nn.Conv2d:
    """Return a convolution that halves both sides so many times, its windows overlapping by half."""
    stride = 2**halvings
    if not halvings:
        return scale_weights(nn.Conv2d(before, after, 3, padding=1))
    return scale_weights(nn.Conv2d(before, after, 2 * stride, stride, stride // 2))


class CodeMapEncoder(nn.Module):
    """From a picture to a map of ``channels`` numbers a cell, flattened channel by channel."""

    def __init__(self, config: Networks, grid: Grid, colors: int, channels: int) -> None:
        super().__init__()
        stem = min(STEM, grid.halvings)
        width = channels_at(config, grid, stem)
        layers: list[nn.Module] = [down(colors, width, stem)]
        layers += [Residual(width) for _ in range(config.blocks)]
        for level in range(stem + 1, grid.halvings + 1):
            wider = channels_at(config, grid, level)
            layers += [down(width, wider, 1), *(Residual(wider) for _ in range(config.blocks))]
            width = wider
        self.cell = grid.cell
        self.layers = nn.Sequential(*layers)
        self.last = scale_weights(nn.Conv2d(width, channels, 3, padding=1), RECTIFIED)
        channels_last(self)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B K"]:
        below, right = (-side % self.cell for side in x.shape[2:])
        x = pad(x, (0, right, 0, below), mode="replicate") if below or right else x
        features = self.layers(x.contiguous(memory_format=torch.channels_last))
        return self.last(rectify(features)).contiguous().flatten(1).float()


class CodeMapDecoder(Paints):
    """From a code map, with ``extra`` further entries behind it and a style if there is one, to a picture."""

    def __init__(
        self,
        config: Networks,
        grid: Grid,
        shape: tuple[int, ...],
        channels: int,
        *,
        extra: int = 0,
        style: int = 0,
    ) -> None:
        super().__init__()
        self.map, self.size = (channels, *grid.shape), shape[1:]
        width = channels_at(config, grid, grid.halvings)
        self.first = scale_weights(nn.Conv2d(channels, width, 3, padding=1))
        self.extra = scale_weights(nn.Linear(extra, width * prod(grid.shape))) if extra else None
        self.blocks = nn.ModuleList()
        self.ups = nn.ModuleList()
        for level in range(grid.halvings, 0, -1):
            after = channels_at(config, grid, level - 1) if level > 1 else shape[0]
            self.blocks.append(nn.ModuleList(Residual(width, style) for _ in range(config.blocks)))
            self.ups.append(
                scale_weights(nn.ConvTranspose2d(width, after, 4, 2, 1), RECTIFIED if level > 1 else PAINTED)
            )
            width = after
        if not grid.halvings:
            self.blocks.append(nn.ModuleList(Residual(width, style) for _ in range(config.blocks)))
            self.ups.append(scale_weights(nn.Conv2d(width, shape[0], 3, padding=1), PAINTED))
        channels_last(self)

    @property
    def last(self) -> nn.ConvTranspose2d | nn.Conv2d:
        """The layer that paints."""
        return self.ups[-1]  # type: ignore[return-value]

    def begin_at(self, mean: Float[Tensor, "C H W"]) -> None:
        """Paint the mean color of ``mean``, more or less, before anything is learned."""
        with torch.no_grad():
            self.last.bias.copy_(mean.mean((1, 2)))  # type: ignore[union-attr]

    def forward(self, code: Float[Tensor, "B K"], style: Tensor | None = None) -> Float[Tensor, "B C H W"]:
        size = prod(self.map)
        x = self.first(code[:, :size].unflatten(1, self.map).contiguous(memory_format=torch.channels_last))
        if self.extra is not None:
            x = x + self.extra(code[:, size:]).reshape(x.shape)
        for blocks, up in zip(self.blocks, self.ups, strict=True):
            for block in blocks:  # type: ignore[attr-defined]
                x = block(x, style)
            x = up(rectify(x))
        height, width = self.size
        return x[..., :height, :width].float()
