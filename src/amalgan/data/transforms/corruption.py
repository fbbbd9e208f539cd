"""What is done to an example so that a network must mend it: noise, and hidden parts.

    x ─► x + deviation * N(0, 1)               x ─► a chance choice of cells becomes 0, mid-gray

Pure functions of the example and of this round's numbers; the noise is not clipped, so its mean stays 0.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.core.randomness import Draws

CELLS = 8
"""Cells along the longer side of a picture: a hidden square is an eighth of it."""


def add_noise(x: Float[Tensor, "B ..."], deviation: float, draws: Draws) -> Float[Tensor, "B ..."]:
    """Add normal noise of ``deviation``, in units of the [-1, 1] range (vectors: of standardized entries)."""
    return x + deviation * draws.normal("corruption.noise", *x.shape[1:])


def hide_squares(x: Float[Tensor, "B C H W"], share: float, draws: Draws) -> Float[Tensor, "B C H W"]:
    """Set a ``share`` of each picture to 0, square by square."""
    return x * (1 - hidden(x, share, draws))


def hidden(x: Float[Tensor, "B C H W"], share: float, draws: Draws) -> Float[Tensor, "B 1 H W"]:
    """The mask of ``hide_squares``: 1 where hidden; as many cells in each row."""
    height, width = x.shape[2:]
    side = max(1, -(-max(height, width) // CELLS))
    down, across = -(-height // side), -(-width // side)
    cells = chosen(down * across, share, draws).view(-1, 1, down, across)
    mask = cells.repeat_interleave(side, 2).repeat_interleave(side, 3)
    return mask[:, :, :height, :width].to(x.dtype)


def chosen(cells: int, share: float, draws: Draws) -> Tensor:
    """Booleans (rows, cells), ``round(share * cells)`` of them true in each row."""
    order = draws.uniform("corruption.hidden", cells).argsort(dim=1).argsort(dim=1)
    return torch.less(order, round(share * cells))
