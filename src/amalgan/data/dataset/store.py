"""The decoded form of one data set: a folder of .npy files, written as a stream, read by memory map.

    pixels.npy  (N, C, H, W) uint8, (N, D) float32 ...   labels.npy  (N,) int32      sizes.npy  (N, 2) int32
    hashes.npy  (N, 2) uint64: BLAKE2b of the pixels     splits.npy  (N,) uint8      names.npy, ends.npy
    contents.npy  the same before any scaling            kin.npy  (N, 2) uint64: the content that a record's near-copies
                                                         share, its own where it has none (``near_copies``)
    facts.json  the kind of data, what was skipped and why, class names, how size and channels were chosen, a digest of
                the rest

Nothing is pickled. Writing holds one block in memory, reading none: pages come and go as rows are asked for. A store
that its disk, or the cap of the cache, has no room for is refused before its first byte is written. No pixel leaves a
store that is not what was written: each row is held against its hash when it is first read (a small store whole, when
it is opened, so that it can be built again).
"""

from __future__ import annotations

import mmap
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import FileError
from amalgan.core.file_names import Names
from amalgan.core.files import write_json
from amalgan.core.json_schema import read_json
from amalgan.data.dataset.array_writer import ArrayWriter
from amalgan.data.dataset.room import require_room
from amalgan.data.decoding.hashing import content_hashes
from amalgan.data.decoding.near_copies import write_kin
from amalgan.kinds import Kind

FORMAT = 2
PARTS = ("pixels", "labels", "splits", "hashes", "contents", "kin", "sizes", "names", "ends")
FILES = ("facts.json", *(f"{part}.npy" for part in PARTS), "views.npy")
"""All that there is in the folder of a store; the last one only while it is being built."""
VERIFIED_AT_ONCE = 1 << 26
"""Bytes of pixels up to which all are held against their hashes when a store is opened; of more, 16 rows are."""
FACTS = {
    "format": int,
    "count": int,
    "shape": [int],
    "digest": str,
    "skipped": [[str]],
    "classes": [str],
    "names?": [str],
    "ignored": int,
    "modes": {str: int},
    "chosen": str,
    "told": [str],
    "range": [float],
    "outer?": (str, None),
    "kind?": str,
}
"""What the facts of a store must look like."""
SPOT_CHECKS = 16
VIEW = 64
"""Numbers that tell whether two pictures are nearly alike."""
VERIFIED_ROWS = 4096
"""Rows in memory at a time while a store is opened."""
BESIDE_PIXELS = 224
"""Bytes of a record beside its pixels: hashes, view, label, split, size, and a name of usual length."""
KEEP_MAPPED = 1 << 28
"""Bytes of pixels beyond which the pages that a read touched are given back at once."""


class StoreWriter:
    """Writes a store, block by block.

    Args:
        kind: of the examples.
        shape: of one of them: (C, H, W) of bytes, (D,) of floats ...
        most: how many examples there may be.

    Raises:
        DataError: neither the cache nor its disk has room for ``most`` examples; nothing is written then.
    """

    def __init__(self, folder: Path, kind: Kind, shape: tuple[int, ...], most: int) -> None:
        dtype = np.dtype(kind.stored_dtype())
        require_room(folder, kind, shape, most, most * (prod(shape) * dtype.itemsize + BESIDE_PIXELS))
        self.folder, self.kind, self.shape = folder, kind, shape
        self.count = self.name_bytes = 0
        self.pixels = ArrayWriter(folder / "pixels.npy", dtype.str, shape)
        self.labels = ArrayWriter(folder / "labels.npy", "<i4")
        self.splits = ArrayWriter(folder / "splits.npy", "|u1")
        self.hashes = ArrayWriter(folder / "hashes.npy", "<u8", (2,))
        self.sizes = ArrayWriter(folder / "sizes.npy", "<i4", (2,))
        self.names = ArrayWriter(folder / "names.npy", "|u1")
        self.ends = ArrayWriter(folder / "ends.npy", "<i8")
        self.contents = ArrayWriter(folder / "contents.npy", "<u8", (2,))
        self.views = ArrayWriter(folder / "views.npy", "<f2", (VIEW,))

    def append(
        self,
        pixels: NDArray[Any],
        *,
        labels: Sequence[int] | NDArray[Any],
        splits: Sequence[int] | NDArray[Any],
        sizes: Sequence[tuple[int, int]] | NDArray[Any],
        names: Sequence[str],
        contents: Sequence[NDArray[np.uint64]] | None = None,
        views: Sequence[NDArray[np.float16]] | None = None,
    ) -> None:
        """Add a block of records: ``pixels`` (n, *shape) and as many of everything else.

        Args:
            contents: hashes of what the pixels were made of; without any, of the pixels.
            views: of pictures, for their near-copies to be found.
        """
        pixels = np.ascontiguousarray(pixels, self.pixels.dtype)
        hashes = content_hashes(pixels)
        self.pixels.append(pixels)
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

    def finish(self, facts: dict[str, Any], label_order: Sequence[int] | None = None) -> None:
        """Finish every file and write ``facts``; label i becomes ``label_order[i]`` when that is given."""
        for part in self._parts:
            part.finish()
        write_kin(self.folder)
        if label_order is not None:
            _relabel(self.folder / "labels.npy", np.array([*label_order, -1], np.int32))
        whole = {"format": FORMAT, "count": self.count, "shape": self.shape, "digest": _digest(self.folder)}
        write_json(self.folder / "facts.json", whole | {"kind": self.kind.name} | facts)

    def close(self) -> None:
        """Close every file, finished or not."""
        for part in self._parts:
            part.file.close()

    @property
    def _parts(self) -> tuple[ArrayWriter, ...]:
        return (
            self.pixels,
            self.labels,
            self.splits,
            self.hashes,
            self.sizes,
            self.names,
            self.ends,
            self.contents,
            self.views,
        )


def _relabel(path: Path, order: NDArray[np.int32]) -> None:
    labels = np.load(path, mmap_mode="r+", allow_pickle=False)
    labels[:] = order[labels]
    labels.flush()


def _digest(folder: Path) -> str:
    digest = blake2b(digest_size=16)
    for part in ("labels", "splits", "hashes", "contents", "kin", "sizes", "names", "ends"):
        with open(folder / f"{part}.npy", "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


@dataclass(frozen=True, eq=False, kw_only=True)
class Store:
    """A data set on disk, open for reading."""

    folder: Path
    pixels: NDArray[Any]
    labels: NDArray[np.int32]
    splits: NDArray[np.uint8]
    hashes: NDArray[np.uint64]
    """Of the pixels."""
    contents: NDArray[np.uint64]
    """Of what the pixels were made of, before it was scaled: the same at every size."""
    kin: NDArray[np.uint64]
    """The content that near-copies share: what decides on splits."""
    sizes: NDArray[np.int32]
    names: Names
    facts: dict[str, Any]
    mapping: Any
    """The memory map behind ``pixels``; None for an empty store."""
    verified: NDArray[np.bool_]
    """Rows of pixels that were held against their hashes."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def kind(self) -> str:
        """Name of the kind of data; stores of an earlier version, of pictures and of vectors, do not say."""
        return str(self.facts.get("kind") or ("image" if self.pixels.ndim == 4 else "vector"))

    def rows(self, index: NDArray[np.int64]) -> NDArray[Any]:
        """A copy of those rows of pixels. Of a large store no page stays in memory on their account.

        Raises:
            FileError: they are not what was written.
        """
        rows: NDArray[Any] = self.pixels[index]
        self._verify(rows, index)
        if self.mapping is not None and self.pixels.nbytes > KEEP_MAPPED and sys.platform != "win32":
            self.mapping.madvise(mmap.MADV_DONTNEED)
        return rows

    def _verify(self, rows: NDArray[Any], index: NDArray[np.int64]) -> None:
        new = np.flatnonzero(~self.verified[index])
        if not len(new):
            return
        wrong = (content_hashes(rows[new]) != self.hashes[index[new]]).any(1)
        if wrong.any():
            name = self.names[int(index[new][wrong][0])].decode()
            raise FileError(
                f"the cache is damaged: {int(wrong.sum()):,} of {len(new):,} examples read are not what was written, "
                f"the first is {name}. Remove {self.folder}; it is rebuilt by itself."
            )
        self.verified[index[new]] = True


def open_store(folder: Path) -> Store:
    """Map the store in ``folder``.

    Raises:
        FileError: a part is missing, cut short, or does not belong to the others.
    """
    try:
        return _opened(folder)
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise FileError(
            f"{folder} is a damaged cache: {error}. Remove it; it is rebuilt by itself."
        ) from error


def _opened(folder: Path) -> Store:
    facts = read_json(folder / "facts.json", FACTS, "the cache")
    if facts["format"] != FORMAT or facts["digest"] != _digest(folder):
        raise ValueError("its parts do not fit together")
    mapped = ("pixels", "hashes", "contents", "kin", "sizes", "names", "ends")
    part = {name: _mapped(folder / f"{name}.npy") for name in mapped}
    labels, splits = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("labels", "splits"))
    count = facts["count"]
    if len(labels) != count or part["pixels"].shape != (count, *facts["shape"]):
        raise ValueError(f"it should hold {count} records of shape {facts['shape']}")
    if part["pixels"].nbytes <= VERIFIED_AT_ONCE:
        whole = np.arange(count)
    else:
        whole = np.unique(np.linspace(0, count - 1, SPOT_CHECKS).astype(np.int64))
    found = Store(
        folder=folder,
        pixels=np.asarray(part["pixels"]),
        labels=labels,
        splits=splits,
        hashes=np.asarray(part["hashes"]),
        contents=np.asarray(part["contents"]),
        kin=np.asarray(part["kin"]),
        sizes=np.asarray(part["sizes"]),
        names=Names(np.asarray(part["names"]), np.asarray(part["ends"])),
        facts=facts,
        mapping=getattr(part["pixels"], "_mmap", None),
        verified=np.zeros(count, np.bool_),
    )
    for rows in np.array_split(whole, max(1, len(whole) // VERIFIED_ROWS)):
        found.rows(rows)
    return found


def _mapped(path: Path) -> NDArray[Any]:
    try:
        mapped: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:  # an array without bytes cannot be mapped
        mapped = np.load(path, allow_pickle=False)
    return mapped
