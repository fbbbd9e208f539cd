"""How alike pictures and their reconstructions are, besides the squared error."""

from __future__ import annotations

from torch import Tensor

from amalgan.kinds.measures import Likeness
from amalgan.metrics.distortion import ssim

BLACK, RANGE = -1.0, 2.0
"""The value of black, and how far white is from it."""


def structure(made: Tensor, real: Tensor) -> Tensor:
    """SSIM of each picture."""
    return ssim(made, real, RANGE, black=BLACK)


SSIM = Likeness(
    key="ssim",
    title="SSIM",
    unit="",
    higher_is_better=True,
    name="SSIM of intensities, mean of {of}, 8 bits",
    measure=structure,
)
