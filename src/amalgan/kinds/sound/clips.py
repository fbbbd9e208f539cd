"""From what a file holds to a clip of the length that all have.

    (n, channels) ─► one channel ─► without silence at its ends ─► resampled ─► cut or filled up ─► peak, 16 bits

Whatever was done is counted, and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import BadPicture
from amalgan.kinds.sound.geometry import PEAK, Geometry
from amalgan.kinds.sound.recordings import Recording

LONGEST = 4.0
"""Seconds of a clip: longer maps need other networks and more time than this kind is made for."""
QUIET = 0.01
"""A share of the peak (-40 dB) below which the ends of a clip are silence."""
MARGIN_SECONDS = 0.01
"""What is left of the silence at each end."""
FADE_SECONDS = 0.005
"""At the end of a clip that is cut, which would click."""
FINEST_RATIO = 1000
"""Rates are in a ratio of whole numbers up to this: 44,101 Hz is read as 44,100."""
SILENT = 1e-5
"""A peak below this is silence."""


class Tally:
    """What was done to the files of a data set; threads may add to it."""

    def __init__(self) -> None:
        self.counts, self.rates, self.silence = Counter[str](), Counter[int](), 0.0
        self._lock = Lock()

    def add(self, rate: int, silence: float, *done: str) -> None:
        """Count a file of that ``rate``, of which so many seconds of silence were cut off."""
        with self._lock:
            self.rates[rate] += 1
            self.silence += silence
            self.counts.update(done)

    def describe(self, geometry: Geometry) -> Iterator[str]:
        """Yield what was done, in words."""
        others = {rate: count for rate, count in self.rates.most_common() if rate != geometry.rate}
        if others:
            rates = ", ".join(f"{count:,} of {rate:,} Hz" for rate, count in list(others.items())[:4])
            more = f" and {len(others) - 4} further rates" if len(others) > 4 else ""
            yield f"resampled to {geometry.rate:,} Hz: {rates}{more}"
        if count := self.counts["mixed"]:
            yield f"{count:,} files have several channels: they are mixed down to one"
        mean = self.silence / max(1, self.rates.total())
        if mean >= 0.01:
            yield f"silence at both ends is cut off, {mean:.2f} s of a file on average"
        if count := self.counts["cut"]:
            yield f"{count:,} files are longer than {geometry.seconds:.2f} s: cut at the end (--seconds keeps more)"
        if count := self.counts["filled"]:
            yield f"{count:,} files are shorter than {geometry.seconds:.2f} s: they are filled up with silence"


def clip(
    found: Recording, geometry: Geometry, *, longest: float | None, tally: Tally | None = None
) -> NDArray[np.int16]:
    """Return a recording as a clip, int16 (samples,).

    Args:
        longest: seconds above which a recording is refused; None cuts whatever is longer than a clip.

    Raises:
        BadPicture: it is silent, not finite, or too long.
    """
    mono = one_channel(found.samples)
    sounding = without_silence(mono, found.rate)
    silence = (len(mono) - len(sounding)) / found.rate
    if longest is not None and (lasts := len(sounding) / found.rate) > longest:
        raise BadPicture(
            f"lasts {lasts:.1f} s; the most is {longest:g}. Cut it, or give --seconds to read its beginning"
        )
    wave = resampled(sounding, found.rate, geometry.rate)
    length = "cut" if len(wave) > geometry.samples else "filled" if len(wave) < geometry.samples else ""
    if tally is not None:
        channels = "mixed" if found.samples.shape[1] > 1 else ""
        tally.add(found.rate, silence, *filter(None, (length, channels)))
    return stored(of_length(wave, geometry))


def one_channel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of the channels; the loudest one where they cancel out."""
    if not np.isfinite(samples).all():
        raise BadPicture("holds numbers that are not finite")
    loudness = np.abs(samples).max(axis=0)
    if loudness.max() < SILENT:
        raise BadPicture("is silent")
    mean: NDArray[np.float32] = samples.mean(axis=1)
    return samples[:, loudness.argmax()] if np.abs(mean).max() < 0.1 * loudness.max() else mean


def without_silence(wave: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Return a wave without what is quieter than ``QUIET`` at its ends, but for a margin."""
    loud = np.flatnonzero(np.abs(wave) >= QUIET * np.abs(wave).max())
    margin = round(MARGIN_SECONDS * rate)
    return wave[max(0, loud[0] - margin) : loud[-1] + 1 + margin]


def resampled(wave: NDArray[np.float32], before: int, after: int) -> NDArray[np.float32]:
    """Return a wave at another rate."""
    from scipy.signal import resample_poly

    ratio = Fraction(after, before).limit_denominator(FINEST_RATIO)
    if ratio == 1:
        return wave
    found: NDArray[np.float32] = resample_poly(wave, ratio.numerator, ratio.denominator).astype(np.float32)
    return found


def of_length(wave: NDArray[np.float32], geometry: Geometry) -> NDArray[np.float32]:
    """Return a wave with the samples of a clip."""
    if len(wave) <= geometry.samples:
        return np.pad(wave, (0, geometry.samples - len(wave)))
    kept, fade = wave[: geometry.samples].copy(), round(FADE_SECONDS * geometry.rate)
    kept[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return kept


def stored(wave: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return a wave with its peak at ``PEAK``, in 16 bits."""
    peak = max(float(np.abs(wave).max()), 1e-9)
    return np.rint(wave * (PEAK * 32767 / peak)).astype(np.int16)
