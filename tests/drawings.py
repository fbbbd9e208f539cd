"""Pictures drawn from a seed, in three kinds, with labels: what a small network can learn in seconds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pictures(kind: str, label: NDArray[np.int64], size: int = 16, seed: int = 0) -> NDArray[np.uint8]:
    """One picture a label, uint8 (N, size, size) or (N, size, size, 3)."""
    draw = {"discs": disc, "waves": wave, "blots": blot}[kind]
    random = np.random.default_rng(seed)
    return np.stack([draw(int(number), size, random) for number in label]).astype(np.uint8)


def plane(size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns, from -1 to 1."""
    line = np.linspace(-1, 1, size)
    return line[:, None] + 0 * line, line + 0 * line[:, None]


def disc(label: int, size: int, random: np.random.Generator) -> NDArray[np.float64]:
    """A colored disc with a sharp edge; the label is the strongest color."""
    row, column = plane(size)
    center, radius = random.uniform(-0.4, 0.4, 2), random.uniform(0.3, 0.6)
    inside = (row - center[0]) ** 2 + (column - center[1]) ** 2 < radius**2
    color = random.uniform(0, 120, 3)
    color[label] = random.uniform(180, 255)
    return np.where(inside[..., None], color, 235.0)


def wave(label: int, size: int, random: np.random.Generator) -> NDArray[np.float64]:
    """A gray grating with sharp edges; the label is how it is turned."""
    row, column = plane(size)
    angle = label * np.pi / 3 + random.normal(0, 0.1)
    phase = random.uniform(0, 2 * np.pi)
    strength = np.sin(random.uniform(5, 7) * (np.cos(angle) * row + np.sin(angle) * column) + phase)
    return np.where(strength > 0, 220.0, 30.0)


def blot(label: int, size: int, random: np.random.Generator) -> NDArray[np.float64]:
    """One to three dark rectangles on white; the label is how many."""
    page = np.full((size, size), 255.0)
    for _ in range(label + 1):
        top, left = random.integers(0, size - 4, 2)
        height, width = random.integers(3, size // 2, 2)
        page[top : top + height, left : left + width] = random.uniform(0, 90)
    return page
