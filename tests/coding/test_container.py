"""Every flip and every cut is found, sizes are checked before memory is taken, and errors have names."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from binascii import crc32
from pathlib import Path

import pytest

from amalgan.codec import amg_file
from amalgan.codec.amg_file import ARCHIVE, CRC, END, START, Archive, Head
from amalgan.core.errors import BitstreamError, WrongModelError

HEAD = Head(b"\x01\x02\x03\x04", 5)
CODE = bytes(range(40, 63))
ENTRIES = [("a.png", CODE), ("cat/b.png", b""), ("ü", b"\x00\xff" * 5)]


def read_all(place: Path) -> list[tuple[str, bytes]]:
    archive = Archive(place)
    assert archive.head == HEAD
    return [(name, archive.code(row)) for row, name in enumerate(archive.names)]


def test_a_picture_comes_back_behind_seven_bytes() -> None:
    data = amg_file.pack(HEAD, CODE)
    assert amg_file.unpack(data) == (HEAD, CODE)
    assert len(data) == 7 + len(CODE)


@pytest.mark.parametrize(
    "entries", [[], ENTRIES[:1], ENTRIES, [(f"{n:05}", bytes([n % 256])) for n in range(3000)]]
)
def test_an_archive_comes_back_in_any_order(entries: list[tuple[str, bytes]], tmp_path: Path) -> None:
    file = tmp_path / "x.amg"
    file.write_bytes(amg_file.pack_archive(HEAD, entries))
    assert read_all(file) == entries
    archive = Archive(file)
    assert [archive.code(row) for row in reversed(range(len(archive)))] == [
        code for _, code in reversed(entries)
    ]


def test_every_flipped_byte_of_a_picture_is_found() -> None:
    data = amg_file.pack(HEAD, CODE)
    for at in range(len(data)):
        for flip in range(1, 256):
            with pytest.raises(BitstreamError):
                amg_file.unpack(data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :])


def test_every_cut_and_every_tail_of_a_picture_is_found() -> None:
    data = amg_file.pack(HEAD, CODE)
    for wrong in [data[:size] for size in range(len(data))] + [data + tail for tail in (b"\0", b"x", data)]:
        with pytest.raises(BitstreamError):
            amg_file.unpack(wrong)


def test_every_flip_and_every_cut_of_an_archive_is_found(tmp_path: Path) -> None:
    file, data = tmp_path / "x.amg", amg_file.pack_archive(HEAD, ENTRIES)
    flips = [
        data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
        for at in range(len(data))
        for bit in range(8)
    ]
    cuts = [data[:size] for size in range(len(data))]
    for wrong in [*flips, *cuts, data + b"\0", data + data]:
        file.write_bytes(wrong)
        with pytest.raises(BitstreamError):
            read_all(file)


def test_one_kind_in_place_of_the_other_is_named(tmp_path: Path) -> None:
    file = tmp_path / "x.amg"
    file.write_bytes(amg_file.pack(HEAD, CODE))
    with pytest.raises(BitstreamError, match="is one picture; expected an archive of many"):
        Archive(file)
    with pytest.raises(BitstreamError, match="is an archive of many; expected one picture"):
        amg_file.unpack(amg_file.pack_archive(HEAD, ENTRIES))
    with pytest.raises(BitstreamError, match="no file of amalgan"):
        amg_file.unpack(b"\x89PNG")


def test_another_model_is_named() -> None:
    HEAD.require(b"\x01\x02\x03\x04rest", "x.amg")
    with pytest.raises(
        WrongModelError, match=r"x.amg was compressed by the model 01020304.*; this one is 09020304"
    ):
        HEAD.require(b"\x09\x02\x03\x04", "x.amg")


def bomb(count: int, deflated: bytes, plain: int) -> bytes:
    """An archive without codes whose end says so much, with a checksum that vouches for it."""
    start = HEAD.start(ARCHIVE)
    end = struct.pack(">III", count, len(deflated), plain)
    crcs = b"\0" * CRC.size * min(count, 100)
    return start + crcs + deflated + end + struct.pack(">I", crc32(start + crcs + deflated + end))


@pytest.mark.parametrize(
    "count, text, plain",
    [
        (2**32 - 1, b"", 0),  # more pictures than the file has room for
        (100, b"", 2**32 - 1),  # an index beyond the limit
        (100, b"\0" * 2**26, 500),  # deflates a thousandfold, and is longer than it says
        (100, b"\0" * 100, 2**28),  # shorter than it says
        (100, b"\xff" * 400, 400),  # lengths beyond the file
        (0, b"", 400),
    ],
)
def test_bombs_are_refused_before_memory_is_taken(
    count: int, text: bytes, plain: int, tmp_path: Path
) -> None:
    file = tmp_path / "x.amg"
    file.write_bytes(bomb(count, zlib.compress(text), plain))
    tracemalloc.start()
    with pytest.raises(BitstreamError):
        Archive(file)
    assert tracemalloc.get_traced_memory()[1] < 2**21
    tracemalloc.stop()


def test_a_file_larger_than_any_code_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "x.amg"
    with file.open("wb") as opened:
        opened.write(START.pack(HEAD.start(amg_file.PICTURE)[0], b"1234"))
        opened.truncate(2**40)  # a hole: nothing on the disk
    with pytest.raises(BitstreamError, match="larger than 16,777,216 bytes"):
        amg_file.read_picture(file)


def test_names_twice_or_too_few_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.amg"
    for names in (["a", "a"], ["a\0b", "c"], ["x" * 5000, "y"]):
        file.write_bytes(amg_file.pack_archive(HEAD, [(name, b"1") for name in names]))
        with pytest.raises(BitstreamError, match="its names do not fit"):
            Archive(file)
    assert END.size == 16
