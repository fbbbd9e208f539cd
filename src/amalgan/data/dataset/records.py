"""A view of a store: some of its rows, as examples.

    store (everything, memory-mapped) ─► index (rows of this view) ─► take: float32 tensors
                                                                   └► pixels: bytes, as in files

A view costs eight bytes a record and its labels; slicing a view gives another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from amalgan.core.limits import CHUNK
from amalgan.core.types import Batch, DataSpec
from amalgan.data.dataset.store import Store
from amalgan.data.decoding.pixels import from_pixels

if TYPE_CHECKING:
    from torch import Tensor

Rows = slice | Sequence[int] | NDArray[Any]
"""Positions within a view."""


class Chunk(NamedTuple):
    """Some examples that are computed on together."""

    number: int
    """Of the chunk among all of the source."""
    x: Tensor
    """float32 (B, *spec.shape)."""


class Chunked(Protocol):
    """Examples that can be gone through."""

    def chunks(self, first: int = 0) -> Iterator[Chunk]:
        """Every example from ``first`` on, in order."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Records:
    """Some records of a data set, in the order of their names."""

    store: Store
    spec: DataSpec
    index: NDArray[np.int64]
    """Row of the store of each record."""
    labels: NDArray[np.int64]
    """Label of each record in the order of ``spec.classes``; UNLABELED where unknown."""
    shuffle_buffer: int | None = None
    """Records in the buffer that they are shuffled in for training; None: each epoch is shuffled as a whole."""

    def __len__(self) -> int:
        return len(self.index)

    def select(self, rows: Rows) -> Records:
        """The view of those records alone."""
        return replace(self, index=self.index[rows], labels=self.labels[rows])

    @cached_property
    def archive_ends(self) -> tuple[int, ...]:
        """The number of records up to the end of each archive, of those that have any; parts of a buffer without."""
        rows = self.store.origins[self.index]
        found = np.searchsorted(rows, self.store.facts.get("archives", []))
        if len(found) < 2:
            found = np.arange(0, len(self), self.shuffle_buffer or len(self) or 1)
        return tuple(int(end) for end in np.unique([*found, len(self)]) if end)

    def spaced(self, most: int) -> NDArray[np.int64]:
        """At most ``most`` positions, evenly over the view: records stand in the order of names, class by class."""
        return np.unique(np.linspace(0, len(self) - 1, min(most, len(self))).round().astype(np.int64))

    def pixels(self, rows: Rows) -> NDArray[Any]:
        """uint8 (B, C, H, W), or float32 (B, D) in the data's own units."""
        return self.store.rows(self.index[rows])

    def expect(self, rows: Rows) -> None:
        """Begin to decode those records, which will be asked for soon; nothing where pixels are on disk."""
        self.store.expect(self.index[rows])

    def read_ahead(self, rows: Rows) -> None:
        """Begin to read the files of those records, in this order; nothing where pixels are on disk."""
        self.store.read_ahead(self.index[rows])

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

    def chunks(self, first: int = 0) -> Iterator[Chunk]:
        """Every record from ``first`` on, in order, for computing on: never more than CHUNK at a time.

        Of records that follow one another in their store a chunk is what was CHUNK rows of the source, so that it holds
        the same examples whether a part of the source is gone through or all of it.
        """
        edges, numbers = self._edges()
        for start, stop, number in zip(edges[:-1], edges[1:], numbers, strict=True):
            if stop > first:
                start = max(start, first)
                yield Chunk(number, self.take(np.arange(start, stop)))

    def chunk_start(self, row: int) -> int:
        """The first record of the chunk that holds ``row``."""
        edges, _ = self._edges()
        return max(edge for edge in edges if edge <= row)

    def _edges(self) -> tuple[list[int], list[int]]:
        """Where chunks begin and the last one ends, and their numbers."""
        if (np.diff(self.index) == 1).all():
            number = self.store.origins[self.index] // CHUNK
        else:
            number = np.arange(len(self)) // CHUNK
        found, starts = np.unique(number, return_index=True)
        return [*starts.tolist(), len(self)], found.tolist()

    def digest_sum(self) -> int:
        """128 bits that stand for what the records hold, in any order: pixels, name and class of each.

        Those of parts sum up, modulo 2**128, to those of the whole.
        """
        classes = [name.encode() for name in (*self.spec.classes, "")]
        total = 0
        for row, label in zip(self.index.tolist(), self.labels.tolist(), strict=True):
            said = self.store.hashes[row].tobytes() + self.store.names[row] + b"\0" + classes[label]
            total += int.from_bytes(blake2b(said, digest_size=16).digest(), "little")
        return total % 2**128

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
