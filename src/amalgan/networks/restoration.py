"""A fully convolutional network from a picture of any size to one of the same size: it learns what is wrong.

    x, known ─► 2x2 pixels to channels ─► residual blocks ─► channels to 2x2 pixels ─► + x
                           └─ condition (a vector) as a bias

No bottleneck: nothing is scaled down but that four pixels lie in four channels, which quarters the work and doubles
how far the network sees (FFDNet, Zhang et al. 2018, arXiv:1710.04026; residual: DnCNN, Zhang et al. 2017,
arXiv:1608.03981). The last layer starts at zero, so that an untrained network changes nothing.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad, pixel_shuffle, pixel_unshuffle

from amalgan.config.parts import Networks
from amalgan.networks.blocks import Residual, channels_last, rectify, scale_weights

CELL = 2
"""Pixels of a side that lie in channels."""


class RestorationNetwork(nn.Module):
    """From a picture, what of it is known, and a vector of the task and the level of damage, to a better picture."""

    def __init__(self, config: Networks, channels: int, condition_size: int) -> None:
        super().__init__()
        width = config.width
        self.first = scale_weights(nn.Conv2d(CELL**2 * (channels + 1), width, 3, padding=1))
        self.about = scale_weights(nn.Linear(condition_size, width))
        self.blocks = nn.Sequential(*(Residual(width) for _ in range(config.blocks)))
        self.last = nn.Conv2d(width, CELL**2 * channels, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]
        channels_last(self)

    @property
    def reach(self) -> int:
        """Pixels beyond which nothing sways a pixel: one cell a convolution, and the rest of its own."""
        return CELL * (2 * len(self.blocks) + 3)

    def forward(
        self, x: Float[Tensor, "B C H W"], known: Float[Tensor, "B 1 H W"], condition: Float[Tensor, "B T"]
    ) -> Float[Tensor, "B C H W"]:
        height, width = x.shape[2:]
        cells = pixel_unshuffle(to_whole_cells(torch.cat([x, known], dim=1)), CELL)
        features = self.first(cells.contiguous(memory_format=torch.channels_last))
        features = self.blocks(features + self.about(condition)[:, :, None, None])
        wrong = pixel_shuffle(self.last(rectify(features)), CELL)
        return x + wrong[:, :, :height, :width].float()


def to_whole_cells(x: Float[Tensor, "B C H W"]) -> Tensor:
    """``x`` with its last row or column once more where a side is odd."""
    below, beside = (-side % CELL for side in x.shape[2:])
    return pad(x, (0, beside, 0, below), mode="replicate") if below or beside else x
