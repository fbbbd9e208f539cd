"""How alike sounds and their reconstructions are: the log-spectral distance of their maps.

Gray & Markel 1976: the root of the mean squared difference in dB over the bands of a frame, averaged over frames. The
bands are those of the map, so what lies ``FLOOR`` dB under the peak and below counts as equal.
"""

from __future__ import annotations

from torch import Tensor

from amalgan.kinds.measures import Likeness
from amalgan.kinds.sound.geometry import FLOOR


def log_spectral_distance(made: Tensor, real: Tensor) -> Tensor:
    """Of maps (B, 1, bands, frames), in dB, (B,)."""
    decibels = (made.clamp(-1, 1) - real.clamp(-1, 1)) * (FLOOR / 2)
    return decibels.square().mean(2).sqrt().mean((1, 2))


DISTANCE = Likeness(
    key="log_spectral_distance",
    title="LSD",
    unit="dB",
    higher_is_better=False,
    name=f"log-spectral distance in dB over the bands of maps that end {FLOOR:g} dB under the peak, mean of {{of}}",
    measure=log_spectral_distance,
)
