"""A fully convolutional network from a picture of any size to one of the same size: it learns what is wrong.

    x, known ─► 2x2 pixels to channels ─► down ─► … ─► up ─► channels to 2x2 pixels ─► + x
                       └─ told (a vector) as a bias ─┘  └ every size is handed over ┘

No bottleneck: each size of the way down is added to that of the way up (U-Net, Ronneberger et al. 2015; pixels to
channels, FFDNet, Zhang et al. 2018, arXiv:1710.04026; residual, DnCNN, Zhang et al. 2017, arXiv:1608.03981). The
last layer starts at zero, so that an untrained network changes nothing.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad, pixel_shuffle, pixel_unshuffle

from amalgan.networks.blocks import Residual, channels_last, rectify


class Mender(nn.Module):
    """From a picture, what of it is known, and a vector of what is told, to a better picture."""

    def __init__(self, channels: int, told: int, *, width: int, halvings: int, blocks: int) -> None:
        super().__init__()
        widths = [width * 2**at for at in range(halvings + 1)]
        self.first = nn.Conv2d(4 * (channels + 1), width, 3, padding=1)
        self.about = nn.Linear(told, width)
        self.before = nn.ModuleList(stack(each, blocks) for each in widths)
        self.downs = nn.ModuleList(nn.Conv2d(each, 2 * each, 2, 2) for each in widths[:-1])
        self.ups = nn.ModuleList(nn.ConvTranspose2d(2 * each, each, 2, 2) for each in widths[:-1])
        self.after = nn.ModuleList(stack(each, blocks) for each in widths[:-1])
        self.last = nn.Conv2d(width, 4 * channels, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]
        self.multiple = 2 ** (halvings + 1)
        channels_last(self)

    @property
    def reach(self) -> int:
        """Pixels beyond which nothing sways a pixel: a bound, in multiples of ``multiple``."""
        each = 2 * len(self.before[0])  # type: ignore[arg-type]
        steps = sum(2 * each * 2 ** (at + 1) for at in range(len(self.downs))) + each * self.multiple
        return -(-(steps + 4 + 2 * self.multiple) // self.multiple) * self.multiple

    def forward(
        self, x: Float[Tensor, "B C H W"], known: Float[Tensor, "B 1 H W"], told: Float[Tensor, "B T"]
    ) -> Float[Tensor, "B C H W"]:
        height, width = x.shape[2:]
        whole = surrounded(torch.cat([x, known], dim=1), self.multiple)
        features = self.first(pixel_unshuffle(whole, 2).contiguous(memory_format=torch.channels_last))
        features = features + self.about(told)[:, :, None, None]
        wrong = pixel_shuffle(self.last(rectify(self.there_and_back(features))), 2)
        return x + wrong[:, :, :height, :width].float()

    def there_and_back(self, x: Tensor) -> Tensor:
        """Down to the smallest size and up again."""
        kept = []
        for before, down in zip(self.before, self.downs, strict=False):
            kept.append(before(x))
            x = down(kept[-1])
        x = self.before[-1](x)
        for up, after in zip(reversed(self.ups), reversed(self.after), strict=True):
            x = after(kept.pop() + up(x))
        return x


def stack(channels: int, blocks: int) -> nn.Sequential:
    """Residual blocks, one after another."""
    return nn.Sequential(*(Residual(channels) for _ in range(blocks)))


def surrounded(x: Tensor, multiple: int) -> Tensor:
    """``x`` continued below and right up to whole multiples: mirrored where that is possible, else repeated."""
    below, beside = (-side % multiple for side in x.shape[2:])
    mode = "reflect" if below < x.shape[2] and beside < x.shape[3] else "replicate"
    return pad(x, (0, beside, 0, below), mode=mode) if below or beside else x
