"""Arrays out, as an .npz file that is never whole in memory.

    name, dtype, shape, blocks of rows ─► x.npy within the archive, block by block       stamp: the archive's comment

The bytes are those that numpy.savez would write, but for the stamp. It names what the arrays were made of, and stands
at the very end of the file: where it is right, all before it is there, and nothing need be made again.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.files import inode, replacing


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
        FileError: the file cannot be written.
    """
    before = inode(target)
    with replacing(target, unless_same=True) as part, zipfile.ZipFile(part, "w") as archive:
        archive.comment = stamp.encode()
        for name, column in columns.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                header = {"descr": column.dtype, "fortran_order": False, "shape": column.shape}
                np.lib.format.write_array_header_1_0(file, header)
                for block in column.blocks:
                    file.write(np.ascontiguousarray(block, column.dtype).tobytes())
    return inode(target) != before


def stamp_of(place: Path) -> str:
    """The stamp of an .npz file; nothing where there is none, or no such file."""
    try:
        with zipfile.ZipFile(place) as archive:
            return archive.comment.decode(errors="replace")
    except (OSError, zipfile.BadZipFile, NotImplementedError):
        return ""
