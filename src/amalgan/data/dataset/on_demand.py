"""Pixels that are on no disk of ours: decoded from their source when they are asked for.

    rows that follow one another ─► decoded on threads, a little ahead ─► (n, *shape)        others ─► each for itself

What the source gave when it was looked through, its hash in the catalog tells: ``Store.rows`` holds rows against it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import BadPicture, FileError
from amalgan.core.file_names import shown
from amalgan.core.shards import Shard
from amalgan.data.dataset.read_arrays import layout_of, parts_of, picture, scale_of
from amalgan.data.dataset.store import Pixels
from amalgan.data.decoding.images import fitted, guarded, loaded, upright
from amalgan.data.decoding.layout import Layout, Request, settle
from amalgan.data.decoding.ordered import in_order
from amalgan.data.decoding.ranges import Range
from amalgan.data.readers.sources import Arrays, Pictures, Source


def on_demand(
    source: Source, request: Request, shard: Shard, facts: dict[str, Any], origins: NDArray[np.int64]
) -> Pixels:
    """The pixels of the records of a catalog, whose ``facts`` say how they were read."""
    if isinstance(source, Arrays):
        return FromArrays(source, request, shard, len(origins))
    nothing = np.zeros((0, 2), np.int32)
    layout = settle(request, nothing, all_gray=False)
    return FromFiles(source, layout, Range(*facts["range"]) if facts["range"] else None, origins)


class FromFiles:
    """Of picture files."""

    ndim = 4

    def __init__(
        self, source: Pictures, layout: Layout, within: Range | None, origins: NDArray[np.int64]
    ) -> None:
        self.source, self.origins = source, origins
        self.layout = replace(layout, range=within)
        self.shape = (len(origins), *layout.shape)
        self.nbytes = prod(self.shape)
        self._next, self._ahead = -1, iter_of_nothing()

    def __getitem__(self, index: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Decode those records (n, C, H, W)."""
        rows = np.arange(len(self.origins))[index] if isinstance(index, slice) else np.asarray(index)
        if not len(rows):
            return np.zeros((0, *self.shape[1:]), np.uint8)
        if (np.diff(rows) != 1).any():
            return np.stack([*in_order(lambda at: self._decoded(int(rows[at])), len(rows))])
        if int(rows[0]) != self._next:
            self._ahead.close()
            first = int(rows[0])
            self._ahead = in_order(lambda at: self._decoded(first + at), len(self.origins) - first)
        self._next = int(rows[-1]) + 1
        return np.stack([next(self._ahead) for _ in rows])

    def _decoded(self, record: int) -> NDArray[np.uint8]:
        row = int(self.origins[record])
        try:
            with guarded(), loaded(self.source.read(row)) as image:
                return fitted(upright(image), self.layout)
        except BadPicture as bad:
            raise FileError(
                f"{shown(self.source.path(row))} {bad}. It was not so when this command began; give it again."
            ) from bad


def iter_of_nothing() -> Generator[NDArray[np.uint8], None, None]:
    """No pictures."""
    yield from ()


class FromArrays:
    """Of arrays, which are gone through in their order; going back begins at the first."""

    def __init__(self, source: Arrays, request: Request, shard: Shard, count: int) -> None:
        self.source, self.shard = source, shard
        self.data = source.open()
        self.scale = scale_of(source.name, self.data, request)
        self.layout = layout_of(self.data, request)
        each = self.data.shape if self.layout is None else self.layout.shape
        self.shape, self.ndim = (count, *each), 1 + len(each)
        self.nbytes = prod(self.shape) * (4 if self.layout is None else 1)
        self._start, self._values, self._blocks = 0, np.zeros((0, *self.data.shape)), self._begun()

    def __getitem__(self, index: NDArray[np.int64]) -> NDArray[Any]:
        """Copy those records (n, *shape)."""
        rows = np.arange(self.shape[0])[index] if isinstance(index, slice) else np.asarray(index)
        order = np.argsort(rows, kind="stable")
        found = np.zeros((len(rows), *self.shape[1:]), np.uint8 if self.layout else np.float32)
        for at in order.tolist():
            found[at] = self._one(int(rows[at]))
        return found

    def _one(self, record: int) -> NDArray[Any]:
        if record < self._start:
            self._start, self._values, self._blocks = 0, self._values[:0], self._begun()
        while record >= self._start + len(self._values):
            self._start += len(self._values)
            self._values = next(self._blocks)
        row = self._values[record - self._start]
        return row.reshape(self.shape[1:]) if self.layout is None else picture(row, self.layout).pixels

    def _begun(self) -> Iterator[NDArray[Any]]:
        rows = self.shard.rows(self.data.count)
        return (block.values for block, _, _ in parts_of(self.data, self.scale, rows))
