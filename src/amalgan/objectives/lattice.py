"""A pattern that lies on every picture alike: what transposed convolutions paint, and real pictures do not have.

    x'' - x ─► minus its local mean (3x3) ─► averaged over cells of 4x4 pixels ─► mean square

Each place within a cell is painted by other weights of the last two transposed convolutions (Odena et al. 2016,
doi:10.23915/distill.00003), so a generator finds such a pattern before it finds anything else that a critic takes for
sharpness.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

PERIOD = 4
"""Pixels, down and across: two transposed convolutions that double the side."""


def lattice(x: Float[Tensor, "B C H W"], y: Float[Tensor, "B C H W"]) -> Float[Tensor, " B"]:
    """Mean square of the pattern that ``x`` has beside ``y``, per sample; >= 0, and 0 where a side is below 4.

    It is linear up to the square: real pictures ``y``, which have no pattern, only add a constant in the mean.
    """
    detail = detail_of((x - y).float())
    down, across = (side // PERIOD for side in detail.shape[2:])
    if not (down and across):
        return detail.new_zeros(len(detail))
    cells = detail[..., : down * PERIOD, : across * PERIOD]
    cells = cells.unflatten(3, (across, PERIOD)).unflatten(2, (down, PERIOD))
    return cells.mean((2, 4)).square().flatten(1).mean(1)


def detail_of(x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
    """What is left of pictures without their mean over 3x3 pixels."""
    return x - avg_pool2d(pad(x, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
