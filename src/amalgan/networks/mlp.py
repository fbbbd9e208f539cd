"""Dense encoder and decoder for vectors, and for pictures as the source articles have it.

example ─► flatten ─► (linear ─► rectify) x layers ─► linear ─► features          and back
"""

from __future__ import annotations

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from amalgan.config.parts import Networks
from amalgan.core.types import DataSpec
from amalgan.networks.blocks import PAINTED, RECTIFIED, Style, rectify, scale_weights
from amalgan.networks.painting import Paints


def hidden(widths: list[int]) -> nn.ModuleList:
    """Return a linear layer from each width to the next; a rectifier stands between two of them."""
    return nn.ModuleList(
        scale_weights(nn.Linear(a, b), RECTIFIED if at else 1.0) for at, (a, b) in enumerate(pairwise(widths))
    )


class DenseEncoder(nn.Module):
    """From an example to features."""

    def __init__(self, config: Networks, spec: DataSpec, features: int) -> None:
        super().__init__()
        widths = [spec.size] + [config.hidden] * config.layers
        self.hidden = hidden(widths)
        self.last = scale_weights(nn.Linear(widths[-1], features), RECTIFIED if config.layers else 1.0)

    def forward(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B F"]:
        x = x.flatten(1)
        for layer in self.hidden:
            x = rectify(layer(x))
        return self.last(x).float()


class DenseDecoder(Paints):
    """From features, and a style if there is one, to an example."""

    def __init__(self, config: Networks, spec: DataSpec, features: int, style: int = 0) -> None:
        super().__init__()
        widths = [features] + [config.hidden] * config.layers
        self.shape = spec.shape
        self.hidden = hidden(widths)
        self.styles = nn.ModuleList(Style(style, width) for width in widths[1:] if style)
        self.last = scale_weights(nn.Linear(widths[-1], spec.size), PAINTED)

    def begin_at(self, mean: Float[Tensor, ...]) -> None:
        """Give ``mean``, more or less, before anything is learned."""
        with torch.no_grad():
            self.last.bias.copy_(mean.flatten())

    def forward(self, features: Float[Tensor, "B F"], style: Tensor | None = None) -> Float[Tensor, "B ..."]:
        x = features
        for at, layer in enumerate(self.hidden):
            x = layer(x)
            if style is not None and len(self.styles):
                x = self.styles[at](x, style)
            x = rectify(x)
        return self.last(x).reshape(-1, *self.shape).float()
