"""What data comes as: arrays, in blocks of finished examples, or pictures, encoded files by number.

A source is cheap to have: its ``key`` names its content (paths, sizes, times) without reading it, so that what was
decoded before is not read again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from amalgan.core.types import UNLABELED

if TYPE_CHECKING:
    from amalgan.data.readers.strings import StringData


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some finished examples."""

    values: NDArray[Any]
    """uint8, or wider numbers where ``ArrayData.deep`` says so, (n, H, W) or (n, H, W, C); or floats (n, D)."""
    labels: NDArray[np.int64]
    """(n,) in the order of ``Arrays.classes``; UNLABELED where unknown."""
    split: int
    """ANY, TRAIN, VALIDATION or TEST for the whole block."""
    names: list[str]
    bad: dict[str, str] = field(default_factory=dict)
    """Names that were left out, with the reason."""
    kept: NDArray[np.bool_] | None = None
    """Which rows ``values`` are of all that the block had; None for every one."""

    def origins(self, start: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows of the source that ``values`` are, and that ``bad`` are; the block begins at row ``start``."""
        kept = np.ones(len(self.values), bool) if self.kept is None else self.kept
        return start + np.flatnonzero(kept), start + np.flatnonzero(~kept)


@dataclass(frozen=True, kw_only=True)
class Arrays:
    """Examples that are numbers already."""

    name: str
    key: str
    open: Callable[[], ArrayData]
    """Read the headers. Called only when the data was not decoded before."""


@dataclass(frozen=True, kw_only=True)
class ArrayData:
    """An array source whose headers were read."""

    count: int
    shape: tuple[int, ...]
    """Of one example: (H, W), (H, W, C) or (D,)."""
    classes: tuple[str, ...]
    blocks: Callable[[], Iterator[Block]]
    names: tuple[str, ...] = ()
    """Vectors: what each entry is called, where the source says."""
    deep: bool = False
    """Pictures: their numbers are no bytes yet; what is black and white is for the reader to say."""
    sixteen: bool = False
    """Of these, integers of 16 bits, as files of pictures hold them."""
    fractions: bool = False
    """Numbers that may have a fraction."""
    array: str = ""
    """What the array is called in its file."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else the kind of data must know of its examples, as plain JSON."""
    remarks: tuple[str, ...] = ()
    """Sentences on what was found, for the user."""
    split_by: str = ""
    """How the splits of the blocks came about, where they are not the data's own: ``time``."""
    strings: Callable[[str | None, str | None], StringData] | None = None
    """Opens a column of strings, by its name and that of the column of classes, where there are such columns."""


@runtime_checkable
class Pictures(Protocol):
    """Encoded picture files, by number, in the order of their paths."""

    name: str
    key: str

    @property
    def ignored(self) -> int:
        """How many files were passed over that only an operating system cares about."""

    def __len__(self) -> int: ...

    def path(self, row: int) -> bytes:
        """Path within the source, with / between folders."""

    def read(self, row: int, limit: int | None = None) -> bytes:
        """The file's bytes, or the first ``limit``. Raises BadPicture with the reason why not."""


Row = dict[str, Any]


@runtime_checkable
class Annotated(Protocol):
    """Pictures whose container says more of each than its path does, as a column of labels."""

    name: str

    def rows(self) -> list[Row]:
        """What is said of each picture, in their order: names of columns, and plain values."""


@runtime_checkable
class InArchives(Protocol):
    """Pictures that lie in several archives or row groups, each of which is best read from its start to its end."""

    @property
    def ends(self) -> list[int]:
        """The number of pictures up to the end of each."""


Source = Arrays | Pictures


def ends_of(source: Pictures) -> list[int]:
    """The number of pictures up to the end of each archive; nothing where they do not lie in several."""
    return source.ends if isinstance(source, InArchives) else []


def file_key(path: Path) -> str:
    """What tells one state of a file from another, and from other files."""
    return f"{os.path.realpath(path)}:{state_of(path.stat())}"


def state_of(found: os.stat_result) -> str:
    """What tells one state of a file from another: its size, its times, and which file it is.

    A file that is written or replaced gets another time of change (ctime), whatever is said of it otherwise: copying
    and unpacking may keep size and time of modification.
    """
    return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}"


def unlabeled(count: int) -> NDArray[np.int64]:
    """Labels of examples that have none."""
    return np.full(count, UNLABELED, np.int64)
