"""Center and spread of a set of vectors, block by block, in float64."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from amalgan.data.dataset.store import Store

BLOCK = 65_536
FLAT = 1e-6
"""An entry whose deviation is below this share of its size does not vary: its spread is 0."""


def center_and_spread(store: Store, rows: NDArray[np.int64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each entry over ``rows``, in the data's units; 0 for one that does not vary."""
    count = max(len(rows), 1)
    center = sum((block.sum(axis=0) for block in _blocks(store, rows)), np.zeros(store.pixels.shape[1]))
    center /= count
    squares = (np.square(block - center).sum(axis=0) for block in _blocks(store, rows))
    spread = np.sqrt(sum(squares, np.zeros(len(center))) / count)
    varies = spread > FLAT * np.abs(center)
    return tuple(center.tolist()), tuple(np.where(varies, spread, 0.0).tolist())


def _blocks(store: Store, rows: NDArray[np.int64]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, len(rows), BLOCK):
        yield store.rows(rows[start : start + BLOCK]).astype(np.float64)
