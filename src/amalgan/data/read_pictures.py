"""Decode a source of picture files into a store.

    headers of all ─► Layout ─► decode, on threads ─► Gathering: blocks of good ones ─► StoreWriter
    (unless asked for)                                    └─► skipped, modes, class numbers

At most a few chunks of decoded pictures are in memory, however many there are.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from amalgan.data.images import Picture, decode
from amalgan.data.layout import Layout, Request, settle
from amalgan.data.names import shown
from amalgan.data.ordered import CHUNK, Progress, in_order, part_of
from amalgan.data.places import Places
from amalgan.data.sources import Pictures
from amalgan.data.store import StoreWriter
from amalgan.data.survey import Survey, surveyed
from amalgan.errors import BadPicture
from amalgan.types import UNLABELED


def read_pictures(source: Pictures, request: Request, folder: Path, progress: Progress | None) -> None:
    """Write the store of ``source`` into ``folder``."""
    passes = 1 if request.settled else 2
    layout = _layout(source, request, part_of(progress, 0, passes))
    places = Places.of(source.path(row) for row in range(len(source)))
    with closing(StoreWriter(folder, layout.shape, len(source))) as writer:
        gathering = Gathering(writer)
        decoded = in_order(
            lambda row: _decoded(source, row, layout), len(source), part_of(progress, passes - 1, passes)
        )
        for row, picture in enumerate(decoded):
            path = source.path(row)
            gathering.add(shown(path), picture, *places.place(path))
        gathering.finish(ignored=source.ignored, chosen=layout.chosen)


class Gathering:
    """Collects decoded pictures into blocks, and what is to be said about them."""

    def __init__(self, writer: StoreWriter) -> None:
        self.writer = writer
        self.skipped: list[tuple[str, str]] = []
        self.modes: Counter[str] = Counter()
        self.numbers: dict[str, int] = {}
        """Class names, numbered as they were met."""
        self.block: list[tuple[Picture, str, int, int]] = []

    def add(self, name: str, picture: Picture | BadPicture, split: int, label: str | None) -> None:
        """Keep a picture, or note why there is none."""
        if isinstance(picture, BadPicture):
            self.skipped.append((name, str(picture)))
            return
        self.modes[picture.mode] += 1
        number = UNLABELED if label is None else self.numbers.setdefault(label, len(self.numbers))
        self.block.append((picture, name, split, number))
        if len(self.block) == CHUNK:
            self._write()

    def finish(self, **facts: Any) -> None:
        """Write what is left, and the facts. Classes are numbered in the order of their names."""
        self._write()
        classes = sorted(self.numbers)
        order = [classes.index(name) for name in self.numbers]
        whole = {"skipped": self.skipped, "modes": dict(self.modes), "classes": classes}
        self.writer.finish(whole | facts, order)

    def _write(self) -> None:
        if not self.block:
            return
        pictures, names, splits, labels = zip(*self.block, strict=True)
        self.writer.append(
            np.stack([picture.pixels for picture in pictures]),
            labels=labels,
            splits=splits,
            sizes=[picture.size for picture in pictures],
            names=names,
        )
        self.block.clear()


def _layout(source: Pictures, request: Request, progress: Progress | None) -> Layout:
    found = Survey.nothing() if request.settled else surveyed(source, progress)
    return settle(request, found.sizes, found.all_gray)


def _decoded(source: Pictures, row: int, layout: Layout) -> Picture | BadPicture:
    try:
        return decode(source.read(row), layout)
    except BadPicture as bad:
        return bad
