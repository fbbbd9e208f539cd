"""Maps painted over pictures: orange for what counts, blue for what counts against, nothing for what does not matter.

map (H, W), picture uint8 (H, W[, 3]) ─► gray, softened ─► color in proportion to |map| / largest ─► uint8 (H, W, 3)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.data.writing.picture_arrays import luminance

FOR, AGAINST = (240, 110, 10), (40, 120, 235)
DARKEST, LIGHTEST = 45, 215
"""Gray levels that black and white become, so that color shows on both."""
STRONGEST = 0.92
"""Share of color where the map is at its largest."""


def painted(picture: NDArray[np.uint8], heat: NDArray[Any], largest: float) -> NDArray[np.uint8]:
    """``picture`` in gray under its map; ``largest`` is full color."""
    soft = (DARKEST + luminance(picture) * (LIGHTEST - DARKEST) / 255)[..., None]
    share = STRONGEST * np.clip(np.abs(heat) / (largest or 1.0), 0, 1)[..., None]
    color = np.where(heat[..., None] >= 0, FOR, AGAINST)
    mixed: NDArray[np.uint8] = np.rint((1 - share) * soft + share * color).astype(np.uint8)
    return mixed
