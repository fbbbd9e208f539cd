"""What the code of an example is: how many numbers, and whether they lie on a grid over the picture.

    DataSpec ─► Grid: cells, a power of two pixels wide, 6 to 11 on the shorter side
             └► natural size, in numbers ─┬─► map:  the same few channels in every cell
                                          └─► flat: numbers that each speak of the whole example

A map is the default where every cell gets two channels or more: there it reconstructed unseen pictures better than a
flat code, or as well (``docs/log.md``, training that holds at every size). Vectors, and pictures with less room, have
flat codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from amalgan.config.fields import check
from amalgan.kinds import kind_of

if TYPE_CHECKING:
    from amalgan.core.types import DataSpec

Layout = Literal["map", "flat"]
MOST_CELLS = 12
"""The shorter side of a grid has fewer cells than this."""
LEAST_CHANNELS = 1.5
"""Numbers a cell, rounded, from which on a map is the default."""


@dataclass(frozen=True)
class Grid:
    """Cells over a picture."""

    halvings: int
    """Times that the picture's sides are halved."""
    shape: tuple[int, int]
    """Cells from top to bottom and from left to right."""

    @property
    def cell(self) -> int:
        """Pixels of a cell's side."""
        return 2**self.halvings

    @property
    def cells(self) -> int:
        """Cells in all."""
        return self.shape[0] * self.shape[1]


def grid_of(spec: DataSpec) -> Grid:
    """Return the grid over pictures of that shape."""
    height, width = spec.shape[1:]
    halvings = 0
    while min(height, width) >> halvings >= MOST_CELLS:
        halvings += 1
    cell = 2**halvings
    return Grid(halvings, (-(-height // cell), -(-width // cell)))


def natural_code_size(spec: DataSpec) -> int:
    """Return the entries of a flat code when none are asked for: one for 24 numbers of a picture, 16 to 256."""
    return kind_of(spec).code_size(spec)


def resolved_code(
    spec: DataSpec, size: int | None, layout: Layout | None, *, dense: bool
) -> tuple[int, Layout]:
    """Return the entries of the code and their layout, defaults filled in.

    Args:
        size: entries that were asked for.
        layout: the layout that was asked for.
        dense: whether networks are dense, which know no grid.

    Raises:
        ConfigError: a map was asked for that does not fit the data or the size.
    """
    possible = not kind_of(spec).refuses("code_map") and not dense
    check((layout != "map" or possible, "code is map, which needs pictures and convolutions; leave it out"))
    if not possible or layout == "flat":
        return size or natural_code_size(spec), "flat"
    cells = grid_of(spec).cells
    channels = (size or natural_code_size(spec)) / cells
    if layout is None and (channels < LEAST_CHANNELS or (size or cells) % cells):
        return size or natural_code_size(spec), "flat"
    check(
        (
            not size or size % cells == 0,
            f"code_size is {size}, and the map of this picture has {cells} cells; give a multiple of {cells}, "
            "or --code flat",
        )
    )
    return size or cells * max(1, round(channels)), "map"
