"""What a network looks at: parts are hidden one after the other, and the change of its answer is painted over them.

x ─► hidden part by part (the training mean instead) ─► network ─► change of its answer ─► mean over the parts that
                                                                                           hold an entry ─► map

Zeiler & Fergus 2014, arXiv:1311.2901, section 4.2. Parts of a picture are overlapping squares, of a vector its entries.
A map is no proof of a cause: parts that only matter together, or that stand for each other, stay dark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from amalgan.core.limits import CHUNK

PATCHES_ACROSS = 7
"""A square is about this part of a picture's shorter side."""

HELD = 2**24
"""Numbers of hidden examples held at a time: 64 MiB."""

Example = Float[Tensor, "..."]
Map = Float[Tensor, "..."]
Change = Callable[[Tensor], Tensor]
"""From examples (B, ...) to how much the answer to each differs from that to the whole example, (B,)."""


def parts_of(shape: tuple[int, ...]) -> Iterator[Bool[Tensor, "B ..."]]:
    """The parts of an example to hide, as masks in chunks: overlapping squares of a picture, entries of a vector."""
    chunk = max(1, min(CHUNK, HELD // prod(shape)))
    if len(shape) == 1:
        yield from torch.eye(shape[0], dtype=torch.bool).split(chunk)
    else:
        yield from squares(shape[1], shape[2], *patch_of(shape), chunk=chunk)


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


@torch.no_grad()
def occlusion(change: Change, x: Example, fill: Example) -> tuple[Map, int]:
    """The map of one example: for each pixel (H, W) or entry (D,), the mean change over the parts that hold it.

    Args:
        fill: what stands where something is hidden, an example.

    Returns:
        The map, and how many parts were hidden.
    """
    total = torch.zeros(x.shape if x.ndim == 1 else x.shape[1:])
    cover, count = torch.zeros_like(total), 0
    for mask in parts_of(tuple(x.shape)):
        amount = change(torch.where(mask.to(x.device), fill, x)).cpu()
        held = mask.flatten(1).float()
        total += (amount[:, None] * held).sum(0).reshape(total.shape)
        cover += held.sum(0).reshape(total.shape)
        count += len(mask)
    return total / cover, count
