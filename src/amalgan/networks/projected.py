"""A critic that judges pictures by what a network taught on ImageNet sees in them.

    picture ─► a fitting size ─► frozen network ─► maps at 1/4, 1/8, 1/16 of the side ─► mixed at random ─┐
        ┌───────────────────────────────── projection (B, P) ◄── coarse ones added to finer ones ◄───────┘
        └─► two convolutions a map ─► averaged over places (B, F) ─► logit

Projected GANs (Sauer et al. 2021, arXiv:2111.01007, sections 3 and 4.1): a critic that must first learn to see learns
too little in minutes; this one can see. What is mixed stays as it was drawn, so that no map is left out of the game.
Every learned weight has spectral norm 1, in place of gradient penalties.

The distance of two projections, each place's features scaled to length 1, is a perceptual distance (Zhang et al. 2018,
arXiv:1801.03924, without learned weights).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, linear, normalize

from amalgan.networks.blocks import rectify
from amalgan.networks.critic import Critic, as_it_is
from amalgan.networks.imagenet import CHANNELS, imagenet

USED = (1, 2, 3)
"""Which of the network's maps are used: those at 1/4, 1/8 and 1/16 of the side."""
MIXED = 64
"""Channels of each map after mixing."""
SIDE = 64
"""Pictures are enlarged until their longer side has so many pixels; larger ones stay as they are."""


class Projection(nn.Module):
    """From pictures (B, C, H, W) to their projections (B, P); nothing in it learns."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.size = fitting(*shape[1:])
        self.shapes = [(MIXED, *(-(-side // 2 ** (at + 1)) for side in self.size)) for at in USED]
        for at in USED:
            self.register_buffer(f"mix_{at}", torch.randn(MIXED, CHANNELS[at], 1, 1) * CHANNELS[at] ** -0.5)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B P"]:
        x = interpolate(x, self.size, mode="bilinear", align_corners=False) if x.shape[2:] != self.size else x
        maps = imagenet(x.device.type).maps(x.expand(-1, 3, -1, -1))
        mixed = [conv2d(maps[at], self.get_buffer(f"mix_{at}").to(maps[at].dtype)) for at in USED]
        for at in range(len(mixed) - 2, -1, -1):
            coarse = interpolate(mixed[at + 1], mixed[at].shape[2:], mode="bilinear", align_corners=False)
            mixed[at] = (mixed[at] + coarse) * 2**-0.5
        return torch.cat([part.flatten(1) for part in mixed], 1).float()

    def apart(self, seen: Float[Tensor, "B P"], other: Float[Tensor, "B P"]) -> Float[Tensor, " B"]:
        """Return the perceptual distance of pairs of projections, a mean over depths, in [0, 4]."""
        pairs = zip(unpacked(seen, self.shapes), unpacked(other, self.shapes), strict=True)
        found = [(normalize(a, dim=1) - normalize(b, dim=1)).square().sum(1).mean((1, 2)) for a, b in pairs]
        return torch.stack(found).mean(0)


class Spectral(nn.Conv2d):
    """A convolution whose weight, a matrix with a row an output, has spectral norm 1 (Miyato et al. 2018,
    arXiv:1802.05957), worked out exactly: an estimate would depend on earlier rounds."""

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D h w"]:
        rows = self.weight.flatten(1).float()
        with torch.autocast(x.device.type, enabled=False):
            norm = torch.linalg.eigvalsh(rows @ rows.T)[-1].sqrt()
        return self._conv_forward(x, self.weight / norm, self.bias)


class Unit(nn.Linear):
    """A linear layer to one number, whose weight has length 1."""

    def forward(self, x: Float[Tensor, "B F"]) -> Float[Tensor, "B 1"]:
        return linear(x, normalize(self.weight, dim=1), self.bias)


class Heads(nn.Module):
    """From projections (B, P) to features (B, F): two convolutions on each map, averaged over places."""

    def __init__(self, shapes: Sequence[tuple[int, ...]]) -> None:
        super().__init__()
        self.shapes = shapes
        self.first = nn.ModuleList(Spectral(MIXED, MIXED, 3, padding=1) for _ in shapes)
        self.second = nn.ModuleList(Spectral(MIXED, MIXED, 3, padding=1) for _ in shapes)

    def forward(self, seen: Float[Tensor, "B P"]) -> Float[Tensor, "B F"]:
        layers = zip(unpacked(seen, self.shapes), self.first, self.second, strict=True)
        return torch.cat([rectify(b(rectify(a(x)))).mean((2, 3)) for x, a, b in layers], 1).float()


class ProjectedCritic(Critic):
    """From a picture (B, C, H, W), or its projection (B, P), and its label to a logit."""

    def __init__(
        self, shape: tuple[int, ...], classes: int, *, shown: Callable[[Tensor], Tensor] = as_it_is
    ) -> None:
        projection = Projection(shape)
        super().__init__(Heads(projection.shapes), classes, features=MIXED * len(USED), shown=shown)
        self.project, self.last = projection, Unit(self.size, 1)
        self.projected = (sum(map(prod, projection.shapes)),)

    def features(self, x: Tensor) -> Float[Tensor, "B F"]:
        return super().features(x if x.shape[1:] == self.projected else self.project(x))


def unpacked(seen: Float[Tensor, "B P"], shapes: Sequence[tuple[int, ...]]) -> list[Float[Tensor, "B C h w"]]:
    """Return the maps of which a projection is made."""
    parts = seen.split([prod(shape) for shape in shapes], dim=1)
    return [part.unflatten(1, shape) for part, shape in zip(parts, shapes, strict=True)]


def fitting(height: int, width: int) -> tuple[int, int]:
    """Return the size at which pictures are looked at."""
    larger = max(1.0, SIDE / max(height, width))
    return round(height * larger), round(width * larger)
