"""Heart beats made on the spot, as an ECG has them: normal ones, and three kinds that a physician would mark.

Each beat is a sum of five bumps, P Q R S T (after McSharry, Clifford, Tarassenko & Smith 2003), whose places, widths
and heights vary from beat to beat; under it lie slow drift and noise. Sampled at 250 Hz, in mV.
"""

from __future__ import annotations

import numpy as np

RATE = 250
WAVES = np.array(
    [[-0.20, 0.025, 0.15], [-0.03, 0.010, -0.12], [0.0, 0.011, 1.1], [0.03, 0.010, -0.25], [0.26, 0.05, 0.3]]
)
"""Of each bump its time from the R wave in seconds, its width in seconds and its height in mV."""
ODD = ("premature and wide", "no P wave", "raised ST segment")


def beats(steps: int, seed: int, odd_share: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A lead (n, 1) in mV, and which of its steps belong to an odd beat (n,)."""
    chance = np.random.default_rng(seed)
    time = np.arange(steps) / RATE
    lead = 0.1 * np.sin(2 * np.pi * 0.25 * time + chance.uniform(0, 6)) + 0.02 * chance.normal(size=steps)
    is_odd = np.zeros(steps, bool)
    at, stretch = 0.4, 1.0
    while at < time[-1]:
        odd = chance.random() < odd_share
        bumps = WAVES * (1 + 0.08 * chance.normal(size=WAVES.shape))
        bumps[:, 0] *= stretch
        if odd:
            at, bumps = oddly(int(chance.integers(len(ODD))), at, bumps)
            is_odd |= np.abs(time - at) < 0.35
        for place, width, height in bumps:
            lead += height * np.exp(-0.5 * ((time - at - place) / abs(width)) ** 2)
        stretch = float(np.clip(1 + 0.1 * chance.normal(), 0.7, 1.3))
        at += 0.8 * stretch
    return lead[:, None], is_odd


def oddly(kind: int, at: float, bumps: np.ndarray) -> tuple[float, np.ndarray]:
    """The beat as one of ``ODD``."""
    bumps = bumps.copy()
    if kind == 0:
        bumps[0, 2], bumps[1:4, 1], bumps[2, 2], bumps[4, 2] = (
            0,
            bumps[1:4, 1] * 3,
            bumps[2, 2] * 1.2,
            -bumps[4, 2],
        )
        return at - 0.2, bumps
    if kind == 1:
        bumps[0, 2] = 0
        bumps[3, 2] *= 2.5
        return at, bumps
    return at, np.vstack([bumps, [0.12, 0.05, 0.4]])
