"""Decode a source of picture files into a store.

    headers of all ─► Layout ─► decode, on threads ─► Gathering: blocks of good ones ─► StoreWriter
    (unless asked for)                                    └─► skipped, modes, class numbers

At most a few chunks of decoded pictures are in memory, however many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from amalgan.core.errors import BadPicture
from amalgan.core.file_names import shown
from amalgan.core.types import UNLABELED
from amalgan.data.dataset.store import StoreWriter
from amalgan.data.dataset.survey import Survey, surveyed
from amalgan.data.decoding.images import Picture, decode, values
from amalgan.data.decoding.layout import Layout, Request, settle
from amalgan.data.decoding.ordered import CHUNK, Progress, in_order, part_of
from amalgan.data.decoding.ranges import Values, choose_range, describe
from amalgan.data.readers.path_labels import Places
from amalgan.data.readers.sources import Pictures
from amalgan.kinds import kind_named


def read_pictures(source: Pictures, request: Request, folder: Path, progress: Progress | None) -> None:
    """Write the store of ``source`` into ``folder``.

    Pictures of more than eight bits are read by one range: where none was asked for, all of them are looked through
    as soon as one is met, and what was decoded before it is decoded again.
    """
    passes = 1 if request.settled else 2
    layout = _layout(source, request, part_of(progress, 0, passes))
    last = part_of(progress, passes - 1, passes)
    if not _written(source, request, layout, folder, last, []):
        found = all_values(source)
        chosen = choose_range(found)
        told = describe(found, chosen)
        _written(source, request, replace(layout, range=chosen), folder, last, told)


def _written(
    source: Pictures,
    request: Request,
    layout: Layout,
    folder: Path,
    progress: Progress | None,
    told: list[str],
) -> bool:
    """Decode all pictures into a store; False, with nothing to show for it, where a range is needed first."""
    places = Places.of(source, request.label_column)
    with closing(StoreWriter(folder, kind_named("image"), layout.shape, len(source))) as writer:
        gathering = Gathering(writer, list(told))
        decoded = in_order(lambda row: _decoded(source, row, layout), len(source), progress)
        with closing(decoded):
            for row, picture in enumerate(decoded):
                if layout.range is None and isinstance(picture, Picture) and picture.deep:
                    return False
                path = source.path(row)
                if isinstance(picture, BadPicture) and places.is_beside(path):
                    continue
                gathering.add(shown(path), picture, *places.place(path))
        gathering.told.extend(places.told())
        gathering.finish(
            ignored=source.ignored,
            chosen=layout.chosen,
            range=list(layout.range or ()),
            outer=places.outer_name,
        )
    return True


def all_values(source: Pictures) -> Values:
    """The least and the greatest number in all pictures of more than eight bits."""
    found = (values for values in in_order(lambda row: _values(source, row), len(source)) if values)
    return reduce(Values.with_, found)


def _values(source: Pictures, row: int) -> Values | None:
    with suppress(BadPicture):
        return values(source.read(row))
    return None


class Gathering:
    """Collects decoded pictures into blocks, and what is to be said about them."""

    def __init__(self, writer: StoreWriter, told: list[str]) -> None:
        self.writer, self.told = writer, told
        self.skipped: list[tuple[str, str]] = []
        self.modes: Counter[str] = Counter()
        self.numbers: dict[str, int] = {}
        """Class names, numbered as they were met."""
        self.asked = Counter[str]()
        """Class names of all pictures, also of those that cannot be read."""
        self.wide = self.paged = self.pages = self.beyond = 0
        self.block: list[tuple[Picture, str, int, int]] = []

    def add(self, name: str, picture: Picture | BadPicture, split: int, label: str | None) -> None:
        """Keep a picture, or note why there is none."""
        self.asked.update(() if label is None else (label,))
        if isinstance(picture, BadPicture):
            self.skipped.append((name, str(picture)))
            return
        self.modes[picture.mode] += 1
        self.wide += picture.wide
        self.paged += picture.pages > 1
        self.pages += picture.pages - 1
        self.beyond += picture.beyond
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
        self.writer.finish(whole | {"told": [*self.told, *self._left_out()]} | facts, order)

    def _left_out(self) -> Iterator[str]:
        """What is in the files and not in the store."""
        if self.paged:
            yield (
                f"{self.paged:,} files have several pages or frames: the first of each is read, and {self.pages:,} "
                "pages or frames are left out; write them out as files to train on them"
            )
        if self.wide:
            yield (
                f"{self.wide:,} color pictures have 16 bits a channel: the upper 8 bits are read; where a camera "
                "filled fewer, as 12, they are dark: convert them to 8 bits first"
            )
        if self.beyond:
            yield f"{self.beyond:,} pictures hold values beyond the range: they are cut to its ends"
        for name in sorted(self.asked.keys() - self.numbers.keys()):
            yield f"no picture of the class {name} can be read: all {self.asked[name]:,} are left out, and it with them"

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
            contents=[picture.content for picture in pictures],
            views=[picture.view for picture in pictures],
        )
        self.block.clear()


def _layout(source: Pictures, request: Request, progress: Progress | None) -> Layout:
    found = Survey.nothing() if request.settled else surveyed(source, progress)
    return settle(request, found.sizes, found.all_gray, found.stored_in_color)


def _decoded(source: Pictures, row: int, layout: Layout) -> Picture | BadPicture:
    try:
        return decode(source.read(row), layout)
    except BadPicture as bad:
        return bad
