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
from typing import Any

import numpy as np

from amalgan.core.errors import BadPicture
from amalgan.core.file_names import shown
from amalgan.core.types import UNLABELED
from amalgan.data.dataset.store_writer import Into, StoreWriter
from amalgan.data.dataset.survey import Survey, surveyed
from amalgan.data.decoding.images import Picture, decode, values
from amalgan.data.decoding.layout import Layout, Request, settle
from amalgan.data.decoding.ordered import CHUNK, Progress, in_order, part_of
from amalgan.data.decoding.ranges import Values, choose_range, describe
from amalgan.data.readers.path_labels import Places
from amalgan.data.readers.sources import Pictures, ends_of
from amalgan.kinds import kind_named


def read_pictures(source: Pictures, request: Request, into: Into) -> Iterator[None]:
    """Write a part of ``source`` ``into`` a store or a catalog, and yield after every picture.

    Pictures of more than eight bits are read by one range: where none was asked for, all are looked through as soon as
    one is met, whatever part it is in.
    """
    passes = 1 if request.settled else 2
    layout = _layout(source, request, part_of(into.progress, 0, passes))
    places, rows = Places.of(source, request.label_column), into.shard.rows(len(source))
    last = part_of(into.progress, passes - 1, passes)
    reader = Reader(source, layout)
    with closing(into.writer(kind_named("image"), layout.shape, len(rows))) as writer:
        gathering = Gathering(writer)
        decoded = in_order(lambda row: reader.read(rows[row]), len(rows), last)
        with closing(decoded):
            for row, picture in zip(rows, decoded, strict=True):
                path = source.path(row)
                if isinstance(picture, BadPicture) and places.is_beside(path):
                    continue
                gathering.add(row, shown(path), reader.ranged(row, picture), *places.place(path))
                yield
        gathering.finish(
            remarks=[*reader.remarks, *places.remarks()],
            ignored=source.ignored,
            chosen=layout.chosen,
            range=list(reader.layout.range or ()),
            archives=ends_of(source),
            outer=places.outer_name if into.shard.is_whole or not places.has_classes(source) else None,
        )


class Reader:
    """Decodes the pictures of a source to one layout, whose range may show only on the way."""

    def __init__(self, source: Pictures, layout: Layout) -> None:
        self.source, self.layout = source, layout
        self.remarks: list[str] = []

    def read(self, row: int) -> Picture | BadPicture:
        """A picture, or why there is none."""
        try:
            return decode(self.source.read(row), self.layout)
        except BadPicture as bad:
            return bad

    def ranged(self, row: int, picture: Picture | BadPicture) -> Picture | BadPicture:
        """The same; of more than eight bits, by the range of all."""
        if isinstance(picture, BadPicture) or not picture.deep or picture.ranged_by is not None:
            return picture
        if self.layout.range is None:
            found = all_values(self.source)
            chosen = choose_range(found)
            self.remarks = describe(found, chosen)
            self.layout = replace(self.layout, range=chosen)
        return self.read(row)


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

    def __init__(self, writer: StoreWriter) -> None:
        self.writer = writer
        self.skipped: list[tuple[str, str]] = []
        self.skipped_at: list[int] = []
        self.modes: Counter[str] = Counter()
        self.numbers: dict[str, int] = {}
        """Class names, numbered as they were met."""
        self.asked = Counter[str]()
        """Class names of all pictures, also of those that cannot be read."""
        self.cut = self.paged = self.pages = self.beyond = 0
        self.block: list[tuple[Picture, str, int, int, int]] = []

    def add(self, row: int, name: str, picture: Picture | BadPicture, split: int, label: str | None) -> None:
        """Keep a picture, or note why there is none."""
        self.asked.update(() if label is None else (label,))
        if isinstance(picture, BadPicture):
            self.skipped.append((name, str(picture)))
            self.skipped_at.append(row)
            return
        self.modes[picture.mode] += 1
        self.cut += picture.cut
        self.paged += picture.pages > 1
        self.pages += picture.pages - 1
        self.beyond += picture.beyond
        number = UNLABELED if label is None else self.numbers.setdefault(label, len(self.numbers))
        self.block.append((picture, name, split, number, row))
        if len(self.block) == CHUNK:
            self._write()

    def finish(self, *, remarks: list[str], **facts: Any) -> None:
        """Write what is left, and the facts. Classes are numbered in the order of their names."""
        self._write()
        classes = sorted(self.numbers)
        order = [classes.index(name) for name in self.numbers]
        whole = {"skipped": self.skipped, "skipped_at": self.skipped_at, "modes": dict(self.modes)}
        more = {"classes": classes, "remarks": [*remarks, *self._left_out()]}
        self.writer.finish(whole | more | facts, order)

    def _left_out(self) -> Iterator[str]:
        """What is in the files and not in the store."""
        if self.paged:
            yield (
                f"{self.paged:,} files have several pages or frames: the first of each is read, and {self.pages:,} "
                "pages or frames are left out; write them out as files to train on them"
            )
        if self.cut:
            yield (
                f"{self.cut:,} pictures have 16 bits a channel in a form of which the upper 8 bits alone are read; "
                "where a camera filled fewer, as 12, they are dark: convert them to 8 bits first"
            )
        if self.beyond:
            yield f"{self.beyond:,} pictures hold values beyond the range: they are cut to its ends"
        for name in sorted(self.asked.keys() - self.numbers.keys()):
            yield f"no picture of the class {name} can be read: all {self.asked[name]:,} are left out, and it with them"

    def _write(self) -> None:
        if not self.block:
            return
        pictures, names, splits, labels, rows = zip(*self.block, strict=True)
        self.writer.append(
            np.stack([picture.pixels for picture in pictures]),
            labels=labels,
            splits=splits,
            sizes=[picture.size for picture in pictures],
            names=names,
            origins=rows,
            contents=[picture.content for picture in pictures],
            views=[picture.view for picture in pictures],
        )
        self.block.clear()


def _layout(source: Pictures, request: Request, progress: Progress | None) -> Layout:
    found = Survey.nothing() if request.settled else surveyed(source, progress)
    return settle(request, found.sizes, found.all_gray, found.stored_in_color)
