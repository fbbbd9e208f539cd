"""Whether examples are decoded once, into the cache, or each time one is drawn: as asked for, or by what fits.

    decode=once ──────► store: their pixels on disk
    decode=on-demand ─► catalog: names, labels, hashes; each is decoded from its source when it is drawn
    decode=None ──────► the store or the catalog that is there; else the store, if it fits; else the catalog

Labels, splits, fingerprint and pixels are the same, and so is what is trained on them, bit for bit.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.config.data import DataConfig
from amalgan.core.cache_cap import GIB
from amalgan.core.errors import DataError, NoRoom
from amalgan.core.shards import WHOLE
from amalgan.core.types import DataSpec
from amalgan.data.dataset.cache import cached, there
from amalgan.data.dataset.reading import kind_for, opened, read_source, source_of
from amalgan.data.dataset.store import FORMAT, Pixels, Store
from amalgan.data.dataset.store_writer import Into
from amalgan.data.decoding.layout import Request
from amalgan.data.decoding.ordered import Progress
from amalgan.data.readers.sources import Source
from amalgan.kinds import Kind, kind_named


class Opened(NamedTuple):
    """A store or a catalog, ready to be read."""

    name: str
    """Of the data; short, never a path."""
    store: Store
    note: str
    """Why it is a catalog, where nobody asked for one, and what would make it faster; else empty."""


def opened_store(
    data: str | Path, config: DataConfig, like: DataSpec | None, progress: Progress | None
) -> Opened:
    """Open what ``data`` names, decoding it once where that was not done.

    Raises:
        DataError: it cannot be read, there is no room for it, or it cannot be decoded on demand as asked.
    """
    source, request = source_of(data, config, like)
    choice = Choice(source, request, config.cache, progress)
    store = choice.made[config.decode]()
    notes = (no_room(store) if config.decode is None else "", at_random(store, config))
    return Opened(source.name, store, " ".join(filter(None, notes)))


def key_of_store(source: Source, request: Request) -> str:
    """What names the store of ``source``, read as ``request`` says."""
    return json.dumps([FORMAT, source.key, request.to_json()])


def key_of_catalog(whole: str) -> str:
    """What names the catalog that is trained from, beside the store that is named ``whole``."""
    return json.dumps([whole, "catalog with near-copies"])


def at_random(store: Store, config: DataConfig) -> str:
    """Say that archives are read at random places; empty where they are not, or pixels are stored."""
    archives = len(store.facts.get("archives", []))
    if not store.is_catalog or config.shuffle_buffer is not None or archives < 2:
        return ""
    return (
        f"The images lie in {archives:,} archives or row groups, and are read at random places. If this is slow, as "
        "with Parquet and remote shards, add --shuffle-buffer 10000."
    )


def no_room(store: Store) -> str:
    """Say that there was no room for a store; empty where ``store`` is one."""
    if not store.is_catalog:
        return ""
    return (
        f"the decoded images would take {store.pixels.nbytes / GIB:.2f} GiB in the cache, which had no room for them. "
        "Each image is decoded when it is drawn. --decode once stores them, if there is room now."
    )


@dataclass(frozen=True)
class Choice:
    """The ways to a store of ``source``."""

    source: Source
    request: Request
    cache: str | None
    progress: Progress | None

    @property
    def made(self) -> dict[str | None, Callable[[], Store]]:
        """Each way by its word in ``DataConfig.decode``."""
        return {"once": self.once, "on-demand": self.on_demand, None: self.what_fits}

    def once(self) -> Store:
        """The store, written where there is none."""
        return cached(
            self.key, self.cache, lambda folder: self.read(Into(folder=folder, progress=self.progress))
        )

    def on_demand(self) -> Store:
        """The catalog, written where there is none.

        Raises:
            DataError: the source is none whose examples can be decoded one by one.
        """

        def write(folder: Path) -> None:
            self.refuse_what_comes_in_blocks()
            self.read(Into(folder=folder, take=ignore, near_copies=True, progress=self.progress))

        return cached(key_of_catalog(self.key), self.cache, write, self.decoded)

    def refuse_what_comes_in_blocks(self) -> None:
        """Raise DataError where single examples cannot be decoded."""
        if not self.decodes_in_any_order:
            raise DataError(
                f"{self.source.name} holds no files of images, and --decode on-demand is for those. Leave it out."
            )

    def what_fits(self) -> Store:
        """What is there; else the store, if there is room for it, else the catalog."""
        stored = there(self.key, self.cache)
        return stored or there(key_of_catalog(self.key), self.cache, self.decoded) or self.stored_or_not()

    def stored_or_not(self) -> Store:
        """The store, written now, if there is room for it, else the catalog."""
        try:
            return self.once()
        except NoRoom:
            if not self.decodes_in_any_order:
                raise
            return self.on_demand()

    @property
    def key(self) -> str:
        """What names the store."""
        return key_of_store(self.source, self.request)

    @property
    def kind(self) -> Kind:
        """What the source holds examples of."""
        return kind_for(self.source.name, opened(self.source), self.request.kind, self.request.look)

    @property
    def decodes_in_any_order(self) -> bool:
        """Whether examples can be drawn from the source."""
        return self.kind.decodes_in_any_order(self.source)

    def decoded(self, facts: dict[str, Any], origins: NDArray[np.int64]) -> Pixels:
        """Decode the examples of the catalog; its ``facts`` say of which kind they are, so nothing is looked at."""
        return kind_named(facts["kind"]).on_demand(self.source, self.request, WHOLE, facts, origins)

    def read(self, into: Into) -> None:
        """Go through the whole source."""
        read_source(self.source, self.request, into)


def ignore(pixels: NDArray[Any], origins: NDArray[np.int64]) -> None:
    """Let go of pixels that have been looked at."""
