"""The size that pictures become when none is asked for: their own proportions, at an area that networks learn.

    sizes (N, 2: height, width) ─► nine of ten share one, of at most 64 x 64 pixels ──────────► that size
                                └► else ─► proportions: the median of width / height ─┐
                                        └► side: root of the area, 64 or 32 ──────────┴► size_at ─► height x width

A size in other proportions than a picture's own cuts away a part of it, unless it is padded or stretched. A square is
kept where it cuts hardly more than the pictures' own proportions: where they are nearly square, or where as many are
wide as are tall. Sides are multiples of four, and at least eight: a strip too thin for that is scaled up.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Fit = Literal["crop", "pad", "stretch", "cut"]
Size = tuple[int, int]
"""Height and width."""

SMALLEST, STEP = 8, 4
LADDER = (16, 24, 32, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512)
"""Sides among which the time there is may choose; few, so that timing it twice seldom gives two answers."""
SMALL, USUAL = 32, 64
"""Sides: the roots of the areas that pictures are made into, by whether most have the pixels for the larger one."""
SHARED = 0.9
SQUARE_CUTS = 0.1
"""A square is kept where it cuts away at most so much more of the pictures' area than their own proportions do."""
OCTAVE = 0.1
"""What an area twice, or half, as large as it should be counts, as a share of the area that is cut away."""
LARGER = 4
"""A strip may have so many times the area that it should have."""


def choose_size(sizes: NDArray[np.integer[Any]]) -> tuple[Size, str]:
    """Height and width for pictures of these ``sizes`` (N, 2), and the reason in words."""
    if not len(sizes):
        return (SMALL, SMALL), f"{SMALL}x{SMALL}: no picture could be measured"
    if (own := own_size(sizes)) is not None:
        return own, f"{own[0]}x{own[1]}: {_whose(sizes)}"
    size = size_at(usual_side(sizes), proportions(sizes))
    return size, f"{size[0]}x{size[1]}: {_why(sizes)}; another --size can be asked for"


def possible_sizes(sizes: NDArray[np.integer[Any]]) -> list[Size]:
    """The sizes that these pictures might be made into, the smallest first: none has more pixels than they show."""
    usual, most = choose_size(sizes)[0], shown_side(sizes)
    found = {size_at(side, proportions(sizes)) for side in LADDER if side <= most} | {usual}
    return sorted(found, key=lambda size: (size[0] * size[1], size))


def own_size(sizes: NDArray[np.integer[Any]]) -> Size | None:
    """The size that nine of ten pictures share, if it is small; a strip below eight pixels is scaled up."""
    (height, width), share = _commonest(sizes)
    scale = max(1.0, SMALLEST / min(height, width))
    height, width = round(height * scale), round(width * scale)
    return (height, width) if share >= SHARED and height * width <= USUAL**2 else None


def proportions(sizes: NDArray[np.integer[Any]]) -> float:
    """Width over height: the pictures' median, or 1 where a square cuts hardly more away."""
    own = float(np.exp(np.median(np.log(sizes[:, 1] / sizes[:, 0]))))
    worse = _outside(sizes, 1.0).mean() - _outside(sizes, own).mean()
    return own if worse > SQUARE_CUTS else 1.0


def usual_side(sizes: NDArray[np.integer[Any]]) -> int:
    """The side of the square whose area pictures get: 64 if at least half of them have as many pixels to show."""
    return USUAL if shown_side(sizes) >= USUAL else SMALL


def shown_side(sizes: NDArray[np.integer[Any]]) -> int:
    """The side of a square with as many pixels as the median picture shows in the common proportions."""
    shown = sizes.astype(np.float64).prod(axis=1) * (1 - _outside(sizes, proportions(sizes)))
    return int(np.median(np.sqrt(shown)) + 1e-9)


def size_at(side: int, aspect: float) -> Size:
    """The height and width of about ``side`` x ``side`` pixels that come nearest to ``aspect``, width over height."""
    if aspect > 1:  # the longer side is searched through, whichever it is
        width, height = size_at(side, 1 / aspect)
        return height, width
    heights = np.arange(SMALLEST, LARGER * side**2 // SMALLEST + 1, STEP, dtype=np.float64)
    nearest, most = heights * aspect, LARGER * side**2 / heights
    widths = np.stack([nearest, nearest + STEP, side**2 / heights, most]).clip(SMALLEST, most) // STEP * STEP
    off, area = np.abs(np.log(widths / heights / aspect)), widths * heights / side**2
    cost = 1 - np.exp(-off) + OCTAVE * np.abs(np.log2(area))
    which, row = np.unravel_index(cost.argmin(), cost.shape)
    return int(heights[row]), int(widths[which, row])


def cut_away(sizes: NDArray[np.integer[Any]], size: Size, fit: Fit) -> NDArray[np.float64]:
    """The share of each picture's area, (N,), that is never seen when it is made into ``size``."""
    if fit in ("pad", "stretch"):
        return np.zeros(len(sizes))
    cropped = _outside(sizes, size[1] / size[0])
    if fit == "crop":
        return cropped
    large = (sizes >= np.array(size)).all(axis=1)  # cut takes the middle of these at its own scale
    return np.where(large, 1 - size[0] * size[1] / sizes.astype(np.float64).prod(axis=1), cropped)


def count_sizes(sizes: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different sizes (K, 2: height, width), and how many have each."""
    packed, counts = np.unique(sizes.astype(np.int64) @ np.array([1 << 32, 1]), return_counts=True)
    return np.stack([packed >> 32, packed & 0xFFFFFFFF], axis=1), counts


def _outside(sizes: NDArray[np.integer[Any]], aspect: float) -> NDArray[np.float64]:
    """The share of each picture that lies outside its largest part with this ``aspect``."""
    ratio = sizes[:, 1] / sizes[:, 0] / aspect
    outside: NDArray[np.float64] = 1 - np.minimum(ratio, 1 / ratio)
    return outside


def _commonest(sizes: NDArray[np.integer[Any]]) -> tuple[Size, float]:
    """The most frequent size, and the share of pictures that have it."""
    kinds, counts = count_sizes(sizes)
    height, width = kinds[counts.argmax()].tolist()
    return (height, width), float(counts.max() / len(sizes))


def _whose(sizes: NDArray[np.integer[Any]]) -> str:
    (height, width), share = _commonest(sizes)
    whose = "all pictures" if share == 1 else f"{share:.0%} of the pictures"
    if min(height, width) < SMALLEST:
        return f"{whose} are {height}x{width}, and no side may be below {SMALLEST}"
    return f"the size of {whose}"


def _why(sizes: NDArray[np.integer[Any]]) -> str:
    aspect = proportions(sizes)
    if aspect == 1:
        return f"the median short side is {int(np.median(sizes.min(axis=1)))}"
    many, than = (aspect, "wide as high") if aspect > 1 else (1 / aspect, "high as wide")
    return f"the median picture is {f'{many:.3g}' if many < 100 else f'{many:,.0f}'} times as {than}"
