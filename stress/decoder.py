"""Mutants of compressed files and of model files: read, or refused by our error, in little time and memory.

.amg       changed bytes │ changed code with the CRC made right again
archive    changed bytes │ changed codes or index with both checksums made right again
model      changed bytes │ changed header or tensors with the digest made right again
bombs      an index, a header and networks of sizes that no memory holds, with every checksum right
"""

from __future__ import annotations

import json
import random
import re
import struct
import zlib
from binascii import crc32
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from amalgan.codec import amg_file
from amalgan.core import tensor_file
from amalgan.core.errors import AmalganError, BitstreamError, ModelFileError
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.tasks.compress import packed
from amalgan.tasks.compress.compress import decode_chunk, one_code
from stress import subjects
from stress.figure import Figure, portion
from stress.guarded import Tally, bounded, mutant

PICTURES, ARCHIVES, MODELS = 80_000, 18_000, 4_000
MEBIBYTES = 512
ENTRIES = 12
BOMB = 768
"""MiB that an archive's index unpacks to."""
EXTREMES = (0, -1, 2, 255, 65_536, 10**7, 10**9, 2**31, 2**63, 10**30, 0.5, 1e308)

Mutation = Callable[[random.Random], bytes]


def picture(data: bytes, draw: random.Random) -> bytes:
    """A mutant of one compressed picture; of every other one the checksum is right."""
    if draw.random() < 0.5:
        return mutant(data, draw)
    head, code = amg_file.unpack(data)
    return amg_file.pack(head, mutant(code, draw))


def archive(data: bytes, draw: random.Random) -> bytes:
    """A mutant of an archive; of every other one both checksums are right."""
    if draw.random() < 0.5:
        return mutant(data, draw)
    count, deflated, _, _ = amg_file.END.unpack(data[-amg_file.END.size :])
    tail = len(data) - amg_file.END.size - deflated
    codes = tail - amg_file.CRC.size * count
    body, crcs = data[amg_file.START.size : codes], data[codes:tail]
    index = zlib.decompress(data[tail : tail + deflated])
    part = draw.randrange(4)
    if part == 0:
        body = mutant(body, draw)
    elif part == 1:
        crcs = mutant(crcs, draw)
    else:
        index = mutant(index, draw)
    again = zlib.compress(index)
    sizes = [count, len(again), len(index)]
    if part == 3:
        sizes[draw.randrange(3)] = draw.getrandbits(32)
    start, end = data[: amg_file.START.size], struct.pack(">III", *sizes)
    return start + body + crcs + again + end + struct.pack(">I", crc32(start + crcs + again + end))


def model(data: bytes, draw: random.Random) -> bytes:
    """A mutant of a model file; of every other one the digest is right, of some the length of the header is not."""
    if draw.random() < 0.5:
        return mutant(data, draw)
    if draw.random() < 0.1:
        return draw.getrandbits(draw.randint(1, 64)).to_bytes(8, "little") + data[8:]
    size = int.from_bytes(data[:8], "little")
    header, tensors = data[8 : 8 + size], data[8 + size :]
    part = draw.randrange(4)
    if part == 0:
        tensors = mutant(tensors, draw)[: len(tensors)].ljust(len(tensors), b"\0")
    elif part == 1:
        header = mutant(header, draw)
    else:
        header = renumbered(header, draw)
    return vouched(header, tensors)


def renumbered(header: bytes, draw: random.Random) -> bytes:
    """One number of what a model says of itself, made extreme."""
    whole = json.loads(header)
    inner = whole["__metadata__"]["amalgan"]
    found = list(re.finditer(r"(?<=: )-?\d+(\.\d+)?(e-?\d+)?|true|false|null", inner))
    one = draw.choice(found)
    changed = inner[: one.start()] + json.dumps(draw.choice(EXTREMES)) + inner[one.end() :]
    whole["__metadata__"]["amalgan"] = changed
    return json.dumps(whole, separators=(",", ":")).encode()


def vouched(header: bytes, tensors: bytes) -> bytes:
    """A file of that header and those tensors, with the digest that fits."""
    data = bytearray(len(header).to_bytes(8, "little") + header + tensors)
    place = bytes(data).find(b'"digest":"') + 10
    if place >= 10 and place + 32 <= 8 + len(header):
        data[place : place + 32] = tensor_file.BLANK
        data[place : place + 32] = tensor_file.digest_of(data)
    return bytes(data)


def bombs(many: bytes, whole: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Files that are as they should be but for a size: an archive's index, a model's header, a model's networks.

    Beside each, what must be said of it: before memory is asked for, not because there was none.
    """
    start, inflated = many[: amg_file.START.size], BOMB << 20
    packer = zlib.compressobj(1)
    index = b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(BOMB)), packer.flush()])
    tail = bytes(amg_file.CRC.size) + index + struct.pack(">III", 1, len(index), inflated)
    yield "archive", "does not fit its size", start + tail + struct.pack(">I", crc32(start + tail))
    for length in (1 << 33, 1 << 62, (1 << 64) - 1):
        yield "model", "is not a model file", length.to_bytes(8, "little") + whole[8:]
    size = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + size])
    inner = json.loads(header["__metadata__"]["amalgan"])
    inner["config"]["network"] |= {"hidden": 60_000, "layers": 3}
    header["__metadata__"]["amalgan"] = json.dumps(inner)
    again = json.dumps(header, separators=(",", ":")).encode()
    yield "model", "weights do not fit its system", vouched(again, whole[8 + size :])


def in_time(read: Callable[[bytes], None], data: bytes, words: str) -> None:
    """Read a bomb; to be refused in other words is a fault."""
    try:
        read(data)
    except AmalganError as error:
        if words not in str(error):
            raise AssertionError(f"refused too late: {error}") from error
        raise


def read_picture(model: Model, data: bytes) -> None:
    """As amalgan decompress does."""
    decode_chunk(model, [one_code(model, data)])


def read_archive(model: Model, place: Path, data: bytes) -> None:
    """Every entry, as amalgan decompress does."""
    place.write_bytes(data)
    list(packed.good(model, packed.entries(place), []))


def read_model(place: Path, data: bytes) -> None:
    """As every command does."""
    place.write_bytes(data)
    model_file.load(place)


def figure(share: float, scratch: Path) -> Figure:
    """All three kinds of files."""
    made, draw, tally = subjects.model(scratch), random.Random(0), Tally()
    seeds, many = subjects.pictures(made, 200), subjects.archive(made, ENTRIES)
    small = subjects.model(scratch, "autoencoder", "vectors", network=subjects.TINY)
    assert small.coder is not None
    whole, place = (scratch / "model.safetensors").read_bytes(), scratch / "mutant"
    doors = {
        "archive": (partial(read_archive, made, place), BitstreamError),
        "model": (partial(read_model, place), ModelFileError),
    }
    crafted = [*bombs(many, whole)]
    with bounded(MEBIBYTES):
        for number, (kind, words, data) in enumerate(crafted):
            read, own = doors[kind]
            tally.trying(f"{kind}, bomb {number}", partial(in_time, read, data, words), own)
        for number in range(portion(PICTURES, share)):
            data = picture(seeds[number % len(seeds)], draw)
            tally.trying(f"picture {number} {data.hex()}", partial(read_picture, made, data), BitstreamError)
        for number in range(portion(ARCHIVES, share)):
            data = archive(many, draw)
            tally.trying(f"archive {number}", partial(read_archive, made, place, data), BitstreamError)
        for number in range(portion(MODELS, share)):
            data = model(whole, draw)
            tally.trying(f"model {number}", partial(read_model, place, data), ModelFileError)
    return Figure(
        asked=f"0 crashes, 0 hangs > 2 s, {MEBIBYTES} MiB, our errors only",
        reached=f"{tally.faults} of {tally.tried:,} mutants ({tally.read:,} read); slowest {tally.slowest:.2f} s",
        broken=tally.broken,
        facts={"tried": tally.tried, "refused": tally.refused, "slowest_seconds": tally.slowest},
    )
