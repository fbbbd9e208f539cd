"""Pictures of any size through a codec, tile by tile: memory is for one tile, and the numbers are those of the whole.

    picture ─► tiles of 64x64 cells, each with what stands around it ─► quantize or render ─► the middles, side by side

A tile sees as far beyond its edges as the networks look, so no seam can show.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.systems.abilities import Quantizes

TILE, AROUND = 64, 8
"""Cells of a tile's side, and of what it sees around it."""


class Tile(NamedTuple):
    """A part of one side, in cells."""

    start: int
    stop: int
    seen: int
    """Where what it sees begins."""
    seen_stop: int

    @property
    def own(self) -> slice:
        """The tile within the whole."""
        return slice(self.start, self.stop)

    @property
    def sight(self) -> slice:
        """What it sees."""
        return slice(self.seen, self.seen_stop)

    def pixels(self, cell: int) -> slice:
        """What it sees, in pixels."""
        return slice(self.seen * cell, self.seen_stop * cell)

    def middle(self, cell: int = 1) -> slice:
        """The tile within what it sees."""
        return slice((self.start - self.seen) * cell, (self.stop - self.seen) * cell)


def tiles(cells: int) -> Iterator[Tile]:
    """One side, cut."""
    for start in range(0, cells, TILE):
        stop = min(start + TILE, cells)
        yield Tile(start, stop, max(0, start - AROUND), min(cells, stop + AROUND))


def pairs(cells: tuple[int, int]) -> Iterator[tuple[Tile, Tile]]:
    """Both sides, cut."""
    return ((down, right) for down in tiles(cells[0]) for right in tiles(cells[1]))


def quantized(
    system: Quantizes, x: Float[Tensor, "1 C H W"], level: int, device: str
) -> Int[Tensor, "1 K h w"]:
    """``system.quantize(x)``, on the CPU."""
    cell = system.own_size[-1]
    cells = (-(-x.shape[2] // cell), -(-x.shape[3] // cell))
    whole = torch.zeros(1, system.context.log_step.shape[1], *cells, dtype=torch.int64)
    for down, right in pairs(cells):
        seen = x[:, :, down.pixels(cell), right.pixels(cell)].to(device)
        found = system.quantize(seen, level).cpu()
        whole[:, :, down.own, right.own] = found[:, :, down.middle(), right.middle()]
    return whole


def rendered(
    system: Quantizes, number: Int[Tensor, "1 K h w"], level: int, shape: tuple[int, int, int], device: str
) -> Float[Tensor, "1 C H W"]:
    """``system.render(number)`` of that shape, on the CPU."""
    cell, (colors, height, width) = system.own_size[-1], shape
    whole = torch.zeros(1, colors, number.shape[2] * cell, number.shape[3] * cell)
    for down, right in pairs((number.shape[2], number.shape[3])):
        seen = number[:, :, down.sight, right.sight].to(device)
        found = system.render(seen, level, (colors, seen.shape[2] * cell, seen.shape[3] * cell)).cpu()
        at = slice(down.start * cell, down.stop * cell), slice(right.start * cell, right.stop * cell)
        whole[:, :, at[0], at[1]] = found[:, :, down.middle(cell), right.middle(cell)]
    return whole[:, :, :height, :width]
