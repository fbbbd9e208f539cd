"""Which numbers are black and white in pictures of more than eight bits: one range for a whole data set.

    least, greatest of all pictures ─► choose_range ─► Range ─► eight_bits: each picture, by the same range

Whole numbers lie within the fewest bits of 8, 10, 12, 14 or 16 that hold all of them (cameras and microscopes write
12 bits into files of 16), others within [0, 1], [-1, 1], [0, 255] or those bits. What lies within none of these, as
the Hounsfield units of a scan, goes from the least number of the data set to its greatest.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import BadPicture

BITS = (8, 10, 12, 14, 16)
WHOLE = tuple((0.0, 2.0**bits - 1) for bits in BITS)
BROKEN = ((0.0, 1.0), (-1.0, 1.0), *WHOLE)
"""The ranges that numbers with a fraction may have."""
PLAIN = ((0.0, 1.0), (0.0, 255.0), (0.0, 65535.0))
"""Ranges that nobody is surprised by."""


class Range(NamedTuple):
    """The numbers that become black and white."""

    black: float
    white: float

    @property
    def text(self) -> str:
        """As people write it."""
        return f"{self.black:g}:{self.white:g}"


class Values(NamedTuple):
    """What pictures of more than eight bits hold."""

    least: float
    greatest: float
    whole: bool
    """All of them are stored as whole numbers."""

    def with_(self, other: Values) -> Values:
        """What both hold together."""
        least, greatest = min(self.least, other.least), max(self.greatest, other.greatest)
        return Values(least, greatest, self.whole and other.whole)


def values_of(values: NDArray[Any]) -> Values:
    """What an array holds.

    Raises:
        BadPicture: some are NaN or infinite.
    """
    if not np.isfinite(values).all():
        raise BadPicture("holds NaN or infinite pixels. Replace them, or remove the file")
    return Values(float(values.min()), float(values.max()), values.dtype.kind in "iu")


def choose_range(found: Values) -> Range:
    """The range of a data set that holds these values."""
    usual = WHOLE if found.whole else BROKEN
    for black, white in usual:
        if black <= found.least and found.greatest <= white:
            return Range(black, white)
    return Range(found.least, found.greatest)


def eight_bits(values: NDArray[Any], within: Range | None = None) -> NDArray[np.uint8]:
    """Numbers as 0..255: by their range, or a single picture's by the first that holds it.

    Raises:
        BadPicture: some are NaN or infinite.
    """
    black, white = _alone(values_of(values)) if within is None else within
    scaled = values.astype(np.float64)  # then in place: it may be half a gigabyte
    scaled -= black
    scaled *= 255 / max(white - black, 1e-300)
    return np.rint(scaled, out=scaled).clip(0, 255, out=scaled).astype(np.uint8)


def _alone(found: Values) -> Range:
    """The range of one picture, of whose data set nothing is known: that of its file."""
    ceilings = (65535.0,) if found.whole else (1.0, 255.0, 65535.0)
    fits = (ceiling for ceiling in ceilings if found.least >= 0 and found.greatest <= ceiling)
    return next((Range(0.0, ceiling) for ceiling in fits), Range(found.least, found.greatest))


def describe(found: Values, chosen: Range) -> list[str]:
    """A sentence on a range that was chosen, unless it is a usual one."""
    if chosen in PLAIN and found.greatest > chosen.white / 4:
        return []
    return [
        f"pictures of more than eight bits hold {found.least:g} to {found.greatest:g}: in all of them the range is "
        f"{chosen.black:g} (black) to {chosen.white:g} (white); --range LOW:HIGH sets another"
    ]
