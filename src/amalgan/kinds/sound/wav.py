"""A clip as a WAV file that says where it comes from, and what such a file says.

    RIFF WAVE ─► fmt ─► LIST INFO: software, source ─► _PMX: an XMP packet, as pictures have one ─► data: 16 bits

The chunk for XMP: Adobe, XMP Specification Part 3, 2020, section 2.1.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.data.writing.provenance import origin, xmp_of
from amalgan.kinds.sound.recordings import chunks, recording

INFO = {"Software": b"ISFT", "Source": b"ICMT"}
"""What players show."""
XMP = b"_PMX"


def wav_bytes(wave: NDArray[Any], rate: int, text: Mapping[str, str] | None) -> bytes:
    """Return a WAV file of 16 bits; ``text`` says where it came from."""
    samples = np.ascontiguousarray(wave, "<i2").tobytes()
    parts = [chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16))]
    if text:
        said = b"".join(
            chunk(INFO[name], value.encode() + b"\0") for name, value in text.items() if name in INFO
        )
        parts += [chunk(b"LIST", b"INFO" + said), chunk(XMP, xmp_of(text).encode())]
    body = b"WAVE" + b"".join(parts) + chunk(b"data", samples)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def mu_law(wave: NDArray[Any]) -> NDArray[np.uint8]:
    """Return waves of 16 bits in 8, finer where they are quiet: what a page decodes in one line."""
    level = np.asarray(wave, np.float32) / 32768
    bent = np.sign(level) * np.log1p(255 * np.abs(level)) / np.log(256)
    return (128 + np.rint(127 * bent)).astype(np.uint8)


def chunk(name: bytes, content: bytes) -> bytes:
    """Return a chunk of a RIFF file; it has an even number of bytes."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def file_facts(data: bytes) -> dict[str, Any]:
    """Return what a file of sound says of itself.

    Raises:
        BadPicture: it is none.
    """
    found = recording(data)
    samples, channels = found.samples.shape
    seconds = samples / found.rate
    return {
        "size": f"{seconds:.2f} s at {found.rate:,} Hz, {channels} channel{'s' * (channels > 1)}",
        "seconds": seconds,
        "rate": found.rate,
        "channels": channels,
        "provenance": read_provenance(data) if data[:4] == b"RIFF" else None,
    }


def read_provenance(data: bytes) -> dict[str, str] | None:
    """Return what a WAV file of ours says of its origin; None for any other."""
    packets = (data[start : start + size] for name, start, size in chunks(data) if name == XMP)
    return next((found for packet in packets if (found := origin(packet))), None)
