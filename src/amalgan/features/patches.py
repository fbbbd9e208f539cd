"""What small parts of a picture look like: features of patches, in an outside network's maps or in the model's own.

    picture of any size ─► tiles ─► network ─► maps at some depths ─► each averaged over 3x3 places, all on one grid
                                                                      └─► a vector a patch, of the cores of tiles

    imagenet   the map at 1/4 of the side, of a network taught on ImageNet
    own        maps at 1/2 and 1/4 of the side, of the model's encoder (or, where it has none, of its critic)

After Roth et al. 2022 (PatchCore, arXiv:2106.08265, section 3.1), who also average over neighbors, so that a patch sees
beyond its own pixels. They take deeper maps, which tell parts of things; flaws of a few pixels are told better by finer
ones (``benchmarks/flaws.py``), and what a picture shows as a whole is for other signals to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, Protocol, get_args

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from amalgan.core.types import DataSpec
from amalgan.data.decoding.pixels import from_pixels
from amalgan.features.tiles import Tile, even_core, tiles

PatchesName = Literal["auto", "imagenet", "own"]
"""In whose features patches are compared; ``auto``: imagenet where it is installed."""
NAMES: tuple[str, ...] = get_args(PatchesName)
Picture = NDArray[np.uint8]
"""(C, H, W)."""


class Cut(NamedTuple):
    """How a picture is cut into tiles."""

    core: tuple[int, int]
    """Pixels of a tile that are judged; whole steps."""
    margin: int
    """Pixels around them that are looked at; whole steps."""
    size: tuple[int, int]
    """Height and width of a tile."""


class PatchNetwork(Protocol):
    """From tiles to features of their patches."""

    @property
    def name(self) -> str: ...

    @property
    def step(self) -> int:
        """Pixels from patch to patch."""

    @property
    def least(self) -> tuple[int, int]:
        """Height and width to which smaller pictures are enlarged."""

    def cut(self, height: int, width: int) -> Cut:
        """How a picture of that size is cut."""

    def __call__(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D h w"]:
        """Features of the patches of tiles in [-1, 1], a step apart."""


class Part(NamedTuple):
    """What a tile has found."""

    rows: slice
    columns: slice
    """Of the picture's grid of patches."""
    features: Float[Tensor, "D h w"]


def grid_of(network: PatchNetwork, picture: Picture) -> tuple[int, int]:
    """Return how many patches a picture has down and across, as it is looked at."""
    height, width = picture.shape[1:]
    return -(-height // network.step), -(-width // network.step)


@torch.no_grad()
def parts(network: PatchNetwork, picture: Picture, spec: DataSpec) -> Iterator[Part]:
    """Yield the features of a picture, tile by tile; ``picture`` is as ``enlarged`` gives it."""
    cut, grid = network.cut(*picture.shape[1:]), grid_of(network, picture)
    for tile in tiles(picture, cut.core, cut.margin, cut.size):
        yield part_of(tile, network(from_pixels(tile.pixels[None], spec))[0], cut, network.step, grid)


def part_of(tile: Tile, found: Float[Tensor, "D h w"], cut: Cut, step: int, grid: tuple[int, int]) -> Part:
    """What lies in the core of a tile and within the picture."""
    skipped = cut.margin // step
    first = (tile.top // step, tile.left // step)
    rows, columns = (
        slice(start, min(start + core // step, most))
        for start, core, most in zip(first, cut.core, grid, strict=True)
    )
    core = found[
        :, skipped : skipped + rows.stop - rows.start, skipped : skipped + columns.stop - columns.start
    ]
    return Part(rows, columns, core.float().cpu())


def enlarged(picture: Picture, least: tuple[int, int]) -> Picture:
    """Return ``picture``, enlarged where a side is below the ``least``."""
    share = max(low / side for low, side in zip(least, picture.shape[1:], strict=True))
    if share <= 1:
        return picture
    size = [max(round(side * share), low) for side, low in zip(picture.shape[1:], least, strict=True)]
    found = interpolate(torch.tensor(picture)[None].float(), size, mode="bilinear", align_corners=False)
    larger: Picture = found[0].round().byte().numpy()
    return larger


def on_grid(maps: list[Float[Tensor, "B C H W"]], size: tuple[int, int]) -> Float[Tensor, "B D h w"]:
    """Return maps of several depths, averaged over neighbors, side by side on a grid of ``size``."""
    return torch.cat([resized(avg_pool2d(one, 3, 1, 1, count_include_pad=False), size) for one in maps], 1)


def resized(x: Float[Tensor, "B C H W"], size: tuple[int, int]) -> Float[Tensor, "B C h w"]:
    """Return a map on another grid: averaged where that is coarser."""
    if x.shape[2] > size[0]:
        return interpolate(x, size, mode="area")
    return interpolate(x, size, mode="bilinear", align_corners=False)


def cut_evenly(height: int, width: int, *, most: int, margin: int, step: int) -> Cut:
    """Return cores of at most ``most`` pixels a side, all of one size."""
    down, across = even_core(height, most, step), even_core(width, most, step)
    return Cut((down, across), margin, (down + 2 * margin, across + 2 * margin))
