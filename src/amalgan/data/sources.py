"""What a word or a path means.

    digits grid iris ... ───► builtin ─┐
    images.idx3 folder ────► idx ──────┼─► Arrays    blocks of finished examples
    .npz .npy ─────────────► arrays ───┤
    .csv .tsv ─────────────► tables ───┘
    folder, one picture ───► folders ──┬─► Pictures  encoded files, by number
    .zip ──────────────────► zips ─────┘

A source is cheap to find: its ``key`` names its content (paths, sizes, times) without reading it, so that
what was decoded before is not read again.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from amalgan.errors import DataError
from amalgan.types import UNLABELED


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some finished examples."""

    values: NDArray[Any]
    """uint8 (n, H, W) or (n, H, W, C); or floats (n, D)."""
    labels: NDArray[np.int64]
    """(n,) in the order of ``Arrays.classes``; UNLABELED where unknown."""
    split: int
    """ANY, TRAIN, VALIDATION or TEST for the whole block."""
    names: list[str]
    bad: dict[str, str] = field(default_factory=dict)
    """Names that were left out, with the reason."""


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


Source = Arrays | Pictures


def find_source(data: str | Path) -> Source:
    """The source that ``data`` names.

    Raises:
        DataError: nothing is there, or it is nothing that can be read.
    """
    from amalgan.data import builtin

    if isinstance(data, str) and data in builtin.WORDS:
        return builtin.find(data)
    try:
        return _at(Path(data))
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL byte
        reason = error.strerror if isinstance(error, OSError) else error
        words = ", ".join(builtin.WORDS)
        raise DataError(
            f"cannot read {str(data)!r}: {reason}. Give a folder, .zip, .npz, .npy, .csv or one of {words}."
        ) from error


def _at(path: Path) -> Source:
    from amalgan.data import arrays, folders, idx, tables, zips

    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return idx.find(path) or folders.Folder(path)
    if not stat.S_ISREG(mode):
        raise DataError(f"{path} is neither a file nor a folder. Give a folder, .zip, .npz, .npy or .csv.")
    with path.open("rb") as file:
        start = file.read(6)
    if start == b"\x93NUMPY":
        return arrays.find_npy(path)
    if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return arrays.find_npz(path) if arrays.is_npz(path) else zips.Zip(path)
    if path.suffix.lower() in tables.ENDINGS:
        return tables.find(path)
    return folders.one_file(path)


def file_key(path: Path) -> str:
    """What tells one state of a file from another: its place, size and time of change."""
    found = path.stat()
    return f"{os.path.realpath(path)}:{found.st_size}:{found.st_mtime_ns}"


def unlabeled(count: int) -> NDArray[np.int64]:
    """Labels of examples that have none."""
    return np.full(count, UNLABELED, np.int64)
