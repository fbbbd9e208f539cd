"""A ZIP archive of a picture folder, read in place: nothing is unpacked to disk.

    end record ─► central directory, entry by entry ─► names · offsets · sizes · checksums ─► read one entry

The standard library keeps half a kilobyte an entry; a million pictures would take half a gigabyte, so the
index here is arrays. The format is PKWARE's APPNOTE 6.3.10: end record 4.3.16, ZIP64 4.3.14-15, central
directory 4.3.12, local header 4.3.7. Methods: stored and deflate. Sizes are declared before they are inflated
and held to (no bombs).
"""

from __future__ import annotations

import os
import struct
import zlib
from array import array
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import BadPicture, DataError
from amalgan.core.file_names import Names, shown
from amalgan.data.readers.folders import MOST_FILE_BYTES, is_junk_path
from amalgan.data.readers.path_labels import folder_around
from amalgan.data.readers.sources import file_key

END, END_SIZE = b"PK\x05\x06", 22
LOCATOR64, LOCATOR64_SIZE = b"PK\x06\x07", 20
END64, END64_SIZE = b"PK\x06\x06", 56
ENTRY, ENTRY_SIZE = b"PK\x01\x02", 46
LOCAL, LOCAL_SIZE = b"PK\x03\x04", 30
WIDE = 0xFFFFFFFF
STORED, DEFLATED = 0, 8
COLUMNS = "HHIQQQ"
"""Types of flags, method, checksum, packed size, size, offset."""
ENCRYPTED = 1


class Directory(NamedTuple):
    """Where the central directory lies."""

    start: int
    size: int
    shift: int
    """Bytes before the archive proper (a self-extracting program)."""


class Entry(NamedTuple):
    """One entry of the central directory."""

    name: bytes
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    offset: int


class Index(NamedTuple):
    """The pictures of an archive, in the order of their paths."""

    names: Names
    columns: tuple[NDArray[np.integer[Any]], ...]
    """Flags, method, checksum, packed size, size, offset."""
    order: NDArray[np.int64]
    wrapper: int
    """Bytes of the folder name that every path starts with."""
    ignored: int


class Zip:
    """The pictures in an archive."""

    def __init__(self, path: Path) -> None:
        self.file, self.name, self.key = path, shown(path.name), f"zip {file_key(path)}"

    @property
    def around(self) -> bytes:
        """The folders that hold everything, which ``path`` leaves out."""
        names = self.index.names
        return names[0][: self.index.wrapper] if len(names) else b""

    @cached_property
    def index(self) -> Index:
        """Read when first needed: what was decoded before needs no index."""
        try:
            with self.file.open("rb") as file:
                return _index(file, self.name)
        except (struct.error, OSError, MemoryError, OverflowError) as error:
            raise DataError(
                f"{self.name} is a damaged ZIP archive: {error}. Make or download it again."
            ) from error

    @property
    def ignored(self) -> int:
        """Files that only an operating system cares about."""
        return self.index.ignored

    def __len__(self) -> int:
        return len(self.index.names)

    def path(self, row: int) -> bytes:
        """Path within the archive, without a folder that holds everything."""
        return self.index.names[int(self.index.order[row])][self.index.wrapper :]

    def read(self, row: int, limit: int | None = None) -> bytes:
        """The picture's bytes, or the first ``limit``.

        Raises:
            BadPicture: it is encrypted, packed by another method, damaged, or too large.
        """
        place = int(self.index.order[row])
        flags, method, checksum, packed, size, offset = (int(column[place]) for column in self.index.columns)
        _check(self.index.names[place], flags, method, max(size, packed))
        data = self._packed(offset, packed if limit is None else min(packed, limit))
        if method == DEFLATED:
            data = _inflated(data, size if limit is None else limit)
        if limit is None and (len(data) != size or zlib.crc32(data) != checksum):
            raise BadPicture("is damaged inside the archive (wrong size or checksum). Make the archive again")
        return data[:limit]

    def _packed(self, offset: int, size: int) -> bytes:
        try:
            with self.file.open("rb") as file:
                file.seek(offset)
                header = file.read(LOCAL_SIZE)
                if len(header) < LOCAL_SIZE or not header.startswith(LOCAL):
                    raise BadPicture("is not where the archive says it is. Make the archive again")
                name, extra = struct.unpack("<HH", header[26:30])
                file.seek(offset + LOCAL_SIZE + name + extra)
                return file.read(size)
        except OSError as error:
            raise BadPicture(f"cannot be read: {error.strerror or error}. Check the archive") from error


def _index(file: IO[bytes], archive: str) -> Index:
    total = file.seek(0, os.SEEK_END)
    columns, ignored = tuple(array(kind) for kind in COLUMNS), 0

    def names() -> Iterator[bytes]:
        nonlocal ignored
        for entry in _entries(file, _directory(file, archive), archive):
            if entry.name.endswith(b"/") or not entry.name:  # a folder
                continue
            if is_junk_path(entry.name):
                ignored += 1
                continue
            for column, number in zip(columns, entry[1:], strict=True):
                column.append(number)
            yield entry.name

    found = Names.of(names())
    numbers = tuple(np.frombuffer(column, column.typecode) for column in columns)
    if int(numbers[3].sum(dtype=np.uint64)) > total:
        raise DataError(f"{archive} declares more data than it has: its entries overlap. It is not opened.")
    return Index(found, numbers, found.order(), len(_wrapper(found)), ignored)


def _directory(file: IO[bytes], name: str) -> Directory:
    file.seek(0, os.SEEK_END)
    total = file.tell()
    tail_start = max(total - END_SIZE - 0xFFFF, 0)
    file.seek(tail_start)
    tail = file.read()
    place = tail.rfind(END)
    if place < 0 or len(tail) - place < END_SIZE:
        raise DataError(f"{name} has no end record: the archive was cut off. Download it again.")
    size, start = struct.unpack("<II", tail[place + 12 : place + 20])
    end = tail_start + place
    if end >= LOCATOR64_SIZE and (wide := _directory64(file, end - LOCATOR64_SIZE)):
        size, start, end = wide
    shift = end - size - start
    if shift < 0 or size > total:
        raise DataError(f"{name} points outside itself: the archive was cut off. Download it again.")
    return Directory(start + shift, size, shift)


def _directory64(file: IO[bytes], locator: int) -> tuple[int, int, int] | None:
    """Size and start of the directory of a large archive, and where the record that says so lies."""
    file.seek(locator)
    found = file.read(LOCATOR64_SIZE)
    if not found.startswith(LOCATOR64):
        return None
    (end,) = struct.unpack("<Q", found[8:16])
    file.seek(end)
    record = file.read(END64_SIZE)
    if not record.startswith(END64):
        return None
    size, start = struct.unpack("<QQ", record[40:56])
    return size, start, end


def _entries(file: IO[bytes], where: Directory, archive: str) -> Iterator[Entry]:
    file.seek(where.start)
    end = where.start + where.size
    place = where.start
    while place + ENTRY_SIZE <= end:
        fixed = file.read(ENTRY_SIZE)
        if not fixed.startswith(ENTRY):
            raise DataError(f"{archive} has a damaged directory. Make or download it again.")
        flags, method, checksum, packed, size, *lengths = struct.unpack("<HH4xIIIHHH", fixed[8:34])
        (offset,) = struct.unpack("<I", fixed[42:46])
        rest = file.read(sum(lengths))
        name, extra = rest[: lengths[0]], rest[lengths[0] : lengths[0] + lengths[1]]
        size, packed, offset = _widened(size, packed, offset, extra)
        name = name.replace(b"\\", b"/").removeprefix(b"./")
        yield Entry(name, flags, method, checksum, packed, size, offset + where.shift)
        place += ENTRY_SIZE + len(rest)


def _widened(size: int, packed: int, offset: int, extra: bytes) -> tuple[int, int, int]:
    """The three numbers, taken from the ZIP64 extra field where 32 bits did not hold them."""
    numbers = [size, packed, offset]
    while WIDE in numbers and len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        body, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == 1:
            wide = iter(struct.unpack(f"<{len(body) // 8}Q", body[: len(body) // 8 * 8]))
            numbers = [next(wide, number) if number == WIDE else number for number in numbers]
            break
    return numbers[0], numbers[1], numbers[2]


def _check(name: bytes, flags: int, method: int, size: int) -> None:
    if flags & ENCRYPTED:
        raise BadPicture("is encrypted. Make the archive again without a password")
    if method not in (STORED, DEFLATED):
        raise BadPicture(f"is packed by method {method}; stored and deflate are read. Make the archive again")
    if size > MOST_FILE_BYTES:
        raise BadPicture(f"declares {size >> 20} MiB; the most is {MOST_FILE_BYTES >> 20}. Scale it down")
    if name.startswith(b"/") or b".." in name.split(b"/"):
        raise BadPicture("has a path that leaves the archive. Make the archive again")


def _inflated(data: bytes, size: int) -> bytes:
    try:
        return zlib.decompressobj(-15).decompress(data, size + 1)
    except zlib.error as error:
        raise BadPicture(f"is damaged inside the archive ({error}). Make the archive again") from error


def _wrapper(names: Names) -> bytes:
    """``cats/`` where every path starts with it, as archivers do that pack a folder; but never a split."""
    return folder_around(names[row] for row in range(len(names)))
