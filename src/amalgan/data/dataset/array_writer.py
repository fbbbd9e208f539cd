"""A .npy file that grows row by row."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core.files import sync


class ArrayWriter:
    """Appends rows to a .npy file whose length is not known beforehand."""

    def __init__(self, path: Path, dtype: str, row: tuple[int, ...] = ()) -> None:
        self.file: IO[bytes] = path.open("wb")
        self.dtype, self.row, self.count = np.dtype(dtype), row, 0
        self.header_end = self._write_header()

    def append(self, rows: NDArray[Any]) -> None:
        """Add ``rows`` (n, *row) at the end."""
        self.file.write(np.ascontiguousarray(rows, self.dtype).data)
        self.count += len(rows)

    def finish(self) -> None:
        """Write the true length into the header, whose padding has room for it, and reach the disk."""
        self.file.seek(0)
        assert self._write_header() == self.header_end
        self.file.close()
        sync(Path(self.file.name))

    def _write_header(self) -> int:
        shape = (self.count, *self.row)
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self.file, header)
        return self.file.tell()
