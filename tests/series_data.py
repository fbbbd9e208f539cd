"""Series that tests make themselves: waves of two speeds in three channels, one of which is constant."""

from __future__ import annotations

from pathlib import Path

import numpy as np

STEPS = 64
SCALE, BASE = np.array([1.0, 20.0, 0.0]), np.array([0.0, 100.0, 7.0])
SMALL = (
    *("--network.hidden", "24", "--critic.network.hidden", "16", "--code-size", "8", "--prior.parts", "6"),
    *("--batch", "32", "--device", "cpu"),
)


def windows(count: int = 320, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Windows (N, C, T) and whether each is slow (0) or fast (1)."""
    chance, label = np.random.default_rng(seed), np.arange(count) % 2
    phase = chance.uniform(0, 2 * np.pi, (count, 1))
    wave = np.sin(2 * np.pi * (1 + 2 * label[:, None]) * np.arange(STEPS) / STEPS + phase)
    noisy = wave[:, None] + 0.1 * chance.normal(size=(count, 3, STEPS))
    return (noisy * SCALE[:, None] + BASE[:, None]).astype(np.float32), label


def write(place: Path) -> Path:
    """An archive of them, named so that it is read as series."""
    x, label = windows()
    np.savez(place, series=x, y=np.array(["slow", "fast"])[label])
    return place
