"""Writes a store, or a catalog, block by block: memory holds one block.

records ─┬─► pixels.npy, or to whoever has a use for them now
         └─► labels, splits, hashes, sizes, names ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.file_names import Names
from amalgan.core.files import write_json
from amalgan.core.shards import WHOLE, Shard
from amalgan.data.dataset.array_writer import ArrayWriter
from amalgan.data.dataset.room import require_room
from amalgan.data.dataset.store import FORMAT, digest_of
from amalgan.data.decoding.hashing import content_hashes
from amalgan.data.decoding.near_copies import write_groups
from amalgan.data.decoding.ordered import Progress
from amalgan.kinds.stored import Stored

VIEW = 64
"""Numbers that tell whether two pictures are nearly alike."""
BESIDE_PIXELS = 232
"""Bytes of a record beside its pixels: hashes, view, label, split, size, row, and a name of usual length."""
Take = Callable[[NDArray[Any], NDArray[np.int64]], None]
"""Is given pixels (n, *shape), and the rows of the source that they were."""


class StoreWriter:
    """Writes a store, block by block.

    Args:
        kind: of the examples.
        shape: of one as it is stored: (C, H, W) of bytes, or (D,) of floats.
        most: how many examples there may be.
        take: makes it a catalog: pixels go there, and not to disk.
        near_copies: finds near-copies, although it is a catalog.

    Raises:
        NoRoom: neither the cache nor its disk has room for ``most`` examples; nothing is written then.
    """

    def __init__(
        self,
        folder: Path,
        kind: Stored,
        shape: tuple[int, ...],
        most: int,
        take: Take | None = None,
        *,
        near_copies: bool = False,
    ) -> None:
        self.dtype = np.dtype(kind.stored_dtype())
        each = 0 if take is not None else prod(shape) * self.dtype.itemsize
        require_room(folder, kind, shape, most, most * (each + BESIDE_PIXELS))
        self.folder, self.kind, self.shape, self.take = folder, kind, shape, take
        self.finds_groups = near_copies or take is None
        self.count = self.name_bytes = 0
        self.pixels = None if take is not None else ArrayWriter(folder / "pixels.npy", self.dtype.str, shape)
        self.labels = ArrayWriter(folder / "labels.npy", "<i4")
        self.splits = ArrayWriter(folder / "splits.npy", "|u1")
        self.hashes = ArrayWriter(folder / "hashes.npy", "<u8", (2,))
        self.sizes = ArrayWriter(folder / "sizes.npy", "<i4", (2,))
        self.names = ArrayWriter(folder / "names.npy", "|u1")
        self.ends = ArrayWriter(folder / "ends.npy", "<i8")
        self.contents = ArrayWriter(folder / "contents.npy", "<u8", (2,))
        self.origins = ArrayWriter(folder / "origins.npy", "<i8")
        self.views = ArrayWriter(folder / "views.npy", "<f2", (VIEW,))

    def append(
        self,
        pixels: NDArray[Any],
        *,
        labels: Sequence[int] | NDArray[Any],
        splits: Sequence[int] | NDArray[Any],
        sizes: Sequence[tuple[int, int]] | NDArray[Any],
        names: Sequence[str],
        origins: Sequence[int] | NDArray[Any],
        contents: Sequence[NDArray[np.uint64]] | None = None,
        views: Sequence[NDArray[np.float16]] | None = None,
    ) -> None:
        """Add a block of records: ``pixels`` (n, *shape) and as many of everything else.

        Args:
            origins: rows of the source.
            contents: hashes of what the pixels were made of; without any, of the pixels.
            views: of pictures, for their near-copies to be found.
        """
        pixels = np.ascontiguousarray(pixels, self.dtype)
        hashes = content_hashes(pixels)
        if self.pixels is not None:
            self.pixels.append(pixels)
        self.origins.append(np.asarray(origins, np.int64))
        self.hashes.append(hashes)
        self.contents.append(hashes if contents is None else np.asarray(contents, np.uint64).reshape(-1, 2))
        if views is not None:
            self.views.append(np.asarray(views, np.float16).reshape(-1, VIEW))
        self.labels.append(np.asarray(labels))
        self.splits.append(np.asarray(splits))
        self.sizes.append(np.asarray(sizes, np.int32).reshape(-1, 2))
        encoded = Names.of(name.encode() for name in names)
        self.names.append(encoded.blob)
        self.ends.append(encoded.ends + self.name_bytes)
        self.name_bytes += len(encoded.blob)
        self.count += len(pixels)
        if self.take is not None:
            self.take(pixels, np.asarray(origins, np.int64))

    def finish(self, facts: dict[str, Any], label_order: Sequence[int] | None = None) -> None:
        """Finish every file and write ``facts``; label i becomes ``label_order[i]`` when that is given."""
        for part in self._parts:
            part.finish()
        if self.finds_groups:
            write_groups(self.folder)
        if label_order is not None:
            _relabel(self.folder / "labels.npy", np.array([*label_order, -1], np.int32))
        whole = {"format": FORMAT, "count": self.count, "shape": self.shape, "digest": digest_of(self.folder)}
        write_json(self.folder / "facts.json", whole | {"kind": self.kind.name} | facts)

    def close(self) -> None:
        """Close every file, finished or not."""
        for part in self._parts:
            part.file.close()

    @property
    def _parts(self) -> tuple[ArrayWriter, ...]:
        return (
            *([] if self.pixels is None else [self.pixels]),
            self.labels,
            self.splits,
            self.hashes,
            self.sizes,
            self.names,
            self.ends,
            self.contents,
            self.views,
            self.origins,
        )


def _relabel(path: Path, order: NDArray[np.int32]) -> None:
    labels = np.load(path, mmap_mode="r+", allow_pickle=False)
    labels[:] = order[labels]
    labels.flush()


@dataclass(frozen=True, kw_only=True)
class Into:
    """Where a source is read into, which part of it, and who is told how far it is."""

    folder: Path
    shard: Shard = WHOLE
    take: Take | None = None
    """Makes it a catalog: pixels go there, and not to disk."""
    near_copies: bool = False
    """Near-copies are found now, although it is a catalog."""
    progress: Progress | None = None

    def writer(self, kind: Stored, shape: tuple[int, ...], most: int) -> StoreWriter:
        """The writer of examples of a stored ``shape``, of which there will be at most so many."""
        return StoreWriter(self.folder, kind, shape, most, self.take, near_copies=self.near_copies)
