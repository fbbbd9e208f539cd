"""The feature network: what a picture holds at every depth, and how damaged it looks, in 65 numbers.

    picture ─► at most 64 pixels a side ─► convolutions that halve ─┬─► statistics of every depth ─┐
                                                                    └─► the coarsest map ──────────┴─► embedding (B, 64)
    embedding ─┬─► is it whole, and if not, which damage        (B, 8)
               ├─► how bad the damage is, 0 to 1                (B, 1) ─► features: embedding, damage (B, 65)
               └─► its class, or which picture it is a view of  (B, K)

It shares nothing with the networks of systems, so that a change of those leaves the judge as it was. Weights begin
normal, scaled by the inputs of each unit (He et al. 2015, arXiv:1502.01852), residual branches at zero.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, pad

from amalgan.core.types import DataSpec
from amalgan.features.views import KINDS

EMBEDDED = 64
FEATURES = EMBEDDED + 1
LARGEST_SIDE, SMALLEST_SIDE = 64, 8
"""Larger pictures are scaled down, so that looking at them costs no more."""
COARSEST = 8
"""Maps are halved until a side is below it."""
WIDTHS = (24, 48, 96)
"""Channels of the three coarsest depths; the first has no residual branch."""
FINE_WIDTH = 12
"""Channels of finer depths."""
SEVERITY = 30.0
"""Weight of the damage among the features, whose other entries vary by 1 on average."""
SLOPE = 0.1


class Depth(nn.Module):
    """Halve the sides, then add a residual branch if asked to."""

    def __init__(self, before: int, width: int, branch: bool) -> None:
        super().__init__()
        self.down = nn.Conv2d(before, width, 4, 2, 1)
        self.branch = nn.Conv2d(width, width, 3, padding=1) if branch else None

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D h w"]:
        x = rectify(self.down(pad(x, (0, x.shape[3] % 2, 0, x.shape[2] % 2))))
        return x if self.branch is None else rectify(x + self.branch(x))


class FeatureNetwork(nn.Module):
    """From pictures to features."""

    center: Tensor
    spread: Tensor
    scale: Tensor

    def __init__(self, spec: DataSpec, classes: int) -> None:
        super().__init__()
        channels, height, width = spec.shape
        self.size = bounded(height, width)
        widths = widths_for(min(self.size))
        pairs = zip((channels, *widths), widths, strict=False)
        self.depths = nn.ModuleList(Depth(a, b, b > WIDTHS[0]) for a, b in pairs)
        coarse = [-(-side // 2 ** len(widths)) for side in self.size]
        self.join = nn.Linear(3 * (2 * channels + sum(widths)) + widths[-1] * coarse[0] * coarse[1], EMBEDDED)
        self.kind = nn.Linear(EMBEDDED, len(KINDS) + 1)
        self.damage = nn.Linear(EMBEDDED, 1)
        self.head = nn.Linear(EMBEDDED, classes)
        self.register_buffer("center", torch.zeros(channels, 1, 1))
        self.register_buffer("spread", torch.ones(channels, 1, 1))
        self.register_buffer("scale", torch.ones(()))
        self.begin()

    def begin(self) -> None:
        """Scale the weights by the inputs of each unit; residual branches start at zero."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight, a=SLOPE)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        for depth in self.depths:
            if isinstance(depth.branch, nn.Conv2d):
                nn.init.zeros_(depth.branch.weight)

    @torch.no_grad()
    def standardize(self, x: Float[Tensor, "B C H W"]) -> None:
        """Take center and spread of the channels from pictures."""
        self.center.copy_(x.mean((0, 2, 3), keepdim=True)[0])
        self.spread.copy_(x.std((0, 2, 3), keepdim=True)[0].clamp(min=0.1))

    @torch.no_grad()
    def rescale(self, x: Float[Tensor, "B C H W"]) -> None:
        """Make the embedding's entries vary by 1 on average over pictures."""
        self.scale.copy_(self.embed(x).var(0).mean().clamp(min=1e-12).rsqrt())

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B 65"]:
        """The features."""
        embedding = self.embed(x)
        return torch.cat([embedding * self.scale, SEVERITY * self.damage(embedding)], 1)

    def embed(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B 64"]:
        """The embedding as the heads read it."""
        x = ((fit(x, self.size) - self.center) / self.spread).contiguous(memory_format=torch.channels_last)
        pooled = [*statistics(x.diff(dim=2)), *statistics(x.diff(dim=3))]
        for depth in self.depths:
            x = depth(x)
            pooled += statistics(x)
        return rectify(self.join(torch.cat([*pooled, x.flatten(1)], 1)))

    def classify(self, features: Float[Tensor, "B 65"]) -> Float[Tensor, "B K"]:
        """Raw class logits of examples whose features are known."""
        return self.head(features[:, :EMBEDDED] / self.scale)


def statistics(x: Float[Tensor, "B D h w"]) -> list[Float[Tensor, "B D"]]:
    """Of each channel over the places: the mean, the root mean square, and the logarithm of how far the mean square
    exceeds what the mean size implies: large where few places hold most of the strength, as edges do."""
    mean, size, square = x.mean((2, 3)), x.abs().mean((2, 3)), x.square().mean((2, 3)) + 1e-4
    return [mean, square.sqrt(), square.log() - 2 * (size + 1e-2).log()]


def rectify(x: Tensor) -> Tensor:
    """Leaky rectifier."""
    return leaky_relu(x, SLOPE)


def bounded(height: int, width: int) -> tuple[int, int]:
    """The size at which pictures are looked at."""
    share = min(1.0, LARGEST_SIDE / max(height, width))
    return max(SMALLEST_SIDE, round(height * share)), max(SMALLEST_SIDE, round(width * share))


def fit(x: Float[Tensor, "B C H W"], size: tuple[int, int]) -> Float[Tensor, "B C h w"]:
    """Pictures at the size at which they are looked at."""
    if tuple(x.shape[2:]) == size:
        return x
    return interpolate(x, size, mode="bilinear", antialias=True, align_corners=False)


def widths_for(side: int) -> tuple[int, ...]:
    """Channels of each depth, for pictures with this shorter side."""
    halvings = 1
    while -(-side // 2**halvings) >= COARSEST:
        halvings += 1
    return (*[FINE_WIDTH] * (halvings - len(WIDTHS)), *WIDTHS[-halvings:])
