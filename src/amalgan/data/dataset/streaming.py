"""Examples that are gone through once: no pixel of them is left on disk.

    a store of this data is there ───────────────► its records
    a catalog of it is there ────────────────────► its records, decoded when their turn comes
    neither ─► source ─► decode ─► chunk ─► task
                            └────► catalog: names, labels, hashes ... of each, published when all have passed

A part (``core.shards``) is gone through alone: nothing else of the source is decoded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.config.data import DataConfig
from amalgan.core.errors import BadPicture
from amalgan.core.file_names import shown
from amalgan.core.limits import CHUNK
from amalgan.core.shards import WHOLE, Shard
from amalgan.core.types import DataSpec
from amalgan.data.dataset.cache import being_built, there
from amalgan.data.dataset.choosing import key_of_catalog, key_of_store
from amalgan.data.dataset.native_size import picture_rows
from amalgan.data.dataset.opening import (
    Dataset,
    check_names,
    checked_shape,
    checked_spec,
    dataset_of,
    labels_of,
    require_enough,
)
from amalgan.data.dataset.reading import kind_for, opened, passing, source_of
from amalgan.data.dataset.records import Chunk, Records
from amalgan.data.dataset.store import Pixels, Store
from amalgan.data.dataset.store_writer import Into
from amalgan.data.decoding.ordered import Progress
from amalgan.data.readers.sources import Arrays, Source
from amalgan.data.writing.grids import png_names
from amalgan.data.writing.parts import Part
from amalgan.kinds import kind_named
from amalgan.kinds.protocol import Kind

ASKED, ASKED_BYTES = 64, 1 << 16
"""Files, and bytes of each, that tell one source from another with the same names."""
FIRST_BYTES = 1 << 24
"""Bytes of the first block of arrays that do so."""


class Stream:
    """A data set, or a part of it, as a model reads it."""

    def __init__(
        self, data: str | Path, config: DataConfig, like: DataSpec, *, shard: Shard = WHOLE, at_least: int = 1
    ) -> None:
        """Find out what ``data`` names; nothing is decoded yet.

        Raises:
            DataError: nothing readable is there.
        """
        self.source, self.request = source_of(data, config, like)
        self.config, self.like = config, like
        self.shard, self.at_least = shard, at_least if shard.is_whole else 0
        self.name = self.source.name
        whole = key_of_store(self.source, self.request)
        self.key = json.dumps([whole, "catalog", str(shard)])
        everything = there(whole, config.cache)
        self.whole_store = everything or there(key_of_catalog(whole), config.cache, self._decoder_of_all)
        self._store = self.whole_store or there(self.key, config.cache, self._decoder)

    @property
    def _decoder(self) -> Callable[[dict[str, Any], NDArray[np.int64]], Pixels]:
        return partial(self.kind.on_demand, self.source, self.request, self.shard)

    def _decoder_of_all(self, facts: dict[str, Any], origins: NDArray[np.int64]) -> Pixels:
        return kind_named(facts["kind"]).on_demand(self.source, self.request, WHOLE, facts, origins)

    @cached_property
    def kind(self) -> Kind:
        """What the source holds examples of."""
        return kind_for(self.name, opened(self.source), self.request.kind, self.request.look)

    @property
    def known(self) -> bool:
        """Whether all examples have passed, so that ``records`` costs nothing."""
        return self._store is not None

    @cached_property
    def most(self) -> int:
        """How many examples there are at most."""
        return len(self.records) if self.known else len(self.shard.rows(self.rows))

    @cached_property
    def rows(self) -> int:
        """Rows of the whole source, good and bad."""
        return self.source.open().count if isinstance(self.source, Arrays) else len(self.source)

    def chunks(self, first: int = 0) -> Iterator[Chunk]:
        """Every example from ``first`` on, as ``Records.chunks`` gives them.

        Raises:
            DataError: too few are usable, or they are not what the model reads.
        """
        if self.known:
            yield from self.records.chunks(first)
            return
        for number, start, pixels in self._passing(None):
            if start + len(pixels) > first:
                yield Chunk(number, self.kind.from_stored(pixels[max(first - start, 0) :], self.like))

    def read(self, progress: Progress | None = None) -> None:
        """Go through everything, unless that was done: then names, labels and what was skipped are known."""
        if not self.known:
            for _ in self._passing(progress):
                pass

    def _passing(self, progress: Progress | None) -> Iterator[tuple[int, int, NDArray[Any]]]:
        """Decode everything once; the number of each chunk, its first record, and its pixels."""
        chunker, start = Chunker(), 0
        if isinstance(self.source, Arrays):
            check_names(self.like, self.source.open().names, self.name)
        with being_built(self.key, self.config.cache) as folder:
            into = Into(folder=folder, shard=self.shard, take=chunker.take, progress=progress)
            for _ in passing(self.source, self.request, into):
                for number, pixels in chunker.full():
                    checked_shape(self.like, self.kind.name, pixels.shape[1:], self.name)
                    yield number, start, pixels
                    start += len(pixels)
            for number, pixels in chunker.rest():
                checked_shape(self.like, self.kind.name, pixels.shape[1:], self.name)
                yield number, start, pixels
        self._store = there(self.key, self.config.cache, self._decoder)

    @cached_property
    def store(self) -> Store:
        """The store or catalog; everything is gone through for it, where that was not done.

        Raises:
            DataError: too few examples are usable, or they are not what the model reads.
        """
        self.read()
        assert self._store is not None
        require_enough(self._store, self.name, self.config.max_bad, self.at_least)
        return self._store

    @cached_property
    def records(self) -> Records:
        """Every example of the part, in order."""
        spec = checked_spec(self.like, self.store, self.name)
        labels, _ = labels_of(self.store, spec)
        whole = Records(store=self.store, spec=spec, index=np.arange(len(self.store)), labels=labels)
        if self.whole_store is None or self.shard.is_whole:
            return whole
        return whole.select(np.flatnonzero(self._is_mine(self.store.origins)))

    @property
    def skipped(self) -> list[dict[str, str]]:
        """What of the part could not be used: name and reason."""
        facts = self.store.facts
        mine = self._is_mine(np.array(facts["skipped_at"], np.int64))
        return [
            {"name": name, "reason": reason}
            for (name, reason), own in zip(facts["skipped"], mine.tolist(), strict=True)
            if own
        ]

    def _is_mine(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        part = self.shard.rows(self.rows)
        return (rows >= part.start) & (rows < part.stop)

    @cached_property
    def dataset(self) -> Dataset:
        """The data set with its splits; not of a part, which does not know them."""
        assert self.shard.is_whole
        return dataset_of(self.name, self.store, self.config, like=self.like, at_least=self.at_least)

    @property
    def fingerprint(self) -> str:
        """That of the data set."""
        return self.dataset.fingerprint

    def as_shown(self, trained: Mapping[str, Any] | None) -> Dataset:
        """The data set with the training examples that a model was shown."""
        return self.dataset.as_shown(trained)

    @cached_property
    def listing(self) -> str:
        """What tells the whole source from another, wherever it lies."""
        return listing_of(self.source)

    def part(self, command: str, model: str, options: dict[str, Any]) -> Part:
        """What a part of a job says of itself, whose examples these are; the whole is its only part."""
        total = f"{self.records.digest_sum():032x}"
        return Part(
            command=command,
            shard=str(self.shard),
            model=model,
            data="" if self.shard.is_whole else self.listing,
            options=options,
            count=len(self.records),
            total=total,
        )

    def names(self) -> list[str]:
        """The names of all that may be examples, in order, whichever part they are of."""
        if isinstance(self.source, Arrays):
            return self.records.names
        return [shown(self.source.path(row)) for row in picture_rows(self.source)]

    def paths(self, ending: str) -> list[str]:
        """Where a file for each of ``records`` goes in a folder: the same, whatever part they are of."""
        if isinstance(self.source, Arrays):
            return png_names(self.records.names, ending)
        rows = picture_rows(self.source)
        paths = png_names([shown(self.source.path(row)) for row in rows], ending)
        known = dict(zip(rows, paths, strict=True))
        own = self.records.store.origins[self.records.index].tolist()
        return (
            [known[row] for row in own] if known.keys() >= {*own} else png_names(self.records.names, ending)
        )


def listing_of(source: Source) -> str:
    """What tells a source from another, wherever it lies: its names, and the contents of some of it."""
    digest = blake2b(digest_size=16)
    if isinstance(source, Arrays):
        data = source.open()
        digest.update(repr((data.count, data.shape, data.classes, data.names)).encode())
        first = next(iter(data.blocks()), None)
        digest.update(b"" if first is None else first.values.tobytes()[:FIRST_BYTES])
        return digest.hexdigest()
    for row in range(len(source)):
        digest.update(source.path(row) + b"\0")
    for row in np.linspace(0, max(len(source) - 1, 0), min(ASKED, len(source))).astype(int).tolist():
        try:
            digest.update(source.read(row, ASKED_BYTES))
        except BadPicture:
            digest.update(b"bad")
    return digest.hexdigest()


class Chunker:
    """Gathers blocks of pixels into chunks of CHUNK rows of the source."""

    def __init__(self) -> None:
        self.pixels: list[NDArray[Any]] = []
        self.origins: list[NDArray[np.int64]] = []

    def take(self, pixels: NDArray[Any], origins: NDArray[np.int64]) -> None:
        """Add a block."""
        if len(pixels):
            self.pixels.append(pixels)
            self.origins.append(origins)

    def full(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Chunks that nothing more will be of."""
        return self._out(keep_last=True)

    def rest(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """All that is left."""
        return self._out(keep_last=False)

    def _out(self, *, keep_last: bool) -> Iterator[tuple[int, NDArray[Any]]]:
        if not self.pixels:
            return
        if keep_last and self.origins[0][0] // CHUNK == self.origins[-1][-1] // CHUNK:
            return
        pixels, origins = np.concatenate(self.pixels), np.concatenate(self.origins)
        self.pixels, self.origins = [], []
        numbers, starts = np.unique(origins // CHUNK, return_index=True)
        stops = [*starts[1:].tolist(), len(origins)]
        for number, start, stop in zip(numbers.tolist(), starts.tolist(), stops, strict=True):
            if keep_last and stop == len(origins):
                self.take(pixels[start:], origins[start:])
            else:
                yield number, pixels[start:stop]
