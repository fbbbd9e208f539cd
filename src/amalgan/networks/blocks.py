"""What the networks are built of.

No normalization anywhere: batch statistics would tie the examples of a batch together, which gradient penalties
and bit-exact micro-batches forbid. Instead the initial weights of every layer keep the size of what passes through it
(``scaled``; He et al. 2015, arXiv:1502.01852), and residual branches start at zero (Zhang et al. 2019,
arXiv:1901.09321). So signals and gradients of an untrained network are of one size from 8 to 512 pixels, and one
learning rate serves every side.
"""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

SLOPE = 0.2
"""Slope of the rectifier below zero."""
RECTIFIED = math.sqrt(2 / (1 + SLOPE**2))
"""What a layer after a rectifier multiplies its input by, since the rectifier took that away."""
DAMPING = 0.75
"""What remains of a signal in each layer: an untrained network says little rather than something arbitrary."""
PAINTED = 0.3 * RECTIFIED
"""The same for the layer that paints, smaller: a first picture is near the mean one, so that training begins with
what pictures have in common and need not undo what the initial weights paint."""

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


def rectify(x: Tensor) -> Tensor:
    """Leaky rectifier: piecewise linear, so that the second derivatives of penalties are cheap."""
    return leaky_relu(x, SLOPE)


def scale_weights(layer: Layer, gain: float = 1.0) -> Layer:
    """Return ``layer`` with initial weights by which an output varies ``DAMPING gain`` times as much as an input.

    Biases start at zero. Padding is not considered: next to the border an output varies a little less.
    """
    nn.init.normal_(layer.weight, std=DAMPING * gain / math.sqrt(inputs(layer)))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def inputs(layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d) -> float:
    """Return how many input entries an output of ``layer`` is a sum over."""
    if isinstance(layer, nn.Linear):
        return layer.in_features
    window = layer.in_channels * math.prod(layer.kernel_size)
    return window / math.prod(layer.stride) if isinstance(layer, nn.ConvTranspose2d) else window


class Rectify(nn.Module):
    """``rectify`` as a layer."""

    def forward(self, x: Tensor) -> Tensor:
        return rectify(x)


class Style(nn.Module):
    """Scale and shift each channel by what a style vector says (Perez et al. 2018, arXiv:1709.07871)."""

    def __init__(self, style: int, channels: int) -> None:
        super().__init__()
        self.affine = nn.Linear(style, 2 * channels)
        nn.init.zeros_(self.affine.bias)
        nn.init.normal_(self.affine.weight, std=0.3 / style**0.5)

    def forward(self, x: Tensor, style: Float[Tensor, "B S"]) -> Tensor:
        scale, shift = self.affine(style).reshape(x.shape[0], -1, *[1] * (x.ndim - 2)).chunk(2, dim=1)
        return x * (1 + scale) + shift


class Residual(nn.Module):
    """x + convolve(rectify(convolve(rectify(style(x))))), the last convolution starting at zero."""

    def __init__(self, channels: int, style: int = 0) -> None:
        super().__init__()
        self.style = Style(style, channels) if style else None
        self.first = scale_weights(nn.Conv2d(channels, channels, 3, padding=1), RECTIFIED)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, x: Float[Tensor, "B C H W"], style: Tensor | None = None) -> Float[Tensor, "B C H W"]:
        shaped = x if self.style is None or style is None else self.style(x, style)
        return x + self.second(rectify(self.first(rectify(shaped))))


def channels_last(net: nn.Module) -> None:
    """Lay the weights of convolutions out as feature maps are."""
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.weight.data = layer.weight.data.contiguous(memory_format=torch.channels_last)


def one_hot(label: Tensor, classes: int) -> Float[Tensor, "B K"]:
    """Labels as vectors; the unlabeled become zeros."""
    return (label[:, None] == torch.arange(classes, device=label.device)).float()
