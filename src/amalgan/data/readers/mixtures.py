"""Vectors made by a rule, so that what a model should find is known. Their class is the Gaussian they are drawn from.

grid        25 Gaussians in the plane, 5 by 5, two apart, deviation 0.05 (Srivastava et al. 2017, VEEGAN,
            arXiv:1705.07761, section 5.1), called a1 (at -4, -4) to e5 (at 4, 4)
gaussians   10 Gaussians of ten dimensions, turned into 100 numbers, each with noise of deviation 0.1:
            ten numbers tell all but the noise

Of each Gaussian there are 1,000 training and 200 test vectors, from a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from amalgan.core.types import TEST, TRAIN
from amalgan.data.readers.sources import ArrayData, Block

EACH = {"train": (TRAIN, 1000), "test": (TEST, 200)}
"""The number of a split, and how many vectors of each Gaussian are in it."""
TICKS = (-4.0, -2.0, 0.0, 2.0, 4.0)
DEVIATION = 0.05
MODES, HIDDEN, NUMBERS = 10, 10, 100
SCATTER, NOISE = 3.0, 0.1
"""Deviation of the centers of ``gaussians`` and of the noise; within a class it is 1 along each hidden dimension."""

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]
"""So many vectors of every Gaussian: (M, count, D)."""


def grid() -> ArrayData:
    """(30000, 2)."""
    centers = np.array([(across, up) for across in TICKS for up in TICKS])

    def draw(chance: np.random.Generator, count: int) -> NDArray[np.float64]:
        return centers[:, None] + DEVIATION * chance.standard_normal((len(centers), count, 2))

    return _made(draw, tuple(f"{column}{row}" for column in "abcde" for row in range(1, 6)), 2)


def gaussians() -> ArrayData:
    """(12000, 100): x = R (c + u) + noise, with ten orthonormal columns in R."""
    fixed = np.random.default_rng(1)
    turn = np.linalg.qr(fixed.standard_normal((NUMBERS, HIDDEN)))[0]
    centers = SCATTER * fixed.standard_normal((MODES, HIDDEN))

    def draw(chance: np.random.Generator, count: int) -> NDArray[np.float64]:
        hidden = centers[:, None] + chance.standard_normal((MODES, count, HIDDEN))
        return hidden @ turn.T + NOISE * chance.standard_normal((MODES, count, NUMBERS))

    return _made(draw, tuple(str(mode) for mode in range(MODES)), NUMBERS)


def _made(draw: Draw, classes: tuple[str, ...], numbers: int) -> ArrayData:
    return ArrayData(
        count=len(classes) * sum(count for _, count in EACH.values()),
        shape=(numbers,),
        classes=classes,
        blocks=lambda: _blocks(draw, len(classes)),
    )


def _blocks(draw: Draw, modes: int) -> Iterator[Block]:
    chance = np.random.default_rng(0)
    for word, (split, count) in EACH.items():
        values = draw(chance, count).astype(np.float32)
        yield Block(
            values=values.reshape(modes * count, -1),
            labels=np.arange(modes).repeat(count),
            split=split,
            names=[f"{word}/{row:06d}" for row in range(modes * count)],
        )
