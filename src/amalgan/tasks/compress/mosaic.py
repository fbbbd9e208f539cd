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
    input_start: int
    """Where what it sees begins."""
    input_stop: int

    @property
    def output_slice(self) -> slice:
        """The tile within the whole."""
        return slice(self.start, self.stop)

    @property
    def input_slice(self) -> slice:
        """What it sees."""
        return slice(self.input_start, self.input_stop)

    def pixels(self, cell: int) -> slice:
        """What it sees, in pixels."""
        return slice(self.input_start * cell, self.input_stop * cell)

    def middle(self, cell: int = 1) -> slice:
        """The tile within what it sees."""
        return slice((self.start - self.input_start) * cell, (self.stop - self.input_start) * cell)


def tiles(cells: int) -> Iterator[Tile]:
    """One side, cut."""
    for start in range(0, cells, TILE):
        stop = min(start + TILE, cells)
        yield Tile(start, stop, max(0, start - AROUND), min(cells, stop + AROUND))


def pairs(cells: tuple[int, int]) -> Iterator[tuple[Tile, Tile]]:
    """Both sides, cut."""
    return ((down, right) for down in tiles(cells[0]) for right in tiles(cells[1]))


def quantize(
    system: Quantizes, x: Float[Tensor, "1 C H W"], level: int, device: str
) -> Int[Tensor, "1 K h w"]:
    """``system.quantize(x)``, on the CPU."""
    cell = system.own_size[-1]
    cells = (-(-x.shape[2] // cell), -(-x.shape[3] // cell))
    assembled = torch.zeros(1, system.context.log_step.shape[1], *cells, dtype=torch.int64)
    for down, right in pairs(cells):
        inputs = x[:, :, down.pixels(cell), right.pixels(cell)].to(device)
        found = system.quantize(inputs, level).cpu()
        assembled[:, :, down.output_slice, right.output_slice] = found[:, :, down.middle(), right.middle()]
    return assembled


def render(
    system: Quantizes, number: Int[Tensor, "1 K h w"], level: int, shape: tuple[int, int, int], device: str
) -> Float[Tensor, "1 C H W"]:
    """``system.render(number)`` of that shape, on the CPU."""
    cell, (colors, height, width) = system.own_size[-1], shape
    assembled = torch.zeros(1, colors, number.shape[2] * cell, number.shape[3] * cell)
    for down, right in pairs((number.shape[2], number.shape[3])):
        inputs = number[:, :, down.input_slice, right.input_slice].to(device)
        found = system.render(inputs, level, (colors, inputs.shape[2] * cell, inputs.shape[3] * cell)).cpu()
        at = slice(down.start * cell, down.stop * cell), slice(right.start * cell, right.stop * cell)
        assembled[:, :, at[0], at[1]] = found[:, :, down.middle(cell), right.middle(cell)]
    return assembled[:, :, :height, :width]
