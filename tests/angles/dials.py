"""Angles as dials: a ring, and a hand from its middle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 16
"""Pixels of a dial."""


def dials(angle: NDArray[Any]) -> NDArray[np.uint8]:
    """Draw rows of angles (N, D) in radians as pictures, uint8 (N, SIDE, D SIDE): black on white."""
    across, up = np.meshgrid(*[np.arange(SIDE) - (SIDE - 1) / 2] * 2)
    ring = np.abs(np.hypot(across, up) - 0.44 * SIDE) < 0.7
    along = across * np.cos(angle)[..., None, None] - up * np.sin(angle)[..., None, None]
    aside = across * np.sin(angle)[..., None, None] + up * np.cos(angle)[..., None, None]
    hand = (along > 0) & (along < 0.4 * SIDE) & (np.abs(aside) < 1)
    ink = (hand | ring).astype(np.uint8)  # (N, D, SIDE, SIDE)
    return 255 - 255 * ink.transpose(0, 2, 1, 3).reshape(len(angle), SIDE, -1)
