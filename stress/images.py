"""Mutants of seven picture formats: decoded, or refused as BadPicture, in little time and memory."""

from __future__ import annotations

import random
import struct
import warnings
import zlib
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

from amalgan.core.errors import BadPicture
from amalgan.data.decoding.images import decode, measure
from amalgan.data.decoding.layout import Layout
from stress.figure import Figure, portion
from stress.guarded import Tally, bounded, mutant

MUTANTS = 100_000
KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
MODES = ("RGB", "L", "RGBA", "P", "CMYK", "I;16", "F", "1")
SIDE = 24
LAYOUT = Layout(height=8, width=8, channels=3)
MEBIBYTES = 2560
"""64 million pixels in floats, and their copy."""


def seeds() -> list[bytes]:
    """A picture of each format in each mode that it knows, with EXIF where it may have some, and two frames."""
    return [data for kind, mode in product(KINDS, MODES) for data in encoded(kind, mode)]


def encoded(kind: str, mode: str) -> Iterator[bytes]:
    """The picture: plain, with EXIF, and followed by another."""
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    image = Image.fromarray(pixels[..., 0].astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = 6
    for options in ({}, {"exif": exif}, {"save_all": True, "append_images": [image.rotate(90)]}):
        file = BytesIO()
        try:
            image.save(file, kind, **options)
        except (OSError, KeyError, ValueError):  # the format has no such mode
            return
        yield file.getvalue()


def rechecked(png: bytes) -> bytes:
    """A PNG whose chunks have the checksums that fit, as far as they can be told apart."""
    found, at = bytearray(png[:8]), 8
    while at + 12 <= len(png):
        size = min(struct.unpack(">I", png[at : at + 4])[0], len(png) - at - 12)
        chunk = png[at + 4 : at + 8 + size]
        found += struct.pack(">I", size) + chunk + struct.pack(">I", zlib.crc32(chunk))
        at += 12 + size
    return bytes(found)


def changed(data: bytes, draw: random.Random) -> bytes:
    """A mutant; half of those of a PNG with checksums made right again."""
    found = mutant(data, draw)
    return rechecked(found) if data.startswith(b"\x89PNG") and draw.random() < 0.5 else found


def read(data: bytes) -> None:
    """As every command does: the header, then the picture."""
    measure(data)
    found = decode(data, LAYOUT)
    assert found.pixels.shape == (3, 8, 8)


def figure(share: float, scratch: Path) -> Figure:
    """Decode every mutant."""
    warnings.simplefilter("ignore")  # as amalgan does while it reads
    tally, draw, whole = Tally(), random.Random(0), seeds()
    with bounded(MEBIBYTES):
        for number in range(portion(MUTANTS, share)):
            data = changed(whole[number % len(whole)], draw)
            tally.trying(f"mutant {number} of seed {number % len(whole)}", partial(read, data), BadPicture)
    return Figure(
        asked=f"0 crashes, 0 hangs > 2 s, {MEBIBYTES} MiB, BadPicture only",
        reached=f"{tally.faults} of {tally.tried:,} mutants of {len(whole)} pictures in {len(KINDS)} formats "
        f"({tally.read:,} read); slowest {tally.slowest:.2f} s",
        broken=tally.broken,
        facts={"tried": tally.tried, "refused": tally.refused, "slowest_seconds": tally.slowest},
    )
