"""Units of vectors: those of the data, and standardized ones.

float32 (B, D) in the data's units      ◄──►      (v - center) / spread

An entry whose spread is 0 has one value in all training examples: as networks see it, it is v - center, and whatever
they make of it, ``center`` comes out. Center and spread are taken block by block, in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.types import DataSpec
from amalgan.data.dataset.store import Store

if TYPE_CHECKING:
    from torch import Tensor

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


def standardize(values: NDArray[Any] | Tensor, spec: DataSpec) -> Tensor:
    """Vectors in the data's units as networks see them, float32 (B, D)."""
    import torch

    rows = values.cpu().numpy() if isinstance(values, torch.Tensor) else values
    center, spread = np.asarray(spec.center, np.float32), np.asarray(spec.spread, np.float32)
    spread = np.where(spread == 0, np.float32(1), spread)
    return torch.from_numpy(((rows - center) / spread).astype(np.float32, copy=False))


def in_data_units(x: Tensor, spec: DataSpec) -> NDArray[np.float32]:
    """Vectors as networks see them in the data's units, float32 (N, D)."""
    center, spread = np.asarray(spec.center, np.float32), np.asarray(spec.spread, np.float32)
    restored: NDArray[np.float32] = x.detach().to("cpu").float().numpy() * spread + center
    return restored
