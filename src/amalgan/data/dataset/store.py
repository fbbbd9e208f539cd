"""The decoded form of one data set: a folder of .npy files, written as a stream (``store_writer``), read by memory map.

    pixels.npy  (N, C, H, W) uint8, (N, D) float32 ...   labels.npy  (N,) int32      sizes.npy  (N, 2) int32
    hashes.npy  (N, 2) uint64: BLAKE2b of the pixels     splits.npy  (N,) uint8      names.npy, ends.npy
    contents.npy  the same before any scaling            groups.npy  (N, 2) uint64: the content that near-copies of a
    origins.npy  (N,) int64: rows of the source                  record share, or its own (``near_copies``)
    facts.json  the kind of data, what was skipped and why, class names, how size and channels were chosen, a digest of
                the rest

A catalog is a store without pixels, for those who go through the examples once, or have no room for pixels: these are
decoded when they are asked for (``on_demand``). What near-copies share is worked out from views.npy by who asks for it,
unless it was when the catalog was written.

Nothing is pickled. Writing holds one block in memory, reading none: pages come and go as rows are asked for. A store
that its disk, or the cap of the cache, has no room for is refused before its first byte is written. No pixel leaves a
store that is not what was written: each row is held against its hash when it is first read (a small store whole, when
it is opened, so that it can be built again).
"""

from __future__ import annotations

import mmap
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import FileError
from amalgan.core.file_names import Names
from amalgan.core.json_schema import read_json
from amalgan.data.decoding.hashing import content_hashes
from amalgan.data.decoding.near_copies import groups

FORMAT = 5
PARTS = ("pixels", "labels", "splits", "hashes", "contents", "groups", "sizes", "names", "ends", "origins")
FILES = ("facts.json", *(f"{part}.npy" for part in PARTS), "views.npy")
"""All that there is in the folder of a store; the last one while it is being built, and in catalogs."""
VERIFIED_AT_ONCE = 1 << 26
"""Bytes of pixels up to which all are held against their hashes when a store is opened; of more, 16 rows are."""
FACTS = {
    "format": int,
    "count": int,
    "shape": [int],
    "digest": str,
    "skipped": [[str]],
    "skipped_at": [int],
    "classes": [str],
    "names?": [str],
    "ignored": int,
    "modes": {str: int},
    "chosen": str,
    "remarks": [str],
    "range": [float],
    "outer?": (str, None),
    "kind?": str,
    "split_by?": str,
    "own?": str,
    "archives?": [int],
}
"""What the facts of a store must look like."""
SPOT_CHECKS = 16
VERIFIED_ROWS = 4096
"""Rows in memory at a time while a store is opened."""
KEEP_MAPPED = 1 << 28
"""Bytes of pixels beyond which the pages that a read touched are given back at once."""


def digest_of(folder: Path) -> str:
    digest = blake2b(digest_size=16)
    parts = ("labels", "splits", "hashes", "contents", "groups", "sizes", "names", "ends", "origins", "views")
    for place in filter(Path.exists, (folder / f"{part}.npy" for part in parts)):
        with place.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


class Pixels(Protocol):
    """Pixels of all records, as an array has them: on disk, or decoded when they are asked for."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def ndim(self) -> int: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    @property
    def nbytes(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


@runtime_checkable
class Expecting(Protocol):
    """Pixels that can be decoded before they are asked for."""

    def expect(self, rows: NDArray[np.int64], /) -> None:
        """Begin to decode those rows."""

    def read_ahead(self, rows: NDArray[np.int64], /) -> None:
        """Begin to read the files of those rows, in this order."""


Decoder = Callable[[dict[str, Any], NDArray[np.int64]], Pixels]
"""From the facts of a catalog, and rows of the source, to their pixels."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Store:
    """A data set on disk, open for reading."""

    folder: Path
    pixels: Pixels
    labels: NDArray[np.int32]
    splits: NDArray[np.uint8]
    hashes: NDArray[np.uint64]
    """Of the pixels."""
    contents: NDArray[np.uint64]
    """Of what the pixels were made of, before it was scaled: the same at every size."""
    found_groups: NDArray[np.uint64] | None
    """As the store has it; None in a catalog of those who did not need it."""
    views: NDArray[np.float16] | None
    """How each picture looks from afar; None where ``found_groups`` is there."""
    origins: NDArray[np.int64]
    """The row of the source that each record was."""
    sizes: NDArray[np.int32]
    names: Names
    facts: dict[str, Any]
    mapping: Any
    """The memory map behind ``pixels``; None for an empty store."""
    verified: NDArray[np.bool_]
    """Rows of pixels that were held against their hashes; those of a catalog are each time."""

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def groups(self) -> NDArray[np.uint64]:
        """The content that near-copies share: what decides on splits."""
        if self.found_groups is not None:
            return self.found_groups
        return (
            groups(self.contents, self.views) if self.views is not None and len(self.views) else self.contents
        )

    @property
    def kind(self) -> str:
        """Name of the kind of data; stores of an earlier version, of pictures and of vectors, do not say."""
        return str(self.facts.get("kind") or ("image" if self.pixels.ndim == 4 else "vector"))

    @property
    def is_catalog(self) -> bool:
        """Whether pixels are decoded when they are asked for."""
        return not isinstance(self.pixels, np.ndarray)

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

    def expect(self, index: NDArray[np.int64]) -> None:
        """Begin to decode those rows, which will be asked for soon; nothing where pixels are on disk."""
        if isinstance(self.pixels, Expecting):
            self.pixels.expect(index)

    def read_ahead(self, index: NDArray[np.int64]) -> None:
        """Begin to read the files of those rows, in this order; nothing where pixels are on disk."""
        if isinstance(self.pixels, Expecting):
            self.pixels.read_ahead(index)

    def _verify(self, rows: NDArray[Any], index: NDArray[np.int64]) -> None:
        new = np.flatnonzero(~self.verified[index])
        if not len(new):
            return
        wrong = (content_hashes(rows[new]) != self.hashes[index[new]]).any(1)
        if wrong.any():
            name = self.names[int(index[new][wrong][0])].decode()
            if self.is_catalog:
                raise FileError(
                    f"{name} is not what it was when this command began. Give the same command again."
                )
            raise FileError(
                f"the cache is damaged: {int(wrong.sum()):,} of {len(new):,} examples read are not what was written, "
                f"the first is {name}. Remove {self.folder}; it is rebuilt by itself."
            )
        self.verified[
            index[new]
        ] = not self.is_catalog  # a file may change between two looks, and its copy may not


def open_store(folder: Path, decoder: Decoder | None = None) -> Store:
    """Map the store in ``folder``; with a ``decoder``, the catalog.

    Raises:
        FileError: a part is missing, cut short, or does not belong to the others.
    """
    try:
        return _opened(folder, decoder)
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise FileError(
            f"{folder} is a damaged cache: {error}. Remove it; it is rebuilt by itself."
        ) from error


def _opened(folder: Path, decoder: Decoder | None) -> Store:
    facts = read_json(folder / "facts.json", FACTS, "the cache")
    if facts["format"] != FORMAT or facts["digest"] != digest_of(folder):
        raise ValueError("its parts do not fit together")
    mapped = ["hashes", "contents", "sizes", "names", "ends", "origins"]
    own_groups = decoder is None or (folder / "groups.npy").exists()
    mapped += ["pixels"] if decoder is None else []
    mapped += ["groups"] if own_groups else ["views"]
    part = {name: _mapped(folder / f"{name}.npy") for name in mapped}
    labels, splits = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("labels", "splits"))
    count = facts["count"]
    if decoder is None:
        pixels: Pixels = np.asarray(part["pixels"])
    else:
        pixels = decoder(facts, part["origins"])
    if len(labels) != count or pixels.shape != (count, *facts["shape"]):
        raise ValueError(f"it should hold {count} records of shape {facts['shape']}")
    found = Store(
        folder=folder,
        pixels=pixels,
        labels=labels,
        splits=splits,
        hashes=np.asarray(part["hashes"]),
        contents=np.asarray(part["contents"]),
        found_groups=np.asarray(part["groups"]) if own_groups else None,
        views=None if own_groups else part["views"],
        origins=np.asarray(part["origins"]),
        sizes=np.asarray(part["sizes"]),
        names=Names(np.asarray(part["names"]), np.asarray(part["ends"])),
        facts=facts,
        mapping=getattr(part.get("pixels"), "_mmap", None),
        verified=np.zeros(count, np.bool_),
    )
    whole = _verified_at_once(found)
    for rows in np.array_split(whole, max(1, len(whole) // VERIFIED_ROWS)):
        found.rows(rows)
    return found


def _verified_at_once(store: Store) -> NDArray[np.int64]:
    """The rows that are held against their hashes when a store is opened."""
    if store.is_catalog:
        return np.zeros(0, np.int64)
    if store.pixels.nbytes <= VERIFIED_AT_ONCE:
        return np.arange(len(store))
    return np.unique(np.linspace(0, len(store) - 1, SPOT_CHECKS).astype(np.int64))


def _mapped(path: Path) -> NDArray[Any]:
    try:
        mapped: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:  # an array without bytes cannot be mapped
        mapped = np.load(path, allow_pickle=False)
    return mapped
