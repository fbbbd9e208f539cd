"""Many examples out, a chunk at a time: what ``grids.write_output`` does for those that are in memory.

    work(first) ─► chunks of examples ─┬─► x.npz         a journal, then the file: killed, it goes on where it was
                                       ├─► O/            a PNG each; a journal of how many there are
                                       └─► x.png, x.csv  from memory: few enough to look at

A second run writes nothing: an .npz is known by its stamp, and a PNG that is there already is left alone. What is said
to be there is looked at: an .npz by its checksums and rows, pictures one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import FileError
from amalgan.core.files import below, refuse_foreign, write_changed
from amalgan.core.journal import Journal
from amalgan.data.decoding.pixels import to_pixels
from amalgan.data.readers.inputs import refuse_inputs
from amalgan.data.writing.grids import FOREIGN, png_names, write_output
from amalgan.data.writing.npz import Column, is_whole, write_npz
from amalgan.kinds import Kind, kind_of

if TYPE_CHECKING:
    from torch import Tensor

    from amalgan.core.types import DataSpec

Work = Callable[[int], Iterator["Tensor"]]
"""The chunks from an example on."""


@dataclass(frozen=True)
class Written:
    """What there is now."""

    files: int
    written: int
    """How many of the files were not there before as they are now."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """Where examples go, and what names them."""

    place: Path
    count: int
    spec: DataSpec
    key: str
    """Names all that the examples depend on."""
    names: Sequence[str] | None = None
    """By default their numbers."""
    text: Mapping[str, str] | None = None
    """For those who look into a PNG."""
    stamp: str | None = None
    """What an .npz says it was made of; by default the key."""
    source: str | None = None
    """What the examples are made of, which is never written over."""

    @property
    def streamed(self) -> bool:
        """Whether it takes a chunk at a time."""
        ending = self.place.suffix.lower()
        return ending == ".npz" or (not self.kind.refuses("files") and ending not in {".png", *FOREIGN})

    @property
    def kind(self) -> Kind:
        """What the examples are."""
        return kind_of(self.spec)

    @property
    def done(self) -> int:
        """Examples that need not be made again."""
        if self.place.suffix.lower() == ".npz" and is_whole(self.place, self.stamp or self.key, self.count):
            return self.count
        return self.journal().count if self.streamed else 0

    @cached_property
    def places(self) -> list[Path]:
        """The files that will be there."""
        if not self.streamed or self.place.suffix.lower() == ".npz":
            return [self.place]
        digits = max(5, len(str(self.count)))
        names = self.names if self.names is not None else [f"{row:0{digits}d}" for row in range(self.count)]
        return [below(self.place, path) for path in png_names(names, self.kind.file_ending())]

    def write(self, work: Work) -> Written:
        """Write what ``work`` makes.

        Raises:
            UsageError: what is made cannot go there.
            FileError: it cannot be written.
            ForeignFile: something of the user's is there.
        """
        refuse_inputs(self.places, self.source)
        if self.streamed:
            refuse_foreign(self.places)
        if self.place.suffix.lower() == ".npz":
            return self.arrays(work)
        return self.pictures(work) if self.streamed else self.together(work)

    def arrays(self, work: Work) -> Written:
        """One .npz file."""
        if is_whole(self.place, self.stamp or self.key, self.count):
            return Written(1, 0)
        journal = self.journal().filled(
            lambda first: (to_pixels(x, self.spec) for x in work(first)), self.count
        )
        column = Column(journal.dtype.str, (journal.count, *journal.shape), journal.blocks())
        written = write_npz(self.place, {"x": column}, self.stamp or self.key)
        journal.remove()
        return Written(1, int(written))

    def pictures(self, work: Work) -> Written:
        """A file each."""
        journal, written = self.journal(), 0
        for x in work(journal.count):
            pixels = to_pixels(x, self.spec)
            for place, picture in zip(self.places[journal.count :], pixels, strict=False):
                written += write_changed(place, self.kind.file_bytes(picture, self.text, self.spec))
            journal.append(np.ones(len(pixels)))
        journal.remove()
        if missing := self.missing():
            raise FileError(
                f"{missing[0]} is not there, and {len(missing) - 1:,} others: something has removed them. "
                "Give the same command again."
            )
        return Written(self.count, written)

    def missing(self, of: int | None = None) -> list[Path]:
        """The first ``of`` places, or all, at which there is no file."""
        return [place for place in self.places[:of] if not place.is_file()]

    def together(self, work: Work) -> Written:
        """A grid, or a table."""
        parts = [to_pixels(x, self.spec) for x in work(0)]
        whole = np.concatenate(parts) if parts else self.nothing()
        if (table := self.kind.table(self.sorted(whole), self.spec, self.place.suffix.lower())) is not None:
            return Written(1, int(write_changed(self.place, table)))
        if self.place.suffix.lower() == ".png" and not self.kind.refuses("drawing"):
            whole = self.kind.drawn(whole, self.spec)
        before = self.place.read_bytes() if self.place.is_file() else None
        said: dict[str, Any] = {"columns": self.spec.names, "nouns": self.kind.nouns, "text": self.text}
        said["spec"] = None if self.place.suffix.lower() == ".png" else self.spec
        files = write_output(self.place, whole, names=self.names, **said)
        return Written(len(files), int(self.place.read_bytes() != before))

    def sorted(self, whole: NDArray[Any]) -> NDArray[Any]:
        """Examples in the order of their names, where there are any."""
        return whole if self.names is None else whole[in_order(self.names)]

    def journal(self) -> Journal:
        """What is done of what streams: the rows of an array, or a mark for every picture in the folder."""
        if self.place.suffix.lower() == ".npz":
            nothing = self.nothing()
            return Journal.beside(self.place, self.key, nothing.dtype.str, nothing.shape[1:])
        journal = Journal.beside(below(self.place, "pictures"), self.key, "|u1", ())
        if journal.count > self.count or self.missing(journal.count):
            journal.remove()
            journal.count = 0
        return journal

    def nothing(self) -> NDArray[Any]:
        """An array of no examples."""
        import torch

        return to_pixels(torch.zeros(0, *self.spec.shape), self.spec)


def in_order(names: Sequence[str]) -> NDArray[np.int64]:
    """Rows in the order of their names, as an .npz file has them."""
    return np.argsort(np.array(names), kind="stable")
