"""Pictures larger than the model's, tile by tile, without seams.

    picture (C, H, W) ─► overlapping tiles (n, C, h, w) ─► model ─► weighed by a raised cosine ─► picture (C, H, W)

Neighbors overlap by half a tile, where the weights of all tiles that cover a pixel add up to one, so what they
disagree on fades instead of jumping.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import fold, pad, unfold

from amalgan.core.errors import DataError

Picture = Float[Tensor, "C H W"]


@torch.no_grad()
def apply_tiled(
    apply: Callable[[Tensor], Tensor], picture: Picture, tile: tuple[int, int], chunk: int = 256
) -> Picture:
    """``picture`` with ``apply``, from tiles (n, C, h, w) to tiles, done on overlapping tiles and blended.

    Raises:
        DataError: a side of the tile is odd, so that half of it is no whole number of pixels.
    """
    height, width = tile
    if height % 2 or width % 2:
        raise DataError(f"tiles of {height}x{width} cannot overlap by half; use a model with even sides")
    stride = (height // 2, width // 2)
    padded = surrounded(picture, stride)
    columns = unfold(padded[None], tile, stride=stride)
    tiles = columns[0].T.reshape(-1, len(picture), height, width)
    done = torch.cat([apply(part) for part in tiles.split(chunk)])
    weighed = done * bump(height)[:, None] * bump(width)
    whole = fold(weighed.flatten(1).T[None], padded.shape[1:], tile, stride=stride)[0]
    return whole[:, stride[0] : stride[0] + picture.shape[1], stride[1] : stride[1] + picture.shape[2]]


def surrounded(picture: Picture, stride: tuple[int, int]) -> Picture:
    """``picture`` with a border of half a tile all around, and more below and right up to a whole number of steps."""
    (down, right), (_, height, width) = stride, picture.shape
    below, beside = down + -height % down, right + -width % right
    mode = "reflect" if min(height, width) > max(below, beside) else "replicate"
    return pad(picture[None], (right, beside, down, below), mode=mode)[0]


def bump(side: int) -> Float[Tensor, " side"]:
    """A raised cosine: shifted by half its length and added to itself it is one everywhere."""
    place = (torch.arange(side) + 0.5) / side
    return torch.sin(torch.pi * place).square()
