"""Parts of pictures: squares that are hidden in turn, rectangles in which one picture becomes another."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws
from amalgan.kinds.plain import HELD

PATCHES_ACROSS = 7
"""A square is about this part of a picture's shorter side."""
PATCH = (0.3, 0.6)
"""Least and greatest side of a rectangle, as a share of the picture's."""


def squares_of(shape: tuple[int, ...]) -> Iterator[Bool[Tensor, "B 1 H W"]]:
    """Masks of overlapping squares of a picture (C, H, W), in chunks."""
    chunk = max(1, min(CHUNK, HELD // prod(shape)))
    return squares(shape[1], shape[2], *patch_of(shape), chunk=chunk)


def patch_of(shape: tuple[int, ...]) -> tuple[int, int]:
    """Side of the squares and how far they are apart, in pixels."""
    patch = max(2, round(min(shape[1:]) / PATCHES_ACROSS))
    return patch, -(-patch // 3)


def squares(
    height: int, width: int, patch: int, stride: int, *, chunk: int = CHUNK
) -> Iterator[Bool[Tensor, "B 1 H W"]]:
    """Masks of all squares on a grid that hold any pixel, also those that stick out, so that borders count as much."""
    tops, lefts = (torch.arange(stride - patch, side, stride) for side in (height, width))
    for corner in torch.cartesian_prod(tops, lefts).split(chunk):
        down, across = (
            ((place := torch.arange(side)) >= at[:, None]) & (place < at[:, None] + patch)
            for side, at in zip((height, width), corner.T, strict=True)
        )
        yield (down[:, :, None] & across[:, None, :])[:, None]


def rectangles(x: Float[Tensor, "N C H W"], draws: Draws) -> Bool[Tensor, "N 1 H W"]:
    """Where each picture becomes another."""
    side = PATCH[0] + (PATCH[1] - PATCH[0]) * draws.uniform("side", 2)
    corner = draws.uniform("corner", 2) * (1 - side)
    down, across = (
        (at >= corner[:, axis, None]) & (at < (corner + side)[:, axis, None])
        for axis, at in enumerate((torch.arange(n) + 0.5) / n for n in x.shape[2:])
    )
    return down[:, None, :, None] & across[:, None, None, :]
