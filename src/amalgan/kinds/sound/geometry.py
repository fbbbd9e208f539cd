"""How long a clip is, and how its map lies over it.

    rate ─► window (a power of two, about 32 ms), hop (3/8 of it), bands
    rate, seconds ─► frames (a multiple of 8) ─► samples = frames x hop

Networks halve the map several times, so its sides are multiples of 8; a clip is at most 8 frames longer than asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, log2
from typing import Any

WINDOW_SECONDS = 0.032
PEAK = 0.9
"""Of a wave that is stored or written; full scale is 1."""
FLOOR = 40.0
"""dB under a clip's loudest cell at which a map ends."""
MULTIPLE = 8
"""Frames and bands are multiples of this."""
NARROW, FEW_BANDS, MANY_BANDS = 12_000, 48, 64
"""Rates up to the first get so few bands; above, there is more to tell apart."""


@dataclass(frozen=True)
class Geometry:
    """The clips of one data set."""

    rate: int
    """Samples a second."""
    frames: int
    """Columns of the map."""

    @classmethod
    def lasting(cls, seconds: float, rate: int) -> Geometry:
        """Return the shortest clips that hold so many seconds."""
        hop = Geometry(rate, 0).hop
        return cls(rate, MULTIPLE * max(1, ceil(seconds * rate / hop / MULTIPLE - 1e-6)))

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Geometry:
        """Return what the ``facts`` of a DataSpec, or of a store, say."""
        return cls(int(facts["rate"]), int(facts["frames"]))

    @property
    def facts(self) -> dict[str, Any]:
        """The same as plain JSON, with the seconds that a clip lasts."""
        return {"rate": self.rate, "frames": self.frames, "seconds": self.seconds}

    @property
    def window(self) -> int:
        """Samples of a window."""
        return 1 << round(log2(self.rate * WINDOW_SECONDS))

    @property
    def hop(self) -> int:
        """Samples from a frame to the next."""
        return 3 * self.window // 8

    @property
    def bands(self) -> int:
        """Rows of the map."""
        return FEW_BANDS if self.rate <= NARROW else MANY_BANDS

    @property
    def samples(self) -> int:
        """Samples of a clip."""
        return self.frames * self.hop

    @property
    def seconds(self) -> float:
        """How long a clip lasts."""
        return self.samples / self.rate

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of a map: (1, bands, frames)."""
        return (1, self.bands, self.frames)
