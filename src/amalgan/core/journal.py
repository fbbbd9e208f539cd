"""Rows that a long job has worked out so far, so that a job that was killed goes on where it was.

    rows ─► [CRC-32 │ how many │ bytes] appended to .NAME.KEY.rows beside the target ─► read again when all are there

The key names what is computed of what, so rows of another model, other data or other options are never taken for these.
What was cut short or damaged, and all behind it, is computed again. Memory holds one record.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from amalgan.core import files
from amalgan.core.errors import FileError
from amalgan.core.files import MOST_NAME
from amalgan.core.write_faults import write_fault

HEAD = struct.Struct("<II")
MOST_STEPS = 1 << 20
"""Bytes that a row may have, where its size is not known."""
Rows = NDArray[Any]


@dataclass(eq=False)
class Journal:
    """Rows of one kind on disk."""

    place: Path
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    """Of one row."""
    count: int = 0
    """Rows that are there."""

    @classmethod
    def beside(cls, target: Path, key: str, dtype: str, shape: tuple[int, ...]) -> Journal:
        """The journal of ``target`` under ``key``; what other keys left there is removed.

        Raises:
            FileError: the folder cannot be written.
        """
        target = Path(target)
        start = f".{target.name[:MOST_NAME]}."
        place = target.parent / f"{start}{key}.rows"
        with writing(place):
            target.parent.mkdir(parents=True, exist_ok=True)
            for other in target.parent.glob("*.rows"):
                if re.fullmatch(rf"{re.escape(start)}[0-9a-f]+\.rows", other.name) and other != place:
                    files.remove(other, proof=is_journal)
            journal = cls(place, np.dtype(dtype), shape)
            journal.mend()
        return journal

    def mend(self) -> None:
        """Count the records that are whole, and cut off what follows them."""
        if not self.place.exists():
            return
        whole = 0
        with self.place.open("rb") as file:
            for rows in self.records(file):
                self.count += len(rows)
                whole = file.tell()
        files.cut_off(self.place, whole, proof=self.is_own)

    def is_own(self, place: Path) -> bool:
        """Whether a file is this journal: its name holds the digest of the job, which nobody else's file has."""
        return place == self.place

    def records(self, file: IO[bytes]) -> Iterator[Rows]:
        """The records that are whole, one after the other."""
        size = self.dtype.itemsize * prod(self.shape)
        left = self.place.stat().st_size
        while len(head := file.read(HEAD.size)) == HEAD.size:
            check, count = HEAD.unpack(head)
            left -= HEAD.size + count * size
            if left < 0 or zlib.crc32(data := file.read(count * size)) != check:
                return
            yield np.frombuffer(data, self.dtype).reshape(count, *self.shape)

    def append(self, rows: Rows) -> None:
        """Add ``rows`` in a single write."""
        data = np.ascontiguousarray(rows, self.dtype).tobytes()
        files.append(self.place, HEAD.pack(zlib.crc32(data), len(rows)) + data, proof=self.is_own)
        self.count += len(rows)

    def filled(self, work: Callable[[int], Iterable[Rows]], most: int | None = None) -> Journal:
        """The journal after ``work(count)`` has given all rows that it lacks.

        Args:
            most: how many rows there must be in the end; other numbers of rows are forgotten.

        Raises:
            FileError: there are not ``most`` rows.
        """
        for rows in work(self.count):
            self.append(rows)
        if most is not None and self.count != most:
            count, self.count = self.count, 0
            self.remove()
            raise FileError(
                f"{self.place} held {count:,} rows where there should be {most:,}. It was removed; give the same "
                "command again."
            )
        return self

    def blocks(self) -> Iterator[Rows]:
        """All rows, some at a time."""
        if self.count:
            with self.place.open("rb") as file:
                yield from self.records(file)

    def read_all(self) -> Rows:
        """All rows at once: for those that are small."""
        return np.concatenate([np.zeros((0, *self.shape), self.dtype), *self.blocks()])

    def remove(self) -> None:
        """Forget everything: what was to be written of it is written."""
        with suppress(OSError):
            files.remove(self.place, proof=self.is_own)


def is_journal(place: Path) -> bool:
    """Whether the first record of a file is whole, whatever the size of its rows."""
    with suppress(OSError), place.open("rb") as file:
        head = file.read(HEAD.size)
        if len(head) < HEAD.size:
            return not head
        check, count = HEAD.unpack(head)
        found = zlib.crc32(b"")
        for _ in range(MOST_STEPS):
            if found == check:
                return True
            if not count or len(data := file.read(count)) < count:
                return False
            found = zlib.crc32(data, found)
    return False


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn faults of the disk into a sentence."""
    try:
        yield
    except OSError as error:
        raise write_fault(place, error) from error


def key_of(*parts: object) -> str:
    """What names a job: 16 hexadecimal characters of all that its rows depend on."""
    return blake2b(repr(parts).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
