"""A view of a store: some of its rows, as examples.

    store (everything, memory-mapped) ─► index (rows of this view) ─► take: float32 tensors
                                                                   └► pixels: bytes, as in files

A view costs eight bytes a record and its labels; slicing a view gives another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.types import Batch, DataSpec
from amalgan.data.dataset.store import Store
from amalgan.data.decoding.pixels import from_pixels

if TYPE_CHECKING:
    from torch import Tensor

Rows = slice | Sequence[int] | NDArray[Any]
"""Positions within a view."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Records:
    """Some records of a data set, in the order of their names."""

    store: Store
    spec: DataSpec
    index: NDArray[np.int64]
    """Row of the store of each record."""
    labels: NDArray[np.int64]
    """Label of each record in the order of ``spec.classes``; UNLABELED where unknown."""

    def __len__(self) -> int:
        return len(self.index)

    def select(self, rows: Rows) -> Records:
        """The view of those records alone."""
        chosen = self.index[rows]
        return Records(store=self.store, spec=self.spec, index=chosen, labels=self.labels[rows])

    def spaced(self, most: int) -> NDArray[np.int64]:
        """At most ``most`` positions, evenly over the view: records stand in the order of names, class by class."""
        return np.unique(np.linspace(0, len(self) - 1, min(most, len(self))).round().astype(np.int64))

    def pixels(self, rows: Rows) -> NDArray[Any]:
        """uint8 (B, C, H, W), or float32 (B, D) in the data's own units."""
        return self.store.rows(self.index[rows])

    def take(self, rows: Rows) -> Tensor:
        """Examples as networks see them: float32 (B, *spec.shape)."""
        return from_pixels(self.pixels(rows), self.spec)

    def batches(self, size: int) -> Iterator[Batch]:
        """Every record once, in order, ``size`` at a time."""
        import torch

        for start in range(0, len(self), size):
            rows = np.arange(start, min(start + size, len(self)))
            label = torch.from_numpy(self.labels[rows])
            yield Batch(self.take(rows), label, torch.from_numpy(rows))

    def name(self, row: int) -> str:
        """The record's name within the data set, with / between folders, harmless to print."""
        return self.store.names[int(self.index[row])].decode()

    @property
    def names(self) -> list[str]:
        """Every name, in order."""
        return [self.name(row) for row in range(len(self))]

    def original_size(self, row: int) -> tuple[int, int]:
        """Height and width before resizing; (D, 1) for a vector."""
        height, width = self.store.sizes[int(self.index[row])]
        return int(height), int(width)
