"""Sounds for tests: short notes, and files of them in every coding."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile

RATE = 8_000


def note(
    hertz: float = 440.0, seconds: float = 0.3, rate: int = RATE, level: float = 0.5
) -> NDArray[np.float32]:
    """A sine that fades, of one channel."""
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * time) * np.exp(-3 * time)).astype(np.float32)


def wav(values: NDArray[np.generic], rate: int = RATE) -> bytes:
    """What scipy writes: 8 bits without sign, 16 or 32 bits, or floats."""
    whole = io.BytesIO()
    wavfile.write(whole, rate, values)
    return whole.getvalue()


def whole(wave: NDArray[np.float32], bits: int) -> NDArray[np.generic]:
    """Floats as integers of 8, 16 or 32 bits."""
    if bits == 8:
        return np.rint(wave * 127 + 128).astype(np.uint8)
    return np.rint(wave.astype(np.float64) * (2 ** (bits - 1) - 1)).astype({16: np.int16, 32: np.int32}[bits])


def wav24(wave: NDArray[np.float32], rate: int = RATE) -> bytes:
    """24 bits, which scipy reads and does not write."""
    numbers = np.rint(wave.astype(np.float64) * (2**23 - 1)).astype("<i4")
    samples = numbers.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    head = struct.pack("<HHIIHH", 1, 1, rate, 3 * rate, 3, 24)
    body = b"WAVEfmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


def write_notes(folder: Path, each: int = 20, rate: int = RATE) -> Path:
    """Low and high notes, in a folder each."""
    chance = np.random.default_rng(0)
    for kind, low in (("low", 200), ("high", 1200)):
        (folder / kind).mkdir(parents=True)
        for row in range(each):
            wave = note(low * chance.uniform(1, 1.5), chance.uniform(0.15, 0.3), rate)
            (folder / kind / f"{row:03d}.wav").write_bytes(wav(whole(wave, 16), rate))
    return folder
