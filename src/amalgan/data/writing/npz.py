"""Arrays out, as an .npz file that is never whole in memory.

    name, dtype, shape, blocks of rows ─► x.npy within the archive, block by block       stamp: the archive's comment

The bytes are those that numpy.savez would write, but for the stamp. It names what the arrays were made of, and stands
at the very end of the file. Whether all before it is there, the archive's own checksums tell.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import FileError
from amalgan.core.files import inode, replacing

UNNAMED = "amalgan"
"""The stamp of a file that nobody asks what it was made of: it says whose the file is."""


class Column(NamedTuple):
    """One array of the file."""

    dtype: str
    shape: tuple[int, ...]
    blocks: Iterable[NDArray[Any]]
    """Its rows, some at a time."""

    @classmethod
    def of(cls, array: NDArray[Any]) -> Column:
        """An array that is in memory."""
        return cls(array.dtype.str, array.shape, [array])


def write_npz(target: Path, columns: Mapping[str, Column], stamp: str = "") -> bool:
    """Write ``columns`` unless ``target`` holds just that; whether it was written.

    Raises:
        FileError: the file cannot be written, or a column has not the rows that it should have.
    """
    before = inode(target)
    with replacing(target, unless_same=True) as part, zipfile.ZipFile(part, "w") as archive:
        archive.comment = stamp.encode()
        for name, column in columns.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                header = {"descr": column.dtype, "fortran_order": False, "shape": column.shape}
                np.lib.format.write_array_header_1_0(file, header)
                rows = 0
                for block in column.blocks:
                    rows += len(block)
                    file.write(np.ascontiguousarray(block, column.dtype).tobytes())
            if column.shape and rows != column.shape[0]:
                raise FileError(
                    f"{target} was not written: there are {rows:,} rows of {name}, not {column.shape[0]:,}. "
                    "Give the same command again."
                )
    return inode(target) != before


def is_whole(place: Path, stamp: str, rows: int) -> bool:
    """Whether an .npz file bears that stamp, every byte of it is right, and every array has so many rows."""
    if stamp_of(place) != stamp:
        return False
    try:
        with zipfile.ZipFile(place) as archive:
            return archive.testzip() is None and all(
                rows_of(archive, name) == rows for name in archive.namelist()
            )
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, zlib.error):
        return False


def rows_of(archive: zipfile.ZipFile, name: str) -> int | None:
    """How many rows an array in an archive has."""
    with archive.open(name) as file:
        np.lib.format.read_magic(file)
        shape = np.lib.format.read_array_header_1_0(file)[0]
        return int(shape[0]) if shape else None


def stamp_of(place: Path) -> str:
    """The stamp of an .npz file; nothing where there is none, or no such file."""
    try:
        with zipfile.ZipFile(place) as archive:
            return archive.comment.decode(errors="replace")
    except (OSError, zipfile.BadZipFile, NotImplementedError):
        return ""
