"""Maps as pictures: time from left to right, pitch from bottom to top, the louder the brighter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

STOPS = (
    (0, 0, 4),
    (40, 17, 89),
    (114, 31, 129),
    (183, 55, 121),
    (241, 96, 93),
    (254, 176, 120),
    (252, 253, 191),
)
"""Colors from quiet to loud, evenly spaced: those of the color map magma of Smith & van der Walt, 2015."""


def spectrograms(level: NDArray[Any]) -> NDArray[np.uint8]:
    """Draw maps (N, bands, frames) in [-1, 1] as pictures, uint8 (N, bands, frames, 3)."""
    place = np.linspace(-1, 1, len(STOPS))
    upright = np.clip(level[:, ::-1], -1, 1)
    channels = [np.interp(upright, place, [color[channel] for color in STOPS]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
