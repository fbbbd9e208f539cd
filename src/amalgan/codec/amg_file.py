"""Compressed pictures on disk: one in a file, or many in an archive.

    picture    mark 1 │ digest 4 │ CRC 2 │ code
    archive    mark 1 │ digest 4 │ codes, one after the other │ CRC 2 of each │ lengths and names, deflated │ end 16

The mark is five bits that say what and which version, and three for the quality. The digest names weights and tables:
a code means nothing to another model. The CRC of a picture is over mark, digest and code, the same in both forms; that
in the end of an archive is over mark, digest and all that follows the codes. Sizes of pictures are the model's.

Files are foreign: every size is checked against the file before memory is taken.
"""

from __future__ import annotations

import struct
import zlib
from binascii import crc32, crc_hqx
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from amalgan.core.errors import BitstreamError, WrongModelError

ENDING = ".amg"
PICTURE, ARCHIVE = 0b10100_000, 0b11000_000
QUALITY_BITS = 0b111
START = struct.Struct(">B4s")
CRC, CRC32 = struct.Struct(">H"), struct.Struct(">I")
END = struct.Struct(">IIII")
"""Of an archive: pictures, bytes of the deflated index, bytes of the index, CRC-32."""
MOST_CODE_BYTES = 2**24
MOST_INDEX_BYTES = 2**28
MOST_NAME = 4096
LENGTH_BYTES = 4


@dataclass(frozen=True)
class Head:
    """What a code was made with."""

    digest: bytes
    """4 bytes."""
    level: int
    """Of quality, from 0."""

    def start(self, mark: int) -> bytes:
        """The first bytes of a file of that kind."""
        return START.pack(mark | self.level, self.digest)

    def crc(self, code: bytes) -> bytes:
        """The two bytes that vouch for ``code``."""
        return CRC.pack(crc_hqx(self.start(PICTURE) + code, 0xFFFF))

    def check(self, code: bytes, crc: bytes, place: object) -> None:
        """Raise BitstreamError where ``crc`` does not vouch for ``code``."""
        if self.crc(code) != crc:
            raise BitstreamError(
                f"{place} is damaged: its contents do not match its checksum. Copy it again."
            )

    def require(self, digest: bytes, place: object) -> None:
        """Raise WrongModelError unless the model's digest is ``digest``."""
        if self.digest != digest[:4]:
            raise WrongModelError(
                f"{place} was compressed by the model {self.digest.hex()}...; this one is {digest[:4].hex()}... "
                "Give the model file that compressed it."
            )


def pack(head: Head, code: bytes) -> bytes:
    """One picture as a file."""
    return head.start(PICTURE) + head.crc(code) + code


def unpack(data: bytes, place: object = "this") -> tuple[Head, bytes]:
    """What ``pack`` was given.

    Raises:
        BitstreamError: foreign, cut short or damaged; says which.
    """
    head = read_start(data, PICTURE, place)
    crc, code = data[START.size : START.size + CRC.size], data[START.size + CRC.size :]
    head.check(code, crc, place)
    return head, code


def read_start(data: bytes, expected: int, place: object) -> Head:
    """The head at the start of a file of the ``expected`` kind."""
    kind = kind_of(data)
    if kind != expected:
        said = {PICTURE: "one picture", ARCHIVE: "an archive of many", None: "no file of amalgan, or damaged"}
        raise BitstreamError(
            f"{place} is {said[kind]}; expected {said[expected]}, as amalgan compress writes."
        )
    if len(data) < START.size + CRC.size:
        raise BitstreamError(f"{place} is cut short: it has {len(data)} bytes. Copy it again.")
    mark, digest = START.unpack(data[: START.size])
    return Head(digest, mark & QUALITY_BITS)


def kind_of(data: bytes) -> int | None:
    """PICTURE, ARCHIVE, or None for anything else."""
    mark = data[0] & ~QUALITY_BITS if data else 0
    return mark if mark in (PICTURE, ARCHIVE) else None


def read_picture(place: Path) -> bytes:
    """The bytes of a file that should hold one picture.

    Raises:
        BitstreamError: it is larger than any picture's code, or cannot be read.
    """
    with readable(place), place.open("rb") as file:
        data = file.read(MOST_CODE_BYTES + 1)
    if len(data) > MOST_CODE_BYTES:
        raise BitstreamError(f"{place} is larger than {MOST_CODE_BYTES:,} bytes; no picture's code is.")
    return data


def pack_archive(head: Head, entries: Iterable[tuple[str, bytes]]) -> bytes:
    """Many pictures, by name, as one file."""
    body, crcs, lengths, names = bytearray(head.start(ARCHIVE)), bytearray(), bytearray(), []
    for name, code in entries:
        body += code
        crcs += head.crc(code)
        lengths += len(code).to_bytes(LENGTH_BYTES, "big")
        names.append(name)
    planes = b"".join(bytes(lengths[at::LENGTH_BYTES]) for at in range(LENGTH_BYTES))  # deflates better
    index = planes + "\0".join(names).encode()
    deflated = zlib.compress(index, 9)
    end = (len(names), len(deflated), len(index))
    vouched = crc32(head.start(ARCHIVE) + crcs + deflated + struct.pack(">III", *end))
    return bytes(body + crcs + deflated + END.pack(*end, vouched))


class Archive:
    """An archive on disk: its index in memory, its codes read when asked for."""

    def __init__(self, place: Path) -> None:
        """Read and check the index.

        Raises:
            BitstreamError: foreign, cut short, damaged, or an index larger than it may be.
        """
        self.place = place
        with readable(place), place.open("rb") as file:
            first = file.read(START.size + CRC.size)
            self.head = read_start(first, ARCHIVE, place)
            self.size = file.seek(0, 2)
            if self.size < START.size + END.size:
                raise self.damage("it is cut short")
            file.seek(-END.size, 2)
            count, deflated, plain, vouched = END.unpack(file.read(END.size))
            after = CRC.size * count + deflated + END.size
            if after > self.size - START.size or not LENGTH_BYTES * count <= plain <= MOST_INDEX_BYTES:
                raise self.damage("its end does not fit its size; it is cut short, or changed")
            file.seek(-after, 2)
            rest = file.read(after)
        if crc32(first[: START.size] + rest[: -CRC32.size]) != vouched:
            raise self.damage("its index does not match its checksum")
        self.crcs = rest[: CRC.size * count]
        index = self.inflated(rest[CRC.size * count : -END.size], plain)
        self.names = self.read_names(index[LENGTH_BYTES * count :], count)
        self.edges = self.read_lengths(index[: LENGTH_BYTES * count], self.size - after)

    def __len__(self) -> int:
        return len(self.names)

    def code(self, row: int) -> bytes:
        """The code of one picture, checked.

        Raises:
            BitstreamError: it is damaged, or the file changed.
        """
        with readable(self.place), self.place.open("rb") as file:
            file.seek(self.edges[row])
            code = file.read(self.edges[row + 1] - self.edges[row])
        crc = self.crcs[CRC.size * row : CRC.size * (row + 1)]
        self.head.check(code, crc, f"{self.names[row]} in {self.place}")
        return code

    def inflated(self, deflated: bytes, size: int) -> bytes:
        """``deflated``, known to be ``size`` bytes; never more memory than that."""
        engine = zlib.decompressobj()
        try:
            index = engine.decompress(deflated, size + 1)
        except zlib.error:
            raise self.damage("its index cannot be read") from None
        if len(index) != size or not engine.eof or engine.unused_data:
            raise self.damage("its index is not as long as it says")
        return index

    def read_names(self, text: bytes, count: int) -> list[str]:
        """The names: as many as there are pictures, none twice."""
        try:
            names = text.decode().split("\0") if count else []
        except UnicodeDecodeError:
            raise self.damage("its names are no text") from None
        if len(names) != count or len(set(names)) != count or any(len(name) > MOST_NAME for name in names):
            raise self.damage("its names do not fit its pictures")
        return names

    def read_lengths(self, planes: bytes, end: int) -> list[int]:
        """Where each code begins, and where the last one ends: at ``end``."""
        count = len(planes) // LENGTH_BYTES
        lengths = [int.from_bytes(planes[at::count], "big") for at in range(count)]
        edges = list(accumulate(lengths, initial=START.size))
        if edges[-1] != end or max(lengths, default=0) > MOST_CODE_BYTES:
            raise self.damage("its codes do not fit its size")
        return edges

    def damage(self, reason: str) -> BitstreamError:
        """The error to raise."""
        return BitstreamError(f"{self.place} is damaged: {reason}. Copy it again.")


def is_packed(place: Path) -> bool:
    """Whether a file is whole and one that amalgan compress wrote; an empty one is nobody's."""
    try:
        with readable(place), place.open("rb") as file:
            kind = kind_of(file.read(1))
        if kind == ARCHIVE:
            return len(Archive(place).names) >= 0
        return place.stat().st_size == 0 or bool(unpack(read_picture(place)))
    except (BitstreamError, OSError):
        return False


@contextmanager
def readable(place: Path) -> Iterator[None]:
    """Turn what the disk says into our error."""
    try:
        yield
    except OSError as error:
        raise BitstreamError(f"cannot read {place}: {error.strerror or error}.") from error
