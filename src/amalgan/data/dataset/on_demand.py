"""Pixels that are on no disk of ours: decoded from their source when they are asked for.

    rows that follow one another ─► decoded on threads, a little ahead ─► (n, *shape)
    others, as training draws them ─► decoded on threads, before they are asked for where ``expect`` names them
    those of archives ─► ``read_ahead``: their bytes are read in the order in which they lie, and wait to be decoded

What the source gave when it was looked through, its hash in the catalog tells: ``Store.rows`` holds rows against it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amalgan.core.errors import BadPicture, FileError
from amalgan.core.file_names import shown
from amalgan.core.shards import Shard
from amalgan.data.dataset.prefetching import Prefetched
from amalgan.data.dataset.read_arrays import in_bytes, layout_of, picture, scale_of
from amalgan.data.dataset.read_rows import parts_of
from amalgan.data.dataset.store import Pixels
from amalgan.data.dataset.store_writer import Into
from amalgan.data.decoding.deep_numbers import numbers_of
from amalgan.data.decoding.images import fitted, guarded, loaded
from amalgan.data.decoding.layout import Layout, Request, settle
from amalgan.data.decoding.ordered import in_order
from amalgan.data.decoding.orientation import upright
from amalgan.data.decoding.ranges import Range
from amalgan.data.readers.joined import Joined
from amalgan.data.readers.sources import Arrays, Pictures, Source

READERS = 2
"""Threads that read files in sequence."""


def pictures_on_demand(
    source: Source, request: Request, shard: Shard, facts: dict[str, Any], origins: NDArray[np.int64]
) -> Pixels:
    """The pixels of the pictures of a catalog, whose ``facts`` say how they were read."""
    if isinstance(source, Arrays):
        return FromArrays(source, request, shard, len(origins))
    channels, height, width = facts["shape"]
    settled = replace(request, size=(height, width), channels=channels)
    layout = settle(settled, np.zeros((0, 2), np.int32), all_gray=False)
    if isinstance(source, Joined):
        source.remember(facts.get("archives", []))
    return FromFiles(source, layout, Range(*facts["range"]) if facts["range"] else None, origins)


class FromFiles:
    """Of picture files."""

    ndim = 4
    dtype: np.dtype[Any] = np.dtype(np.uint8)

    def __init__(
        self, source: Pictures, layout: Layout, within: Range | None, origins: NDArray[np.int64]
    ) -> None:
        self.source, self.origins = source, origins
        self.layout = replace(layout, range=within)
        self.shape = (len(origins), *layout.shape)
        self.nbytes = prod(self.shape)
        self._next, self._ahead = -1, iter_of_nothing()
        self._decoding = Prefetched(self._decoded)
        self._bytes = Prefetched(self._read, READERS)

    def __getitem__(self, index: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Decode those records (n, C, H, W)."""
        rows = np.arange(len(self.origins))[index] if isinstance(index, slice) else np.asarray(index)
        if not len(rows):
            return np.zeros((0, *self.shape[1:]), np.uint8)
        if (np.diff(rows) != 1).any():
            return np.stack(self._decoding.take(rows.tolist()))
        if int(rows[0]) != self._next:
            self._ahead.close()
            first = int(rows[0])
            self._ahead = in_order(lambda at: self._decoded(first + at), len(self.origins) - first)
        self._next = int(rows[-1]) + 1
        return np.stack([next(self._ahead) for _ in rows])

    def expect(self, rows: NDArray[np.int64]) -> None:
        """Begin to decode those records, which will be asked for soon."""
        self._decoding.expect(rows.tolist())

    def read_ahead(self, rows: NDArray[np.int64]) -> None:
        """Begin to read the files of those records, in this order."""
        self._bytes.expect(rows.tolist())

    def _read(self, record: int) -> bytes:
        return self.source.read(int(self.origins[record]))

    def _decoded(self, record: int) -> NDArray[np.uint8]:
        read = lambda: self._bytes.expected(record) or self._read(record)  # noqa: E731 - short, and used once
        return decoded(self.source, int(self.origins[record]), self._fitted, read)

    def _fitted(self, image: Image.Image, numbers: NDArray[Any] | None) -> NDArray[np.uint8]:
        return fitted(image, self.layout, numbers)


def decoded(
    source: Pictures,
    row: int,
    fit: Callable[[Image.Image, NDArray[Any] | None], NDArray[np.uint8]],
    read: Callable[[], bytes] | None = None,
) -> NDArray[np.uint8]:
    """One file that was read before, upright and as ``fit`` makes it: uint8 (C, H, W).

    Args:
        fit: is given the picture and, where its file has more than eight bits, what they hold.
        read: returns its bytes, where they need not be read from ``source`` again.

    Raises:
        FileError: it cannot be read any more.
    """
    try:
        data = read() if read else source.read(row)
        with guarded(), loaded(data) as image:
            return fit(upright(image), numbers_of(image, data))
    except BadPicture as bad:
        raise FileError(
            f"{shown(source.path(row))} {bad}. It was not so when this command began; give it again."
        ) from bad


def iter_of_nothing() -> Generator[NDArray[np.uint8], None, None]:
    """No pictures."""
    yield from ()


class InOrder:
    """Examples that are gone through in their order; going back begins at the first."""

    def __init__(self, shape: tuple[int, ...], dtype: str) -> None:
        self.shape, self.ndim = shape, len(shape)
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.nbytes = prod(shape) * self.dtype.itemsize
        self._start, self._values = 0, np.zeros((0, *shape[1:]), self.dtype)
        self._blocks = self.begun()

    def begun(self) -> Iterator[NDArray[Any]]:
        """Blocks of stored examples (n, ...), from the first on."""
        raise NotImplementedError

    def one(self, value: NDArray[Any]) -> NDArray[Any]:
        """An example as it is stored, from its row of a block."""
        return value

    def __getitem__(self, index: NDArray[np.int64]) -> NDArray[Any]:
        """Copy those records (n, *shape)."""
        rows = np.arange(self.shape[0])[index] if isinstance(index, slice) else np.asarray(index)
        found = np.zeros((len(rows), *self.shape[1:]), self.dtype)
        for at in np.argsort(rows, kind="stable").tolist():
            found[at] = self.one(self._row(int(rows[at])))
        return found

    def _row(self, record: int) -> NDArray[Any]:
        if record < self._start:
            self._start, self._values, self._blocks = 0, self._values[:0], self.begun()
        while record >= self._start + len(self._values):
            self._start += len(self._values)
            self._values = next(self._blocks)
        row: NDArray[Any] = self._values[record - self._start]
        return row


class FromArrays(InOrder):
    """Of arrays of pictures."""

    def __init__(self, source: Arrays, request: Request, shard: Shard, count: int) -> None:
        self.shard, self.data = shard, source.open()
        self.scale = scale_of(source.name, self.data, request)
        self.layout = layout_of(self.data, request)
        super().__init__((count, *self.layout.shape), "|u1")

    def begun(self) -> Iterator[NDArray[Any]]:
        rows = self.shard.rows(self.data.count)
        return (block.values for block, _, _ in parts_of(in_bytes(self.data, self.scale.range), rows))

    def one(self, value: NDArray[Any]) -> NDArray[Any]:
        return picture(value, self.layout).pixels


class ReadAgain(InOrder):
    """Of any kind: its source is read again, and what it gives is taken as it comes."""

    def __init__(
        self,
        read: Callable[[Into], Iterator[None]],
        shard: Shard,
        count: int,
        shape: Sequence[int],
        dtype: str,
    ) -> None:
        self.read, self.shard = read, shard
        super().__init__((count, *shape), dtype)

    def begun(self) -> Iterator[NDArray[Any]]:
        taken: list[NDArray[Any]] = []
        with tempfile.TemporaryDirectory(prefix="amalgan-") as folder:
            into = Into(folder=Path(folder), shard=self.shard, take=lambda values, _: taken.append(values))
            for _ in self.read(into):
                yield from taken
                taken.clear()
            yield from taken
