"""Pictures of any size in tiles of bounded size, each with a margin of what lies around it.

    picture uint8 (C, H, W) ─► cores, side by side ─► each with its margin, mirrored at the border ─► tile (C, h, w)

A tile's margin is looked at and not judged: next to its edge a network sees padding instead of the picture. So
neighbors overlap by two margins, and what is found in the cores has no seams.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Tile(NamedTuple):
    """A part of a picture."""

    top: int
    left: int
    """Where its core begins."""
    pixels: NDArray[np.uint8]
    """(C, h, w), with the margin."""


def tiles(
    picture: NDArray[np.uint8], core: tuple[int, int], margin: int, size: tuple[int, int]
) -> Iterator[Tile]:
    """Yield the tiles of ``picture`` (C, H, W), row by row.

    Args:
        core: height and width of what is judged in a tile; the last ones reach beyond the picture, into its mirror.
        margin: pixels above it and to its left.
        size: height and width of a tile, of which the rest lies below and to the right.
    """
    _, height, width = picture.shape
    for top in range(0, height, core[0]):
        band = picture[:, mirrored(top - margin, size[0], height)]
        for left in range(0, width, core[1]):
            yield Tile(top, left, band[:, :, mirrored(left - margin, size[1], width)])


def mirrored(start: int, count: int, side: int) -> NDArray[np.int64]:
    """Return ``count`` places from ``start`` on, reflected back and forth into 0 .. side - 1."""
    period = max(2 * (side - 1), 1)
    place = np.arange(start, start + count) % period
    return np.minimum(place, period - place) if side > 1 else np.zeros(count, np.int64)


def even_core(side: int, most: int, step: int) -> int:
    """Return the least multiple of ``step`` that covers ``side`` in as few cores as cores of ``most`` do."""
    count = -(-side // most)
    return -(-side // (count * step)) * step
