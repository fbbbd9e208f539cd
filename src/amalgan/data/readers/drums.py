"""Sounds made by a rule: one-shots as a drum machine has them, for which nothing needs to be downloaded.

kick     a sine that falls from 90 to 220 Hz to a third, with a click          tom    the same, higher and slower
snare    a short tone and bright noise                                         clap   three bursts of noise and a tail
hat      noise above 5 kHz, closed or open                                     tone   a plucked note of 5 harmonics

Of each there are 120 training and 30 test sounds: WAV files of 16 bits at 16,000 Hz, of 0.1 to 0.5 s. Every sound is a
function of its number: pitch, length, brightness and level are drawn from a fixed seed.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
"""Samples a second."""
EACH = {"train": 120, "test": 30}
"""Sounds of a class in each split."""

Wave = NDArray[np.float64]
Make = Callable[[np.random.Generator], Wave]


def kick(chance: np.random.Generator) -> Wave:
    """A sine that falls fast, with a click."""
    time = seconds(chance.uniform(0.2, 0.4))
    swept = falling(time, chance.uniform(90, 220), chance.uniform(0.02, 0.05)) * decay(time, 0.08)
    return swept + 0.3 * chance.standard_normal(len(time)) * decay(time, 0.003)


def tom(chance: np.random.Generator) -> Wave:
    """A sine that falls a little."""
    time = seconds(chance.uniform(0.25, 0.5))
    return falling(time, chance.uniform(250, 420), chance.uniform(0.1, 0.2)) * decay(time, 0.1)


def snare(chance: np.random.Generator) -> Wave:
    """A short tone, and noise that is brighter than white."""
    time = seconds(chance.uniform(0.15, 0.3))
    tone = np.sin(2 * np.pi * chance.uniform(160, 260) * time) * decay(time, 0.04)
    noise = between(chance.standard_normal(len(time)), 1_000, 7_500) * decay(time, chance.uniform(0.04, 0.08))
    return tone + chance.uniform(1.0, 2.0) * noise


def hat(chance: np.random.Generator) -> Wave:
    """High noise; a third of them are open."""
    open_ = chance.random() < 1 / 3
    time = seconds(chance.uniform(0.3, 0.5) if open_ else chance.uniform(0.1, 0.15))
    noise = between(chance.standard_normal(len(time)), chance.uniform(5_000, 6_500), 8_000)
    return noise * decay(time, 0.15 if open_ else chance.uniform(0.015, 0.03))


def clap(chance: np.random.Generator) -> Wave:
    """Three bursts of noise, and a tail."""
    time = seconds(chance.uniform(0.2, 0.35))
    gap = chance.uniform(0.008, 0.014)
    bursts = sum(np.where(time >= k * gap, decay(time - k * gap, 0.004), 0.0) for k in range(3))
    tail = np.where(time >= 3 * gap, decay(time - 3 * gap, 0.05), 0.0)
    middle = chance.uniform(900, 1_500)
    return between(chance.standard_normal(len(time)), middle / 1.5, middle * 1.8) * (bursts + tail)


def tone(chance: np.random.Generator) -> Wave:
    """A plucked note of the scale of A minor."""
    time = seconds(chance.uniform(0.3, 0.5))
    pitch = 220 * 2 ** (chance.choice([0, 2, 3, 5, 7, 8, 10, 12, 14, 15]) / 12)
    softness = chance.uniform(0.8, 1.6)
    partials = (
        np.sin(2 * np.pi * k * pitch * time) * decay(time, 0.2 / k) / k**softness for k in range(1, 6)
    )
    return np.sum(list(partials), axis=0)


KINDS: dict[str, Make] = {"clap": clap, "hat": hat, "kick": kick, "snare": snare, "tom": tom, "tone": tone}


def seconds(length: float) -> Wave:
    """The time of each sample."""
    return np.arange(round(length * RATE)) / RATE


def decay(time: Wave, constant: float) -> Wave:
    """exp(-t / constant)."""
    return np.exp(-time / constant)


def falling(time: Wave, hertz: float, constant: float) -> Wave:
    """A sine whose pitch falls to a third."""
    phase = hertz * (time / 3 + 2 / 3 * constant * (1 - np.exp(-time / constant)))
    return np.sin(2 * np.pi * phase)


def between(noise: Wave, low: float, high: float) -> Wave:
    """Noise without what is lower or higher, with a deviation of 0.5."""
    spectrum, hertz = np.fft.rfft(noise), np.fft.rfftfreq(len(noise), 1 / RATE)
    found = np.fft.irfft(np.where((hertz >= low) & (hertz <= high), spectrum, 0), len(noise))
    return 0.5 * found / found.std()


class Drums:
    """The sounds, as files that are in no folder."""

    name, key, ignored = "drums", "drums 1", 0

    def __init__(self) -> None:
        self._places = [
            (split, kind, row) for split, count in EACH.items() for kind in KINDS for row in range(count)
        ]
        self._places.sort()

    def __len__(self) -> int:
        return len(self._places)

    def path(self, row: int) -> bytes:
        """``train/kick/007.wav``."""
        split, kind, number = self._places[row]
        return f"{split}/{kind}/{number:03d}.wav".encode()

    def read(self, row: int, limit: int | None = None) -> bytes:
        """The file's bytes, or the first ``limit``."""
        split, kind, number = self._places[row]
        chance = np.random.default_rng([list(EACH).index(split), list(KINDS).index(kind), number])
        made = KINDS[kind](chance)
        fade = np.minimum(1, np.arange(len(made))[::-1] / 80)
        loud = 0.9 * chance.uniform(0.3, 1.0)
        values = np.rint(made * fade * (loud * 32767 / np.abs(made).max())).astype("<i2")
        return file_of(values)[:limit]


def file_of(values: NDArray[np.int16]) -> bytes:
    """A WAV file of one channel."""
    whole = io.BytesIO()
    with wave.open(whole, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(values.tobytes())
    return whole.getvalue()
